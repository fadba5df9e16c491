// The server's doors that the outbox knows: where an entry goes, and which refusals are for good.

/**
 * path: of an entry. refusals: HTTP statuses after which the same bytes will never be taken; all
 * others (401, 403, 429, 5xx, no answer) may pass. rank: what goes first when several wait.
 * @type {Record<Phone.Door, {path: (entry: Phone.Entry) => string, refusals: number[], rank: number}>}
 */
export const DOORS = {
  sighting: { path: () => "/sightings", refusals: [400, 409, 413, 422], rank: 0 },
  casualty: {
    path: (entry) => `/casualties/${encodeURIComponent(entry.root)}`,
    refusals: [400, 409, 413, 422], // 409: the report is full
    rank: 0,
  },
  check: {
    path: () => "/first-aid/check",
    refusals: [400, 413, 422], // 409: another check got in between; this one is sent again
    rank: 1,
  },
  read: {
    path: (entry) => `/bulletins/${encodeURIComponent(entry.root)}/read`,
    refusals: [400, 404, 409, 413, 422], // 404: no longer for this person; 409: a newer edition
    rank: 1,
  },
};

/** Entries of earlier versions name no door: they are sightings. @param {{door?: Phone.Door}} entry */
export const doorOf = (entry) => entry.door ?? "sighting";

/** @param {Phone.Entry} entry @returns {entry is Phone.SightingEntry} */
export const isSighting = (entry) => doorOf(entry) === "sighting";

/** @param {Phone.Entry} entry @returns {entry is Phone.WordEntry} */
export const isWord = (entry) => entry.door === "casualty";

/**
 * A moment inside a body, read on this device; becomes server time when the body is sent.
 * @param {import('./clock.mjs').Clock} clock @returns {Phone.Moment}
 */
export function moment(clock, deviceMs = clock.wall()) {
  return { deviceMs, offsetMs: clock.offsetMs };
}

/**
 * The same body with every moment() in it as milliseconds of server time.
 * @param {unknown} value @param {import('./clock.mjs').Clock} clock @returns {unknown}
 */
export function withTimes(value, clock) {
  if (Array.isArray(value)) return value.map((one) => withTimes(one, clock));
  if (value === null || typeof value !== "object") return value;
  if ("deviceMs" in value) {
    const { deviceMs, offsetMs } = /** @type {Phone.Moment} */ (value);
    return clock.correct(deviceMs, offsetMs);
  }
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, withTimes(v, clock)]));
}
