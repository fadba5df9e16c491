// A scene -> the numbers the track layer draws: one instance for each symbol, line, ring, dot, cone, arc.
// Pure: no map and no WebGL here. Places are offsets from an anchor, so that small floats are enough.
import {CONFIRMED, FLAG, GIVEN} from '../console/tracktable.mjs';
import {clustersOf} from './clusters.mjs';
import {mercatorX, mercatorY, placesOf, unitsPerMetre} from './mercator.mjs';

/** @typedef {import('./overlays.mjs').Scene} Scene */
/** @typedef {import('./overlays.mjs').TrackMark} TrackMark */

export const IDENTITIES = ['unknown', 'suspect', 'neutral', 'hostile', 'friend', 'assumed_friend'];
export const ENTITIES = ['uas', 'plane'];
export const SPRITE_FLOATS = 4; // x, y, picture, opacity
export const SHAPE_FLOATS = 10; // a, b, kind, width, colour and opacity
export const KIND = {LINE: 0, DOT: 1, RING: 2, CONE: 3, SELECTED: 4, ARC: 5};
export const VECTOR_S = 60;
export const CONE_S = 20; // beyond it direction is worth nothing (docs/threat.md)
export const CONE_HALF = 0.06 + 0.02 * CONE_S; // radians: one sigma of the heading by then
const SPEED_MIN_MPS = 1.5;
export const WITHIN_95 = 2.4477; // radius of a round 2-D normal that holds 95 %, in sigmas
const TRAILED_MAX = 60;
const FADED_MS = 5_000;
const STALE_MS = 30_000;
const SOON_MS = 5 * 60_000;
const SOON_P = 0.05;
const RAD = Math.PI / 180;

/** Identity (index of IDENTITIES) of each row: what a person said, else the machine's word.
 * The same rule as console/model.mjs, for all rows at once. @param {Scene} scene */
export function identitiesOf({table, tiers}) {
  const {flags, status, given} = table.c;
  const out = new Uint8Array(table.n);
  for (let row = 0; row < table.n; row++) {
    const f = flags[row];
    const named = given[row] ? IDENTITIES.indexOf(/** @type {string} */ (GIVEN[given[row]])) : -1;
    if (named > 2) out[row] = named;
    else if (f & FLAG.aircraft) out[row] = 2;
    else if (status[row] === CONFIRMED && f & (FLAG.load | FLAG.closing)) out[row] = 1;
  }
  for (const [row, tier] of tiers) if (tier >= 2 && out[row] <= 2) out[row] = 1;
  return out;
}

/** Rows that stand for themselves at any zoom. @param {Scene} scene @param {Uint8Array} identity */
export function singles({table, tiers, selectedRow}, identity) {
  const {arrival, arrivals} = table.c;
  const out = new Uint8Array(table.n);
  for (let row = 0; row < table.n; row++) {
    const nth = arrival[row];
    if (identity[row] === 1 || identity[row] > 2 || (nth > 0 && arrivals.earliest[nth - 1] < SOON_MS && arrivals.p_hit[nth - 1] >= SOON_P)) out[row] = 1;
  }
  for (const row of tiers.keys()) out[row] = 1;
  if (selectedRow >= 0) out[selectedRow] = 1;
  return out;
}

/** Every symbol, the most urgent last (on top), and the clusters that stand for others.
 * @param {Scene} scene @param {number} zoom @param {[number, number]} anchor  in Mercator's square */
export function sprites(scene, zoom, [ax, ay]) {
  const {table, now_ms} = scene;
  const places = placesOf(table);
  const identity = identitiesOf(scene);
  const {clusters, hidden} = clustersOf(table, places, identity, singles(scene, identity), zoom);
  const data = new Float32Array(table.n * SPRITE_FLOATS);
  const ranked = new Uint8Array(table.n);
  for (const mark of scene.tracks) ranked[mark.row] = 1;
  let count = 0;
  const put = (/** @type {number} */ row) => {
    const age_ms = now_ms - table.t_ms - table.c.last_rel[row];
    const stale = age_ms > STALE_MS;
    const entity = table.c.flags[row] & FLAG.aircraft ? 1 : 0;
    const at = count * SPRITE_FLOATS;
    data[at] = places.x[row] - ax;
    data[at + 1] = places.y[row] - ay;
    data[at + 2] = identity[row] + IDENTITIES.length * (entity + ENTITIES.length * Number(stale));
    data[at + 3] = !stale && age_ms > FADED_MS ? 0.5 : 1;
    count += 1;
  };
  for (let row = 0; row < table.n; row++)
    if (!hidden[row] && !ranked[row] && places.x[row] === places.x[row]) put(row);
  for (const mark of [...scene.tracks].reverse())
    if (!hidden[mark.row] && mark.at !== null) put(mark.row);
  return {data: data.subarray(0, count * SPRITE_FLOATS), count, clusters, hidden, identity};
}

/** A growing list of shapes. */
export class Shapes {
  /** @param {[number, number]} anchor */
  constructor(anchor) {
    this.anchor = anchor;
    this.count = 0;
    this.data = new Float32Array(512 * SHAPE_FLOATS);
  }

  /** @param {number} kind @param {[number, number]} a @param {[number, number]} b @param {number} width  pixels
   * @param {number[]} colour  red, green, blue 0..1 @param {number} opacity */
  add(kind, a, b, width, colour, opacity) {
    if ((this.count + 1) * SHAPE_FLOATS > this.data.length) {
      const more = new Float32Array(this.data.length * 2);
      more.set(this.data);
      this.data = more;
    }
    const {data} = this;
    let at = this.count * SHAPE_FLOATS;
    data[at++] = a[0];
    data[at++] = a[1];
    data[at++] = b[0];
    data[at++] = b[1];
    data[at++] = kind;
    data[at++] = width;
    data[at++] = colour[0];
    data[at++] = colour[1];
    data[at++] = colour[2];
    data[at] = opacity;
    this.count += 1;
  }

  /** A place in degrees -> offset from the anchor. @param {[number, number]} lonLat @returns {[number, number]} */
  at([lon, lat]) {
    return [mercatorX(lon) - this.anchor[0], mercatorY(lat) - this.anchor[1]];
  }
}

/**
 * What lies under the symbols: cones, rings, trails, vectors, the ring of the selected one.
 * @param {Scene} scene @param {ReturnType<typeof sprites>} drawn @param {[number, number]} anchor
 * @param {{identity: number[][], danger: number[], selection: number[]}} colours
 * @param {Set<string>} off  layers that are switched off
 */
export function shapes(scene, drawn, anchor, colours, off) {
  const out = new Shapes(anchor);
  const shown = scene.tracks.filter((t) => t.at !== null && !drawn.hidden[t.row]);
  const colour = (/** @type {TrackMark} */ t) => colours.identity[drawn.identity[t.row]];
  const selected = (/** @type {TrackMark} */ t) => t.track_id === scene.selected;
  if (!off.has('cones')) for (const t of shown) if ((t.tier >= 2 || selected(t)) && moves(t)) cone(out, t, t.tier >= 3 ? colours.danger : colour(t));
  if (!off.has('spread')) for (const t of shown) spread(out, t, colour(t));
  if (!off.has('trails')) shown.forEach((t, i) => { if (i < TRAILED_MAX || selected(t)) trail(out, t, colour(t)); });
  for (const t of shown) if (moves(t)) {
    const at = out.at(/** @type {any} */ (t.at));
    out.add(KIND.LINE, at, ahead(at, t, VECTOR_S), 2.5, colour(t), opacity(t));
  }
  for (const t of shown) if (selected(t)) {
    const at = out.at(/** @type {any} */ (t.at));
    out.add(KIND.SELECTED, at, at, 25, colours.selection, 1);
  }
  return out;
}

/** The signs of clusters, in a layer of their own: under their counts, and those under every track.
 * @param {import('./clusters.mjs').Cluster[]} clusters @param {[number, number]} anchor
 * @param {{identity: number[][], plate: number[]}} colours */
export function clusterShapes(clusters, anchor, colours) {
  const out = new Shapes(anchor);
  for (const c of clusters) cluster(out, c, colours);
  return out;
}

const opacity = (/** @type {TrackMark} */ t) => (t.freshness === 'fresh' ? 1 : 0.5);
const moves = (/** @type {TrackMark} */ t) =>
  t.course_deg !== null && t.speed_mps !== null && t.speed_mps >= SPEED_MIN_MPS && t.freshness !== 'stale';

/** @returns {[number, number]} */
function ahead(/** @type {[number, number]} */ at, /** @type {TrackMark} */ t, /** @type {number} */ seconds) {
  const units = /** @type {number} */ (t.speed_mps) * seconds * unitsPerMetre(/** @type {any} */ (t.at)[1]);
  const course = /** @type {number} */ (t.course_deg) * RAD;
  return [at[0] + Math.sin(course) * units, at[1] - Math.cos(course) * units];
}

function cone(/** @type {Shapes} */ out, /** @type {TrackMark} */ t, /** @type {number[]} */ colour) {
  const at = out.at(/** @type {any} */ (t.at));
  out.add(KIND.CONE, at, ahead(at, t, CONE_S), CONE_HALF, colour, 0.3 * opacity(t));
}

function spread(/** @type {Shapes} */ out, /** @type {TrackMark} */ t, /** @type {number[]} */ colour) {
  if (t.sigma_m === null) return;
  const at = out.at(/** @type {any} */ (t.at));
  const units = WITHIN_95 * t.sigma_m * unitsPerMetre(/** @type {any} */ (t.at)[1]);
  out.add(KIND.RING, at, [at[0] + units, at[1]], 1.3, colour, 0.8 * opacity(t));
}

function trail(/** @type {Shapes} */ out, /** @type {TrackMark} */ t, /** @type {number[]} */ colour) {
  const points = t.trail;
  const last = points.length - 1; // the newest point is under the symbol
  for (let i = 0; i < last; i++) {
    const at = out.at(points[i]);
    out.add(KIND.DOT, at, at, 1.6, colour, opacity(t) * (0.25 + 0.6 * (i / last)));
  }
}

/** A plate with the count (MapLibre's text) in a ring that is split by what they are. */
function cluster(/** @type {Shapes} */ out, /** @type {import('./clusters.mjs').Cluster} */ c, /** @type {{identity: number[][], plate: number[]}} */ colours) {
  /** @type {[number, number]} */
  const at = [c.x - out.anchor[0], c.y - out.anchor[1]];
  const radius = clusterRadius(c.count);
  out.add(KIND.DOT, at, at, radius + 2, colours.plate, 0.92);
  let from = 0;
  c.split.forEach((n, identity) => {
    if (n === 0) return;
    const to = from + n / c.count;
    out.add(KIND.ARC, at, [from, to], radius, colours.identity[identity], 1);
    from = to;
  });
}

export const clusterRadius = (/** @type {number} */ count) => 15 + Math.min(9, 3 * Math.log10(count));
