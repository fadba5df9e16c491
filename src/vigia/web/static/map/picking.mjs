// What lies under a press: a track (the most urgent first), a cluster, or nothing. Pure.
import {clusterRadius} from './instances.mjs';
import {placesOf} from './mercator.mjs';

const NEAR_PX = 18;

/**
 * @param {import('./overlays.mjs').Scene} scene @param {ReturnType<typeof import('./instances.mjs').sprites>} shown
 * @param {[number, number]} at  in Mercator's square @param {number} world_px  the square's side on the screen
 * @returns {{track_id: string, cluster: null} | {track_id: null, cluster: import('./clusters.mjs').Cluster} | null}
 */
export function pick(scene, shown, [x, y], world_px) {
  const places = placesOf(scene.table);
  const far = (/** @type {number} */ row) => Math.hypot(places.x[row] - x, places.y[row] - y) * world_px;
  const urgent = scene.tracks.find((t) => !shown.hidden[t.row] && far(t.row) <= NEAR_PX);
  if (urgent) return {track_id: urgent.track_id, cluster: null};
  let [best, nearest] = [NEAR_PX, -1];
  for (let row = 0; row < scene.table.n; row++) {
    if (shown.hidden[row]) continue;
    const d = far(row);
    if (d <= best) [best, nearest] = [d, row];
  }
  if (nearest >= 0) return {track_id: scene.table.id(nearest), cluster: null};
  const cluster = shown.clusters.find((c) => Math.hypot(c.x - x, c.y - y) * world_px <= clusterRadius(c.count) + 4);
  return cluster ? {track_id: null, cluster} : null;
}
