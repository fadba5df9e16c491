// Presses -> reports in the outbox, what refines them, and what became of them.

import {
  attackReport,
  bearingOfPoint,
  chipsIn,
  positionOf,
  refinement,
  sighting,
  toggled,
  withdrawal,
} from "./report.mjs";
import { isSighting } from "../core/doors.mjs";

const LATE_FIX_MS = 20_000; // a position found this soon after the press completes the report
const SLOW_MS = 1_200; // sending longer than this: say that it is saved and not yet sent

/** Part of the model: uses its outbox, compass, position and view. */
export class Reports {
  /** @param {import('./model.mjs').Model} model */
  constructor(model) {
    this.model = model;
    /** @type {string | null} */
    this.shownId = null;
    /** @type {Map<string, Set<string>>} */
    this.chips = new Map(); // root report -> set of chips
    /** @type {Set<string>} */
    this.skipped = new Set(); // roots whose direction the person does not know
  }

  /** The bearing is the one at the press, before the thumb shook it. @param {"seen" | "heard"} sense */
  press(sense) {
    const aim = this.model.compass.at(performance.now());
    const fix = this.model.place.now();
    const body = sighting({ report_id: crypto.randomUUID(), sense, aim, fix });
    this.model.place.ask();
    this.model.compass.ask();
    navigator.vibrate?.(60);
    this.shownId = body.report_id;
    this.chips.set(body.report_id, new Set());
    this.model.view = "sent";
    setTimeout(() => this.model.change(), SLOW_MS);
    return this.model.outbox.add(body);
  }

  /** After the button was held for a second. */
  attack() {
    const body = attackReport({ report_id: crypto.randomUUID(), fix: this.model.place.now() });
    this.model.place.ask();
    navigator.vibrate?.([60, 40, 160]);
    this.shownId = body.report_id;
    this.chips.set(body.report_id, new Set());
    this.model.view = "sent";
    setTimeout(() => this.model.change(), SLOW_MS);
    return this.model.outbox.add(body);
  }

  /** @returns {Phone.SightingEntry | null} */
  shown() {
    const entry = this.model.outbox.get(this.shownId);
    return entry && isSighting(entry) ? entry : null;
  }

  /** @param {string} root */
  chipsOf(root) {
    const told = this.refinements(root).at(-1);
    return this.chips.get(root) ?? (told ? chipsIn(told.body) : new Set());
  }

  /** @param {string} id */
  chip(id) {
    const entry = this.shown();
    if (!entry) return;
    this.chips.set(entry.root, toggled(this.chipsOf(entry.root), id));
    this._refine(entry);
  }

  /** @param {number} index 0 north, 1 north-east, ... */
  point(index) {
    const entry = this.shown();
    if (entry) this._refine(entry, { bearing: bearingOfPoint(index) });
  }

  /** @param {string} root */
  skip(root) {
    this.skipped.add(root);
    this.model.change();
  }

  /**
   * @param {Phone.SightingEntry} entry
   * @param {{bearing?: Wire.Bearing | null, position?: Wire.Position | null}} [more]
   */
  _refine(entry, more = {}) {
    const chips = this.chipsOf(entry.root);
    const report_id = crypto.randomUUID();
    const { sense } = entry.body;
    // The time stays that of the first press: what was seen was seen then.
    const when = { deviceMs: entry.deviceMs, offsetMs: entry.offsetMs };
    return this.model.outbox.add(
      refinement({ report_id, root: entry.root, sense, chips, ...more }),
      when,
    );
  }

  /** The refinements of a report, oldest first. @param {string} root */
  refinements(root) {
    return this.model.outbox
      .list()
      .filter(isSighting)
      .filter((e) => e.root === root && e.report_id !== root)
      .sort((a, b) => a.pressedMs - b.pressedMs);
  }

  async undo() {
    const entry = this.shown();
    if (!entry) return;
    const parts = [...this.refinements(entry.root), entry];
    for (const part of parts) await this.model.outbox.discard(part.report_id);
    if (!this.model.outbox.get(entry.report_id)) return this.model.go("home");
    const body = withdrawal({
      report_id: crypto.randomUUID(),
      root: entry.root,
      sense: entry.body.sense,
      attack: entry.body.attack === true,
    });
    await this.model.outbox.add(body, { deviceMs: entry.deviceMs, offsetMs: entry.offsetMs });
    return this.model.change();
  }

  /** A receiver often needs some seconds for its first position; the report did not wait. */
  completeWithPosition() {
    const fix = this.model.place.now();
    const entry = this.shown();
    if (!fix || !entry || entry.body.attack || entry.body.position || entry.completed) return;
    if (this.model.clock.wall() - entry.pressedMs > LATE_FIX_MS) return;
    entry.completed = true;
    this._refine(entry, { position: positionOf(fix) });
  }

  /** The bearing that counts now: told by hand, or measured. @param {Phone.SightingEntry} entry */
  bearingNow(entry) {
    const told = this.refinements(entry.root)
      .filter((e) => e.body.bearing)
      .at(-1);
    return told?.body.bearing ?? entry.body.bearing;
  }

  /** @param {Phone.SightingEntry} entry */
  positionNow(entry) {
    return (
      this.refinements(entry.root).find((e) => e.body.position)?.body.position ??
      entry.body.position
    );
  }

  /** @param {Phone.SightingEntry} entry */
  withdrawn(entry) {
    return this.refinements(entry.root).some((e) => e.body.withdrawn);
  }

  /** @param {Phone.Entry} entry */
  isSlow(entry) {
    return this.model.clock.wall() - entry.pressedMs > SLOW_MS || !this.model.link.connected;
  }
}
