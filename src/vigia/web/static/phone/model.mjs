// Socket, outbox, sensors and presses -> the one state the views draw. No markup here.

import { AckBox } from "../core/acks.mjs";
import { Clock } from "../core/clock.mjs";
import { MemoryStore, STORES, Store } from "../core/db.mjs";
import { onLanguage, preferredLanguage, setLanguage } from "../core/i18n.mjs";
import { Outbox } from "../core/outbox.mjs";
import { Push } from "../core/push.mjs";
import { session } from "../core/session.mjs";
import { Link } from "../core/socket.mjs";
import { Aid } from "./aid.mjs";
import { Bulletins } from "./bulletins.mjs";
import { Hold } from "./hold.mjs";
import { Kit } from "./kit.mjs";
import { Quiet } from "./quiet.mjs";
import { positionOf } from "./report.mjs";
import { Reports } from "./reports.mjs";
import { Compass, Place, WakeLock } from "./sensors.mjs";
import { Siren } from "./siren.mjs";
import { Warnings } from "./warnings.mjs";

const COVERAGE_MS = 30_000;
const NEAR_MS = 660_000;
const POSITION_MS = 5_000; // on watch, at most this often

/** @typedef {{kind: string, state: string}} SensorState */

/** Events: "change" (draw again), "shout" (detail: the warning a screen reader says at once). */
export class Model extends EventTarget {
  constructor({ db = true } = {}) {
    super();
    /** @param {keyof typeof STORES} name @returns {Phone.Store<any>} */
    const store = (name) => (db ? new Store(name) : new MemoryStore(STORES[name]));
    this.device = /** @type {Phone.DeviceStore} */ (store("device"));
    this.session = session;
    this.clock = new Clock();
    this.acks = new AckBox({
      store: store("acks"),
      clock: this.clock,
      send: () => {},
      sign: (text) => session.sign(text),
    });
    this.outbox = new Outbox({ store: store("outbox"), session, clock: this.clock });
    this.siren = new Siren();
    this.compass = new Compass();
    this.place = new Place();
    this.wake = new WakeLock();
    this.push = new Push({ session });
    this.warnings = new Warnings(this, store("alerts"));
    this.reports = new Reports(this);
    this.aid = new Aid(this);
    this.bulletins = new Bulletins(this, this.device);
    this.kit = new Kit(this, this.device);
    this.hold = new Hold();
    this.quiet = new Quiet(this);
    const held = () => this.warnings.heldIds();
    this.link = new Link({ session, clock: this.clock, acks: this.acks, held });
    /** @type {Wire.Person | null} */
    this.person = null;
    /** @type {boolean | null} */
    this.enrolled = null; // null: not known yet
    this.mode = /** @type {Wire.Mark} */ (read("mode") ?? "actual");
    /** @type {Wire.Post[]} */
    this.posts = [];
    /** @type {{lat_deg: number, lon_deg: number} | null} the middle of the watched area */
    this.origin = null;
    this.dangerRadiusM = 0;
    this.groundCall = read("groundCall") ?? ""; // whom to call about a drone on the ground
    /** @type {SensorState[] | null} */
    this.coverage = null; // null: not known
    /** @type {Wire.Cover | null} */
    this.cover = null; // how the place where this person is is watched; null: not said
    /** @type {string | null} what the server was told of the siren, and the fix it has */
    this.toldOnWatch = null;
    /** @type {number | null} */
    this.sentFixMs = null;
    this.view = "home";
    this.onWatch = read("onWatch") === "1";
    this.sharePosition = read("sharePosition") === "1";
  }

  async start() {
    const device = await this.session.device().catch(() => null);
    this.enrolled = device !== null;
    this.person = device?.person ?? readJson("person");
    await setLanguage(preferredLanguage(this.person?.lang), { keep: false });
    this._wire();
    if (this.onWatch) this.quiet.load();
    this.compass.start();
    this.place.start();
    if (this.onWatch) {
      this.wake.set(true);
      this.siren.unlock(); // an installed page may sound without a press; where not, the line says so
    }
    const aid = [this.bulletins.load(), this.kit.load()];
    await Promise.all([this.acks.load().catch(() => {}), this.warnings.load(), ...aid]);
    this.kit.hashCard().catch(() => {});
    this.warnings.want(wantedAlert());
    this.link.start(); // a session cookie alone is enough; without both the page says so
    this.outbox.start().catch(() => {});
    setInterval(() => this._readCoverage(), COVERAGE_MS);
    setInterval(() => this.link.connected && this.kit.fetch(), NEAR_MS);
    setInterval(() => this._sendPosition(), POSITION_MS);
    setInterval(() => this.quiet.look(), COVERAGE_MS);
    this.change();
  }

  change() {
    this.dispatchEvent(new Event("change"));
  }

  // ---- what the server says ----------------------------------------------------------------

  _wire() {
    /** @param {string} name @param {(message: any) => void} act a message as in docs/web-protocol.md */
    const on = (name, act) =>
      this.link.addEventListener(name, (event) => act(/** @type {CustomEvent} */ (event).detail));
    on("hello", (m) => this._hello(m));
    on("alert", (m) => this.warnings.take(m.alert));
    on("placed", (m) => this.outbox.placed(m));
    on("cover", (m) => this._covered(m));
    on("bulletins", (m) => this.bulletins.fetch({ again: m.again === true }));
    on("state", () => this.change());
    on("watch", () => this.change());
    on("acked", (m) => this.warnings.acked(m));
    for (const source of [this.siren, this.place, this.wake]) {
      source.addEventListener("change", () => {
        this._tellOnWatch();
        this.change();
      });
    }
    this.place.addEventListener("change", () => {
      this.reports.completeWithPosition();
      this.aid.completeWithPosition();
    });
    this.hold.addEventListener("change", () => this.change());
    this.outbox.addEventListener("change", () => this.change());
    this.push.addEventListener("change", () => this.change());
    onLanguage((lang) => this.device.put({ what: "lang", lang }).catch(() => {})); // for the worker
    navigator.serviceWorker?.addEventListener("message", (event) => this._worker(event));
  }

  /** @param {Wire.Hello} message */
  _hello(message) {
    this.person = message.person ?? this.person;
    this.enrolled = true;
    this.posts = message.posts ?? [];
    this.mode = message.mode ?? this.mode;
    this.origin = message.origin ?? null;
    this.dangerRadiusM = message.danger_radius_m ?? 0;
    this.groundCall = message.ground_call ?? "";
    write("groundCall", this.groundCall);
    write("mode", this.mode);
    write("unit", this.unit());
    write("person", JSON.stringify(this.person)); // who this is, when the next start has no network
    for (const alert of message.alerts ?? []) this.warnings.take(alert);
    this._covered(message.cover?.[0] ?? null);
    this.toldOnWatch = null;
    this._tellOnWatch();
    this._sendPosition();
    this._readCoverage();
    this.outbox.flush();
    this.bulletins.fetch();
    this.kit.fetch();
    this.push.look();
    this.change();
  }

  /** What the service worker tells or asks: reports went out, a press on a notification, a push.
   * @param {MessageEvent} event */
  _worker({ data, ports }) {
    if (data?.outbox) this.outbox.reload();
    if (data?.acks) this.acks.load().catch(() => {});
    if (data && "open" in data) this.warnings.want(data.open);
    if (data?.push) ports[0]?.postMessage({ shown: this.warnings.holds(data.push) });
  }

  /** WATCH LOST for this person: the phone shakes once, and the first screen says so. @param {Wire.Cover | null} cover */
  _covered(cover) {
    const lost = cover?.watched === "lost" && this.cover?.watched !== "lost";
    this.cover = cover;
    if (lost) navigator.vibrate?.([200, 100, 200]);
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

  get now() {
    return this.clock.now();
  }

  /** @param {"seen" | "heard"} sense */
  report(sense) {
    return this.reports.press(sense);
  }

  /** The post this person belongs to, by name; also when this start has no network yet. */
  unit() {
    const id = this.person?.post_id;
    const post = id ? this.posts.find((p) => p.post_id === id) : null;
    return post?.name ?? (id ? (read("unit") ?? "") : "");
  }

  /** The post this person belongs to; null: none, or not known in this start yet. */
  ownPost() {
    return this.posts.find((p) => p.post_id === this.person?.post_id) ?? null;
  }

  /** What a screen reader says at once. @param {Phone.Held} record */
  shout(record) {
    this.dispatchEvent(new CustomEvent("shout", { detail: record }));
  }

  // ---- on watch ----------------------------------------------------------------------------

  async toggleWatch() {
    this.onWatch = !this.onWatch;
    if (!this.onWatch) this.quiet.end(); // loud again: quiet is of one shift
    write("onWatch", this.onWatch ? "1" : "0");
    this.compass.ask();
    if (this.onWatch) {
      this.place.ask();
      this.push.ask();
    }
    await Promise.all([this.wake.set(this.onWatch), this.siren.unlock()]);
    this._tellOnWatch();
    this._sendPosition();
    this.change();
  }

  /** In hiding, from now until the end of the shift; who is not on watch goes on watch. */
  async toggleQuiet() {
    if (this.quiet.on) this.quiet.end();
    else {
      this.quiet.begin();
      if (!this.onWatch) await this.toggleWatch();
    }
    this._tellOnWatch();
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

  /**
   * "on": rings for certain while on watch; "screen": rings if this page is open; "off"; in hiding
   * "quiet": shakes, "earphone": and soft tones, "still": this phone can do neither.
   */
  sirenTruth() {
    if (this.quiet.on) {
      if (this.siren.volume === "earphone" && this.siren.unlocked) return "earphone";
      return this.quiet.canShake ? "quiet" : "still";
    }
    if (!this.siren.unlocked) return "off";
    return this.onWatch && this.wake.held ? "on" : "screen";
  }

  _tellOnWatch() {
    const on = this.onWatch;
    const quiet = this.quiet.on && this.quiet.canShake;
    const siren = this.siren.unlocked && !this.quiet.on;
    const said = `${on}/${siren}/${quiet}`;
    if (this.toldOnWatch !== said && this.link.send({ t: "on_watch", on, siren, quiet }))
      this.toldOnWatch = said;
  }

  /** @param {boolean} on */
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
    if (!fix || !position || fix.timestampMs === this.sentFixMs) return;
    const t_ms = Math.round(this.now - fix.ageMs);
    if (this.link.send({ t: "position", t_ms, ...position })) this.sentFixMs = fix.timestampMs;
  }

  // ---- moving about ------------------------------------------------------------------------

  /** @param {string} view */
  go(view) {
    this.view = view;
    this.change();
  }

  /** @param {string} report_id */
  openReport(report_id) {
    this.reports.shownId = report_id;
    this.go("sent");
  }

  /** Any press or key: stops the siren, and lets the browser allow sound from now on. */
  pressed() {
    this.siren.unlock();
    if (this.siren.ringing && !this.warnings.guarded()) this.siren.stop();
  }
}

/** The alert a notification was pressed for, when the press opened this page. */
function wantedAlert() {
  const found = /^#alert=(.+)$/.exec(location.hash);
  if (!found) return null;
  history.replaceState(null, "", location.pathname);
  return decodeURIComponent(found[1]);
}

const PREFIX = "vigia.";

/** @param {string} key */
function read(key) {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return null;
  }
}

/** @param {string} key */
function readJson(key) {
  try {
    return JSON.parse(read(key) ?? "null");
  } catch {
    return null;
  }
}

/** @param {string} key @param {string} value */
function write(key, value) {
  try {
    localStorage.setItem(PREFIX + key, value);
  } catch {
    // switched off: the choice lasts as long as the page
  }
}
