// Binary picture -> columns, read where they lie (docs/web-protocol.md, "Pictures in columns").
// Whatever comes is either read whole or refused with a reason; nothing here throws anything else.
import {GIVEN, TrackTable} from './tracktable.mjs';

export const VERSION = 1;
const MAGIC = 0x31544756; // "VGT1"
const HEAD = 32;
const TRACKS_MAX = 20_000;
const PEOPLE_MAX = 60_000;
const TEXTS_MAX = 65_534;
const BYTES_MAX = 64 * 1024 * 1024;
const UNKNOWN = -2147483648;

export class BadFrame extends Error {}

const TRACK = /** @type {const} */ ([
  ['id', Uint32Array, 4], ['number', Uint32Array], ['lat', Int32Array], ['lon', Int32Array], ['t_rel', Int32Array], ['last_rel', Int32Array],
  ['height_m', Float32Array], ['speed_mps', Float32Array], ['course_deg_true', Float32Array], ['climb_mps', Float32Array],
  ['sigma_m', Float32Array], ['p_exist', Float32Array], ['p_drone', Float32Array], ['azimuth_deg_true', Float32Array],
  ['azimuth_sigma_deg', Float32Array], ['flags', Uint16Array], ['serial', Uint16Array], ['arrival', Uint16Array],
  ['status', Uint8Array], ['mark', Uint8Array], ['fix', Uint8Array], ['witnesses', Uint8Array], ['given', Uint8Array],
]);
const ARRIVAL = /** @type {const} */ ([
  ['earliest', Int32Array], ['p50', Int32Array], ['p_hit', Float32Array], ['range_m', Float32Array], ['bearing', Float32Array], ['target', Uint16Array],
]);
const PERSON = /** @type {const} */ ([
  ['lat', Int32Array], ['lon', Int32Array], ['t_rel', Int32Array], ['sigma_m', Float32Array], ['person', Uint16Array],
]);

/** @param {ArrayBuffer} buffer
 * @returns {{t: 'picture', t_ms: number, tracks: TrackTable, people: any[]}} Raises BadFrame. */
export function readFrame(buffer) {
  if (buffer.byteLength < HEAD || buffer.byteLength > BYTES_MAX) throw new BadFrame(`${buffer.byteLength} bytes`);
  const view = new DataView(buffer);
  if (view.getUint32(0, true) !== MAGIC) throw new BadFrame('not of this layout');
  const [n, arrivals, people, texts, textBytes] = [4, 16, 20, 24, 28].map((at) => view.getUint32(at, true));
  const t_ms = view.getFloat64(8, true);
  if (n > TRACKS_MAX || arrivals > n || people > PEOPLE_MAX || texts > TEXTS_MAX) throw new BadFrame(`too many: ${n}, ${arrivals}, ${people}, ${texts}`);
  if (!Number.isFinite(t_ms) || t_ms < 0 || t_ms > 8.64e15) throw new BadFrame('no time');
  let at = HEAD;
  /** @returns {any} */
  const read = (/** @type {readonly (readonly any[])[]} */ columns, /** @type {number} */ count) => Object.fromEntries(columns.map(([name, Type, width = 1]) => {
    const length = count * width;
    const bytes = length * Type.BYTES_PER_ELEMENT;
    if (at + bytes > buffer.byteLength) throw new BadFrame(`cut off in ${name}`);
    const column = new Type(buffer, at, length);
    at += bytes + ((8 - (bytes % 8)) % 8);
    return [name, column];
  }));
  const track = read(TRACK, n);
  const arrival = read(ARRIVAL, arrivals);
  const person = read(PERSON, people);
  const {lengths} = read([['lengths', Uint16Array]], texts);
  const words = readTexts(buffer, at, lengths, textBytes);
  if (at + textBytes !== buffer.byteLength) throw new BadFrame('length');
  check(track, n, arrivals, words.length);
  checkIndex(arrival.target, words.length);
  checkIndex(person.person, words.length);
  const tracks = new TrackTable({...track, n, t_ms, arrivals: arrival, texts: words});
  return {t: 'picture', t_ms, tracks, people: peopleOf(person, people, t_ms, words)};
}

/** Index 0 is none. @param {ArrayBuffer} buffer @param {number} at @param {Uint16Array} lengths @param {number} bytes */
function readTexts(buffer, at, lengths, bytes) {
  if (at + bytes > buffer.byteLength) throw new BadFrame('cut off in texts');
  /** @type {(string | null)[]} */
  const words = [null];
  const decoder = new TextDecoder();
  let end = at;
  for (const length of lengths) {
    if (end + length > at + bytes) throw new BadFrame('a text beyond the end');
    words.push(decoder.decode(new Uint8Array(buffer, end, length)));
    end += length;
  }
  return words;
}

function check(/** @type {any} */ c, /** @type {number} */ n, /** @type {number} */ arrivals, /** @type {number} */ texts) {
  for (let row = 0; row < n; row++) {
    const lat = c.lat[row];
    const lon = c.lon[row];
    if ((lat !== UNKNOWN && (lat > 9e8 || lat < -9e8)) || (lon !== UNKNOWN && (lon > 1.8e9 || lon < -1.8e9)) || (lat === UNKNOWN) !== (lon === UNKNOWN))
      throw new BadFrame(`track ${row}: no such place`);
    if (c.arrival[row] > arrivals || c.serial[row] >= texts || c.given[row] >= GIVEN.length) throw new BadFrame(`track ${row}: points nowhere`);
  }
}

function checkIndex(/** @type {Uint16Array} */ column, /** @type {number} */ texts) {
  for (const index of column) if (index >= texts) throw new BadFrame('points nowhere');
}

function peopleOf(/** @type {any} */ c, /** @type {number} */ n, /** @type {number} */ t_ms, /** @type {(string | null)[]} */ texts) {
  const people = [];
  for (let i = 0; i < n; i++) {
    const sigma = c.sigma_m[i];
    people.push({person_id: texts[c.person[i]] ?? '', lat_deg: c.lat[i] / 1e7, lon_deg: c.lon[i] / 1e7,
      sigma_m: sigma === sigma ? sigma : null, t_ms: t_ms + c.t_rel[i]});
  }
  return people;
}
