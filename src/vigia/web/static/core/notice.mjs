// The text of a push message -> what a locked phone shows. Pure; tested with node.
//
// No countdown: a notification stands still while time goes on. The clock time of the earliest
// arrival stays true. Nothing here says "safe".

export const BEAT_TAG = "vigia-heartbeat";
const TEXT_MAX = 1024; // characters of a push text's own words that are believed
/** @type {Record<number, number[]>} */
const VIBRATIONS = { 3: [700, 200, 700, 200, 700, 200, 700], 2: [350, 250, 350, 250, 350], 1: [200, 200, 200] };
const TIERS = [0, 1, 2, 3];
const MARKS = ["actual", "exercise", "demo"];
const WORD = /^[a-z0-9_]{1,40}$/;

/** The message, or null when it is not one of ours: then a plain "look at vigia" is shown. @param {string} text @returns {Wire.Push | null} */
export function readPush(text) {
  if (!text || text.length > TEXT_MAX) return null;
  let said;
  try {
    said = JSON.parse(text);
  } catch {
    return null;
  }
  const good =
    said?.v === 1 &&
    typeof said.alert_id === "string" &&
    said.alert_id.length <= 64 &&
    Number.isInteger(said.revision) &&
    TIERS.includes(said.tier) &&
    MARKS.includes(said.mark) &&
    WORD.test(said.action ?? "") &&
    Number.isFinite(said.decided_ms) &&
    Number.isFinite(said.expires_ms);
  return good ? said : null;
}

/** Our question whether this phone is there, as it came; null when it is not one. @param {string} text */
export function readBeat(text) {
  if (!text || text.length > TEXT_MAX) return null;
  try {
    const { v, t, t_s, mac } = JSON.parse(text);
    const good = v === 1 && t === "beat" && Number.isInteger(t_s) && typeof mac === "string" && mac.length <= 64;
    return good ? { t_s, mac } : null;
  } catch {
    return null;
  }
}

/** Browsers demand to see something for every push; this makes no noise and goes by itself.
 * @param {import('./i18n.mjs').Words} words */
export function beatNotice(words) {
  return {
    title: words.say("push.beat"),
    options: { tag: BEAT_TAG, body: words.say("push.beat_body"), lang: words.lang, silent: true, data: {} },
  };
}

/**
 * open, lost (nobody has seen it since it expired; no all clear) or ended.
 * @param {Wire.Push} said @param {number} nowMs @returns {Phone.Phase}
 */
export function stateOf(said, nowMs) {
  if (said.msg_type === "cancel") return "ended";
  return nowMs > said.expires_ms ? "lost" : "open";
}

/**
 * True when the phone must be heard: the message says so, or it is worse than what ever rang here
 * (an update may have replaced the one that rings while it waited at the push service).
 * @param {Wire.Push} said @param {{nowMs: number, rungTier?: number}} here
 */
export function rings(said, { nowMs, rungTier = 0 }) {
  return stateOf(said, nowMs) === "open" && (said.sound === true || said.tier > rungTier);
}

/**
 * {title, options} for showNotification. words: has say(key, values). loud: rings. answered: this
 * person is in cover.
 * @param {Wire.Push} said @param {import('./i18n.mjs').Words} words
 * @param {{nowMs: number, loud?: boolean, answered?: boolean}} how
 */
export function notice(said, words, { nowMs, loud = false, answered = false }) {
  const state = stateOf(said, nowMs);
  const open = state === "open";
  const mark = said.mark === "actual" ? "" : `${words.say(`alert.mark.${said.mark}`)}. `;
  const lost = said.tier >= 2 ? "stay_in_cover" : "drone_lost";
  const action = state === "lost" ? lost : said.action;
  return {
    title: `${mark}${words.say(`alert.action.${action}`)}`,
    options: {
      tag: said.alert_id,
      body: body(said, words, { state, action, answered }),
      lang: words.lang,
      icon: "/static/icons/icon-192.png",
      badge: "/static/icons/icon-192.png",
      timestamp: said.decided_ms,
      renotify: loud,
      silent: !loud,
      requireInteraction: open && said.tier === 3 && !answered,
      ...(loud ? { vibrate: VIBRATIONS[said.tier] ?? [200] } : {}),
      actions:
        open && said.tier >= 2 && !answered
          ? [{ action: "safe", title: words.say("alert.do.in_cover") }]
          : [],
      data: { said },
    },
  };
}

/** When the push holds nothing that can be read: something is up, and the page knows what. @param {import('./i18n.mjs').Words} words */
export function unreadable(words) {
  return {
    title: words.say("push.unreadable"),
    options: { tag: "vigia", body: words.say("push.open"), lang: words.lang, data: {} },
  };
}

/**
 * @param {Wire.Push} said @param {import('./i18n.mjs').Words} words
 * @param {{state: Phone.Phase, action: string, answered: boolean}} how
 */
function body(said, words, { state, action, answered }) {
  const note = said.mark === "actual" ? "" : words.say(`alert.mark_note.${said.mark}`);
  if (state === "ended") {
    return join(note, words.say(`alert.end.${said.end_reason ?? "unknown_after_restart"}`));
  }
  if (answered) return join(note, words.say("alert.done.safe_stay"));
  const detail = words.say(`alert.detail.${action}`);
  if (state === "lost") return join(note, detail);
  return join(
    note,
    detail,
    `${[where(said, words), when(said, words)].filter(Boolean).join(", ")}.`,
    `${words.say(said.confirmed ? "alert.confirmed" : "alert.unconfirmed")}.`,
    said.load ? `${words.say("alert.load")}.` : "",
  );
}

/** @param {string[]} parts */
const join = (...parts) => parts.filter(Boolean).join(" ");

/** @param {Wire.Push} said @param {import('./i18n.mjs').Words} words */
function where(said, words) {
  const range_m = said.range_m ?? NaN;
  if (!WORD.test(said.from_point ?? "")) return words.say("alert.from_unknown");
  const from = words.say("alert.from", { point: words.say(`alert.point.${said.from_point}`) });
  return Number.isFinite(range_m) && range_m > 0
    ? `${from}, ${distance(range_m)} ${words.say("alert.away")}`
    : from;
}

/** @param {number} m */
const distance = (m) => (m >= 1000 ? `${(m / 1000).toFixed(1)} km` : `${m} m`);

/** @param {Wire.Push} said @param {import('./i18n.mjs').Words} words */
function when(said, words) {
  const earliest_ms = said.earliest_ms ?? NaN;
  if (!Number.isFinite(earliest_ms)) return words.say("alert.time_unknown");
  if (earliest_ms <= said.decided_ms) return words.say("alert.may_be_here");
  const at = new Date(earliest_ms);
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return words.say("alert.as_soon_as_time", { time });
}
