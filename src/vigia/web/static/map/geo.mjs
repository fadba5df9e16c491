// Degrees in, degrees out; metres between. Small geometry for drawing, and UTM/MGRS for reading out.
// Drawing distances are of sketch quality (local plane); UTM follows Krüger's series (sub-millimetre).

const RAD = Math.PI / 180;
const A_M = 6378137;
const F = 1 / 298.257223563;
const N = F / (2 - F);
const K0 = 0.9996;
const RADIUS_M = (A_M / (1 + N)) * (1 + N ** 2 / 4 + N ** 4 / 64);
const ALPHA = [N / 2 - (2 / 3) * N ** 2 + (5 / 16) * N ** 3, (13 / 48) * N ** 2 - (3 / 5) * N ** 3, (61 / 240) * N ** 3];
const BETA = [N / 2 - (2 / 3) * N ** 2 + (37 / 96) * N ** 3, N ** 2 / 48 + N ** 3 / 15, (17 / 480) * N ** 3];
const DELTA = [2 * N - (2 / 3) * N ** 2 - 2 * N ** 3, (7 / 3) * N ** 2 - (8 / 5) * N ** 3, (56 / 15) * N ** 3];

export const GRID_LINES_MAX = 120;

/** @typedef {[number, number]} LonLat  longitude, latitude [deg], the order MapLibre uses */

/** Metres of one degree of latitude and of longitude here.
 * @param {number} lat_deg */
function degreeM(lat_deg) {
  const sin2 = Math.sin(lat_deg * RAD) ** 2;
  const e2 = F * (2 - F);
  const meridian = (A_M * (1 - e2)) / (1 - e2 * sin2) ** 1.5;
  const parallel = (A_M / Math.sqrt(1 - e2 * sin2)) * Math.cos(lat_deg * RAD);
  return {north: meridian * RAD, east: parallel * RAD};
}

/** The point so far from here in that direction.
 * @param {LonLat} from @param {number} bearing_deg @param {number} range_m @returns {LonLat} */
export function offset([lon, lat], bearing_deg, range_m) {
  const m = degreeM(lat);
  return [
    lon + (Math.sin(bearing_deg * RAD) * range_m) / m.east,
    lat + (Math.cos(bearing_deg * RAD) * range_m) / m.north,
  ];
}

/** @param {LonLat} a @param {LonLat} b @returns {{range_m: number, bearing_deg: number}} */
export function rangeBearing([lonA, latA], [lonB, latB]) {
  const m = degreeM((latA + latB) / 2);
  const north = (latB - latA) * m.north;
  const east = (lonB - lonA) * m.east;
  return {range_m: Math.hypot(north, east), bearing_deg: (Math.atan2(east, north) / RAD + 360) % 360};
}

/** A closed ring of points round a centre.
 * @param {LonLat} centre @param {number} radius_m @returns {LonLat[]} */
export function ring([lon, lat], radius_m, steps = 72) {
  const m = degreeM(lat);
  return Array.from({length: steps + 1}, (_, i) => {
    const angle = (i * 2 * Math.PI) / steps;
    return [lon + (Math.sin(angle) * radius_m) / m.east, lat + (Math.cos(angle) * radius_m) / m.north];
  });
}

/** A sector: the centre, an arc at range_m from bearing − half to bearing + half, the centre.
 * @param {LonLat} centre @param {number} bearing_deg @param {number} half_deg @param {number} range_m
 * @returns {LonLat[]} */
export function wedge(centre, bearing_deg, half_deg, range_m) {
  const steps = Math.max(4, Math.ceil(half_deg / 2));
  const arc = Array.from({length: steps + 1}, (_, i) =>
    offset(centre, bearing_deg - half_deg + (2 * half_deg * i) / steps, range_m));
  return [centre, ...arc, centre];
}

// ---- UTM and MGRS -------------------------------------------------------------------------------

/** @param {number} lon_deg */
export const utmZone = (lon_deg) => Math.min(60, Math.floor((lon_deg + 180) / 6) + 1);

/** @param {LonLat} point @param {number} [zone] @returns {{zone: number, easting_m: number, northing_m: number}} */
export function toUtm([lon, lat], zone = utmZone(lon)) {
  const lambda = (lon - (zone * 6 - 183)) * RAD;
  const sin = Math.sin(lat * RAD);
  const k = (2 * Math.sqrt(N)) / (1 + N);
  const t = Math.sinh(Math.atanh(sin) - k * Math.atanh(k * sin));
  const xi = Math.atan2(t, Math.cos(lambda));
  const eta = Math.atanh(Math.sin(lambda) / Math.sqrt(1 + t * t));
  let east = eta;
  let north = xi;
  ALPHA.forEach((a, j) => {
    east += a * Math.cos(2 * (j + 1) * xi) * Math.sinh(2 * (j + 1) * eta);
    north += a * Math.sin(2 * (j + 1) * xi) * Math.cosh(2 * (j + 1) * eta);
  });
  return {
    zone,
    easting_m: 500000 + K0 * RADIUS_M * east,
    northing_m: (lat < 0 ? 10000000 : 0) + K0 * RADIUS_M * north,
  };
}

/** @param {{zone: number, easting_m: number, northing_m: number}} utm @param {boolean} south @returns {LonLat} */
export function fromUtm({zone, easting_m, northing_m}, south) {
  const xi = (northing_m - (south ? 10000000 : 0)) / (K0 * RADIUS_M);
  const eta = (easting_m - 500000) / (K0 * RADIUS_M);
  let xi1 = xi;
  let eta1 = eta;
  BETA.forEach((b, j) => {
    xi1 -= b * Math.sin(2 * (j + 1) * xi) * Math.cosh(2 * (j + 1) * eta);
    eta1 -= b * Math.cos(2 * (j + 1) * xi) * Math.sinh(2 * (j + 1) * eta);
  });
  const chi = Math.asin(Math.sin(xi1) / Math.cosh(eta1));
  let phi = chi;
  DELTA.forEach((d, j) => { phi += d * Math.sin(2 * (j + 1) * chi); });
  return [zone * 6 - 183 + Math.atan2(Math.sinh(eta1), Math.cos(xi1)) / RAD, phi / RAD];
}

const BANDS = 'CDEFGHJKLMNPQRSTUVWX';
const COLUMNS = ['ABCDEFGH', 'JKLMNPQR', 'STUVWXYZ'];
const ROWS = ['ABCDEFGHJKLMNPQRSTUV', 'FGHJKLMNPQRSTUVABCDE'];

/** MGRS to the metre, spaced for reading out: "13R CR 24871 18342"; "" outside 80°S to 84°N.
 * (The odd zones round Norway and Svalbard are not applied.)
 * @param {LonLat} point */
export function mgrs([lon, lat]) {
  if (!(lat >= -80 && lat <= 84)) return '';
  const {zone, easting_m, northing_m} = toUtm([lon, lat]);
  const band = BANDS[Math.min(19, Math.floor((lat + 80) / 8))];
  const column = COLUMNS[(zone - 1) % 3][Math.floor(easting_m / 100000) - 1];
  const row = ROWS[(zone - 1) % 2][Math.floor(northing_m / 100000) % 20];
  const five = (/** @type {number} */ m) => String(Math.floor(m % 100000)).padStart(5, '0');
  return `${zone}${band} ${column}${row} ${five(easting_m)} ${five(northing_m)}`;
}

/** Lines of the UTM grid over a box, in the zone of its middle.
 * @param {{west: number, south: number, east: number, north: number}} view @param {number} step_m
 * @returns {{points: LonLat[], label: string, at_m: number, along: 'east' | 'north'}[]} */
export function gridLines(view, step_m) {
  const south = (view.south + view.north) / 2 < 0;
  const zone = utmZone((view.west + view.east) / 2);
  const corners = [[view.west, view.south], [view.west, view.north], [view.east, view.south], [view.east, view.north]]
    .map((p) => toUtm(/** @type {LonLat} */ (p), zone));
  const low = (/** @type {number[]} */ v) => Math.floor(Math.min(...v) / step_m) * step_m;
  const high = (/** @type {number[]} */ v) => Math.ceil(Math.max(...v) / step_m) * step_m;
  const e = corners.map((c) => c.easting_m);
  const n = corners.map((c) => c.northing_m);
  const [e0, e1, n0, n1] = [low(e), high(e), low(n), high(n)];
  if ((e1 - e0 + n1 - n0) / step_m > GRID_LINES_MAX) return [];
  const lines = [];
  const label = (/** @type {number} */ m) => String(Math.floor((m % 100000) / 1000)).padStart(2, '0');
  const bend = [0, 0.25, 0.5, 0.75, 1];
  for (let x = e0; x <= e1; x += step_m)
    lines.push({along: /** @type {const} */ ('north'), label: label(x), at_m: x,
      points: bend.map((f) => fromUtm({zone, easting_m: x, northing_m: n0 + f * (n1 - n0)}, south))});
  for (let y = n0; y <= n1; y += step_m)
    lines.push({along: /** @type {const} */ ('east'), label: label(y), at_m: y,
      points: bend.map((f) => fromUtm({zone, easting_m: e0 + f * (e1 - e0), northing_m: y}, south))});
  return lines;
}
