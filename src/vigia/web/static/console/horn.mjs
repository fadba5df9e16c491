// An alert that sounds -> the watch floor's loudspeaker, when an officer has switched it on.
// (A browser makes no sound before somebody pressed something on the page.)

const PATTERN = {1: [[660, 0.12]], 2: [[660, 0.15], [880, 0.15]], 3: [[880, 0.2], [660, 0.2], [880, 0.2], [660, 0.2], [880, 0.3]]};
const HURT = [[392, 0.35], [0, 0.1], [392, 0.35], [0, 0.1], [523, 0.6]]; // slow and low: no alert sounds like it
const VOLUME = 0.35;
const GAP_MS = 1_500; // a raid on ten people is one ring, not ten

export class Horn {
  constructor() {
    /** @type {AudioContext | null} */
    this.context = null;
    this.on = false;
    this.rang_ms = 0;
    this.rung = new Set();
  }

  /** @param {boolean} on  called from a press: that unlocks the sound */
  set(on) {
    this.on = on;
    if (!on) return;
    this.context ??= new AudioContext();
    this.context.resume();
    this.#play(1);
  }

  /** Rings once for each revision. A higher level never waits for a lower one's gap.
   * @param {1 | 2 | 3} tier @param {string} alert_id @param {number} revision */
  ring(tier, alert_id, revision) {
    const key = `${alert_id}/${revision}`;
    if (!this.on || this.rung.has(key)) return;
    this.rung.add(key);
    if (this.rung.size > 2000) this.rung.clear();
    const now_ms = performance.now();
    if (now_ms - this.rang_ms < GAP_MS && tier <= this.tier) return;
    this.rang_ms = now_ms;
    this.tier = tier;
    this.#play(tier);
  }

  tier = 0;

  /** Somebody is hurt. Never in place of an alert's ring. */
  hurt() {
    if (this.on) this.#tones(HURT);
  }

  #play(/** @type {1 | 2 | 3} */ tier) {
    this.#tones(PATTERN[tier] ?? []);
  }

  #tones(/** @type {number[][]} */ tones) {
    const x = this.context;
    if (!x) return;
    let at = x.currentTime;
    for (const [hertz, seconds] of tones) {
      if (hertz === 0) { at += seconds; continue; }
      const tone = x.createOscillator();
      const gain = x.createGain();
      tone.frequency.value = hertz;
      gain.gain.setValueAtTime(VOLUME, at);
      gain.gain.setTargetAtTime(0, at + seconds * 0.8, 0.02);
      tone.connect(gain).connect(x.destination);
      tone.start(at);
      tone.stop(at + seconds);
      at += seconds;
    }
  }
}
