// Which tracks come first: by tier, then by the earliest arrival, then drones before the rest.
// Of ten thousand only the first RANKED_MAX become rows; the others are counted and drawn.
import {alertsOf, arrivalOf, identityOf, tierOf} from './model.mjs';
import {FLAG} from './tracktable.mjs';

/** @typedef {import('./store.mjs').State} State */
/** @typedef {{track: any, tier: number, identity: 'unknown' | 'suspect' | 'neutral', earliest_ms: number | null}} Row */

export const RANKED_MAX = 200;
const FAR = Number.MAX_SAFE_INTEGER;
const FAR_MS = 2e9; // no arrival known comes after all that have one
const TIER_STEP = 1e10;

/** @type {WeakMap<object, {alerts: any, rows: Row[]}>} */
const kept = new WeakMap(); // by picture: most messages change neither tracks nor alerts

/** The most urgent tracks, in order. @param {State} state @returns {Row[]} */
export function trackRows(state) {
  const known = kept.get(state.tracks);
  if (known?.alerts === state.alerts) return known.rows;
  const rows = [...first(state)].map((row) => {
    const track = state.tracks.at(row);
    return {track, tier: tierOf(state, track.track_id), identity: identityOf(state, track),
      earliest_ms: arrivalOf(state, track)?.earliest_ms ?? null};
  });
  rows.sort((a, b) =>
    b.tier - a.tier
    || (a.earliest_ms ?? FAR) - (b.earliest_ms ?? FAR)
    || Number(a.identity === 'neutral') - Number(b.identity === 'neutral')
    || (b.track.p_drone ?? 0) - (a.track.p_drone ?? 0)
    || a.track.number - b.track.number);
  kept.set(state.tracks, {alerts: state.alerts, rows});
  return rows;
}

/** Rows of tracks that open alerts name, and the tier of each. @param {State} state @returns {Map<number, number>} */
export function tiersByRow(state) {
  const tiers = new Map();
  for (const alert of state.alerts.values())
    for (const id of alert.track_ids) {
      const row = state.tracks.row(id);
      if (row >= 0) tiers.set(row, Math.max(tiers.get(row) ?? 0, alert.tier));
    }
  return tiers;
}

/** The rows that can be among the first RANKED_MAX, chosen in columns. @param {State} state */
function first(state) {
  const {tracks} = state;
  const {n, c} = tracks;
  if (n <= RANKED_MAX) return Array.from({length: n}, (_, row) => row);
  const keys = new Float64Array(n);
  for (let row = 0; row < n; row++) {
    const earliest = tracks.earliest(row);
    const p_drone = c.p_drone[row];
    keys[row] = (earliest === earliest ? earliest : FAR_MS + (c.flags[row] & FLAG.aircraft ? 1e9 : 0) + (1 - (p_drone === p_drone ? p_drone : 0)) * 4e8)
      + (c.number[row] % 1e6) / 1e6;
  }
  for (const [row, tier] of tiersByRow(state)) {
    if (c.arrival[row] === 0) keys[row] = (alertsOf(state, tracks.id(row))[0]?.earliest_ms ?? tracks.t_ms + FAR_MS) - tracks.t_ms;
    keys[row] -= tier * TIER_STEP;
  }
  const last = keys.slice().sort()[RANKED_MAX - 1];
  const rows = [];
  for (let row = 0; row < n; row++) if (keys[row] < last) rows.push(row);
  for (let row = 0; row < n && rows.length < RANKED_MAX; row++) if (keys[row] === last) rows.push(row);
  return rows;
}
