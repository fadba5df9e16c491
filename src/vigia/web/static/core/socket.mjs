// The WebSocket -> events for the page; finds a dead link in seconds and comes back by itself.

const BEAT_LOST_MS = 5_000; // no beat for so long: WATCH LOST
const SILENT_MS = 6_000; // nothing at all on an open socket: it is dead, make another
const OPEN_MS = 4_000; // a connection attempt takes no longer
const RETRY_MAX_MS = 2_000;
const PING_MS = 4_000;
const REPEAT_MS = 3_000;
const LOOK_MS = 250;
const FIRST_PINGS = 3;

/**
 * Events: "state" (connected or not), "watch" (what the watch is worth now), "message", and one
 * named after each message's `t`; the message is `event.detail`. "frame": bytes that came.
 *
 *   const link = new Link({ session, clock, acks, held: () => [...alertIds] });
 *   link.addEventListener("alert", (e) => show(e.detail.alert));
 *   link.start();
 *
 * @typedef {{state: Wire.WatchWord | "connecting", why: string | null, sinceMs: number | null}} WatchWorth
 * @typedef {{t: string, [more: string]: unknown}} ToServer
 */
export class Link extends EventTarget {
  /**
   * @param {{session: Pick<import('./session.mjs').Session, "me">, clock: import('./clock.mjs').Clock,
   *   held?: () => string[], acks?: import('./acks.mjs').AckBox | null, url?: string, now?: () => number}} parts
   */
  constructor({
    session,
    clock,
    held = () => [],
    acks = null,
    url = socketUrl(),
    now = () => performance.now(),
  }) {
    super();
    this.session = session;
    this.clock = clock;
    this.held = held;
    this.acks = acks;
    this.url = url;
    this.now = now;
    if (acks) acks.send = (message) => this.send(message);
    /** @type {WebSocket | null} */
    this.socket = null;
    this.connected = false;
    this.connecting = false;
    this.stopped = false;
    /** @type {ReturnType<typeof setInterval>[]} */
    this.timers = [];
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.retry = undefined;
    /** @type {import('./session.mjs').ApiError | null} */
    this.refused = null; // the ApiError when the device is not, or no longer, welcome
    this.tries = 0;
    /** @type {Map<number, number>} */
    this.pings = new Map();
    this.pingNumber = 0;
    this.startedAt = now();
    /** @type {number | null} */
    this.wordAt = null; // any message
    /** @type {number | null} */
    this.beatAt = null;
    /** @type {Wire.Beat | null} */
    this.beat = null;
    /** @type {WatchWorth} */
    this.watchState = { state: "connecting", why: null, sinceMs: null };
  }

  start() {
    this.startedAt = this.now();
    this.timers = [
      setInterval(() => this._look(), LOOK_MS),
      setInterval(() => this._ping(), PING_MS),
      setInterval(() => this.acks?.repeat(), REPEAT_MS),
    ];
    globalThis.addEventListener?.("online", () => this.retryNow());
    globalThis.document?.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.retryNow();
    });
    this._connect();
  }

  stop() {
    this.timers.forEach((timer) => clearInterval(timer));
    clearTimeout(this.retry);
    this.stopped = true;
    this.socket?.close();
  }

  /** False when there is no open socket; the caller keeps what matters. @param {ToServer} message */
  send(message) {
    if (!this.connected || !this.socket) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  /** Milliseconds since the server last said anything; null: never on this page. */
  get wordAgeMs() {
    return this.wordAt === null ? null : this.now() - this.wordAt;
  }

  retryNow() {
    if (this.connected || this.stopped || this.connecting) return;
    clearTimeout(this.retry);
    this._connect();
  }

  async _connect() {
    if (this.connecting || this.stopped) return;
    this.connecting = true;
    try {
      // A browser hides why a socket was refused, so the session is proved by HTTP first.
      await this.session.me();
      this.refused = null;
    } catch (error) {
      this.connecting = false;
      const failed = /** @type {import('./session.mjs').ApiError} */ (error);
      const refused = failed.status === 401 || failed.status === 403 ? failed : null;
      if (refused?.status !== this.refused?.status) {
        this.refused = refused;
        this._tell("state", this.connected);
      }
      return this._later();
    }
    if (this.stopped) return;
    const socket = new WebSocket(this.url);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    const giveUp = setTimeout(() => socket.close(), OPEN_MS);
    socket.onopen = () => {
      clearTimeout(giveUp);
      this._opened();
    };
    socket.onmessage = (event) => {
      if (socket === this.socket) this._received(event.data);
    };
    socket.onclose = () => {
      clearTimeout(giveUp);
      if (socket === this.socket) this._closed();
    };
  }

  _opened() {
    this.connecting = false;
    this.connected = true;
    this.wordAt = this.now();
    this.send({ t: "holds", alert_ids: this.held() });
    for (let i = 0; i < FIRST_PINGS; i++) setTimeout(() => this._ping(), i * 150);
    this._tell("state", true);
  }

  _closed() {
    const was = this.connected;
    this.connecting = false;
    this.connected = false;
    this.socket = null;
    this.pings.clear();
    if (was) this._tell("state", false);
    this._later();
  }

  _later() {
    if (this.stopped) return;
    const ceiling = Math.min(RETRY_MAX_MS, 200 * 2 ** this.tries++);
    clearTimeout(this.retry);
    // jitter: ten thousand phones must not come back in the same instant
    this.retry = setTimeout(() => this._connect(), ceiling * (0.5 + Math.random() / 2));
  }

  /** Text is a message; bytes are a picture in columns, which the page reads when it wants to.
   * @param {string | ArrayBuffer} text */
  _received(text) {
    if (text instanceof ArrayBuffer) {
      this.wordAt = this.now();
      this._tell("frame", text);
      return this._look();
    }
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return; // not ours to crash on; the beat will tell if the server is broken
    }
    this.wordAt = this.now();
    this.tries = 0;
    if (message.t === "hello") {
      this.clock.hint(message.server_ms);
      this._heardBeat(message.watch);
      this.acks?.repeat();
    } else if (message.t === "beat") {
      this._heardBeat(message);
    } else if (message.t === "pong") {
      this._pong(message);
    } else if (message.t === "acked") {
      this.acks?.acked(message);
    }
    this._tell(message.t, message);
    this._tell("message", message);
    this._look();
  }

  /** @param {Wire.Beat | null | undefined} beat */
  _heardBeat(beat) {
    if (!beat) return;
    this.beat = beat;
    this.beatAt = this.now();
  }

  _ping() {
    if (!this.connected) return;
    const n = ++this.pingNumber;
    this.pings.set(n, this.clock.wall());
    const [oldest] = this.pings.keys();
    if (this.pings.size > 8) this.pings.delete(oldest);
    this.send({ t: "ping", n });
  }

  /** @param {Wire.Pong} pong */
  _pong({ n, server_ms }) {
    const sentMs = this.pings.get(n);
    if (sentMs === undefined) return;
    this.pings.delete(n);
    this.clock.sample({ sentMs, receivedMs: this.clock.wall(), serverMs: server_ms });
  }

  _look() {
    if (this.clock.checkStep()) this._ping();
    if (this.connected && (this.wordAgeMs ?? 0) > SILENT_MS) {
      const dead = this.socket;
      this._closed(); // a half-open socket may take minutes to notice its own close
      dead?.close();
    }
    const next = watchWorth({
      beat: this.beat,
      beatAgeMs: this.beatAt === null ? null : this.now() - this.beatAt,
      aliveMs: this.now() - this.startedAt,
    });
    const last = this.watchState;
    this.watchState = next;
    if (next.state !== last.state || next.why !== last.why) this._tell("watch", next);
  }

  /** @param {string} name @param {unknown} detail */
  _tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/**
 * What the watch is worth to this page. state: connecting, starting, ready, degraded or lost.
 * why: "link" when nothing was heard, else the server's own word.
 * @param {{beat: Wire.Beat | null, beatAgeMs: number | null, aliveMs: number}} heard @returns {WatchWorth}
 */
export function watchWorth({ beat, beatAgeMs, aliveMs }) {
  if (beatAgeMs === null || beat === null) {
    return aliveMs < BEAT_LOST_MS
      ? { state: "connecting", why: null, sinceMs: null }
      : { state: "lost", why: "link", sinceMs: null };
  }
  if (beatAgeMs >= BEAT_LOST_MS) return { state: "lost", why: "link", sinceMs: null };
  return { state: beat.state, why: beat.why ?? null, sinceMs: beat.since_ms ?? null };
}

/** The address of the socket of the page's own origin. */
export function socketUrl() {
  const here = globalThis.location;
  return here ? `${here.protocol === "https:" ? "wss" : "ws"}://${here.host}/ws` : "";
}
