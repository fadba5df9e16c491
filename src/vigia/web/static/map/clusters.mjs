// Tracks that lie on each other at low zoom -> one sign with their count. Pure.
// Never in a cluster: whom anybody is warned of, suspects, what a person named, the selected one, and
// whatever may reach somebody within minutes. Of the rest the sign tells the soonest arrival.
import {TILE_PX} from './mercator.mjs';

export const CLUSTER_ZOOM = 10.5; // nearer than this every track stands for itself
const CELL_PX = 72;
const LEAST = 3;
const CELLS = 1 << 21; // of one row of the world, at most

/** @typedef {{x: number, y: number, count: number, split: [number, number, number], soonest_ms: number | null}} Cluster
 *  split: unknown, suspect, neutral; soonest_ms: after the picture's time */

/**
 * @param {{n: number, earliest: (row: number) => number}} table
 * @param {{x: Float64Array, y: Float64Array}} places
 * @param {Uint8Array} identity  0 unknown, 1 suspect, 2 neutral, more: named by a person
 * @param {Uint8Array} single  1: never in a cluster
 * @param {number} zoom
 * @returns {{clusters: Cluster[], hidden: Uint8Array}} hidden: 1 for rows a cluster stands for
 */
export function clustersOf(table, places, identity, single, zoom) {
  const hidden = new Uint8Array(table.n);
  if (zoom >= CLUSTER_ZOOM) return {clusters: [], hidden};
  const cells = gather(table.n, places, single, Math.floor(zoom * 2) / 2); // half steps: signs stay while one zooms a little
  const clusters = [];
  for (const rows of cells.values()) {
    if (rows.length < LEAST) continue;
    clusters.push(sign(table, places, identity, rows));
    for (const row of rows) hidden[row] = 1;
  }
  return {clusters, hidden};
}

function gather(/** @type {number} */ n, /** @type {{x: Float64Array, y: Float64Array}} */ {x, y}, /** @type {Uint8Array} */ single, /** @type {number} */ zoom) {
  const perUnit = (TILE_PX * 2 ** zoom) / CELL_PX;
  /** @type {Map<number, number[]>} */
  const cells = new Map();
  for (let row = 0; row < n; row++) {
    if (single[row] || !(x[row] === x[row])) continue;
    const key = Math.floor(x[row] * perUnit) * CELLS + Math.floor(y[row] * perUnit);
    const rows = cells.get(key);
    if (rows) rows.push(row);
    else cells.set(key, [row]);
  }
  return cells;
}

/** @returns {Cluster} */
function sign(/** @type {any} */ table, /** @type {any} */ places, /** @type {Uint8Array} */ identity, /** @type {number[]} */ rows) {
  /** @type {[number, number, number]} */
  const split = [0, 0, 0];
  let [x, y, soonest] = [0, 0, Infinity];
  for (const row of rows) {
    x += places.x[row];
    y += places.y[row];
    split[Math.min(2, identity[row])] += 1;
    const earliest = table.earliest(row);
    if (earliest < soonest) soonest = earliest;
  }
  return {x: x / rows.length, y: y / rows.length, count: rows.length, split, soonest_ms: Number.isFinite(soonest) ? soonest : null};
}
