// Where each track was, in rings of whole numbers: bounded, and of one size however long the page lives.
// Points, never lines: nothing is drawn between two places that nobody saw it fly.

export const TRAIL_MAX = 60; // points, about one a second
const STEP_MS = 500;
const SLOTS_MIN = 256;
const DEG = 1e7;

export class Trails {
  constructor() {
    /** @type {Map<number, number>} */
    this.slots = new Map(); // track number -> slot
    /** @type {number[]} */
    this.free = [];
    this.capacity = 0;
    this.at = new Int32Array(0); // lat, lon
    this.ends = new Float64Array(0); // time of the newest point
    this.counts = new Uint8Array(0);
    this.heads = new Uint8Array(0);
    this.seen = new Uint32Array(0);
    this.turn = 0;
  }

  /** @param {import('./tracktable.mjs').TrackTable} table */
  add(table) {
    this.turn += 1;
    const {lat, lon, number, t_rel} = table.c;
    for (let row = 0; row < table.n; row++) {
      if (lat[row] === -2147483648) continue;
      const slot = this.slots.get(number[row]) ?? this.#take(number[row]);
      this.seen[slot] = this.turn;
      this.#put(slot, lat[row], lon[row], table.t_ms + t_rel[row]);
    }
    for (const [name, slot] of this.slots) {
      if (this.seen[slot] === this.turn) continue;
      this.slots.delete(name);
      this.free.push(slot);
    }
  }

  #put(/** @type {number} */ slot, /** @type {number} */ lat, /** @type {number} */ lon, /** @type {number} */ t_ms) {
    const age_ms = t_ms - this.ends[slot];
    if (this.counts[slot] > 0 && age_ms < STEP_MS && age_ms >= 0) return;
    if (age_ms < 0) this.counts[slot] = 0;
    const head = this.heads[slot];
    const i = (slot * TRAIL_MAX + head) * 2;
    this.at[i] = lat;
    this.at[i + 1] = lon;
    this.ends[slot] = t_ms;
    this.heads[slot] = (head + 1) % TRAIL_MAX;
    if (this.counts[slot] < TRAIL_MAX) this.counts[slot] += 1;
  }

  #take(/** @type {number} */ number) {
    if (this.free.length === 0) this.#grow();
    const slot = /** @type {number} */ (this.free.pop());
    this.slots.set(number, slot);
    this.counts[slot] = this.heads[slot] = 0;
    return slot;
  }

  #grow() {
    const more = Math.max(SLOTS_MIN, this.capacity);
    const grown = (/** @type {any} */ old, /** @type {number} */ each) => {
      const next = new old.constructor((this.capacity + more) * each);
      next.set(old);
      return next;
    };
    [this.at, this.ends, this.counts] = [grown(this.at, 2 * TRAIL_MAX), grown(this.ends, 1), grown(this.counts, 1)];
    [this.heads, this.seen] = [grown(this.heads, 1), grown(this.seen, 1)];
    for (let slot = this.capacity + more - 1; slot >= this.capacity; slot--) this.free.push(slot);
    this.capacity += more;
  }

  /** Longitude and latitude, oldest first. @param {number} number @returns {[number, number][]} */
  of(number) {
    const slot = this.slots.get(number);
    if (slot === undefined) return [];
    const n = this.counts[slot];
    return Array.from({length: n}, (_, i) => {
      const at = (slot * TRAIL_MAX + ((this.heads[slot] + TRAIL_MAX - n + i) % TRAIL_MAX)) * 2;
      return /** @type {[number, number]} */ ([this.at[at + 1] / DEG, this.at[at] / DEG]);
    });
  }
}
