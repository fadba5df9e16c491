// "delivered", "seen", "safe" -> kept on the device and repeated until the server has them on disk.

const ACKS_MAX = 200;

/** @param {Wire.Acked} ack */
export const ackKey = ({ alert_id, revision, kind }) => `${alert_id}/${revision}/${kind}`;

/** @typedef {Wire.Acked & {t: "ack", t_ms: number, sig?: string}} AckMessage */

/** send: puts one ack on the socket; does nothing when there is none. sign: text -> signature or
 * null; a person's answers are signed, so that a stolen cookie alone cannot give them. */
export class AckBox {
  /**
   * @param {{store: Phone.Store<Phone.Ack>, clock: import('./clock.mjs').Clock,
   *   send: (message: AckMessage) => unknown, sign?: ((text: string) => Promise<string | null>) | null}} parts
   */
  constructor({ store, clock, send, sign = null }) {
    this.sign = sign;
    this.store = store;
    this.clock = clock;
    this.send = send;
    /** @type {Map<string, Phone.Ack>} */
    this.pending = new Map();
  }

  async load() {
    for (const ack of await this.store.all()) {
      if (!this.pending.has(ack.key)) this.pending.set(ack.key, ack);
    }
  }

  /** True: new. The same answer twice is one answer. @param {Wire.Acked} answer */
  add({ alert_id, revision, kind }) {
    const key = ackKey({ alert_id, revision, kind });
    if (this.pending.has(key)) return false;
    const ack = {
      key,
      alert_id,
      revision,
      kind,
      deviceMs: this.clock.wall(),
      offsetMs: this.clock.offsetMs,
    };
    this.pending.set(key, ack);
    this._put(ack);
    if (this.pending.size > ACKS_MAX) this._drop(this._oldest());
    this.sendOne(ack);
    return true;
  }

  /** @param {string} alert_id @param {Wire.AckKind} kind */
  waiting(alert_id, kind) {
    return [...this.pending.values()].some((a) => a.alert_id === alert_id && a.kind === kind);
  }

  /** On each hello and every few seconds. */
  repeat() {
    for (const ack of this.pending.values()) this.sendOne(ack);
  }

  /** @param {Phone.Ack} ack */
  sendOne(ack) {
    if (!this.sign || ack.kind === "delivered" || ack.sig) return this._sendNow(ack);
    return this.sign(`vigia-ack:${ackKey(ack)}`).then((sig) => {
      ack.sig = sig;
      this._sendNow(ack);
    });
  }

  /** @param {Phone.Ack} ack */
  _sendNow({ alert_id, revision, kind, deviceMs, offsetMs, sig }) {
    const t_ms = this.clock.correct(deviceMs, offsetMs);
    this.send({ t: "ack", alert_id, revision, kind, t_ms, ...(sig ? { sig } : {}) });
  }

  /** @param {Wire.Acked} message */
  acked(message) {
    this._drop(ackKey(message));
  }

  /** A "delivered" of an old revision goes before a "safe" is lost. */
  _oldest() {
    const all = [...this.pending.values()];
    return (all.find((a) => a.kind === "delivered") ?? all[0]).key;
  }

  /** @param {Phone.Ack} ack */
  _put(ack) {
    this.store.put(ack).catch(() => {}); // storage refused: it still repeats while the page lives
  }

  /** @param {string} key */
  _drop(key) {
    this.pending.delete(key);
    this.store.delete(key).catch(() => {});
  }
}
