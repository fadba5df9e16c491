// Reports -> the server, surely and once: on disk first, sent at once, again until received.

import { DOORS, doorOf, withTimes } from "./doors.mjs";

const REPORTS_MAX = 200; // kept; received ones go first, then the oldest refused
const KEEP_MS = 24 * 3600 * 1000; // a received report stays on the list so long
const EVERY_MS = 10_000;

/**
 * An entry: {report_id, door, root, body, deviceMs, offsetMs, state, tries, receivedMs, why, placed}.
 * door: which of the server's doors it goes to (doors.mjs); none: a sighting.
 * state: "waiting" (on this device only), "warned" (counts for warnings, not yet on record),
 * "received" (committed), "refused" (the server will never take it).
 *
 * Events: "change" with the entry. deviceMs is the press on the device's wall clock; the time
 * sent is corrected by the offset known then or, if the phone was offline, by the one known now.
 *
 * @typedef {Pick<import('./session.mjs').Session, "postSigned"> & Partial<Pick<import('./session.mjs').Session, "me">>} Sender
 * @typedef {(act: () => Promise<void>) => Promise<unknown>} Lock
 */
export class Outbox extends EventTarget {
  /**
   * @param {{store: Phone.Store<Phone.Entry>, session: Sender, clock: import('./clock.mjs').Clock,
   *   lock?: Lock}} parts
   */
  constructor({ store, session, clock, lock = webLock }) {
    super();
    this.store = store;
    this.session = session;
    this.clock = clock;
    this.lock = lock;
    /** @type {Map<string, Phone.Entry>} */
    this.entries = new Map();
    /** @type {Promise<unknown> | null} */
    this.sending = null;
    this.again = false;
  }

  /** Reads what an earlier page left and starts to send it. */
  async start() {
    for (const entry of await this.store.all()) {
      if (!this.entries.has(entry.report_id)) this.entries.set(entry.report_id, entry);
    }
    this.tidy();
    globalThis.addEventListener?.("online", () => this.flush());
    globalThis.document?.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.reload().then(() => this.flush());
    });
    this.timer = setInterval(() => this.flush(), EVERY_MS);
    this.dispatchEvent(new CustomEvent("change", { detail: null }));
    return this.flush();
  }

  stop() {
    clearInterval(this.timer);
  }

  /** Newest first. */
  list() {
    return [...this.entries.values()].sort((a, b) => b.deviceMs - a.deviceMs);
  }

  /** @param {string | null} report_id */
  get(report_id) {
    return (report_id !== null && this.entries.get(report_id)) || null;
  }

  waiting() {
    return this.list().filter(isOwed);
  }

  /**
   * Stores, then sends. Resolves when the report is on disk (saved: true) or storage refused
   * (saved: false; it is sent all the same); the outcome comes as "change".
   * @param {Phone.Body} body @param {Phone.Where} [where] a sighting names itself
   */
  async add(body, { deviceMs = this.clock.wall(), offsetMs = this.clock.offsetMs, ...where } = {}) {
    const own = "report_id" in body ? body : null;
    const report_id = where.report_id ?? own?.report_id;
    if (!report_id) throw new Error("outbox: an entry without an id");
    /** @type {Phone.Entry} */
    const entry = {
      report_id,
      door: where.door ?? "sighting",
      root: where.root ?? own?.refines ?? report_id,
      body,
      deviceMs,
      offsetMs,
      pressedMs: this.clock.wall(),
      state: "waiting",
      tries: 0,
      receivedMs: null,
      why: null,
      saved: false,
      placed: null,
    };
    this.entries.set(entry.report_id, entry);
    try {
      await this.store.put({ ...entry, saved: true });
      entry.saved = true;
    } catch {
      // private window or full disk: the page says "not saved" and still tries to send
    }
    this._tell(entry);
    globalThis.navigator?.serviceWorker?.ready
      ?.then((worker) => /** @type {Syncing} */ (worker).sync?.register("vigia-outbox"))
      .catch(() => {}); // only some browsers have it; the timer does the work elsewhere
    this.tidy();
    this.flush();
    return entry;
  }

  /** Forgets a report that never left this device. False: it may have, withdraw it instead. @param {string} report_id */
  async discard(report_id) {
    const entry = this.entries.get(report_id);
    if (!entry || entry.tries > 0 || entry.state !== "waiting") return false;
    this.entries.delete(report_id);
    await this.store.delete(report_id);
    this._tell(null);
    return true;
  }

  /** What became of it ("placed" on the socket). @param {Wire.Placed} said */
  placed({ report_id, track_id, track_number, confirmed = false, warned = 0, verdict = null }) {
    const entry = this.entries.get(report_id);
    if (!entry) return;
    entry.placed = { track_id, track_number, confirmed, warned, verdict };
    this._save(entry);
  }

  /** Another page or the service worker may have sent some. */
  async reload() {
    const stored = await this.store.all().catch(() => /** @type {Phone.Entry[]} */ ([]));
    for (const entry of stored) {
      const mine = this.entries.get(entry.report_id);
      if (!mine || (isOwed(mine) && !isOwed(entry))) {
        this.entries.set(entry.report_id, entry);
        this._tell(entry);
      }
    }
  }

  /**
   * Sends all that is owed, one run at a time; a press during a run starts another.
   * @returns {Promise<unknown>}
   */
  flush() {
    if (this.sending) {
      this.again = true;
      return this.sending;
    }
    this.sending = this.lock(() => this._flush())
      .catch(() => {})
      .finally(() => {
        this.sending = null;
        if (!this.again) return undefined;
        this.again = false;
        return this.flush();
      });
    return this.sending;
  }

  async _flush() {
    if (this.waiting().length) await this._learnTime();
    const shut = new Set(); // doors that take nothing now: they must not hold up the others
    for (const entry of sendingOrder(this.list().filter(isOwed))) {
      if (!this.entries.has(entry.report_id) || shut.has(doorOf(entry))) continue;
      const outcome = await this._send(entry);
      if (outcome === "away") return;
      if (outcome === "shut") shut.add(doorOf(entry));
      if (this.again) return; // something new was pressed: it goes before the backlog
    }
  }

  /** A report pressed without a network gets its true time only by an offset: ask for one first. */
  async _learnTime() {
    if (this.clock.known || !this.session.me) return;
    const sentMs = this.clock.wall();
    const me = await this.session.me().catch(() => null);
    if (me) this.clock.sample({ sentMs, receivedMs: this.clock.wall(), serverMs: me.server_ms });
  }

  /** "done", "shut" (this door takes nothing now) or "away" (no use to try the others). @param {Phone.Entry} entry */
  async _send(entry) {
    entry.tries += 1;
    const door = DOORS[doorOf(entry)];
    const t_ms = this.clock.correct(entry.deviceMs, entry.offsetMs);
    try {
      const body = { .../** @type {object} */ (withTimes(entry.body, this.clock)), t_ms };
      const answer = await this.session.postSigned(door.path(entry), body);
      if (answer?.received !== true) throw Object.assign(new Error("no receipt"), { status: 0 });
      // Only now: committed on the server.
      entry.state = "received";
      entry.receivedMs = this.clock.wall();
      entry.sentMs = t_ms;
    } catch (thrown) {
      const error = /** @type {import('./session.mjs').ApiError} */ (thrown);
      if (error.body?.warned === true) entry.state = "warned";
      else if (door.refusals.includes(error.status)) {
        entry.state = "refused";
        entry.why = error.message;
      }
      this._save(entry);
      if (entry.state === "refused") return "done";
      return !error.status || error.status === 401 ? "away" : "shut";
    }
    this._save(entry);
    return "done";
  }

  /** Keeps the list bounded; what is still owed is never dropped before what is not. */
  tidy() {
    const old = this.clock.wall() - KEEP_MS;
    for (const entry of this.list().reverse()) {
      const done = !isOwed(entry);
      if ((done && entry.deviceMs < old) || (done && this.entries.size > REPORTS_MAX))
        this._forget(entry);
    }
    for (const entry of this.list().reverse()) {
      if (this.entries.size <= REPORTS_MAX) break;
      this._forget(entry); // two hundred unsent reports: the oldest has lost its worth
    }
  }

  /** @param {Phone.Entry} entry */
  _forget(entry) {
    this.entries.delete(entry.report_id);
    this.store.delete(entry.report_id).catch(() => {});
  }

  /** @param {Phone.Entry} entry */
  _save(entry) {
    if (!this.entries.has(entry.report_id)) return;
    this.store.put(structuredClone(entry)).catch(() => {});
    this._tell(entry);
  }

  /** @param {Phone.Entry | null} entry */
  _tell(entry) {
    this.dispatchEvent(new CustomEvent("change", { detail: entry }));
  }
}

/** Background Sync, which not every browser has. @typedef {{sync?: {register(tag: string): Promise<void>}}} Syncing */

/** @param {{state: string}} entry */
export const isOwed = (entry) => entry.state === "waiting" || entry.state === "warned";

/**
 * What warns or calls for help goes before what can wait; of it the newest is worth most; what
 * refines it comes after it, never before.
 * @param {Phone.Entry[]} entries
 */
export function sendingOrder(entries) {
  /** @type {Map<string, Phone.Entry[]>} */
  const byRoot = new Map();
  for (const entry of entries) {
    const group = byRoot.get(entry.root);
    if (group) group.push(entry);
    else byRoot.set(entry.root, [entry]);
  }
  const born = (/** @type {Phone.Entry[]} */ group) => Math.min(...group.map((e) => e.pressedMs));
  return [...byRoot.values()]
    .sort((a, b) => rank(a[0]) - rank(b[0]) || born(b) - born(a))
    .flatMap((group) => group.sort(rootFirst));
}

/** @param {Phone.Entry} entry */
const rank = (entry) => DOORS[doorOf(entry)].rank;

/** @param {Phone.Entry} a @param {Phone.Entry} b */
function rootFirst(a, b) {
  const first = Number(a.report_id !== a.root) - Number(b.report_id !== b.root);
  return first || a.pressedMs - b.pressedMs;
}

/** One sender at a time among pages and the service worker; where locks are missing, none. @type {Lock} */
function webLock(act) {
  const locks = globalThis.navigator?.locks;
  return locks ? locks.request("vigia-outbox", act) : act();
}
