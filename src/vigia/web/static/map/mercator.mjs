// Degrees <-> the unit square of Web Mercator, which MapLibre's matrix takes.

const RAD = Math.PI / 180;
const EQUATOR_M = 40_075_016.686;
export const TILE_PX = 512; // the whole world at zoom 0
const UNKNOWN = -2147483648;

export const mercatorX = (/** @type {number} */ lon_deg) => (lon_deg + 180) / 360;
export const mercatorY = (/** @type {number} */ lat_deg) =>
  0.5 - Math.log(Math.tan(Math.PI / 4 + (Math.max(-85, Math.min(85, lat_deg)) * RAD) / 2)) / (2 * Math.PI);

/** Metres -> units of the square at this latitude. @param {number} lat_deg */
export const unitsPerMetre = (lat_deg) => 1 / (EQUATOR_M * Math.cos(lat_deg * RAD));

/** @type {WeakMap<object, {x: Float64Array, y: Float64Array}>} */
const kept = new WeakMap();

/** Each row's place in the square; NaN where it has none. Computed once a picture.
 * @param {import('../console/tracktable.mjs').TrackTable} table */
export function placesOf(table) {
  const known = kept.get(table);
  if (known) return known;
  const x = new Float64Array(table.n);
  const y = new Float64Array(table.n);
  const {lat, lon, fix} = table.c;
  for (let row = 0; row < table.n; row++) {
    const placed = fix[row] === 1 && lat[row] !== UNKNOWN;
    x[row] = placed ? mercatorX(lon[row] / 1e7) : NaN;
    y[row] = placed ? mercatorY(lat[row] / 1e7) : NaN;
  }
  const places = {x, y};
  kept.set(table, places);
  return places;
}
