// An alert that sounds -> the watch floor's loudspeaker. What it says of itself is the truth: a browser
// makes no sound before somebody pressed something on the page, and may take it away again.
import {isDrill, lengthOf, PATTERNS, soundOf} from './sound/patterns.mjs';
import {Voice} from './sound/voice.mjs';

export const MUTE_MS = 300_000; // never longer, and never DANGER
const VOLUME = 0.35;
const GAP_MS = 1_500; // a raid on ten people is one ring, not ten
const RUNG_MAX = 2_000;
const DANGER = 3;
const REAL = 10;

export class Horn {
  constructor({make = () => new AudioContext(), voice = new Voice(), now = () => performance.now(), changed = () => {}} = {}) {
    this.make = make;
    this.voice = voice;
    this.now = now;
    this.changed = changed;
    /** @type {AudioContext | null} */
    this.context = null;
    this.wanted = false;
    this.muted_until_ms = 0;
    this.rang_ms = -Infinity;
    this.rank = 0;
    this.rung = new Set();
  }

  /** off: not switched on; blocked: switched on, and the browser lets no sound out; muted; on.
   * @returns {'off' | 'blocked' | 'muted' | 'on'} */
  get state() {
    if (!this.wanted) return 'off';
    if (this.context?.state !== 'running') return 'blocked';
    return this.mute_left_ms > 0 ? 'muted' : 'on';
  }

  get mute_left_ms() {
    return Math.max(0, this.muted_until_ms - this.now());
  }

  /** A wish of an earlier visit: without a press the browser may refuse, which `state` then says. */
  async wish() {
    this.wanted = true;
    this.#context();
    await this.context?.resume().catch(() => {});
  }

  /** From a press: that unlocks the sound. @param {boolean} on */
  async set(on) {
    this.wanted = on;
    this.muted_until_ms = 0;
    if (!on) return this.voice.stop();
    this.#context();
    await this.context?.resume().catch(() => {});
    this.test('watch');
    this.changed();
  }

  /** WATCH and WARNING are silent until it is over, DANGER is not. @param {boolean} mute */
  mute(mute) {
    this.muted_until_ms = mute ? this.now() + MUTE_MS : 0;
  }

  /** @param {string} name  of PATTERNS */
  test(name) {
    this.#play(PATTERNS[name]);
  }

  /** Rings once for each revision, then says it. A higher level never waits for a lower one's gap.
   * @param {any} alert @param {string} words @param {string} lang @returns {boolean} it was heard */
  ring(alert, words, lang) {
    const key = `${alert.alert_id}/${alert.revision}`;
    if (this.rung.has(key)) return false;
    this.rung.add(key);
    if (this.rung.size > RUNG_MAX) this.rung.clear();
    const {state} = this;
    if (state === 'off' || state === 'blocked') return false;
    const rank = isDrill(alert) ? alert.tier : REAL + alert.tier; // no drill is in the way of what is real
    if (state === 'muted' && rank < REAL + DANGER) return false;
    if (this.now() - this.rang_ms < GAP_MS && rank <= this.rank) return false;
    [this.rang_ms, this.rank] = [this.now(), rank];
    const sound = soundOf(alert);
    this.#play(sound);
    this.voice.say(words, lang, rank, lengthOf(sound) * 1000);
    return true;
  }

  /** Somebody is hurt. Never in place of an alert's ring. */
  hurt() {
    if (this.state === 'on') this.#play(PATTERNS.hurt);
  }

  #context() {
    if (this.context) return;
    this.context = this.make();
    this.context.onstatechange = () => this.changed();
  }

  #play(/** @type {import('./sound/patterns.mjs').Pattern} */ {wave, tones}) {
    const x = this.context;
    if (!x) return;
    let at = x.currentTime;
    for (const [hertz, seconds] of tones) {
      if (hertz === 0) { at += seconds; continue; }
      const tone = x.createOscillator();
      const gain = x.createGain();
      tone.type = wave;
      tone.frequency.value = hertz;
      gain.gain.setValueAtTime(wave === 'square' ? VOLUME * 0.6 : VOLUME, at); // as loud to the ear
      gain.gain.setTargetAtTime(0, at + seconds * 0.8, 0.02);
      tone.connect(gain).connect(x.destination);
      tone.start(at);
      tone.stop(at + seconds);
      at += seconds;
    }
  }
}
