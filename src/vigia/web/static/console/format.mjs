// Numbers -> the words and figures the watch floor reads. Pure; unknown (null) becomes a dash.

export const DASH = '–';
const POINTS = ['n', 'ne', 'e', 'se', 's', 'sw', 'w', 'nw'];

const two = (/** @type {number} */ n) => String(n).padStart(2, '0');

/** @param {number} t_ms */
export const zulu = (t_ms) => new Date(t_ms).toISOString().slice(11, 19);

/** Day, hour and minute. @param {number} t_ms */
export const dayZulu = (t_ms) => new Date(t_ms).toISOString().slice(0, 16).replace('T', ' ');

/** Time of day on this machine, hours and minutes. @param {number} t_ms */
export function localTime(t_ms) {
  const d = new Date(t_ms);
  return `${two(d.getHours())}:${two(d.getMinutes())}`;
}

/** Time left as m:ss, or null when it has run out: then it "may be here now", never below zero.
 * @param {number | null} at_ms @param {number} now_ms @returns {string | null} */
export function countdown(at_ms, now_ms) {
  if (at_ms === null) return DASH;
  const s = Math.floor((at_ms - now_ms) / 1000);
  if (s < 1) return null;
  return s < 3600 ? `${Math.floor(s / 60)}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)} h`;
}

/** How long ago, in the largest fitting unit. @param {number} age_ms */
export function age(age_ms) {
  const s = Math.max(0, Math.floor(age_ms / 1000));
  if (s < 120) return `${s} s`;
  if (s < 7200) return `${Math.floor(s / 60)} min`;
  return s < 172800 ? `${Math.floor(s / 3600)} h` : `${Math.floor(s / 86400)} d`;
}

/** @param {number | null} m @returns {[string, string]} figure and unit */
export function distance(m) {
  if (m === null) return [DASH, ''];
  if (m < 10) return ['< 10', 'm'];
  if (m < 995) return [String(Math.round(m / 10) * 10), 'm'];
  return [m < 9950 ? (m / 1000).toFixed(1) : String(Math.round(m / 1000)), 'km'];
}

/** "031°" @param {number | null} deg */
export const bearing = (deg) =>
  deg === null ? DASH : `${String(Math.round(deg) % 360).padStart(3, '0')}°`;

/** n ne e se s sw w nw @param {number} deg */
export const compassPoint = (deg) => POINTS[Math.round(((deg % 360) + 360) % 360 / 45) % 8];

/** What people say on the radio: T-041. @param {number} number */
export const trackName = (number) => `T-${String(number).padStart(3, '0')}`;

/** A rounded whole number or a dash. @param {number | null} n */
export const whole = (n) => (n === null ? DASH : String(Math.round(n)));

/** Time after another: "11 ms", "3.5 s", "2 min". @param {number} ms */
export const delay = (ms) => (ms < 1000 ? `${Math.round(ms)} ms` : seconds(ms));

/** Seconds with one decimal under ten: "0.6 s", "24 s". @param {number} ms */
export const seconds = (ms) => (ms < 9950 ? `${(Math.max(0, ms) / 1000).toFixed(1)} s` : age(ms));

/** @param {number} lat @param {number} lon */
export const latLon = (lat, lon) =>
  `${lat < 0 ? '−' : ''}${Math.abs(lat).toFixed(4)} ${lon < 0 ? '−' : ''}${Math.abs(lon).toFixed(4)}`;
