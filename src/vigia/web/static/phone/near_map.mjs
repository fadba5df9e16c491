// What is near, from what this phone knows -> metres around the reader. Pure; tested with node.

import { wayTo } from "./nearest.mjs";
import { azimuthOf } from "./report.mjs";

const RAD = Math.PI / 180;
const SIGHTING_OLD_MS = 1_800_000; // of an older sighting nobody knows where the drone is
export const SCALES_M = [250, 500, 1_000, 2_000, 5_000, 10_000, 20_000];
export const ITEMS_MAX = 60; // drawn and listed; the nearest

/** @typedef {import('./nearest.mjs').Spot} Spot */
/**
 * kind: "drone" (of a warning), "sighting" (of this phone), "post", "kit", "medic".
 * spreadDeg: half the wedge of a direction; range_m null: only the direction is known.
 * @typedef {{kind: "drone" | "sighting" | "post" | "kit" | "medic", id: string, name: string,
 *   range_m: number | null, bearing_deg: number, radius_m?: number, spreadDeg?: number,
 *   from?: Spot, aimDeg?: number, tMs?: number, tier?: number}} Item
 */

/**
 * The middle of the map: where this person is, else his post, else the middle of the site.
 * @param {{fix: Phone.Fix | null, post: Spot | null, origin: Spot | null, freshMs: number}} known
 * @returns {{spot: Spot, from: "me" | "post" | "site"} | null}
 */
export function middle({ fix, post, origin, freshMs }) {
  if (fix && fix.ageMs < freshMs) return { spot: fix, from: "me" };
  if (post) return { spot: post, from: "post" };
  return origin ? { spot: origin, from: "site" } : null;
}

/** East and north [m] of a way. @param {number} range_m @param {number} bearing_deg */
export function offset(range_m, bearing_deg) {
  return { x: range_m * Math.sin(bearing_deg * RAD), y: range_m * Math.cos(bearing_deg * RAD) };
}

/**
 * Warnings that are open: the drone as it was when the warning was decided, seen from this person.
 * @param {Phone.Held[]} open @returns {Item[]}
 */
export function droneItems(open) {
  return open.flatMap(({ alert_id, alert }) =>
    alert.bearing_deg_true === null || alert.bearing_deg_true === undefined
      ? []
      : [
          {
            kind: /** @type {"drone"} */ ("drone"),
            id: alert_id,
            name: (alert.track_numbers ?? []).map((n) => `T-${String(n).padStart(3, "0")}`).join(" "),
            range_m: alert.range_m,
            bearing_deg: alert.bearing_deg_true,
            spreadDeg: 22,
            tMs: alert.decided_ms,
            tier: alert.tier,
          },
        ],
  );
}

/**
 * Own sightings of the last half hour: from where, which way. The direction is magnetic as the phone
 * measured it unless told by hand: a few degrees, less than its own error.
 * @param {{entry: Phone.SightingEntry, position: Wire.Position | null, bearing: Wire.Bearing | null}[]} told
 * @param {Spot} from @param {number} nowMs device's wall clock @returns {Item[]}
 */
export function sightingItems(told, from, nowMs) {
  return told.flatMap(({ entry, position, bearing }) =>
    position && nowMs - entry.deviceMs < SIGHTING_OLD_MS
      ? [
          {
            kind: /** @type {"sighting"} */ ("sighting"),
            id: entry.report_id,
            name: "",
            ...way(from, position),
            from: position,
            tMs: entry.deviceMs,
            ...(bearing ? { spreadDeg: bearing.sigma_deg, aimDeg: azimuthOf(bearing) } : {}),
          },
        ]
      : [],
  );
}

/**
 * @param {"post" | "kit" | "medic"} kind @param {(Spot & {name: string, id: string, radius_m?: number})[]} rows
 * @param {Spot} from @returns {Item[]}
 */
export function placeItems(kind, rows, from) {
  return rows.map((row) => ({
    kind,
    id: row.id,
    name: row.name,
    ...way(from, row),
    radius_m: row.radius_m ?? 0,
  }));
}

/** @param {Spot} from @param {Spot} to @returns {{range_m: number, bearing_deg: number}} */
function way(from, to) {
  const { range_m, bearing_deg } = wayTo(from, to);
  return { range_m, bearing_deg };
}

/** Drones first, then the nearest; bounded. @param {Item[]} items */
export function ranked(items) {
  const rank = (/** @type {Item} */ i) => (i.kind === "drone" ? 0 : 1);
  return [...items]
    .sort((a, b) => rank(a) - rank(b) || (a.range_m ?? 0) - (b.range_m ?? 0))
    .slice(0, ITEMS_MAX);
}

/** The smallest scale that shows the warnings and the nearest few places. @param {Item[]} items ranked */
export function fittingScale(items) {
  const drones = items.filter((i) => i.kind === "drone").map((i) => i.range_m ?? 0);
  const places = items.filter((i) => i.kind !== "drone").map((i) => i.range_m ?? 0);
  const far = Math.max(200, ...drones, ...places.slice(0, 3));
  return SCALES_M.find((s) => s >= far * 1.1) ?? SCALES_M[SCALES_M.length - 1];
}

/** One step nearer (-1) or farther (+1). @param {number} scale_m @param {-1 | 1} step */
export function stepped(scale_m, step) {
  const at = SCALES_M.indexOf(scale_m);
  return SCALES_M[Math.min(SCALES_M.length - 1, Math.max(0, at + step))];
}
