// Alert messages, presses and time -> the warnings this phone holds, shows and rings.

import { inOrder, phase, receive, stale } from "./alerts.mjs";

const HELD_MAX = 64; // the server reads no more; a phone never holds so many
// Who is telling something goes on: the lowest tier, often of his own report, is a card above it.
const TELLING = ["sent", "hurt"];
const GUARD_MS = 600; // a thumb already on its way when the alert came means nothing

/** Part of the model: uses its clock, siren, acks and view. store keeps records over a reload. */
export class Warnings {
  /** @param {import('./model.mjs').Model} model @param {Phone.Store<Phone.Held>} store */
  constructor(model, store) {
    this.model = model;
    this.store = store;
    /** @type {Map<string, Phone.Held>} */
    this.records = new Map();
    /** @type {string | null} */
    this.shownId = null;
    this.before = "home";
    this.takeoverAt = -Infinity;
    /** @type {string | null} */
    this.wanted = null; // pressed in a notification, and not here yet
  }

  /** Shows it now, or as soon as it comes. @param {string | null} alert_id */
  want(alert_id) {
    this.wanted = alert_id;
    if (alert_id && this.records.has(alert_id)) {
      this.wanted = null;
      this.show(alert_id);
    }
  }

  /** This page has told this revision, or a later one.
   * @param {{alert_id: string, revision: number}} said */
  holds({ alert_id, revision }) {
    return (this.records.get(alert_id)?.alert.revision ?? -1) >= revision;
  }

  heldIds() {
    return this.open()
      .slice(0, HELD_MAX)
      .map((r) => r.alert_id);
  }

  ordered() {
    return inOrder(this.records.values(), this.model.now);
  }

  open() {
    return this.ordered().filter((r) => phase(r, this.model.now) !== "ended");
  }

  /** What needs eyes: open alerts, and ended ones not yet closed by the person. */
  pressing() {
    return this.ordered().filter((r) => !r.closed);
  }

  shown() {
    return (this.shownId !== null && this.records.get(this.shownId)) || null;
  }

  async load() {
    for (const record of await this.store.all().catch(() => /** @type {Phone.Held[]} */ ([])))
      this.records.set(record.alert_id, record);
    const [first] = this.open();
    if (first) this._show(first);
  }

  /** @param {Wire.Alert} alert */
  take(alert) {
    // A watch officer's socket carries everybody's alerts; this page shows its owner's.
    const held = this.records.get(alert.alert_id);
    if (!held && (alert.msg_type === "cancel" || alert.person_id !== this.model.person?.person_id))
      return;
    const { record, changed, rings } = receive(held, alert, this.model.now);
    this._keep(record);
    if (changed) this._present(record, { rings, held });
    if (alert.alert_id === this.wanted) this.want(this.wanted);
    for (const id of stale(this.records.values(), this.model.now)) this._forget(id);
    this.model.change();
  }

  /** @param {Phone.Held} record @param {{rings: boolean, held: Phone.Held | undefined}} came */
  _present(record, { rings, held }) {
    const ended = phase(record, this.model.now) === "ended";
    if (rings) {
      const top = this.shown();
      const [first] = this.open();
      const outranked = first.alert_id !== record.alert_id;
      // A drill must not drown the real thing: it waits as a row below it.
      const busy = record.alert.tier <= 1 && TELLING.includes(this.model.view);
      if (!busy && (!outranked || this.model.view !== "alert" || top === null)) this._show(first);
      if (!outranked) this.model.siren.ring(record.alert.tier, record.alert.mark);
    } else if (ended && held) {
      const nobodyElse = !this.open().some((r) => r.alert.tier >= 2);
      if (nobodyElse) this.model.siren.stop();
      if (held.worstTier >= 2 || this.shownId === record.alert_id) {
        if (nobodyElse) this.model.siren.ring(0, record.alert.mark);
        if (this.model.view === "home" && nobodyElse) this._show(record);
      }
    }
    if (rings || ended) this.model.shout(record);
  }

  /** @param {Phone.Held} record */
  _show(record) {
    this.takeoverAt = performance.now();
    if (this.model.view !== "alert") this.before = this.model.view;
    this.shownId = record.alert_id;
    this.model.view = "alert";
  }

  /** @param {string} alert_id */
  show(alert_id) {
    this.shownId = alert_id;
    this.model.view = "alert";
    this.model.change();
  }

  /** The view calls this once an alert's revision is really before somebody's eyes. @param {string} alert_id */
  displayed(alert_id) {
    const record = this.records.get(alert_id);
    if (!record?.owesDelivered || record.alert.msg_type === "cancel") return;
    this._keep({ ...record, owesDelivered: false });
    this.model.acks.add({ alert_id, revision: record.alert.revision, kind: "delivered" });
  }

  /** @param {"seen" | "safe"} kind */
  answer(kind) {
    const record = this.shown();
    if (!record || this.guarded()) return;
    this._keep({ ...record, ackedMs: { ...record.ackedMs, [kind]: this.model.now } });
    this.model.acks.add({ alert_id: record.alert_id, revision: record.alert.revision, kind });
    // Nothing more to do for the lowest tier: back to what the person was doing, the card stays.
    if (record.alert.tier <= 1) this.model.go(this.before ?? "home");
    this.model.change();
  }

  guarded() {
    return performance.now() - this.takeoverAt < GUARD_MS;
  }

  /** True once the server has this answer on record.
   * @param {Phone.Held} record @param {"seen" | "safe"} kind */
  told(record, kind) {
    return (
      Boolean(record.told?.[kind] || record.alert.reached?.[`${kind}_ms`]) &&
      !this.model.acks.waiting(record.alert_id, kind)
    );
  }

  /** @param {Wire.Acked} message */
  acked({ alert_id, kind }) {
    const record = this.records.get(alert_id);
    if (!record) return;
    this._keep({ ...record, told: { ...record.told, [kind]: true } });
    this.model.change();
  }

  close() {
    const record = this.shown();
    for (const one of this.pressing()) {
      if (phase(one, this.model.now) === "ended") this._keep({ ...one, closed: true });
    }
    const next = this.open().find((r) => r.alert_id !== record?.alert_id);
    if (next) return this.show(next.alert_id);
    return this.model.go("home");
  }

  /** @param {Phone.Held} record */
  _keep(record) {
    this.records.set(record.alert_id, record);
    this.store.put(record).catch(() => {});
  }

  /** @param {string} alert_id */
  _forget(alert_id) {
    this.records.delete(alert_id);
    this.store.delete(alert_id).catch(() => {});
  }
}
