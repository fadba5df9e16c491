// The past, played again: stretches of recorded messages pass through the same store as live ones.
// Pure: asks by the function it is given, moves by the time it is told. Nothing here acts.
import {emptyState, receive} from '../store.mjs';

export const SPEEDS = [1, 5, 15, 60];
const SPAN_S = 60; // of one stretch, at single speed
const SPAN_MAX_S = 600;
const STEP_PER_S = 4; // pictures a second on the screen, whatever the speed
const NEAR_LIVE_MS = 3_000; // what is newer may not be on disk yet
const WALL_STEP_MAX_MS = 2_000; // a page that slept does not jump ahead

/** @typedef {{from_ms: number, until_ms: number, messages: [number, any][], left_out: any}} Stretch */

export class Player {
  /** @param {{ask: (body: object) => Promise<Stretch>, changed?: () => void}} how */
  constructor({ask, changed = () => {}}) {
    this.ask = ask;
    this.changed = changed;
    this.state = emptyState();
    this.at_ms = 0;
    this.speed = 1;
    this.playing = false;
    this.loading = false;
    /** @type {string | null} */
    this.error = null;
    this.left_out = {forgotten: 0, dropped: 0, damaged: 0};
    /** @type {[number, any][]} */
    this.waiting = [];
    this.known_ms = 0; // everything before it was asked
    this.round = 0; // an answer of before a jump is thrown away
    /** @type {number | null} */
    this.wall_ms = null;
  }

  /** Jump. now_ms: the server's time. @param {number} t_ms @param {number} now_ms */
  async seek(t_ms, now_ms) {
    this.at_ms = Math.min(t_ms, now_ms - NEAR_LIVE_MS);
    this.round += 1;
    this.left_out = {forgotten: 0, dropped: 0, damaged: 0};
    await this.#load(this.at_ms, true);
  }

  /** @param {number} speed */
  setSpeed(speed) {
    this.speed = SPEEDS.includes(speed) ? speed : 1;
    this.changed();
  }

  /** @param {boolean} playing */
  play(playing) {
    this.playing = playing;
    this.wall_ms = null;
    this.changed();
  }

  /** Moves on by the time that passed since the last call. @param {number} wall_ms @param {number} now_ms */
  tick(wall_ms, now_ms) {
    const passed_ms = this.wall_ms === null ? 0 : Math.min(wall_ms - this.wall_ms, WALL_STEP_MAX_MS);
    this.wall_ms = wall_ms;
    if (!this.playing || this.error) return;
    const end_ms = now_ms - NEAR_LIVE_MS;
    const wanted_ms = Math.min(this.at_ms + passed_ms * this.speed, end_ms);
    const can_ms = this.loading ? Math.min(wanted_ms, this.known_ms) : wanted_ms;
    this.at_ms = Math.max(this.at_ms, can_ms);
    this.#apply();
    if (this.at_ms >= end_ms) this.playing = false;
    const ahead_ms = this.known_ms - this.at_ms;
    if (!this.loading && ahead_ms < (this.#span_s() * 1000) / 2 && this.known_ms < end_ms) this.#load(this.known_ms, false);
    this.changed();
  }

  #span_s() {
    return Math.min(SPAN_MAX_S, SPAN_S * Math.max(1, this.speed / 4));
  }

  async #load(/** @type {number} */ from_ms, /** @type {boolean} */ whole) {
    const {round} = this;
    this.loading = true;
    this.error = null;
    this.changed();
    try {
      const step_ms = Math.round((this.speed * 1000) / STEP_PER_S);
      const got = await this.ask({from_ms: Math.round(from_ms), span_s: Math.round(this.#span_s()), step_ms, whole});
      if (round !== this.round) return;
      if (whole) [this.state, this.waiting] = [emptyState(), []];
      this.waiting.push(...got.messages);
      this.known_ms = got.until_ms;
      for (const key of /** @type {const} */ (['forgotten', 'dropped', 'damaged'])) this.left_out[key] += got.left_out[key] ?? 0;
      this.#apply();
    } catch (error) {
      if (round === this.round) this.error = /** @type {Error} */ (error).message;
    } finally {
      if (round === this.round) this.loading = false;
      this.changed();
    }
  }

  #apply() {
    let n = 0;
    while (n < this.waiting.length && this.waiting[n][0] <= this.at_ms) n += 1;
    for (const [, message] of this.waiting.splice(0, n)) this.state = receive(this.state, message);
  }
}
