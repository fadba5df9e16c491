// HIT and all that is said after it -> words in the outbox; the report is folded from them.

import { isWord, moment } from "../core/doors.mjs";
import { casualties, clocks, hitWord, isOpen, placeOf } from "./casualty.mjs";

const LATE_FIX_MS = 60_000; // a position found this soon after HIT is where it happened
const GOOD_FIX_M = 100;
const TWICE_MS = 1_500; // the same limb tapped again this soon is a glove that bounced
const SURE_MS = 5_000; // a second press this soon means it

/** Part of the model: uses its outbox, position and view. */
export class Aid {
  /** @param {import('./model.mjs').Model} model */
  constructor(model) {
    this.model = model;
    /** @type {string | null} */
    this.shownId = null;
    /** @type {string | null} */
    this.part = null; // of the body, whose wound is being told
    /** @type {{limb: string, atMs: number} | null} */
    this.tied = null; // the last tourniquet
    /** @type {{what: string, atMs: number} | null} */
    this.asked = null; // pressed once, to be pressed again
  }

  /** After the button was held for a second. On the device before anything else happens. */
  hit() {
    const id = crypto.randomUUID();
    const { outbox, place } = this.model;
    const word = hitWord({ id, fix: place.now(), unit: this.model.unit() });
    const kept = outbox.add(word, { door: "casualty", report_id: id, root: id });
    place.ask();
    navigator.vibrate?.([60, 40, 160]);
    this._show(id);
    return kept;
  }

  all() {
    return casualties(this.model.outbox.list(), (d, o) => this.model.clock.correct(d, o));
  }

  open() {
    return this.all().filter((c) => isOpen(c, this.model.now));
  }

  shown() {
    const found = this.all();
    return found.find((c) => c.id === this.shownId) ?? null;
  }

  /** @param {string | null} id */
  entries(id) {
    return this.model.outbox.list().filter(isWord).filter((e) => e.root === id);
  }

  clocks() {
    return clocks(this.all(), this.model.now);
  }

  /** @param {string} id */
  show(id) {
    this._show(id);
    this.model.change();
  }

  /** @param {string} id */
  _show(id) {
    this.shownId = id;
    this.part = null;
    this.asked = null;
    this.model.view = "hurt";
  }

  /** One word more about the casualty on the screen. @param {Phone.Word} more */
  say(more, id = this.shownId) {
    if (id === null) return null; // none is on the screen
    const word_id = crypto.randomUUID();
    navigator.vibrate?.(40);
    return this.model.outbox.add(
      { word_id, ...more },
      { door: "casualty", report_id: word_id, root: id },
    );
  }

  /** Each word carries all signs known, so that one lost word loses none.
   * @param {"awake" | "breathes"} name @param {boolean} value */
  sign(name, value) {
    const { awake, breathes } = this.shown() ?? {};
    const known = { awake, breathes, [name]: value };
    const said = Object.entries(known).filter(([, v]) => typeof v === "boolean");
    return this.say({ signs: { t_ms: moment(this.model.clock), ...Object.fromEntries(said) } });
  }

  /** @param {string} wound */
  wound(wound) {
    const body = this.part;
    this.part = null;
    if (body) return this.say({ injuries: [{ body, wound }] });
    return null;
  }

  /** A second and third press on a step takes it back. @param {string} step */
  step(step) {
    if (this.shown()?.done[step]) return this.takeBack(`step/${step}`);
    return this.say({ done: [{ step, t_ms: moment(this.model.clock) }] });
  }

  /** One tap: the clock runs. Without an open report it begins one: somebody is hurt.
   * @param {string} limb */
  async tourniquet(limb) {
    const when = moment(this.model.clock);
    const again = this.tied?.limb === limb && when.deviceMs - this.tied.atMs < TWICE_MS;
    this.tied = { limb, atMs: when.deviceMs };
    if (again) return null;
    const [newest] = this.open();
    const shown = this.shown();
    const target = shown && isOpen(shown, this.model.now) ? shown : newest;
    const view = this.model.view;
    if (!target) {
      this.hit(); // both words are on their way to the disk at once
      this.model.view = view;
    }
    const on = { tourniquet_id: crypto.randomUUID(), limb, t_on_ms: when };
    return this.say({ tourniquets: [on] }, target?.id ?? this.shownId);
  }

  /** By a medic. @param {Phone.TourniquetClock} clock */
  off({ id, limb, onMs, casualty_id }) {
    if (!this.sure(`off-${id}`)) return null;
    const t_off_ms = moment(this.model.clock);
    const gone = { tourniquet_id: id, limb, t_on_ms: Math.round(onMs), t_off_ms };
    return this.say({ tourniquets: [gone] }, casualty_id);
  }

  /** Tapped by mistake: what was said of it counts no more, and stays on record.
   * @param {string} thing @param {string | null} casualty_id */
  takeBack(thing, casualty_id = this.shownId) {
    const words = this.all().find((c) => c.id === casualty_id)?.said[thing] ?? [];
    if (!words.length || !this.sure(`back-${thing}`)) return null;
    return this.say({ taken_back: words }, casualty_id);
  }

  /** False at the first press; the button then asks for a second one. @param {string} what */
  sure(what) {
    const now = this.model.clock.wall();
    const again = this.asks(what);
    this.asked = again ? null : { what, atMs: now };
    if (!again) setTimeout(() => this.model.change(), SURE_MS + 100);
    this.model.change();
    return again;
  }

  /** @param {string} what */
  asks(what) {
    const { asked } = this;
    return asked?.what === what && this.model.clock.wall() - asked.atMs < SURE_MS;
  }

  /** Handed over to the medical service. */
  async close() {
    if (!this.sure("close")) return;
    await this.say({ closed: true });
    this.model.go("home");
  }

  /** Pressed by mistake: forgotten if it never left this phone, else taken back. */
  async withdraw() {
    if (!this.sure("withdraw")) return;
    const id = this.shownId;
    if (id === null) return;
    for (const part of this.entries(id)) await this.model.outbox.discard(part.report_id);
    if (this.entries(id).length) await this.say({ withdrawn: true }, id);
    this.model.go("home");
  }

  /** A receiver often needs some seconds for its first position; HIT did not wait. */
  completeWithPosition() {
    const position = placeOf(this.model.place.now());
    if (!position || position[3] > GOOD_FIX_M) return;
    for (const c of this.open()) {
      const poor = !c.position || c.position[3] > GOOD_FIX_M;
      if (poor && this.model.now - c.hitMs < LATE_FIX_MS) this.say({ position }, c.id);
    }
  }
}
