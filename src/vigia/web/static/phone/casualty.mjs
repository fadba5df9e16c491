// Words this phone has said of casualties -> each report as it stands. Pure; tested with node.
//
// The same rules as fold() on the server: of two words on one field the later press counts,
// wounds add up, a tourniquet keeps its first time on.

import { isWord } from "../core/doors.mjs";

const FIX_OLD_MS = 600_000; // an older position helps nobody to find the place
const WALK_MPS = 2;
const DISK_MS = 1_000; // not on this device's disk by then: its storage refuses
const OPEN_MS = 24 * 3600 * 1000; // as long as the outbox keeps what was received
export const TOURNIQUET_LONG_MS = 2 * 3600 * 1000;

export const LIMBS = ["right_arm", "left_arm", "right_leg", "left_leg"]; // as one looks at him
export const BODY = [...LIMBS, "head", "neck", "chest", "belly", "pelvis", "back"];
export const WOUNDS = ["bleeding", "fragments", "blast", "burn", "amputation", "fracture", "other"];
export const MECHANISMS = ["drone_bomb", "drone_impact", "blast", "gunshot", "other"];
export const URGENCIES = ["urgent", "priority", "routine"];
export const MARCH = ["massive_bleeding", "airway", "respiration", "circulation", "hypothermia"];
export const PATIENTS_MAX = 200;

/** As the server takes it: [lat, lon, height, sigma]. An old one grows uncertain; null: none.
 * @param {Phone.Fix | null} fix @returns {[number, number, number | null, number] | null} */
export function placeOf(fix) {
  if (!fix || fix.ageMs > FIX_OLD_MS) return null;
  const sigma_m = (fix.sigma_m ?? 50) + (WALK_MPS * Math.max(0, fix.ageMs)) / 1000;
  return [
    Number(fix.lat_deg.toFixed(7)),
    Number(fix.lon_deg.toFixed(7)),
    fix.alt_hae_m === null || fix.alt_hae_m === undefined ? null : Number(fix.alt_hae_m.toFixed(1)),
    Number(sigma_m.toFixed(1)),
  ];
}

/** The first word: nothing is asked. Its id is the casualty's.
 * @param {{id: string, fix: Phone.Fix | null, unit: string}} hit @returns {Phone.Word} */
export function hitWord({ id, fix, unit }) {
  /** @type {Phone.Word} */
  const word = { word_id: id };
  const position = placeOf(fix);
  if (position) word.position = position;
  if (unit) word.unit = unit;
  return word;
}

/** @typedef {(deviceMs: number, offsetMs: number | null) => number} Correct to server time */

/** entries: of one casualty, from the outbox.
 * @param {Phone.WordEntry[]} entries @param {Correct} correct @returns {Phone.Casualty} */
export function fold(entries, correct) {
  const timed = entries
    .map((e) => ({ e, t_ms: correct(e.deviceMs, e.offsetMs) }))
    .sort((a, b) => a.t_ms - b.t_ms || (a.e.report_id < b.e.report_id ? -1 : 1));
  const at = (/** @type {Phone.Time} */ m) => (typeof m === "number" ? m : correct(m.deviceMs, m.offsetMs));
  /** @type {Phone.Casualty} */
  const found = {
    id: entries[0].root,
    hitMs: timed[0].t_ms,
    position: null,
    unit: "",
    patients: null,
    litter: null,
    urgency: null,
    mechanism: null,
    second_drone: null,
    closed: false,
    withdrawn: false,
    awake: null,
    breathes: null,
    injuries: [],
    tourniquets: [],
    done: {},
    said: {},
  };
  const gone = new Set(timed.flatMap(({ e }) => e.body.taken_back ?? []));
  const stands = timed.filter(({ e }, n) => n === 0 || e.body.taken_back || !gone.has(e.report_id));
  for (const { e } of stands) {
    sayInto(found, e.body, at);
    for (const thing of thingsOf(e.body)) (found.said[thing] ??= []).push(e.report_id);
  }
  found.tourniquets.sort((a, b) => a.onMs - b.onMs);
  return found;
}

/** What a word says that can be taken back alone. @param {Phone.Word} body */
export function thingsOf(body) {
  return [
    ...(body.injuries ?? []).map((i) => `injury/${i.body}/${i.wound}`),
    ...(body.done ?? []).map((d) => `step/${d.step}`),
    ...(body.tourniquets ?? []).map((t) => `tourniquet/${t.tourniquet_id}`),
  ];
}

/** @type {(keyof Phone.Word & keyof Phone.Casualty)[]} */
const FIELDS = [
  "position",
  "unit",
  "patients",
  "litter",
  "urgency",
  "mechanism",
  "second_drone",
  "closed",
  "withdrawn",
];

/** @param {Phone.Casualty} found @param {Phone.Word} body @param {(m: Phone.Time) => number} at */
function sayInto(found, body, at) {
  const told = FIELDS.filter((name) => ![undefined, null, ""].includes(/** @type {""} */ (body[name])));
  Object.assign(found, Object.fromEntries(told.map((name) => [name, body[name]])));
  if (typeof body.signs?.awake === "boolean") found.awake = body.signs.awake;
  if (typeof body.signs?.breathes === "boolean") found.breathes = body.signs.breathes;
  for (const i of body.injuries ?? []) {
    if (!found.injuries.some((h) => h.body === i.body && h.wound === i.wound))
      found.injuries.push(i);
  }
  for (const d of body.done ?? []) found.done[d.step] ??= at(d.t_ms);
  for (const t of body.tourniquets ?? []) {
    const onMs = at(t.t_on_ms);
    const offMs = t.t_off_ms === undefined || t.t_off_ms === null ? null : at(t.t_off_ms);
    const had = found.tourniquets.find((h) => h.id === t.tourniquet_id);
    if (!had) found.tourniquets.push({ id: t.tourniquet_id, limb: t.limb, onMs, offMs });
    else Object.assign(had, { onMs: Math.min(had.onMs, onMs), offMs: offMs ?? had.offMs });
  }
}

/** All casualties this phone said a word of, the newest first.
 * @param {Phone.Entry[]} entries @param {Correct} correct */
export function casualties(entries, correct) {
  /** @type {Map<string, Phone.WordEntry[]>} */
  const byRoot = new Map();
  for (const e of entries.filter(isWord)) {
    const group = byRoot.get(e.root);
    if (group) group.push(e);
    else byRoot.set(e.root, [e]);
  }
  return [...byRoot.values()].map((group) => fold(group, correct)).sort((a, b) => b.hitMs - a.hitMs);
}

/** @param {Phone.Casualty} c @param {number} nowMs */
export const isOpen = (c, nowMs) => !c.closed && !c.withdrawn && nowMs - c.hitMs < OPEN_MS;

/** Those that are on, the longest first.
 * @param {Phone.Casualty[]} found @param {number} nowMs @returns {Phone.TourniquetClock[]} */
export function clocks(found, nowMs) {
  return found
    .filter((c) => isOpen(c, nowMs))
    .flatMap((c) => c.tourniquets.map((q) => ({ ...q, casualty_id: c.id })))
    .filter((q) => q.offMs === null)
    .map((q) => ({ ...q, ms: Math.max(0, nowMs - q.onMs) }))
    .map((q) => ({ ...q, long: q.ms >= TOURNIQUET_LONG_MS }))
    .sort((a, b) => b.ms - a.ms);
}

/**
 * Where the report has got to, from its words: "received" once the server has all of them on
 * record; else the worst of the rest. wallMs: this device's clock, now.
 * @param {Phone.Entry[]} entries @param {number} wallMs
 */
export function outcomeOf(entries, wallMs) {
  const states = new Set(entries.map((e) => e.state));
  if (states.has("refused")) return "refused";
  const failed = (/** @type {Phone.Entry} */ e) => e.state !== "received" && !e.saved && wallMs - e.pressedMs > DISK_MS;
  if (entries.some(failed)) return "unsaved";
  if (states.has("waiting")) return "waiting";
  return states.has("warned") ? "warned" : "received";
}
