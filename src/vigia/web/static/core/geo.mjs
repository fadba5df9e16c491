// Bearings, distances and times -> keys and short texts people read at a glance.

export const POINTS = ["n", "ne", "e", "se", "s", "sw", "w", "nw"];
export const RELATIVES = [
  "ahead",
  "ahead_right",
  "right",
  "behind_right",
  "behind",
  "behind_left",
  "left",
  "ahead_left",
];

/** 0 <= angle < 360. @param {number} deg */
export function wrap360(deg) {
  const wrapped = ((deg % 360) + 360) % 360;
  return wrapped >= 360 ? 0 : wrapped; // -1e-16 rounds up to 360
}

/** a - b brought into -180 <= d < 180. @param {number} a @param {number} b */
export function angleDiff(a, b) {
  return wrap360(a - b + 180) - 180;
}

/** One of POINTS; the same rule as compass_point in geo.py. @param {number} bearingDeg */
export function compassPoint(bearingDeg) {
  return POINTS[Math.floor((wrap360(bearingDeg) + 22.5) / 45) % 8];
}

/**
 * Where a bearing lies for somebody who faces headingDeg: one of RELATIVES.
 * @param {number} bearingDeg @param {number} headingDeg
 */
export function relativeDirection(bearingDeg, headingDeg) {
  return RELATIVES[Math.floor((wrap360(bearingDeg - headingDeg) + 22.5) / 45) % 8];
}

/** Mean of angles; weightless. NaN when they cancel out. @param {number[]} degs */
export function meanAngle(degs) {
  const rad = degs.map((d) => (d * Math.PI) / 180);
  const s = rad.reduce((sum, a) => sum + Math.sin(a), 0);
  const c = rad.reduce((sum, a) => sum + Math.cos(a), 0);
  if (Math.hypot(s, c) < 1e-9 * degs.length) return NaN;
  return wrap360((Math.atan2(s, c) * 180) / Math.PI);
}

/** Two figures are all a glance takes: {value: "1.2", unit: "km"}; null stays null. @param {number | null | undefined} m */
export function distance(m) {
  if (m === null || m === undefined || !Number.isFinite(m)) return null;
  if (m < 95) return { value: String(Math.round(m / 10) * 10 || 10), unit: "m" };
  if (m < 950) return { value: String(Math.round(m / 50) * 50), unit: "m" };
  if (m < 9_950) return { value: (m / 1000).toFixed(1), unit: "km" };
  return { value: String(Math.round(m / 1000)), unit: "km" };
}

/** Height to 5 m: the sensors know no better. @param {number | null | undefined} m */
export function height(m) {
  if (m === null || m === undefined || !Number.isFinite(m)) return null;
  return { value: String(Math.max(0, Math.round(m / 5) * 5)), unit: "m" };
}

/** Milliseconds -> "m:ss", never negative. @param {number} ms */
export function minutesSeconds(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}

/** How old: {n, unit}, unit a key under "unit.". @param {number} ms */
export function age(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return { n: s, unit: "s" };
  if (s < 3600) return { n: Math.floor(s / 60), unit: "min" };
  if (s < 86_400) return { n: Math.floor(s / 3600), unit: "h" };
  return { n: Math.floor(s / 86_400), unit: "d" };
}

/** Server time -> "14:32:05" on this device's clock face. @param {number} ms */
export function clockTime(ms, { seconds = true } = {}) {
  const d = new Date(ms);
  const parts = [d.getHours(), d.getMinutes(), ...(seconds ? [d.getSeconds()] : [])];
  return parts.map((p) => String(p).padStart(2, "0")).join(":");
}
