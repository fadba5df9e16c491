// A scene -> the map on screen. Owns MapLibre: style, theme changes, pointer, camera.
import {Map as MapLibre} from '../vendor/maplibre/maplibre-gl.mjs';
import {currentTheme, readTokens} from '../theme/theme.mjs';
import {areaId, areaLayers, areaSource, covers, inOrder, isRelief} from './areas.mjs';
import {mgrs, rangeBearing} from './geo.mjs';
import {gridFeatures} from './grid.mjs';
import {CELL_PX, drawAtlas, drawImages, TARGET_PX} from './images.mjs';
import {clusterShapes, IDENTITIES, shapes, sprites} from './instances.mjs';
import {SWITCHES, TRACK_PARTS, wholeStyle} from './layers.mjs';
import {mercatorX, mercatorY, TILE_PX} from './mercator.mjs';
import {overlays} from './overlays.mjs';
import {pick} from './picking.mjs';
import {SKETCH_ZOOM} from './style.mjs';
import {TrackLayer} from './tracklayer.mjs';
import {TrackLabels} from './tracks.mjs';

/** @typedef {import('./style.mjs').Tokens} Tokens */
/** @typedef {import('./overlays.mjs').Scene} Scene */

const FIT_ZOOM_MAX = 13.5;
const POINTER_MS = 100; // what lies under the pointer is told ten times a second, not at each movement
const NOTHING = new Float32Array(0);
const CLUSTER_CLOSER = 2; // zoom levels that a press on a cluster brings

/** Events: "select" (track_id or null), "own" (target_id), "pointer" (text), "view" ({zoom, scale, sketch}), "idle". */
export class SituationMap extends EventTarget {
  /** @param {HTMLElement} container @param {{center: [number, number], zoom: number}} start
   * @param {(soonest_ms: number) => string} [soonest]  how a cluster tells its soonest arrival */
  constructor(container, start, soonest = () => '') {
    super();
    this.ready = false;
    this.soonest = soonest;
    /** @type {Scene | null} */
    this.scene = null;
    /** @type {Map<string, string>} */
    this.drawn = new Map(); // source -> what it holds
    /** @type {Set<string>} */
    this.off = new Set(); // parts of the track layer that are switched off
    /** @type {boolean | null} */
    this.small = null; // is the danger area too small to see
    /** @type {import('./areas.mjs').MapFile[]} */
    this.areas = [];
    /** @type {Set<string>} */
    this.without = new Set(); // "area", "relief": switched off
    this.step = 0; // zoom, in the steps clusters go by
    this.map = new MapLibre({
      container, style: /** @type {any} */ (wholeStyle(readTokens())), center: start.center, zoom: start.zoom,
      attributionControl: false, fadeDuration: 0, dragRotate: false, pitchWithRotate: false, maxZoom: 17, minZoom: 2,
      keyboard: false, // the console's keys are its own
      pixelRatio: devicePixelRatio * scaleOf(container),
    });
    this.map.touchZoomRotate.disableRotation();
    this.layer = new TrackLayer('tracks');
    this.signs = new TrackLayer('cluster-signs');
    this.layer.size = CELL_PX;
    this.labels = new TrackLabels(this.map);
    this.map.on('load', () => this.#loaded());
    globalThis.addEventListener('vigia-theme', () => this.restyle());
    this.#listen();
  }

  async #loaded() {
    drawImages(this.map, readTokens());
    this.colours = coloursOf(readTokens());
    this.map.addLayer(this.signs, 'cluster-count');
    this.map.addLayer(this.layer, 'track-label');
    await this.#drawAtlas();
    this.ready = true;
    this.#drawAreas();
    this.#drawGrid();
    this.#draw();
    this.map.once('idle', () => this.dispatchEvent(new Event('idle')));
  }

  /** Maps that the operator added. @param {import('./areas.mjs').MapFile[]} maps */
  setAreas(maps) {
    this.areas = inOrder(maps);
    if (this.ready) this.#drawAreas();
  }

  /** Above our own land and water, under our borders, grid, names and everything that moves. */
  #drawAreas() {
    /** @type {any} */
    const map = this.map;
    const token = readTokens();
    for (const m of this.areas) {
      const id = areaId(m);
      if (!map.getSource(id)) map.addSource(id, areaSource(m, location.origin));
      for (const layer of areaLayers(m, token, currentTheme() !== 'light')) {
        if (map.getLayer(layer.id)) map.removeLayer(layer.id);
        map.addLayer(layer, layer.type === 'symbol' ? 'place' : 'county');
        map.setLayoutProperty(layer.id, 'visibility', this.without.has(isRelief(m) ? 'relief' : 'area') ? 'none' : 'visible');
      }
    }
    this.#view();
  }

  async #drawAtlas() {
    const {sheet, columns, rows} = await drawAtlas(readTokens());
    this.layer.pictures(sheet, columns, rows);
  }

  /** @param {Scene} scene */
  show(scene) {
    this.scene = scene;
    if (this.ready) this.#draw();
  }

  #draw() {
    if (!this.scene) return;
    for (const [name, data] of Object.entries(overlays(this.scene))) {
      const text = JSON.stringify(data); // drawing again costs a hundred times more than comparing
      if (this.drawn.get(name) === text) continue;
      this.drawn.set(name, text);
      /** @type {any} */ (this.map.getSource(name)).setData(data);
    }
    this.#drawTracks();
    this.#sizeTargets();
  }

  #drawTracks() {
    if (!this.scene || !this.colours) return;
    const {lng, lat} = this.map.getCenter();
    /** @type {[number, number]} */
    const anchor = [mercatorX(lng), mercatorY(lat)];
    const zoom = this.map.getZoom();
    this.step = Math.floor(zoom * 2);
    const drawn = sprites(this.scene, zoom, anchor);
    const under = shapes(this.scene, drawn, anchor, this.colours, this.off);
    const signs = clusterShapes(drawn.clusters, anchor, this.colours);
    this.layer.show(anchor, [drawn.data, drawn.count], [under.data, under.count]);
    this.signs.show(anchor, [NOTHING, 0], [signs.data, signs.count]);
    const counted = drawn.clusters.map((c) => ({at: lonLat(c.x, c.y), count: c.count, soonest: c.soonest_ms === null ? '' : this.soonest(this.sceneTime(c.soonest_ms))}));
    this.labels.show(this.scene.tracks, drawn.identity, IDENTITIES, drawn.hidden, counted, zoom);
    this.shown = drawn;
  }

  /** @param {number} after_ms  the picture's time */
  sceneTime(after_ms) {
    return /** @type {Scene} */ (this.scene).table.t_ms + after_ms;
  }

  /** The danger area in its true size; the target sign while that would be too small to see. */
  #sizeTargets() {
    const radius = this.scene?.dangers[0]?.radius_m ?? 0;
    const small = (radius / this.#metresPerPixel()) * 2 < TARGET_PX;
    if (small === this.small) return;
    this.small = small;
    this.map.setLayoutProperty('targets', 'visibility', small ? 'visible' : 'none');
    for (const id of ['danger', 'danger-fill', 'danger-hatch'])
      this.map.setLayoutProperty(id, 'visibility', small ? 'none' : 'visible');
  }

  async restyle() {
    if (!this.ready) return;
    const token = readTokens();
    const style = wholeStyle(token);
    for (const layer of style.layers)
      for (const [name, value] of Object.entries(layer.paint ?? {})) this.map.setPaintProperty(layer.id, /** @type {any} */ (name), value);
    drawImages(this.map, token);
    this.colours = coloursOf(token);
    await this.#drawAtlas();
    this.#drawAreas();
    this.#draw();
  }

  /** @param {string} what  one of SWITCHES @param {boolean} shown */
  toggle(what, shown) {
    for (const id of SWITCHES[/** @type {keyof typeof SWITCHES} */ (what)] ?? []) this.map.setLayoutProperty(id, 'visibility', shown ? 'visible' : 'none');
    if (what === 'area' || what === 'relief') {
      if (shown) this.without.delete(what);
      else this.without.add(what);
      return this.#drawAreas();
    }
    if (!TRACK_PARTS.includes(what)) return;
    if (shown) this.off.delete(what);
    else this.off.add(what);
    this.#drawTracks();
  }

  /** @param {[number, number][]} points */
  fit(points) {
    if (points.length === 0) return;
    const lon = points.map((p) => p[0]);
    const lat = points.map((p) => p[1]);
    /** @type {[[number, number], [number, number]]} */
    const box = [[Math.min(...lon), Math.min(...lat)], [Math.max(...lon), Math.max(...lat)]];
    this.map.fitBounds(box, {padding: 70, maxZoom: FIT_ZOOM_MAX, duration: 0});
  }

  /** Brings a point into view without changing the zoom; does nothing when it is in view.
   * @param {[number, number]} at */
  reveal(at) {
    if (!this.map.getBounds().contains(at)) this.map.easeTo({center: at, duration: 300});
  }

  zoomBy(/** @type {number} */ step) {
    this.map.easeTo({zoom: this.map.getZoom() + step, duration: 150});
  }

  #metresPerPixel() {
    const {lng, lat} = this.map.getCenter();
    const at = this.map.project([lng, lat]);
    const beside = this.map.unproject([at.x + 100, at.y]);
    return rangeBearing([lng, lat], [beside.lng, beside.lat]).range_m / 100;
  }

  #drawGrid() {
    const bounds = this.map.getBounds();
    const view = {west: bounds.getWest(), south: bounds.getSouth(), east: bounds.getEast(), north: bounds.getNorth()};
    /** @type {any} */ (this.map.getSource('grid')).setData({type: 'FeatureCollection', features: gridFeatures(view, this.map.getZoom())});
  }

  #view() {
    const zoom = this.map.getZoom();
    const {lng, lat} = this.map.getCenter();
    const detail = {zoom, scale: niceScale(this.#metresPerPixel()), sketch: zoom >= SKETCH_ZOOM && !(covers(this.areas, lng, lat) && !this.without.has('area')),
      areas: this.areas.map((m) => m.kind), credits: this.areas.map((m) => m.attribution).filter(Boolean)};
    this.dispatchEvent(new CustomEvent('view', {detail}));
  }

  #listen() {
    const map = this.map;
    map.on('moveend', () => {
      if (!this.ready) return;
      this.#drawGrid();
      this.#sizeTargets();
      this.#view();
    });
    map.on('zoom', () => { if (this.ready && Math.floor(map.getZoom() * 2) !== this.step) this.#drawTracks(); }); // names begin at a step too
    map.on('load', () => this.#view());
    let told_ms = 0;
    map.on('mousemove', (/** @type {any} */ e) => {
      if (performance.now() - told_ms < POINTER_MS) return;
      told_ms = performance.now();
      const detail = {at: [e.lngLat.lng, e.lngLat.lat], mgrs: mgrs([e.lngLat.lng, e.lngLat.lat])};
      this.dispatchEvent(new CustomEvent('pointer', {detail}));
    });
    map.on('click', (/** @type {any} */ e) => this.#pressed(e));
  }

  #pressed(/** @type {any} */ e) {
    if (!this.scene || !this.shown) return;
    const at = /** @type {[number, number]} */ ([mercatorX(e.lngLat.lng), mercatorY(e.lngLat.lat)]);
    const hit = pick(this.scene, this.shown, at, TILE_PX * 2 ** this.map.getZoom());
    if (hit?.cluster) return this.map.easeTo({center: lonLat(hit.cluster.x, hit.cluster.y), zoom: this.map.getZoom() + CLUSTER_CLOSER, duration: 300});
    if (hit) return this.dispatchEvent(new CustomEvent('select', {detail: hit.track_id}));
    const {x, y} = e.point;
    const [own] = this.map.queryRenderedFeatures([[x - 8, y - 8], [x + 8, y + 8]], {layers: ['own', 'own-label']});
    this.dispatchEvent(own ? new CustomEvent('own', {detail: own.properties.target_id}) : new CustomEvent('select', {detail: null}));
  }
}

/** Mercator's square -> degrees. @param {number} x @param {number} y @returns {[number, number]} */
const lonLat = (x, y) => [x * 360 - 180, (Math.atan(Math.exp((0.5 - y) * 2 * Math.PI)) * 360) / Math.PI - 90];

/** Tokens -> numbers for the track layer. @param {Tokens} token */
function coloursOf(token) {
  return {identity: IDENTITIES.map((name) => numbers(token(name.replace('_', '-')))), danger: numbers(token('map-danger')),
    selection: numbers(token('map-selection')), plate: numbers(token('plate'))};
}

/** Six digits of a colour -> red, green, blue 0..1. @param {string} colour */
const numbers = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255);

/** Big screens show the map enlarged (console.css: --map-scale); it stays sharp.
 * @param {HTMLElement} container */
const scaleOf = (container) => Number(getComputedStyle(container).getPropertyValue('--map-scale')) || 1;

/** A round length between 60 and 150 pixels. @param {number} m_per_px */
export function niceScale(m_per_px) {
  const most_m = m_per_px * 150;
  const power = 10 ** Math.floor(Math.log10(most_m));
  const m = [5, 2, 1].map((n) => n * power).find((n) => n <= most_m) ?? power;
  return {px: m / m_per_px, m};
}
