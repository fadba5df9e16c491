// Words this phone has said of casualties -> each report as it stands. Pure; tested with node.
//
// The same rules as fold() on the server: of two words on one field the later press counts,
// wounds add up, a tourniquet keeps its first time on.

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

/** As the server takes it: [lat, lon, height, sigma]. An old one grows uncertain; null: none. */
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

/** The first word: nothing is asked. Its id is the casualty's. */
export function hitWord({ id, fix, unit }) {
  const word = { word_id: id };
  const position = placeOf(fix);
  if (position) word.position = position;
  if (unit) word.unit = unit;
  return word;
}

/** correct: (deviceMs, offsetMs) -> server time. entries: of one casualty, from the outbox. */
export function fold(entries, correct) {
  const timed = entries
    .map((e) => ({ e, t_ms: correct(e.deviceMs, e.offsetMs) }))
    .sort((a, b) => a.t_ms - b.t_ms || (a.e.report_id < b.e.report_id ? -1 : 1));
  const at = (m) => (typeof m === "number" ? m : correct(m.deviceMs, m.offsetMs));
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
  };
  for (const { e } of timed) sayInto(found, e.body, at);
  found.tourniquets.sort((a, b) => a.onMs - b.onMs);
  return found;
}

const FIELDS = [
  ...["position", "unit", "patients", "litter", "urgency", "mechanism"],
  ...["second_drone", "closed", "withdrawn"],
];

function sayInto(found, body, at) {
  for (const name of FIELDS) {
    if (body[name] !== undefined && body[name] !== null && body[name] !== "")
      found[name] = body[name];
  }
  for (const name of ["awake", "breathes"]) {
    if (typeof body.signs?.[name] === "boolean") found[name] = body.signs[name];
  }
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

/** All casualties this phone said a word of, the newest first. */
export function casualties(entries, correct) {
  const byRoot = new Map();
  for (const e of entries) {
    if (e.door !== "casualty") continue;
    if (!byRoot.has(e.root)) byRoot.set(e.root, []);
    byRoot.get(e.root).push(e);
  }
  return [...byRoot.values()].map((group) => fold(group, correct)).sort((a, b) => b.hitMs - a.hitMs);
}

export const isOpen = (c, nowMs) => !c.closed && !c.withdrawn && nowMs - c.hitMs < OPEN_MS;

/** Those that are on, the longest first. */
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
 */
export function outcomeOf(entries, wallMs) {
  const states = new Set(entries.map((e) => e.state));
  if (states.has("refused")) return "refused";
  const failed = (e) => e.state !== "received" && !e.saved && wallMs - e.pressedMs > DISK_MS;
  if (entries.some(failed)) return "unsaved";
  if (states.has("waiting")) return "waiting";
  return states.has("warned") ? "warned" : "received";
}
