// A shift in hiding: the phone shakes and stays dark, and makes no sound a stranger could hear.

import { setTheme, theme } from "./theme.mjs";

export const QUIET_MS = 12 * 3600 * 1000; // then it ends by itself, and says so
const DARK = ["night-red", "nvg"]; // dark enough already
const KEY = "vigia.quiet";

/** @typedef {{untilMs: number, earphone: boolean, before: string}} Shift wall clock; the screen of before */

/** True while a kept quiet shift lasts. @param {Shift | null} shift @param {number} wallMs */
export function lasts(shift, wallMs) {
  return shift !== null && wallMs < shift.untilMs && shift.untilMs - wallMs <= QUIET_MS;
}

/**
 * Part of the model: uses its siren and clock. Loud again after QUIET_MS, or when the person goes
 * off watch: a phone forgotten in silence would be a phone that does not warn.
 */
export class Quiet {
  /** @param {import('./model.mjs').Model} model */
  constructor(model) {
    this.model = model;
    /** @type {Shift | null} */
    this.shift = null;
    this.ended = false; // it ran out by itself: said until the next press on the switch
    this.unplugged = false; // what sounds go to has changed: they would be heard
    globalThis.navigator?.mediaDevices?.addEventListener("devicechange", () => this._devices());
  }

  get on() {
    return this.shift !== null;
  }

  /** A phone that cannot shake is quiet altogether: the person has to look. */
  get canShake() {
    return typeof navigator.vibrate === "function";
  }

  /** After a reload the shift goes on. */
  load() {
    const kept = read();
    if (kept && lasts(kept, this.model.clock.wall())) this._set(kept);
    else if (kept) this._end({ ended: true, before: kept.before });
  }

  begin() {
    const before = theme();
    if (!DARK.includes(before)) setTheme("night-red");
    this.ended = false;
    this._set({ untilMs: this.model.clock.wall() + QUIET_MS, earphone: false, before });
  }

  end() {
    if (this.shift) this._end({ ended: false, before: this.shift.before });
  }

  /** Soft tones, for somebody who wears an earphone now. @param {boolean} earphone */
  setEarphone(earphone) {
    if (!this.shift) return;
    this.unplugged = false;
    this._set({ ...this.shift, earphone });
  }

  /** Called as time goes on. */
  look() {
    if (this.shift && !lasts(this.shift, this.model.clock.wall()))
      this._end({ ended: true, before: this.shift.before });
  }

  /** An earphone that was pulled out leaves the loudspeaker: silence first, then a question. */
  _devices() {
    if (!this.shift?.earphone) return;
    this.model.siren.mute();
    this._set({ ...this.shift, earphone: false });
    this.unplugged = true;
    this.model.change();
  }

  /** @param {Shift} shift */
  _set(shift) {
    this.shift = shift;
    this._tell();
  }

  /** @param {{ended: boolean, before: string}} how */
  _end({ ended, before }) {
    this.shift = null;
    this.ended = ended;
    this.unplugged = false;
    if (!DARK.includes(before) && DARK.includes(theme())) setTheme(before);
    this._tell();
  }

  _tell() {
    const { shift, model } = this;
    model.siren.volume = shift ? (shift.earphone ? "earphone" : "none") : "full";
    write(shift);
    const untilMs = shift?.untilMs ?? 0; // for the worker: a notification must not ring either
    model.device.put({ what: "quiet", untilMs }).catch(() => {});
    model.change();
  }
}

/** @returns {Shift | null} */
function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "null");
    return typeof kept?.untilMs === "number" && typeof kept.before === "string" ? kept : null;
  } catch {
    return null;
  }
}

/** @param {Shift | null} shift */
function write(shift) {
  try {
    if (shift) localStorage.setItem(KEY, JSON.stringify(shift));
    else localStorage.removeItem(KEY);
  } catch {
    // switched off: the shift is quiet as long as the page lives
  }
}
