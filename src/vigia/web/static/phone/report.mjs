// A press, the compass and the position -> the body of a report. Pure; tested with node.

import { SIGMA_HEARD_DEG } from "../core/bearing.mjs";

/** @typedef {Wire.Sighting["sense"]} Sense */

const FIX_OLD_MS = 120_000; // an older position is not where the person is
const WALK_MPS = 2; // a position that grows old grows this uncertain
const POINT_SIGMA_DEG = 20; // one of eight buttons

/**
 * Each chip is a fact; those of one group exclude each other.
 * @type {{id: string, group: string, set: Partial<Wire.Sighting>}[]}
 */
export const CHIPS = [
  { id: "towards_me", group: "motion", set: { motion: "towards_me" } },
  { id: "hovering", group: "motion", set: { motion: "hovering" } },
  { id: "moving", group: "motion", set: { motion: "moving" } },
  { id: "load", group: "load", set: { load: true } },
  { id: "many", group: "count", set: { count: 2 } },
  { id: "big", group: "text", set: { text: "big" } },
  { id: "multirotor", group: "kind", set: { kind: "multirotor" } },
  { id: "fixed_wing", group: "kind", set: { kind: "fixed_wing" } },
  { id: "helicopter", group: "kind", set: { kind: "helicopter" } },
];

/** @type {Omit<Wire.Sighting, "report_id" | "sense">} */
const BLANK = {
  position: null,
  bearing: null,
  kind: "unknown",
  count: null,
  load: null,
  motion: null,
  refines: null,
  withdrawn: false,
  text: "",
};

/** @param {number} value @param {number} digits */
const round = (value, digits) => Number(value.toFixed(digits));
/** @param {number | null | undefined} value @param {number} digits */
const rounded = (value, digits) => (value === null || value === undefined ? null : round(value, digits));

/**
 * @param {{report_id: string, sense: Sense, aim: Phone.Aim | null, fix: Phone.Fix | null}} press
 * @returns {Wire.Sighting}
 */
export function sighting({ report_id, sense, aim, fix }) {
  return { ...BLANK, report_id, sense, position: positionOf(fix), bearing: bearingOf(aim, sense) };
}

/** "Attack here": no direction, no additions; who is near is warned at once.
 * @param {{report_id: string, fix: Phone.Fix | null}} press @returns {Wire.Sighting} */
export function attackReport({ report_id, fix }) {
  return { ...BLANK, report_id, sense: "seen", attack: true, position: positionOf(fix) };
}

/** @param {Phone.Fix | null} fix @returns {Wire.Position | null} */
export function positionOf(fix) {
  if (!fix || fix.ageMs > FIX_OLD_MS) return null;
  return {
    lat_deg: round(fix.lat_deg, 7),
    lon_deg: round(fix.lon_deg, 7),
    alt_hae_m: rounded(fix.alt_hae_m, 1),
    sigma_m: round((fix.sigma_m ?? 50) + (WALK_MPS * Math.max(0, fix.ageMs)) / 1000, 1),
  };
}

/** Phones count from magnetic north; the server knows the declination.
 * @param {Phone.Aim | null} aim @param {Sense} sense @returns {Wire.Bearing | null} */
export function bearingOf(aim, sense) {
  if (!aim) return null;
  const sigma = sense === "heard" ? Math.max(aim.sigmaDeg, SIGMA_HEARD_DEG) : aim.sigmaDeg;
  return {
    azimuth_deg_magnetic: round(aim.azimuthDeg % 360, 1) % 360,
    sigma_deg: round(Math.min(sigma, 180), 1),
    elevation_deg: rounded(aim.elevationDeg, 1),
    elevation_sigma_deg: aim.elevationDeg === null ? null : aim.elevationSigmaDeg,
  };
}

/**
 * Magnetic as the phone measured it, or true as told by hand.
 * @param {Wire.Bearing} bearing
 */
export function azimuthOf({ azimuth_deg_true, azimuth_deg_magnetic }) {
  return azimuth_deg_true ?? azimuth_deg_magnetic ?? 0;
}

/** Told by hand on a phone without a compass; true north, as people mean it.
 * @param {number} index @returns {Wire.Bearing} */
export function bearingOfPoint(index) {
  return {
    azimuth_deg_true: index * 45,
    sigma_deg: POINT_SIGMA_DEG,
    elevation_deg: null,
    elevation_sigma_deg: null,
  };
}

/** All chips chosen so far, so that a lost refinement costs nothing.
 * @param {{report_id: string, root: string, sense: Sense, chips: Set<string>,
 *   bearing?: Wire.Bearing | null, position?: Wire.Position | null}} said @returns {Wire.Sighting} */
export function refinement({ report_id, root, sense, chips, bearing = null, position = null }) {
  const facts = CHIPS.filter((c) => chips.has(c.id)).map((c) => c.set);
  return Object.assign({ ...BLANK, report_id, sense, refines: root, bearing, position }, ...facts);
}

/**
 * @param {{report_id: string, root: string, sense: Sense, attack?: boolean}} said
 * @returns {Wire.Sighting}
 */
export function withdrawal({ report_id, root, sense, attack = false }) {
  const body = { ...BLANK, report_id, sense, refines: root, withdrawn: true };
  return attack ? { ...body, attack } : body;
}

/** The chips a refinement stands for: what is read back after a reload. @param {Wire.Sighting} body */
export function chipsIn(body) {
  const facts = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (body));
  const said = (/** @type {{set: object}} */ { set }) =>
    Object.entries(set).every(([name, value]) => facts[name] === value);
  return new Set(CHIPS.filter(said).map((c) => c.id));
}

/** A second tap takes a chip back; a tap on its neighbour replaces it.
 * @param {Set<string>} chips @param {string} id */
export function toggled(chips, id) {
  const next = new Set(chips);
  const chip = CHIPS.find((c) => c.id === id);
  if (!chip) return next;
  const had = next.has(id);
  for (const other of CHIPS) if (other.group === chip.group) next.delete(other.id);
  if (!had) next.add(id);
  return next;
}
