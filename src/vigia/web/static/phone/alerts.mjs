// Alert messages -> what the phone holds, shows, rings and says. Pure; tested with node.

import { relativeDirection } from "../core/geo.mjs";

const ENDED_KEEP_MS = 24 * 3600 * 1000;
const ALERTS_MAX = 50;
const RELATIVE_SIGMA_MAX_DEG = 25; // worse than this, "your right" may be your left
/** @type {Record<Wire.Mark, number>} */
const TIER_MARK = { actual: 1, exercise: 0, demo: 0 };

/**
 * One record a held alert: {alert_id, alert, rungTier, worstTier, ackedMs: {seen, safe}, told,
 * closed, heardMs}. heardMs: server time of the last word about it.
 *
 * Returns {record, changed, rings}; changed false: an old or repeated revision.
 * @param {Phone.Held | undefined} held @param {Wire.Alert} alert @param {number} nowMs
 * @returns {{record: Phone.Held, changed: boolean, rings: boolean}}
 */
export function receive(held, alert, nowMs) {
  const revision = alert.revision;
  if (held && revision <= held.alert.revision) {
    const reached = { ...held.alert.reached, ...alert.reached };
    return {
      record: { ...held, alert: { ...held.alert, reached }, heardMs: nowMs },
      changed: false,
      rings: false,
    };
  }
  const ends = alert.msg_type === "cancel";
  const rungTier = held?.rungTier ?? 0;
  // A higher tier than was ever rung here means that the revision that rang was missed.
  const rings = !ends && (alert.sound === true || alert.tier > rungTier);
  // Who was in cover for a lower tier is asked again for a higher one.
  const answered = held && alert.tier <= held.alert.tier ? held : null;
  const record = {
    alert_id: alert.alert_id,
    alert: ends && held ? { ...held.alert, ...known(alert) } : alert,
    rungTier: rings ? Math.max(alert.tier, rungTier) : rungTier,
    worstTier: Math.max(alert.tier, held?.worstTier ?? 0),
    ackedMs: answered?.ackedMs ?? {},
    told: answered?.told ?? {},
    // "delivered" is owed for what rang; the small updates between would only load the record
    owesDelivered: rings || (held?.owesDelivered ?? true),
    closed: false,
    heardMs: nowMs,
  };
  return { record, changed: true, rings };
}

/** A cancel may know less than the alert it ends (its positions are gone): keep what we had. @param {Wire.Alert} alert */
function known(alert) {
  return Object.fromEntries(Object.entries(alert).filter(([, v]) => v !== null && v !== undefined));
}

/** open, lost (nobody has seen it since it expired; not an all clear) or ended.
 * @param {Phone.Held} record @param {number} nowMs @returns {Phone.Phase} */
export function phase(record, nowMs) {
  if (record.alert.msg_type === "cancel") return "ended";
  return record.alert.expires_ms && nowMs > record.alert.expires_ms ? "lost" : "open";
}

/** Open ones of the real world first, worst first; then those that ended, newest first.
 * @param {Iterable<Phone.Held>} records @param {number} nowMs */
export function inOrder(records, nowMs) {
  const rank = (/** @type {Phone.Held} */ r) => (phase(r, nowMs) === "ended" ? 0 : 1);
  return [...records].sort(
    (a, b) =>
      rank(b) - rank(a) ||
      TIER_MARK[b.alert.mark] - TIER_MARK[a.alert.mark] ||
      (rank(a) ? b.alert.tier - a.alert.tier : 0) ||
      b.alert.decided_ms - a.alert.decided_ms,
  );
}

/** Ids to forget: ended long ago, or too many; open ones stay. @param {Iterable<Phone.Held>} records @param {number} nowMs */
export function stale(records, nowMs) {
  const ended = inOrder(records, nowMs).filter((r) => phase(r, nowMs) === "ended");
  return ended
    .filter((r, i) => nowMs - r.heardMs > ENDED_KEEP_MS || i >= ALERTS_MAX)
    .map((r) => r.alert_id);
}

/** The earliest arrival on server time.
 * @param {Wire.Alert} alert @param {number} nowMs @returns {Phone.Arrival} */
export function arrival(alert, nowMs) {
  if (alert.earliest_ms === null || alert.earliest_ms === undefined) return { kind: "unknown" };
  // Half a second of slack would promise time that is not there: zero shows at the first moment.
  const leftMs = alert.earliest_ms - nowMs;
  return leftMs < 1000 ? { kind: "here" } : { kind: "count", ms: leftMs };
}

/** The huge words: what to do now. @param {Phone.Held} record @param {number} nowMs */
export function actionKey(record, nowMs) {
  const { alert, ackedMs } = record;
  const now = phase(record, nowMs);
  if (now === "ended") return `alert.action.${alert.action}`;
  if (now === "lost")
    return alert.tier >= 2 ? "alert.action.stay_in_cover" : "alert.action.drone_lost";
  if (alert.tier >= 2 && ackedMs.safe && alert.action !== "stay_in_cover")
    return "alert.action.stay_in_cover";
  return `alert.action.${alert.action}`;
}

/** The sentence under it. @param {Phone.Held} record @param {number} nowMs */
export function detailKey(record, nowMs) {
  const { alert, ackedMs } = record;
  const now = phase(record, nowMs);
  if (now === "ended") return endKey(alert);
  if (now === "lost")
    return alert.tier >= 2 ? "alert.detail.stay_in_cover" : "alert.detail.drone_lost";
  if (alert.action === "take_cover" && ackedMs.safe) return "alert.done.safe_stay";
  return `alert.detail.${alert.action}`;
}

/** Why it ended; only a named person's word is an all clear. @param {Wire.Alert} alert */
export function endKey(alert) {
  return `alert.end.${alert.end_reason ?? "unknown_after_restart"}`;
}

/** @type {Record<number, string>} */
const LOOKS = { 3: "danger", 2: "warning", 1: "watch" };

/** Which block colours it: danger, warning, watch or calm (ended).
 * @param {Phone.Held} record @param {number} nowMs */
export function look(record, nowMs) {
  if (phase(record, nowMs) === "ended") return "ended";
  return LOOKS[record.alert.tier] ?? "watch";
}

/** {pointKey, relativeKey|null}: relative words only for a reader who holds a good compass.
 * @param {Wire.Alert} alert @param {Phone.Facing | null} facing */
export function direction(alert, facing) {
  if (alert.bearing_deg_true === null || alert.bearing_deg_true === undefined || !alert.from_point)
    return null;
  const good = facing?.held && facing.sigmaDeg <= RELATIVE_SIGMA_MAX_DEG;
  return {
    pointKey: `alert.point.${alert.from_point}`,
    relativeKey: good
      ? `alert.relative.${relativeDirection(alert.bearing_deg_true, facing.headingDeg)}`
      : null,
  };
}

/** "sensor/radar" -> "alert.source.radar"; repeats say nothing.
 * @param {string[] | undefined} sources @param {(key: string) => boolean} hasWord */
export function sourceKeys(sources, hasWord) {
  const keys = (sources ?? []).map((s) => `alert.source.${s.split("/").at(-1)}`);
  return [...new Set(keys.map((k) => (hasWord(k) ? k : "alert.source.other")))];
}

/** The answers on offer: main is the big button. WATCH asks for eyes, the rest for cover, and for eyes
 * only of who is in cover: nobody should look out first.
 *
 * @param {Phone.Held} record @param {number} nowMs
 * @returns {{main: "safe" | "seen" | "close" | null, second: "seen" | null}} */
export function answers(record, nowMs) {
  if (phase(record, nowMs) === "ended") return { main: "close", second: null };
  if (record.alert.tier <= 1) {
    return { main: record.ackedMs.seen ? null : "seen", second: null };
  }
  if (!record.ackedMs.safe) return { main: "safe", second: null };
  return { main: null, second: record.ackedMs.seen ? null : "seen" };
}
