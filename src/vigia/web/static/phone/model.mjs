// Socket, outbox, sensors and presses -> the one state the views draw. No markup here.

import { AckBox } from "../core/acks.mjs";
import { Clock } from "../core/clock.mjs";
import { MemoryStore, STORES, Store } from "../core/db.mjs";
import { preferredLanguage, setLanguage } from "../core/i18n.mjs";
import { Outbox } from "../core/outbox.mjs";
import { session } from "../core/session.mjs";
import { Link } from "../core/socket.mjs";
import { inOrder, phase, receive, stale } from "./alerts.mjs";
import { bearingOfPoint, positionOf, refinement, sighting, toggled, withdrawal } from "./report.mjs";
import { Compass, Place, WakeLock } from "./sensors.mjs";
import { Siren } from "./siren.mjs";

const COVERAGE_MS = 30_000;
const POSITION_MS = 5_000; // on watch, at most this often
const LATE_FIX_MS = 20_000; // a position found this soon after the press completes the report
const GUARD_MS = 600; // a thumb already on its way when the alert came means nothing
const SLOW_MS = 1_200; // sending longer than this: say that it is saved and not yet sent

/** Events: "change" (draw again), "shout" (detail: text for a screen reader, at once). */
export class Model extends EventTarget {
  constructor({ db = true } = {}) {
    super();
    const store = (name) => (db ? new Store(name) : new MemoryStore(STORES[name]));
    this.session = session;
    this.clock = new Clock();
    this.acks = new AckBox({ store: store("acks"), clock: this.clock, send: () => {} });
    this.outbox = new Outbox({ store: store("outbox"), session, clock: this.clock });
    this.alertStore = store("alerts");
    this.siren = new Siren();
    this.compass = new Compass();
    this.place = new Place();
    this.wake = new WakeLock();
    this.link = new Link({ session, clock: this.clock, acks: this.acks, held: () => this.heldIds() });
    this.alerts = new Map();
    this.person = null;
    this.enrolled = null; // null: not known yet
    this.mode = read("mode") ?? "actual";
    this.posts = [];
    this.coverage = null; // [{kind, state}], null: not known
    this.view = "home";
    this.alertId = null; // shown in the alert view
    this.reportId = null; // shown in the sent view
    this.skipped = new Set(); // reports whose direction the person does not know
    this.chips = new Map(); // root report -> set of chips
    this.onWatch = read("onWatch") === "1";
    this.sharePosition = read("sharePosition") === "1";
    this.takeoverAt = -Infinity;
  }

  async start() {
    const device = await this.session.device().catch(() => null);
    this.enrolled = device !== null;
    this.person = device?.person ?? readJson("person");
    await setLanguage(preferredLanguage(this.person?.lang), { keep: false });
    this._wire();
    this.compass.start();
    this.place.start();
    if (this.onWatch) {
      this.wake.set(true);
      this.siren.unlock(); // an installed page may sound without a press; where not, the line says so
    }
    await Promise.all([this.acks.load().catch(() => {}), this._loadAlerts()]);
    this.link.start(); // a session cookie alone is enough; without both the page says so
    this.outbox.start().catch(() => {});
    setInterval(() => this._readCoverage(), COVERAGE_MS);
    setInterval(() => this._sendPosition(), POSITION_MS);
    this.change();
  }

  change() {
    this.dispatchEvent(new Event("change"));
  }

  // ---- what the server says ----------------------------------------------------------------

  _wire() {
    const on = (name, act) => this.link.addEventListener(name, (event) => act(event.detail));
    on("hello", (m) => this._hello(m));
    on("alert", (m) => this._alert(m.alert));
    on("placed", (m) => this.outbox.placed(m));
    on("state", () => this._linkChanged());
    on("watch", () => this.change());
    on("acked", (m) => this._acked(m));
    for (const source of [this.siren, this.place, this.wake]) {
      source.addEventListener("change", () => {
        this._tellOnWatch();
        this.change();
      });
    }
    this.place.addEventListener("change", () => this._completeWithPosition());
    this.outbox.addEventListener("change", () => this.change());
    navigator.serviceWorker?.addEventListener("message", (event) => {
      if (event.data?.outbox) this.outbox.reload();
    });
  }

  _hello(message) {
    this.person = message.person ?? this.person;
    this.enrolled = true;
    this.posts = message.posts ?? [];
    this.mode = message.mode ?? this.mode;
    write("mode", this.mode);
    write("person", JSON.stringify(this.person)); // who this is, when the next start has no network
    for (const alert of message.alerts ?? []) this._alert(alert);
    this.toldOnWatch = null;
    this._tellOnWatch();
    this._sendPosition();
    this._readCoverage();
    this.outbox.flush();
    this.change();
  }

  _linkChanged() {
    this.change();
  }

  async _readCoverage() {
    if (!this.link.connected) return;
    try {
      const status = await this.session.get("/status");
      this.coverage = Array.isArray(status.sensors) ? status.sensors : null;
      this.change();
    } catch {
      // the last answer stays; the watch's state comes by the beats
    }
  }

  // ---- alerts ------------------------------------------------------------------------------

  get now() {
    return this.clock.now();
  }

  heldIds() {
    return this.openAlerts().map((r) => r.alert_id);
  }

  ordered() {
    return inOrder(this.alerts.values(), this.now);
  }

  openAlerts() {
    return this.ordered().filter((r) => phase(r, this.now) !== "ended");
  }

  /** What needs eyes: open alerts, and ended ones not yet closed by the person. */
  pressing() {
    return this.ordered().filter((r) => !r.closed);
  }

  shownAlert() {
    return this.alerts.get(this.alertId) ?? null;
  }

  async _loadAlerts() {
    for (const record of await this.alertStore.all().catch(() => [])) this.alerts.set(record.alert_id, record);
    const [first] = this.openAlerts();
    if (first) this._show(first);
  }

  _alert(alert) {
    // A watch officer's socket carries everybody's alerts; this page shows its owner's.
    const held = this.alerts.get(alert.alert_id);
    if (!held && (alert.msg_type === "cancel" || alert.person_id !== this.person?.person_id)) return;
    const { record, changed, rings } = receive(held, alert, this.now);
    this._keep(record);
    if (changed) this._present(record, { rings, held });
    for (const id of stale(this.alerts.values(), this.now)) this._forget(id);
    this.change();
  }

  _present(record, { rings, held }) {
    const ended = phase(record, this.now) === "ended";
    if (rings) {
      const top = this.shownAlert();
      const [first] = this.openAlerts();
      const outranked = first.alert_id !== record.alert_id;
      // A drill must not drown the real thing: it waits as a row below it.
      if (!outranked || this.view !== "alert" || top === null) this._show(first);
      if (!outranked) this.siren.ring(record.alert.tier, record.alert.mark);
    } else if (ended && held) {
      const nobodyElse = !this.openAlerts().some((r) => r.alert.tier >= 2);
      if (nobodyElse) this.siren.stop();
      if (held.worstTier >= 2 || this.alertId === record.alert_id) {
        if (nobodyElse) this.siren.ring(0, record.alert.mark);
        if (this.view === "home" && nobodyElse) this._show(record);
      }
    }
    if (rings || ended) this.dispatchEvent(new CustomEvent("shout", { detail: record }));
  }

  _show(record) {
    this.takeoverAt = performance.now();
    if (this.view !== "alert") this.before = this.view;
    this.alertId = record.alert_id;
    this.view = "alert";
  }

  openAlert(alert_id) {
    this.alertId = alert_id;
    this.view = "alert";
    this.change();
  }

  /** The view calls this once an alert's revision is really before somebody's eyes. */
  displayed(alert_id) {
    const record = this.alerts.get(alert_id);
    if (!record?.owesDelivered || record.alert.msg_type === "cancel") return;
    this._keep({ ...record, owesDelivered: false });
    this.acks.add({ alert_id, revision: record.alert.revision, kind: "delivered" });
  }

  /** kind: "seen" or "safe". */
  answer(kind) {
    const record = this.shownAlert();
    if (!record || this.guarded()) return;
    this._keep({ ...record, ackedMs: { ...record.ackedMs, [kind]: this.now } });
    this.acks.add({ alert_id: record.alert_id, revision: record.alert.revision, kind });
    // Nothing more to do for the lowest tier: back to what the person was doing, the card stays.
    if (record.alert.tier <= 1) this.go(this.before ?? "home");
    this.change();
  }

  guarded() {
    return performance.now() - this.takeoverAt < GUARD_MS;
  }

  /** True once the server has this answer on record. */
  told(record, kind) {
    return Boolean(record.told?.[kind] || record.alert.reached?.[`${kind}_ms`]) && !this.acks.waiting(record.alert_id, kind);
  }

  _acked({ alert_id, kind }) {
    const record = this.alerts.get(alert_id);
    if (!record) return;
    this._keep({ ...record, told: { ...record.told, [kind]: true } });
    this.change();
  }

  closeAlert() {
    const record = this.shownAlert();
    for (const one of this.pressing()) {
      if (phase(one, this.now) === "ended") this._keep({ ...one, closed: true });
    }
    const next = this.openAlerts().find((r) => r.alert_id !== record?.alert_id);
    if (next) return this.openAlert(next.alert_id);
    return this.go("home");
  }

  _keep(record) {
    this.alerts.set(record.alert_id, record);
    this.alertStore.put(record).catch(() => {});
  }

  _forget(alert_id) {
    this.alerts.delete(alert_id);
    this.alertStore.delete(alert_id).catch(() => {});
  }

  // ---- reports -----------------------------------------------------------------------------

  /** sense: "seen" or "heard". The bearing is the one at the press, before the thumb shook it. */
  report(sense) {
    const aim = this.compass.at(performance.now());
    const fix = this.place.now();
    const body = sighting({ report_id: crypto.randomUUID(), sense, aim, fix });
    this.place.ask();
    this.compass.ask();
    navigator.vibrate?.(60);
    this.reportId = body.report_id;
    this.chips.set(body.report_id, new Set());
    this.view = "sent";
    setTimeout(() => this.change(), SLOW_MS);
    return this.outbox.add(body);
  }

  shownReport() {
    return this.outbox.get(this.reportId);
  }

  chipsOf(root) {
    return this.chips.get(root) ?? new Set();
  }

  chip(id) {
    const entry = this.shownReport();
    if (!entry) return;
    this.chips.set(entry.root, toggled(this.chipsOf(entry.root), id));
    this._refine(entry);
  }

  /** index: 0 north, 1 north-east, ... */
  point(index) {
    const entry = this.shownReport();
    if (entry) this._refine(entry, { bearing: bearingOfPoint(index) });
  }

  skipPoint(root) {
    this.skipped.add(root);
    this.change();
  }

  _refine(entry, more = {}) {
    const chips = this.chipsOf(entry.root);
    const report_id = crypto.randomUUID();
    const { sense } = entry.body;
    // The time stays that of the first press: what was seen was seen then.
    const when = { deviceMs: entry.deviceMs, offsetMs: entry.offsetMs };
    return this.outbox.add(refinement({ report_id, root: entry.root, sense, chips, ...more }), when);
  }

  /** The refinements of a report, oldest first. */
  refinements(root) {
    return this.outbox.list().filter((e) => e.root === root && e.report_id !== root).sort((a, b) => a.pressedMs - b.pressedMs);
  }

  async undo() {
    const entry = this.shownReport();
    if (!entry) return;
    const parts = [...this.refinements(entry.root), entry];
    for (const part of parts) await this.outbox.discard(part.report_id);
    if (!this.outbox.get(entry.report_id)) return this.go("home");
    const body = withdrawal({ report_id: crypto.randomUUID(), root: entry.root, sense: entry.body.sense });
    await this.outbox.add(body, { deviceMs: entry.deviceMs, offsetMs: entry.offsetMs });
    return this.change();
  }

  /** A receiver often needs some seconds for its first position; the report did not wait. */
  _completeWithPosition() {
    const fix = this.place.now();
    const entry = this.shownReport();
    if (!fix || !entry || entry.body.position || entry.completed) return;
    if (this.clock.wall() - entry.pressedMs > LATE_FIX_MS) return;
    entry.completed = true;
    this._refine(entry, { position: positionOf(fix) });
  }

  /** The bearing that counts now: told by hand, or measured. */
  bearingNow(entry) {
    const told = this.refinements(entry.root).filter((e) => e.body.bearing).at(-1);
    return told?.body.bearing ?? entry.body.bearing;
  }

  positionNow(entry) {
    return this.refinements(entry.root).find((e) => e.body.position)?.body.position ?? entry.body.position;
  }

  withdrawn(entry) {
    return this.refinements(entry.root).some((e) => e.body.withdrawn);
  }

  isSlow(entry) {
    return this.clock.wall() - entry.pressedMs > SLOW_MS || !this.link.connected;
  }

  // ---- on watch ----------------------------------------------------------------------------

  async toggleWatch() {
    this.onWatch = !this.onWatch;
    write("onWatch", this.onWatch ? "1" : "0");
    this.compass.ask();
    if (this.onWatch) this.place.ask();
    await Promise.all([this.wake.set(this.onWatch), this.siren.unlock()]);
    this._tellOnWatch();
    this._sendPosition();
    this.change();
  }

  /** The loudest pattern, marked as a drill, for one moment. */
  async testSiren() {
    await this.siren.unlock();
    this.siren.ring(3, "exercise");
    const test = this.siren.ringing;
    setTimeout(() => {
      if (this.siren.ringing === test) this.siren.stop(); // never a real one that began since
    }, 4_000);
  }

  /** "on": rings for certain while on watch; "screen": rings if this page is open; "off". */
  sirenTruth() {
    if (!this.siren.unlocked) return "off";
    return this.onWatch && this.wake.held ? "on" : "screen";
  }

  _tellOnWatch() {
    const on = this.onWatch;
    const siren = this.siren.unlocked;
    const said = `${on}/${siren}`;
    if (this.toldOnWatch !== said && this.link.send({ t: "on_watch", on, siren })) this.toldOnWatch = said;
  }

  setSharePosition(on) {
    this.sharePosition = on;
    write("sharePosition", on ? "1" : "0");
    if (on) this.place.ask();
    this._sendPosition();
    this.change();
  }

  /** Only while on watch and only when shared. */
  _sendPosition() {
    if (!this.onWatch || !this.sharePosition) return;
    const fix = this.place.now();
    const position = positionOf(fix);
    if (!position || fix.timestampMs === this.sentFixMs) return;
    const t_ms = Math.round(this.now - fix.ageMs);
    if (this.link.send({ t: "position", t_ms, ...position })) this.sentFixMs = fix.timestampMs;
  }

  // ---- moving about ------------------------------------------------------------------------

  go(view) {
    this.view = view;
    this.change();
  }

  openReport(report_id) {
    this.reportId = report_id;
    this.go("sent");
  }

  /** Any press or key: stops the siren, and lets the browser allow sound from now on. */
  pressed() {
    this.siren.unlock();
    if (this.siren.ringing && !this.guarded()) this.siren.stop();
  }
}

const PREFIX = "vigia.";

function read(key) {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return null;
  }
}

function readJson(key) {
  try {
    return JSON.parse(read(key));
  } catch {
    return null;
  }
}

function write(key, value) {
  try {
    localStorage.setItem(PREFIX + key, value);
  } catch {
    // switched off: the choice lasts as long as the page
  }
}
