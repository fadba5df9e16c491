// This browser <-> its push service: subscribed while somebody is on watch, and told to the server.

import { deviceStore } from "./db.mjs";
import { base64url } from "./session.mjs";

const TOLD_MS = 6 * 3600 * 1000; // the server is told again after this, and at once what is new

/** @param {string} text base64url */
export const bytesOf = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));

/**
 * state: "unknown"; "none": this browser, or a page without TLS, cannot; "unused": this site sends
 * none; "ask": a press will ask; "denied"; "failed": the push service or the server did not take
 * it; "on": the server has a subscription of this phone.
 */
export class Push extends EventTarget {
  /**
   * @param {{session: Pick<import('./session.mjs').Session, "get" | "post">, store?: Phone.DeviceStore,
   *   registration?: () => Promise<ServiceWorkerRegistration>}} parts
   */
  constructor({ session, store = deviceStore(), registration = () => navigator.serviceWorker.ready }) {
    super();
    this.store = store;
    this.session = session;
    this.registration = registration;
    this.state = "unknown";
    /** @type {Promise<string> | null} */
    this.working = null;
  }

  get possible() {
    return Boolean(
      globalThis.isSecureContext && globalThis.PushManager && globalThis.Notification && navigator.serviceWorker,
    );
  }

  /** On each start: what was allowed before is renewed without a question. */
  look() {
    if (!this.possible) return this._say("none");
    if (Notification.permission === "denied") return this._say("denied");
    if (Notification.permission === "granted") return this.subscribe();
    return this._say("ask");
  }

  /** From a press: browsers ask for permission only then. */
  async ask() {
    if (!this.possible) return this._say("none");
    const answer = await Notification.requestPermission().catch(() => "denied");
    if (answer === "granted") return this.subscribe();
    return this._say(answer === "denied" ? "denied" : "ask");
  }

  /** Many callers, one subscription. */
  subscribe() {
    return (this.working ??= this._subscribe()
      .then((state) => this._say(state))
      .catch(() => this._say("failed"))
      .finally(() => (this.working = null)));
  }

  async _subscribe() {
    const { pushManager } = await this.registration();
    let held = await pushManager.getSubscription();
    // Ten thousand phones that reconnect at once must not each make the server write.
    const kept = await this.store.get("push").catch(() => null);
    const fresh = kept && Math.abs(Date.now() - kept.toldMs) < TOLD_MS;
    if (held && fresh && kept.endpoint === held.endpoint) return "on";
    let key;
    try {
      ({ key } = await this.session.get("/push/key"));
    } catch (error) {
      if (/** @type {import('./session.mjs').ApiError} */ (error).status === 404) return "unused";
      throw error;
    }
    // One made for another key of the server is refused by every push service.
    if (held && !sameKey(held.options.applicationServerKey, bytesOf(key))) {
      await held.unsubscribe();
      held = null;
    }
    held ??= await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytesOf(key) });
    await this.session.post("/push/subscription", told(held));
    await this.store.put({ what: "push", endpoint: held.endpoint, toldMs: Date.now() }).catch(() => {});
    return "on";
  }

  /** @param {string} state */
  _say(state) {
    this.state = state;
    this.dispatchEvent(new Event("change"));
    return state;
  }
}

/** What the server needs of it. @param {PushSubscription} subscription */
export function told(subscription) {
  const key = (/** @type {PushEncryptionKeyName} */ name) =>
    base64url(subscription.getKey(name) ?? new ArrayBuffer(0));
  return { endpoint: subscription.endpoint, keys: { p256dh: key("p256dh"), auth: key("auth") } };
}

/** @param {ArrayBuffer | null} held @param {Uint8Array} wanted */
function sameKey(held, wanted) {
  if (!held) return true; // browsers that do not tell: the server's answer will
  const bytes = new Uint8Array(held);
  return bytes.length === wanted.length && bytes.every((b, i) => b === wanted[i]);
}
