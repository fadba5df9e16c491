// An alert's tier -> a sound nobody mistakes for another, and its vibration.

const RING_MAX_S = 120; // then it falls silent by itself; the screen stays

/**
 * The rhythm carries the meaning, not the loudness: DANGER yelps without a pause, WARNING beats
 * three and rests, WATCH is two soft pips once, an end falls. Exercise and demo begin with three
 * bells and use a round tone, so that a drill is not taken for the real thing nor the reverse.
 *
 * notes: {at, dur, from, to, gain, wave}: seconds and hertz.
 * @param {number} tier @param {Wire.Mark} mark @returns {Phone.SirenPlan}
 */
export function sirenPlan(tier, mark) {
  const drill = mark !== "actual";
  /** @type {OscillatorType} */
  const wave = drill ? "sine" : "square";
  const bells = drill
    ? [988, 784, 659].map((f, i) => note(i * 0.28, 0.26, f, f, 0.8, "triangle"))
    : [];
  const lead = drill ? 1.1 : 0;
  /** @type {Record<number, Omit<Phone.SirenPlan, "bells" | "lead">>} */
  const plans = {
    3: {
      period: 0.44,
      max: RING_MAX_S,
      notes: [note(0, 0.22, 720, 1480, 1, wave), note(0.22, 0.2, 1480, 720, 1, wave)],
    },
    2: {
      period: 2.4,
      max: 24,
      notes: [0, 0.42, 0.84].map((at) => note(at, 0.26, 880, 880, 0.8, wave)),
    },
    1: {
      period: 0,
      max: 0,
      notes: [note(0, 0.16, 660, 660, 0.5, "sine"), note(0.26, 0.16, 660, 660, 0.5, "sine")],
    },
    0: {
      period: 0,
      max: 0,
      notes: [note(0, 0.3, 660, 520, 0.4, "sine"), note(0.34, 0.5, 440, 360, 0.4, "sine")],
    },
  };
  return { bells, lead, ...(plans[tier] ?? plans[3]) };
}

/** @type {Record<number, number[]>} */
const VIBRATIONS = {
  3: [700, 200, 700, 200, 700, 200, 700],
  2: [350, 250, 350, 250, 350],
  1: [200, 200, 200],
  0: [250],
};

/** At most three pulses a second, as for lights. @param {number} tier */
export function vibration(tier) {
  return VIBRATIONS[tier] ?? VIBRATIONS[3];
}

/**
 * @param {number} at @param {number} dur @param {number} from @param {number} to
 * @param {number} gain @param {OscillatorType} wave @returns {Phone.Note}
 */
function note(at, dur, from, to, gain, wave) {
  return { at, dur, from, to, gain, wave };
}

const CHIME = [note(0, 0.18, 523, 587, 0.4, "sine"), note(0.22, 0.3, 784, 880, 0.4, "sine")];

/** Needs one press on the page before it may sound: browsers demand it. */
export class Siren extends EventTarget {
  constructor() {
    super();
    /** @type {AudioContext | null} */
    this.context = null;
    /** @type {GainNode | null} */
    this.gain = null;
    /** @type {{tier: number, mark: Wire.Mark} | null} */
    this.ringing = null;
    /** @type {"full" | "earphone" | "none"} of a shift in hiding: quiet.mjs */
    this.volume = "full";
    /** @type {ReturnType<typeof setInterval> | undefined} the notes to come */
    this.timer = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.end = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} the next shaking */
    this.again = undefined;
  }

  get unlocked() {
    return this.context?.state === "running";
  }

  /** Call from every press; cheap when already unlocked. */
  async unlock() {
    if (this.unlocked) return true;
    const older = /** @type {{webkitAudioContext?: typeof AudioContext}} */ (globalThis);
    const Context = globalThis.AudioContext ?? older.webkitAudioContext;
    if (!Context) return false;
    if (!this.context) {
      this.context = new Context({ latencyHint: "interactive" });
      this.context.addEventListener("statechange", () => this._tell());
      // iOS: sound although the ring switch is off
      const { audioSession } = /** @type {{audioSession?: {type: string}}} */ (navigator);
      if (audioSession) audioSession.type = "playback";
    }
    await this.context.resume().catch(() => {});
    this._tell();
    return this.unlocked;
  }

  /** Replaces what is ringing. tier 0: the sound of an end. @param {number} tier @param {Wire.Mark} mark */
  ring(tier, mark) {
    // A second ring of what already sounds must not start its pattern over: it would only stutter.
    if (this.ringing?.tier === tier && this.ringing.mark === mark && tier > 1) return;
    this.stop();
    this.ringing = { tier, mark };
    this._shake();
    const plan = sirenPlan(tier, mark);
    if (this.context && this.volume !== "none") {
      this.gain = this.context.createGain();
      this.gain.gain.value = this.volume === "full" ? 0.9 : 0.12;
      this.gain.connect(this.context.destination);
      this._play(plan, this.context, this.gain);
    }
    const lastsMs = 1000 * (plan.lead + Math.max(plan.max, 1.5));
    this.end = setTimeout(() => this.stop(), lastsMs);
    this._tell();
  }

  /**
   * A word that is no alarm (a bulletin): two soft rising tones, once; never over an alarm.
   * aloud: the person has asked for sound; a patrol in hiding is not given away for a bulletin.
   * @param {{aloud: boolean}} how
   */
  chime({ aloud }) {
    if (this.ringing) return;
    navigator.vibrate?.([80, 120, 80]);
    if (!aloud || this.volume !== "full" || !this.unlocked || !this.context) return;
    const gain = this.context.createGain();
    gain.gain.value = 0.5;
    gain.connect(this.context.destination);
    const start = this.context.currentTime + 0.03;
    for (const n of CHIME) this._note(n, start, this.context, gain);
  }

  stop() {
    clearInterval(this.timer);
    clearTimeout(this.end);
    clearTimeout(this.again);
    if (this.gain) this.gain.disconnect();
    this.gain = null;
    if (this.ringing) navigator.vibrate?.(0);
    const was = this.ringing;
    this.ringing = null;
    if (was) this._tell();
  }

  /** @param {Phone.SirenPlan} plan @param {AudioContext} context @param {GainNode} out */
  _play({ bells, lead, notes, period }, context, out) {
    const start = context.currentTime + 0.03;
    bells.forEach((n) => this._note(n, start, context, out));
    let next = start + lead;
    const fill = () => {
      // a page that slept must not catch up on a minute of notes
      next = Math.max(next, context.currentTime);
      while (next < context.currentTime + 1) {
        const at = next;
        notes.forEach((n) => this._note(n, at, context, out));
        if (!period) return clearInterval(this.timer);
        next += period;
      }
      return undefined;
    };
    if (period) this.timer = setInterval(fill, 300);
    fill();
  }

  /** What is heard ends at once; it goes on shaking. */
  mute() {
    this.gain?.disconnect();
    this.gain = null;
    clearInterval(this.timer);
  }

  /** DANGER goes on shaking as long as it sounds; so does WARNING on a phone that makes no sound. */
  _shake() {
    if (!this.ringing) return;
    const { tier } = this.ringing;
    navigator.vibrate?.(vibration(tier));
    const again = tier === 3 || (tier === 2 && this.volume !== "full");
    if (again) this.again = setTimeout(() => this._shake(), tier === 3 ? 3_600 : 6_000);
  }

  /** @param {Phone.Note} note @param {number} start @param {AudioContext} context @param {GainNode} out */
  _note({ at, dur, from, to, gain, wave }, start, context, out) {
    const [t0, t1] = [start + at, start + at + dur];
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.type = wave;
    tone.frequency.setValueAtTime(from, t0);
    tone.frequency.linearRampToValueAtTime(to, t1);
    // short ramps: no clicks, and the pattern stays clear on a small loudspeaker
    volume.gain.setValueAtTime(0, t0);
    volume.gain.linearRampToValueAtTime(gain, t0 + 0.015);
    volume.gain.setValueAtTime(gain, t1 - 0.03);
    volume.gain.linearRampToValueAtTime(0, t1);
    tone.connect(volume).connect(out);
    tone.start(t0);
    tone.stop(t1);
  }

  _tell() {
    this.dispatchEvent(new Event("change"));
  }
}
