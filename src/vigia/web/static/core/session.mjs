// A one-time token -> this device's key; the key -> a session cookie, renewed by itself.

import { deviceStore } from "./db.mjs";

const API = "/api/v1";
const TIMEOUT_MS = 8_000;
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };
const SIGNING = { name: "ECDSA", hash: "SHA-256" };

/** What the server refused, or status 0 for "could not be reached". */
export class ApiError extends Error {
  /** @param {number} status @param {Wire.Refusal | null} body */
  constructor(status, body) {
    const error = body?.error ?? {};
    super([error.what, error.fix].filter(Boolean).join(". ") || `HTTP ${status}`);
    this.status = status;
    this.what = error.what ?? null;
    this.fix = error.fix ?? null;
    this.body = body ?? null;
  }
  get unreachable() {
    return this.status === 0;
  }
}

/** @param {ArrayBuffer} bytes */
export function base64url(bytes) {
  let text = "";
  for (const byte of new Uint8Array(bytes)) text += String.fromCharCode(byte);
  return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** `#TOKEN` of an invitation link; null when there is none. @param {string | null} hash */
export function tokenFromHash(hash) {
  const token = decodeURIComponent((hash ?? "").replace(/^#/, "")).trim();
  return /^[\w.~-]{8,512}$/.test(token) ? token : null;
}

/**
 * @typedef {{method?: string, body?: unknown, signature?: string | null, timeoutMs?: number}} CallOptions
 * @param {string} path @param {CallOptions} [options] @returns {Promise<any>} as docs/web-protocol.md
 */
export async function fetchJson(path, { method = "GET", body, signature, timeoutMs = TIMEOUT_MS } = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      cache: "no-store",
      credentials: "same-origin",
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(signature ? { "x-vigia-signature": signature } : {}),
      },
      body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (cause) {
    throw new ApiError(0, { error: { what: `no answer: ${/** @type {Error} */ (cause).name}` } });
  }
  const content = await answer.json().catch(() => null);
  if (!answer.ok) throw new ApiError(answer.status, content);
  return content;
}

/** This device's identity and its sessions. One instance a page: `session`. */
export class Session {
  /** @param {{store?: Phone.DeviceStore, call?: typeof fetchJson}} [parts] */
  constructor({ store = deviceStore(), call = fetchJson } = {}) {
    this.store = store;
    this.call = call;
    /** @type {Promise<any> | null} */
    this.opening = null;
    this.mayHaveCookie = true; // unknown until the server says 401
  }

  /** {device_id, person, keys} of the enrolled device, or null. */
  async device() {
    return (await this.store.get("self")) ?? null;
  }

  /** Spends the one-time token. The private key cannot leave this browser. */
  async enrol(/** @type {string} */ token) {
    if (!globalThis.crypto?.subtle) throw new Error("no-crypto");
    const keys = await crypto.subtle.generateKey(ALGORITHM, false, ["sign", "verify"]);
    const spki = await crypto.subtle.exportKey("spki", keys.publicKey);
    const answer = await this.call(`${API}/enrol`, {
      method: "POST",
      body: { token, public_key: base64url(spki) },
    });
    /** @type {Phone.Device} */
    const device = { what: "self", device_id: answer.device_id, person: answer.person, keys };
    await this.store.put(device);
    return device;
  }

  /** Opens a session with the device's key. Many callers, one request. */
  open() {
    return (this.opening ??= this._open().finally(() => (this.opening = null)));
  }

  async _open() {
    const device = await this.device();
    if (!device) throw new ApiError(401, { error: { what: "this device is not enrolled" } });
    const { challenge } = await this.call(`${API}/session/challenge`, {
      method: "POST",
      body: { device_id: device.device_id },
    });
    const words = new TextEncoder().encode(`vigia-session:${challenge}`);
    const signature = await crypto.subtle.sign(SIGNING, device.keys.privateKey, words);
    const answer = await this.call(`${API}/session`, {
      method: "POST",
      body: { device_id: device.device_id, challenge, signature: base64url(signature) },
    });
    this.mayHaveCookie = true;
    if (answer.person) await this.store.put({ ...device, person: answer.person });
    return answer;
  }

  /**
   * A call that opens a session first when the server asks for one. Throws ApiError.
   * @param {string} path @param {CallOptions} [options]
   */
  async request(path, options = {}) {
    if (!this.mayHaveCookie) await this.open();
    try {
      return await this.call(`${API}${path}`, options);
    } catch (error) {
      if (/** @type {ApiError} */ (error).status !== 401) throw error;
      this.mayHaveCookie = false;
      await this.open();
      return this.call(`${API}${path}`, options);
    }
  }

  /** @param {string} path */
  get(path) {
    return this.request(path);
  }

  /** @param {string} path @param {unknown} body */
  post(path, body) {
    return this.request(path, { method: "POST", body });
  }

  /**
   * A report or an answer, signed by this device's key where there is one. Throws ApiError.
   * @param {string} path @param {object} body
   */
  async postSigned(path, body) {
    const text = JSON.stringify(body);
    const signature = await this.sign(`vigia-signed:${API}${path}\n${text}`);
    return this.request(path, { method: "POST", body: text, signature });
  }

  /** base64url; null: this browser holds no key, or cannot use it now. @param {string} text */
  async sign(text) {
    try {
      const device = await this.device();
      if (!device) return null;
      const { keys } = device;
      const words = new TextEncoder().encode(text);
      return base64url(await crypto.subtle.sign(SIGNING, keys.privateKey, words));
    } catch {
      return null; // it is sent all the same: the server knows whether this device must sign
    }
  }

  me() {
    return this.get("/me");
  }
}

export const session = new Session();
