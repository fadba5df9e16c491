// Kits, medics and approvals as last heard -> kept on the phone; and the check of the shift.

import { wordsOf } from "../core/i18n.mjs";
import { cardSha256 } from "./card.mjs";

export const SHIFT_MS = 12 * 3600 * 1000; // a check is good for so long
export const ITEMS = [
  ...["tourniquet", "pressure_dressing", "hemostatic_gauze", "packing_gauze", "chest_seal"],
  ...["gloves", "shears", "marker", "blanket"],
];
const FRESH_MS = 600_000; // kits and medics change by the shift, not by the minute
const SPREAD_MS = 10_000; // ten thousand phones must not ask in the same instant
const STANDS_OUTSIDE = ["officer", "agent"];

/** What was chosen so far; null: not answered. kit_id "": there is none.
 * @param {Wire.KitCheck | null} [last] @returns {Phone.KitDraft} */
export const blank = (last = null) => ({
  kit_id: last?.kit_id ?? null,
  kit_ok: null,
  missing: [],
  tourniquet: null,
  armour: null,
  medic: last?.medic ?? null,
});

/** All four questions answered. @param {Phone.KitDraft} c */
export function isComplete(c) {
  const kit = c.kit_id === "" || (c.kit_id !== null && c.kit_ok !== null);
  return kit && [c.tourniquet, c.armour, c.medic].every((v) => v !== null);
}

/** As the server takes it; no kit is never a complete one.
 * @param {Phone.KitDraft} c @returns {Wire.KitCheck} */
export function checkBody(c) {
  const kit_ok = c.kit_id !== "" && c.kit_ok === true;
  const missing = kit_ok || c.kit_id === "" ? [] : c.missing;
  const { kit_id, tourniquet, armour, medic } = c;
  return { kit_id, kit_ok, missing, tourniquet, armour, medic };
}

/** Why this person is not ready, as catalogue keys; the server's own words. @param {Wire.KitCheck} body */
export function lacks(body) {
  const why = [];
  if (!body.kit_id) why.push("ready.no_kit");
  else if (!body.kit_ok) why.push("ready.kit_incomplete");
  if (!body.tourniquet) why.push("ready.no_tourniquet");
  if (!body.armour) why.push("ready.no_armour");
  return why;
}

/** Part of the model: uses its session, outbox and clock. store: the device store. */
export class Kit {
  /** @param {import('./model.mjs').Model} model @param {Phone.DeviceStore} store */
  constructor(model, store) {
    this.model = model;
    this.store = store;
    /** @type {Wire.FirstAid | null} */
    this.near = null;
    /** @type {Phone.LastCheck | null} */
    this.last = null; // the check made last on this phone
    this.draft = blank();
    this.again = false; // checks once more although this shift was checked
    /** @type {string | null} */
    this.sha256 = null; // of the card as it stands on this phone
  }

  async load() {
    const me = this.model.person?.person_id ?? null;
    const [near, last] = await Promise.all([
      this.store.get("first_aid").catch(() => null),
      this.store.get("check").catch(() => null),
    ]);
    this.near = near?.person_id === me ? near : null;
    this.last = last?.person_id === me ? last : null;
    this.draft = blank(this.last?.body);
  }

  /** At once on a phone that has none; else now and then. */
  async fetch() {
    if (this.near) {
      if (Math.abs(this.model.now - this.near.t_ms) < FRESH_MS) return;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * SPREAD_MS));
    }
    try {
      const heard = await this.model.session.get("/first-aid");
      const person_id = this.model.person?.person_id ?? null;
      this.near = /** @type {Wire.FirstAid} */ (heard);
      await this.store.put({ what: "first_aid", person_id, ...this.near });
    } catch {
      // what was heard before stays, with its age
    }
    this.model.change();
  }

  /** Reckoned once; the card says "to be approved" until then, and without WebCrypto for good. */
  async hashCard() {
    const [en, es] = await Promise.all([wordsOf("en"), wordsOf("es")]);
    this.sha256 = await cardSha256({ en, es });
    this.model.change();
  }

  approved() {
    return this.sha256 !== null && (this.near?.approved ?? []).includes(this.sha256);
  }

  /** True: this person stands outside and has not checked this shift. */
  due() {
    const { person } = this.model;
    const counts =
      STANDS_OUTSIDE.includes(person?.role ?? "") ||
      (person?.role === "watch_officer" && Boolean(person.post_id));
    return counts && !this.fresh();
  }

  fresh() {
    return this.last !== null && this.model.now - this._momentOf(this.last) < SHIFT_MS;
  }

  /** @param {Phone.Moment} said */
  _momentOf({ deviceMs, offsetMs }) {
    return this.model.clock.correct(deviceMs, offsetMs);
  }

  /** {tMs, body, entry}: what was said last, and where it has got to. */
  said() {
    if (!this.last) return null;
    const entry = this.model.outbox.get(this.last.report_id);
    return { tMs: this._momentOf(this.last), body: this.last.body, entry };
  }

  /** @param {Partial<Phone.KitDraft>} more */
  set(more) {
    this.draft = { ...this.draft, ...more };
    this.model.change();
  }

  /** @param {string} item */
  toggleMissing(item) {
    const { missing } = this.draft;
    const next = missing.includes(item) ? missing.filter((m) => m !== item) : [...missing, item];
    this.set({ missing: next, kit_ok: false });
  }

  send() {
    if (!isComplete(this.draft)) return null;
    const body = checkBody(this.draft);
    const report_id = crypto.randomUUID();
    const { clock, outbox } = this.model;
    const { deviceMs, offsetMs } = { deviceMs: clock.wall(), offsetMs: clock.offsetMs };
    const person_id = this.model.person?.person_id ?? null;
    this.last = { what: "check", person_id, report_id, deviceMs, offsetMs, body };
    this.store.put(this.last).catch(() => {});
    this.draft = blank(body);
    this.again = false;
    navigator.vibrate?.(40);
    /** @type {Phone.Where} */
    const where = { door: "check", report_id, root: report_id, deviceMs, offsetMs };
    return outbox.add(body, where);
  }
}
