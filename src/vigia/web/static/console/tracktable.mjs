// One picture's tracks in columns: ten thousand cost a look at each column, not an object each.
// Reads like a Map of track_id to track (get, has, size, values); an object is made when asked for.

const STATUS = ['lost', 'possible', 'confirmed', 'lost'];
const FIX = ['sector', 'position', 'sector'];
const MARKS = ['actual', 'exercise', 'demo'];
export const FLAGS = ['load', 'closing', 'id_conflict', 'weak', 'human', 'coasting', 'aircraft', 'emergency', 'claimed'];
export const FLAG = Object.fromEntries(FLAGS.map((name, bit) => [name, 1 << bit]));
export const GIVEN = [null, 'hostile', 'suspect', 'neutral', 'friend', 'assumed_friend', 'unknown'];
export const POSITION = 1;
export const CONFIRMED = 2;
export const UNKNOWN = -2147483648;
const DEG = 1e7;

/** Whole-number columns, then real ones; the names the frame's layout uses. */
const REALS = ['height_m', 'speed_mps', 'course_deg_true', 'climb_mps', 'sigma_m', 'p_exist', 'p_drone', 'azimuth_deg_true', 'azimuth_sigma_deg'];

export class TrackTable {
  /** @param {any} columns  n, t_ms and the columns; see fromTracks for their names */
  constructor(columns) {
    this.n = columns.n;
    /** @type {number} */
    this.t_ms = columns.t_ms;
    /** @type {any} */
    this.c = columns;
    /** @type {any[]} */
    this.made = columns.objects ?? [];
    /** @type {Map<number, number[]> | null} */
    this.rows = null;
  }

  get size() {
    return this.n;
  }

  /** Which row, or -1. @param {string | null | undefined} track_id */
  row(track_id) {
    if (!track_id) return -1;
    const words = idWords(track_id);
    for (const row of this.#index().get(mixed(words, 0)) ?? [])
      if (words.every((w, i) => this.c.id[row * 4 + i] === w)) return row;
    return -1;
  }

  /** @param {string | null | undefined} track_id */
  has(track_id) {
    return this.row(track_id) >= 0;
  }

  /** @param {string | null | undefined} track_id @returns {any} undefined: not in this picture */
  get(track_id) {
    const row = this.row(track_id);
    return row < 0 ? undefined : this.at(row);
  }

  /** The track of a row, as the protocol's JSON has it. @param {number} row */
  at(row) {
    return (this.made[row] ??= this.#make(row));
  }

  /** All of them as objects: costs what it says. */
  *values() {
    for (let row = 0; row < this.n; row++) yield this.at(row);
  }

  *keys() {
    for (let row = 0; row < this.n; row++) yield this.id(row);
  }

  *[Symbol.iterator]() {
    for (let row = 0; row < this.n; row++) yield [this.id(row), this.at(row)];
  }

  /** @param {number} row @returns {string} */
  id(row) {
    return this.made[row]?.track_id ?? wordsId(this.c.id, row * 4);
  }

  /** Earliest arrival in milliseconds after t_ms; NaN: none. @param {number} row */
  earliest(row) {
    const a = this.c.arrival[row];
    return a === 0 ? NaN : this.c.arrivals.earliest[a - 1];
  }

  #index() {
    if (this.rows) return this.rows;
    const rows = new Map();
    for (let row = 0; row < this.n; row++) {
      const key = mixed(this.c.id, row * 4);
      const same = rows.get(key);
      if (same) same.push(row);
      else rows.set(key, [row]);
    }
    return (this.rows = rows);
  }

  #make(/** @type {number} */ row) {
    const {c} = this;
    /** @type {any} */
    const track = {
      track_id: wordsId(c.id, row * 4), number: c.number[row], status: STATUS[c.status[row]] ?? 'lost',
      mark: MARKS[c.mark[row]] ?? 'demo', fix: FIX[c.fix[row]] ?? 'sector', witnesses: c.witnesses[row],
      flags: FLAGS.filter((_, bit) => c.flags[row] & (1 << bit)),
      t_ms: this.t_ms + c.t_rel[row], last_ms: this.t_ms + c.last_rel[row],
      lat_deg: degrees(c.lat[row]), lon_deg: degrees(c.lon[row]),
      serial: c.texts[c.serial[row]] ?? null, arrival: this.#arrival(c.arrival[row]), given: GIVEN[c.given[row]] ?? null,
    };
    for (const name of REALS) track[name] = known(c[name][row]);
    return track;
  }

  #arrival(/** @type {number} */ nth) {
    if (nth === 0) return null;
    const {arrivals: a, texts} = this.c;
    const i = nth - 1;
    return {target_id: texts[a.target[i]] ?? '', p_hit: a.p_hit[i], earliest_ms: this.t_ms + a.earliest[i],
      p50_ms: a.p50[i] === UNKNOWN ? null : this.t_ms + a.p50[i], range_m: a.range_m[i], bearing_deg_true: a.bearing[i]};
  }
}

/** Tracks as objects (JSON pictures, replays) -> the same table.
 * @param {any[]} tracks @param {number} t_ms */
export function fromTracks(tracks, t_ms) {
  const n = tracks.length;
  /** @type {any[]} */
  const met = tracks.map((t) => t.arrival).filter(Boolean);
  let nth = 0;
  const rel = (/** @type {number | null | undefined} */ ms) => (ms === null || ms === undefined ? UNKNOWN : ms - t_ms);
  const whole = (/** @type {(t: any) => number} */ of) => Int32Array.from(tracks, of);
  const bytes = (/** @type {(t: any) => number} */ of) => Uint8Array.from(tracks, of);
  const id = new Uint32Array(4 * n);
  tracks.forEach((t, row) => id.set(idWords(t.track_id), row * 4));
  const reals = Object.fromEntries(REALS.map((name) => [name, Float32Array.from(tracks, (t) => t[name] ?? NaN)]));
  return new TrackTable({
    n, t_ms, id, objects: tracks, texts: [], ...reals,
    number: Uint32Array.from(tracks, (t) => t.number ?? 0),
    lat: whole((t) => fixed(t.lat_deg)), lon: whole((t) => fixed(t.lon_deg)),
    t_rel: whole((t) => rel(t.t_ms)), last_rel: whole((t) => rel(t.last_ms)),
    flags: Uint16Array.from(tracks, (t) => (t.flags ?? []).reduce((/** @type {number} */ sum, /** @type {string} */ f) => sum | (FLAG[f] ?? 0), 0)),
    serial: new Uint16Array(n), arrival: Uint16Array.from(tracks, (t) => (t.arrival ? ++nth : 0)),
    status: bytes((t) => Math.max(0, STATUS.indexOf(t.status))), mark: bytes((t) => Math.max(0, MARKS.indexOf(t.mark))),
    fix: bytes((t) => Math.max(0, FIX.indexOf(t.fix))), witnesses: bytes((t) => t.witnesses),
    given: bytes((t) => Math.max(0, GIVEN.indexOf(t.given ?? null))),
    arrivals: {earliest: Int32Array.from(met, (a) => rel(a.earliest_ms)), p50: Int32Array.from(met, (a) => rel(a.p50_ms)),
      p_hit: Float32Array.from(met, (a) => a.p_hit), range_m: Float32Array.from(met, (a) => a.range_m),
      bearing: Float32Array.from(met, (a) => a.bearing_deg_true), target: new Uint16Array(met.length)},
  });
}

export const emptyTable = () => fromTracks([], 0);

/** Sixteen characters as four whole numbers. @param {string} text */
function idWords(text) {
  const words = [0, 0, 0, 0];
  for (let i = 0; i < Math.min(16, text.length); i++) words[i >> 2] = (words[i >> 2] | ((text.charCodeAt(i) & 255) << (8 * (i & 3)))) >>> 0;
  return words;
}

function wordsId(/** @type {ArrayLike<number>} */ words, /** @type {number} */ at) {
  let text = '';
  for (let i = 0; i < 16; i++) {
    const code = (words[at + (i >> 2)] >>> (8 * (i & 3))) & 255;
    if (code === 0) break;
    text += String.fromCharCode(code);
  }
  return text;
}

const mixed = (/** @type {ArrayLike<number>} */ w, /** @type {number} */ at) =>
  (w[at] ^ Math.imul(w[at + 1], 31) ^ Math.imul(w[at + 2], 131) ^ Math.imul(w[at + 3], 8191)) >>> 0;
const fixed = (/** @type {number | null | undefined} */ deg) => (deg === null || deg === undefined ? UNKNOWN : Math.round(deg * DEG));
const degrees = (/** @type {number} */ fixed) => (fixed === UNKNOWN ? null : fixed / DEG);
const known = (/** @type {number} */ value) => (value === value ? value : null);
