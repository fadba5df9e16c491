// State, time and selection -> the scene the map draws. Pure.
import {rangeBearing} from '../map/geo.mjs';
import {countdown, trackName, age} from './format.mjs';
import {TIER, arrivalOf, entityOf, freshness, identityOf, incidents, recentSightings, sectorOrigin, targetPlace, tierOf, trackRows} from './model.mjs';
import {tiersByRow} from './ranking.mjs';

/** @typedef {import('./store.mjs').State} State */
/** @typedef {import('../map/overlays.mjs').Scene} Scene */
/** @typedef {[number, number]} LonLat */

const NEAR_M = 250; // people at a post share its name and its danger sign
const WEDGE_SHOWN_MS = 4 * 60_000; // an old direction on the map misleads; the list keeps it longer
const lonLat = (/** @type {{lat_deg: number, lon_deg: number}} */ p) => /** @type {LonLat} */ ([p.lon_deg, p.lat_deg]);

/** @param {State} state @param {number} now_ms @param {string | null} selected  a track
 * @param {string | null} [target_id]  a selected post or person of ours @returns {Scene} */
export function sceneOf(state, now_ms, selected, target_id = null) {
  const selectedRow = selected === null ? -1 : state.tracks.row(selected);
  const rows = trackRows(state);
  const beyond = selectedRow >= 0 && !rows.some((r) => r.track.track_id === selected) ? [rowOf(state, selectedRow)] : [];
  const place = target_id ? targetPlace(state, target_id) : null;
  return {
    table: state.tracks, now_ms, tiers: tiersByRow(state),
    tracks: [...rows, ...beyond].map((row) => markOf(state, row, now_ms)),
    selected, selectedRow,
    own: own(state),
    dangers: dangers(state),
    sightings: recentSightings(state, now_ms).filter((s) => s.position && s.bearing && now_ms - s.t_ms < WEDGE_SHOWN_MS).map((s) => ({
      from: lonLat(s.position), azimuth_deg: s.bearing.azimuth_deg_true, sigma_deg: s.bearing.sigma_deg,
      age: Math.min(1, Math.max(0, (now_ms - s.t_ms) / WEDGE_SHOWN_MS)),
    })),
    reach: place ? {at: lonLat(place), radius_m: state.danger_radius_m + place.radius_m} : null,
    ringed: place ? lonLat(place) : ringed(state),
  };
}

function rowOf(/** @type {State} */ state, /** @type {number} */ row) {
  const track = state.tracks.at(row);
  return {track, tier: tierOf(state, track.track_id), identity: identityOf(state, track)};
}

function markOf(/** @type {State} */ state, /** @type {any} */ {track, tier, identity}, /** @type {number} */ now_ms) {
  const placed = track.fix === 'position' && track.lat_deg !== null && track.lon_deg !== null;
  const from = track.fix === 'sector' ? sectorOrigin(state, track) : null;
  const fresh = freshness(track, now_ms);
  return {
    track_id: track.track_id, row: state.tracks.row(track.track_id), identity, tier, freshness: fresh, entity: entityOf(track),
    at: placed ? lonLat(track) : null,
    urgent: tier >= TIER.WARNING,
    label: label(state, track, tier, fresh, now_ms),
    course_deg: track.course_deg_true, speed_mps: track.speed_mps, sigma_m: track.sigma_m,
    get trail() { return state.trails.of(track.number); }, // only some are drawn
    sector: from && track.azimuth_deg_true !== null
      ? {from: lonLat(from), azimuth_deg: track.azimuth_deg_true, sigma_deg: track.azimuth_sigma_deg ?? 15} : null,
  };
}

function label(/** @type {State} */ state, /** @type {any} */ track, /** @type {number} */ tier, /** @type {string} */ fresh, /** @type {number} */ now_ms) {
  const name = trackName(track.number);
  if (fresh === 'stale') return `${name}  ${age(now_ms - track.last_ms)}`;
  if (tier < TIER.WARNING) return name;
  const left = countdown(arrivalOf(state, track)?.earliest_ms ?? null, now_ms);
  return left === null ? name : `${name}  ${left}`;
}

function own(/** @type {State} */ state) {
  const posts = state.posts.map((p) => ({at: lonLat(p), name: p.name, kind: /** @type {const} */ ('post'), close: true, target_id: `post/${p.post_id}`}));
  const people = state.people.map((p) => {
    const at_post = state.posts.some((post) => near(post, p)); // the post's sign speaks for them
    return {at: lonLat(p), kind: /** @type {const} */ ('person'), close: !at_post, target_id: `person/${p.person_id}`,
      name: at_post ? '' : state.names.get(p.person_id) ?? ''};
  });
  return [...people, ...posts];
}

const near = (/** @type {any} */ a, /** @type {any} */ b) => rangeBearing(lonLat(a), lonLat(b)).range_m < NEAR_M;

function dangers(/** @type {State} */ state) {
  /** @type {{lat_deg: number, lon_deg: number, radius_m: number}[]} */
  const places = [];
  for (const alert of [...state.alerts.values()].sort((a, b) => Number(a.person_id !== null) - Number(b.person_id !== null))) {
    const place = alert.tier >= TIER.DANGER ? targetPlace(state, alert.target_id) : null;
    if (place && !places.some((p) => near(p, place))) places.push(place);
  }
  return places.map((p) => ({at: lonLat(p), radius_m: state.danger_radius_m + p.radius_m}));
}

function ringed(/** @type {State} */ state) {
  const lead = incidents(state)[0]?.lead;
  const place = lead ? targetPlace(state, lead.target_id) : null;
  return place ? lonLat(place) : state.origin ? lonLat(state.origin) : null;
}
