// A press, the compass and the position -> the body of a report. Pure; tested with node.

import { SIGMA_HEARD_DEG } from "../core/bearing.mjs";

const FIX_OLD_MS = 120_000; // an older position is not where the person is
const WALK_MPS = 2; // a position that grows old grows this uncertain
const POINT_SIGMA_DEG = 20; // one of eight buttons

/** Each chip is a fact; those of one group exclude each other. */
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

const round = (value, digits) => (value === null ? null : Number(value.toFixed(digits)));

/** aim: PointingLog.at(...) or null. fix: {lat_deg, lon_deg, alt_hae_m, sigma_m, ageMs} or null. */
export function sighting({ report_id, sense, aim, fix }) {
  return { ...BLANK, report_id, sense, position: positionOf(fix), bearing: bearingOf(aim, sense) };
}

/** "Attack here": no direction, no additions; who is near is warned at once. */
export function attackReport({ report_id, fix }) {
  return { ...BLANK, report_id, sense: "seen", attack: true, position: positionOf(fix) };
}

export function positionOf(fix) {
  if (!fix || fix.ageMs > FIX_OLD_MS) return null;
  return {
    lat_deg: round(fix.lat_deg, 7),
    lon_deg: round(fix.lon_deg, 7),
    alt_hae_m: round(fix.alt_hae_m ?? null, 1),
    sigma_m: round((fix.sigma_m ?? 50) + (WALK_MPS * Math.max(0, fix.ageMs)) / 1000, 1),
  };
}

/** Phones count from magnetic north; the server knows the declination. */
export function bearingOf(aim, sense) {
  if (!aim) return null;
  const sigma = sense === "heard" ? Math.max(aim.sigmaDeg, SIGMA_HEARD_DEG) : aim.sigmaDeg;
  return {
    azimuth_deg_magnetic: round(aim.azimuthDeg % 360, 1) % 360,
    sigma_deg: round(Math.min(sigma, 180), 1),
    elevation_deg: round(aim.elevationDeg, 1),
    elevation_sigma_deg: aim.elevationDeg === null ? null : aim.elevationSigmaDeg,
  };
}

/** Told by hand on a phone without a compass; true north, as people mean it. */
export function bearingOfPoint(index) {
  return {
    azimuth_deg_true: index * 45,
    sigma_deg: POINT_SIGMA_DEG,
    elevation_deg: null,
    elevation_sigma_deg: null,
  };
}

/** All chips chosen so far, so that a lost refinement costs nothing. */
export function refinement({ report_id, root, sense, chips, bearing = null, position = null }) {
  const facts = CHIPS.filter((c) => chips.has(c.id)).map((c) => c.set);
  return Object.assign({ ...BLANK, report_id, sense, refines: root, bearing, position }, ...facts);
}

export function withdrawal({ report_id, root, sense, attack = false }) {
  const body = { ...BLANK, report_id, sense, refines: root, withdrawn: true };
  return attack ? { ...body, attack } : body;
}

/** The chips a refinement stands for: what is read back after a reload. */
export function chipsIn(body) {
  const said = ({ set }) => Object.entries(set).every(([name, value]) => body[name] === value);
  return new Set(CHIPS.filter(said).map((c) => c.id));
}

/** A second tap takes a chip back; a tap on its neighbour replaces it. */
export function toggled(chips, id) {
  const next = new Set(chips);
  const chip = CHIPS.find((c) => c.id === id);
  const had = next.has(id);
  for (const other of CHIPS) if (other.group === chip.group) next.delete(other.id);
  if (!had) next.add(id);
  return next;
}
