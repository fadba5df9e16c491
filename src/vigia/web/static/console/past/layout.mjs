// A timeline's marks -> where each is drawn, in parts of the whole width. Pure.

const TICKS = [5, 10, 15, 30, 60, 120]; // minutes between two
const TICKS_MAX = 8;
export const MINUTES = [60, 180, 720];

/** @param {number} t_ms @param {number} since_ms @param {number} now_ms  percent, within the strip */
export const share = (t_ms, since_ms, now_ms) => Math.min(100, Math.max(0, (100 * (t_ms - since_ms)) / Math.max(1, now_ms - since_ms)));

/** @param {any} line  as GET /replay/timeline says @param {any[]} open  live alerts, newer than that
 * @param {number} since_ms @param {number} now_ms */
export function layout(line, open, since_ms, now_ms) {
  const at = (/** @type {number} */ t) => share(t, since_ms, now_ms);
  const wide = (/** @type {number} */ a, /** @type {number | null} */ b) => ({left: at(a), width: Math.max(0.25, at(b ?? now_ms) - at(a))});
  const alerts = episodes(line?.alerts ?? [], open).filter((e) => (e.end_ms ?? now_ms) >= since_ms);
  return {
    alerts: alerts.flatMap((e) => parts(e, now_ms).map((/** @type {any} */ p) => ({...wide(p.from_ms, p.to_ms), tier: p.tier, id: e.incident_id, from_ms: p.from_ms, to_ms: p.to_ms, open: e.end_ms === null}))),
    lost: (line?.lost ?? []).filter((/** @type {any} */ l) => (l.to_ms ?? now_ms) >= since_ms).map((/** @type {any} */ l) => ({...wide(l.from_ms, l.to_ms), ...l})),
    sightings: (line?.sightings ?? []).filter((/** @type {any} */ s) => s.t_ms >= since_ms).map((/** @type {any} */ s) => ({left: at(s.t_ms), ...s})),
    acts: (line?.acts ?? []).filter((/** @type {any} */ a) => a.t_ms >= since_ms).map((/** @type {any} */ a) => ({left: at(a.t_ms), ...a})),
    restarts: (line?.restarts ?? []).filter((/** @type {number} */ t) => t >= since_ms).map((/** @type {number} */ t) => ({left: at(t), t_ms: t})),
    unknown: line && line.known_from_ms > since_ms + 1000 ? at(line.known_from_ms) : 0,
    ticks: ticks(since_ms, now_ms).map((t) => ({left: at(t), t_ms: t})).filter((k) => k.left > 2 && k.left < 95), // "now" stands there
  };
}

/** What is open now and is not in the answer yet stands at the right end. */
function episodes(/** @type {any[]} */ told, /** @type {any[]} */ open) {
  const known = new Set(told.map((e) => e.incident_id));
  const more = open.filter((i) => !known.has(i.incident_id)).map((i) => ({incident_id: i.incident_id, tier: i.tier, begin_ms: i.first_ms, end_ms: null, steps: [{t_ms: i.first_ms, tier: i.tier}]}));
  const risen = new Map(open.map((i) => [i.incident_id, i]));
  const told_now = told.map((e) => {
    const now = risen.get(e.incident_id);
    const last = e.steps.at(-1);
    if (!now || now.tier <= (last?.tier ?? 0)) return now ? {...e, end_ms: null} : e;
    return {...e, end_ms: null, steps: [...e.steps, {t_ms: Math.max(last?.t_ms ?? 0, now.lead?.decided_ms ?? 0), tier: now.tier}]};
  });
  return [...told_now, ...more];
}

/** An episode by level: WATCH, then WARNING, then DANGER are three bars side by side. */
function parts(/** @type {any} */ e, /** @type {number} */ now_ms) {
  const end_ms = e.end_ms ?? now_ms;
  return e.steps
    .map((/** @type {any} */ s, /** @type {number} */ i) => ({tier: s.tier, from_ms: s.t_ms, to_ms: Math.max(s.t_ms, e.steps[i + 1]?.t_ms ?? end_ms)}))
    .filter((/** @type {any} */ p) => p.tier > 0);
}

/** Round times of day, few enough to be read. @param {number} since_ms @param {number} now_ms @returns {number[]} */
export function ticks(since_ms, now_ms) {
  const minutes = (now_ms - since_ms) / 60_000;
  const step_ms = 60_000 * (TICKS.find((n) => minutes / n <= TICKS_MAX) ?? 180);
  const found = [];
  for (let t = Math.ceil(since_ms / step_ms) * step_ms; t < now_ms; t += step_ms) found.push(t);
  return found;
}

/** What a hand reaches next: the beginning of an alert, of a lost watch, a report, an act.
 * @param {any} line @param {number} from_ms @param {1 | -1} way @returns {number | null} */
export function nextMark(line, from_ms, way) {
  const times = [
    ...(line?.alerts ?? []).map((/** @type {any} */ e) => e.begin_ms), ...(line?.lost ?? []).map((/** @type {any} */ l) => l.from_ms),
    ...(line?.sightings ?? []).map((/** @type {any} */ s) => s.t_ms), ...(line?.acts ?? []).map((/** @type {any} */ a) => a.t_ms),
  ].sort((a, b) => a - b);
  const found = way > 0 ? times.find((t) => t > from_ms + 1000) : times.findLast((t) => t < from_ms - 1000);
  return found ?? null;
}
