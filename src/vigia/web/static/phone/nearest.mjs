// Kits and medics as last known, and where this person stands -> the nearest, which way, how far.
// Pure; tested with node.

import { compassPoint, relativeDirection } from "../core/geo.mjs";

const RELATIVE_SIGMA_MAX_DEG = 25; // as for warnings: a worse compass, or one not held, gives compass words only
const EARTH_M = 6_371_000; // error below 0.5 %, far below a walker's need
const RAD = Math.PI / 180;

/** @typedef {{lat_deg: number, lon_deg: number}} Spot */

/** @param {Spot} from @param {Spot} to */
export function wayTo(from, to) {
  const dLat = (to.lat_deg - from.lat_deg) * RAD;
  const dLon = (to.lon_deg - from.lon_deg) * RAD;
  const [a, b] = [from.lat_deg * RAD, to.lat_deg * RAD];
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(a) * Math.cos(b) * Math.sin(dLon / 2) ** 2;
  const y = Math.sin(dLon) * Math.cos(b);
  const x = Math.cos(a) * Math.sin(b) - Math.sin(a) * Math.cos(b) * Math.cos(dLon);
  return {
    range_m: 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(h))),
    bearing_deg: (Math.atan2(y, x) / RAD + 360) % 360,
  };
}

/**
 * The nearest max, nearest first; without a position in the order given, range_m null. Of kits at
 * least one complete one, however far, where there is one.
 * @template {Spot & {complete?: boolean}} R
 * @param {R[]} rows @param {Spot | null} from @param {number} max
 * @returns {(R & {range_m: number | null, bearing_deg: number | null})[]}
 */
export function nearest(rows, from, max) {
  const found = rows.map((row) => ({
    ...row,
    ...(from ? wayTo(from, row) : { range_m: null, bearing_deg: null }),
  }));
  found.sort((a, b) => (a.range_m ?? 0) - (b.range_m ?? 0));
  const shown = found.slice(0, max);
  const complete = found.find((r) => r.complete !== false);
  if (complete && !shown.includes(complete)) shown[max - 1] = complete;
  return shown;
}

/** {pointKey, relativeKey, turnDeg}: the last two null unless the compass is good.
 * @param {number} bearing_deg @param {Phone.Facing | null} facing */
export function wayWords(bearing_deg, facing) {
  const good = facing?.held && facing.sigmaDeg <= RELATIVE_SIGMA_MAX_DEG;
  return {
    pointKey: `alert.point.${compassPoint(bearing_deg)}`,
    relativeKey: good
      ? `alert.relative.${relativeDirection(bearing_deg, facing.headingDeg)}`
      : null,
    turnDeg: good ? (bearing_deg - facing.headingDeg + 360) % 360 : null,
  };
}
