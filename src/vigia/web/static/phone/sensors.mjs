// The phone's compass, position and wake lock -> the last readings; each may be missing.

import { AlphaAligner, PointingLog } from "../core/bearing.mjs";

/** state: "unknown", "ask" (a press is needed), "denied", "none", "ok". */
export class Compass {
  constructor() {
    this.log = new PointingLog();
    this.aligner = new AlphaAligner();
    this.state = "unknown";
    this.listening = false;
  }

  start() {
    const Orientation = orientation();
    if (!Orientation) {
      this.state = "none";
      return;
    }
    if (typeof Orientation.requestPermission === "function") this.state = "ask";
    this._listen();
  }

  /** Only from a press. */
  async ask() {
    const Orientation = orientation();
    if (typeof Orientation?.requestPermission !== "function") return;
    try {
      // absolute: the argument of Chrome 150; Safari ignores it
      const said = await Orientation.requestPermission(true);
      if (this.state !== "ok") this.state = said === "granted" ? "unknown" : "denied";
      if (said === "granted") this._listen();
    } catch {
      this.state = "ask"; // not from a press; the next one may do
    }
  }

  /** @param {number} steadyMs */
  at(steadyMs) {
    return this.log.at(steadyMs);
  }

  facing() {
    return this.log.facing(performance.now());
  }

  _listen() {
    if (this.listening) return;
    this.listening = true;
    addEventListener("deviceorientationabsolute", (event) =>
      this._absolute(/** @type {DeviceOrientationEvent} */ (event)),
    );
    addEventListener("deviceorientation", (event) => this._relative(/** @type {Apples} */ (event)));
    document.addEventListener("visibilitychange", () => this.log.clear());
  }

  /** @param {DeviceOrientationEvent} event */
  _absolute({ alpha, beta, gamma }) {
    if (alpha === null || beta === null || gamma === null) return;
    this._add({ alphaDeg: alpha, betaDeg: beta, gammaDeg: gamma, accuracyDeg: null });
  }

  /** @param {Apples} event */
  _relative({ alpha, beta, gamma, webkitCompassHeading, webkitCompassAccuracy }) {
    if (typeof webkitCompassHeading !== "number") return;
    if (alpha === null || beta === null || gamma === null) return;
    const aligned = this.aligner.align({
      alphaDeg: alpha,
      betaDeg: beta,
      headingDeg: webkitCompassHeading,
      accuracyDeg: webkitCompassAccuracy ?? null,
    });
    if (aligned) this._add({ ...aligned, betaDeg: beta, gammaDeg: gamma });
  }

  /** @param {Phone.Reading} reading */
  _add(reading) {
    this.state = "ok";
    this.log.add(performance.now(), reading);
  }
}

/**
 * Safari's own additions.
 * @typedef {DeviceOrientationEvent & {webkitCompassHeading?: number, webkitCompassAccuracy?: number}} Apples
 * @typedef {{requestPermission?: (absolute: boolean) => Promise<string>}} Asking
 */

/** @returns {Asking | undefined} */
function orientation() {
  return /** @type {{DeviceOrientationEvent?: Asking}} */ (globalThis).DeviceOrientationEvent;
}

/** The last position; starts by itself once allowed, else on the first press. */
export class Place extends EventTarget {
  constructor() {
    super();
    /** @type {(Wire.Position & {sigma_m: number, steadyMs: number, timestampMs: number}) | null} */
    this.last = null;
    this.state = "unknown";
    /** @type {number | null} */
    this.watch = null;
  }

  async start() {
    if (!navigator.geolocation) {
      this.state = "none";
      return;
    }
    try {
      const permission = await navigator.permissions.query({ name: "geolocation" });
      this._permission(permission.state);
      permission.addEventListener("change", () => this._permission(permission.state));
    } catch {
      this.state = "ask"; // some browsers cannot tell; the first press asks
    }
  }

  /** @param {PermissionState} state */
  _permission(state) {
    this.state = { granted: "unknown", prompt: "ask", denied: "denied" }[state] ?? "ask";
    if (state === "granted") this.ask();
    this.dispatchEvent(new Event("change"));
  }

  /** Starts the receiver; the browser may ask the person. */
  ask() {
    if (this.watch !== null || !navigator.geolocation) return;
    this.watch = navigator.geolocation.watchPosition(
      (fix) => this._fixed(fix),
      (error) => this._failed(error),
      { enableHighAccuracy: true, maximumAge: 5_000, timeout: 30_000 },
    );
  }

  /** null: none yet. ageMs from the fix's own time. @returns {Phone.Fix | null} */
  now() {
    if (!this.last) return null;
    const { lat_deg, lon_deg, alt_hae_m, sigma_m, steadyMs, timestampMs } = this.last;
    return {
      lat_deg,
      lon_deg,
      alt_hae_m,
      sigma_m,
      timestampMs,
      ageMs: performance.now() - steadyMs,
    };
  }

  /** @param {GeolocationPosition} fix */
  _fixed({ coords, timestamp }) {
    // The standard says a 95 % radius, Android gives 68 %: 1.5 sigma lies on the careful side.
    this.last = {
      lat_deg: coords.latitude,
      lon_deg: coords.longitude,
      alt_hae_m: coords.altitude,
      sigma_m: Math.max(1, coords.accuracy / 1.5),
      timestampMs: timestamp,
      steadyMs: performance.now() - Math.max(0, Date.now() - timestamp),
    };
    this.state = "ok";
    this.dispatchEvent(new Event("change"));
  }

  /** @param {GeolocationPositionError} error */
  _failed(error) {
    if (error.code === error.PERMISSION_DENIED) {
      this.state = "denied";
      if (this.watch !== null) navigator.geolocation.clearWatch(this.watch);
      this.watch = null;
    }
    this.dispatchEvent(new Event("change"));
  }
}

/** Keeps the screen on while on watch; comes back by itself after the page was hidden. */
export class WakeLock extends EventTarget {
  constructor() {
    super();
    this.wanted = false;
    /** @type {WakeLockSentinel | null} */
    this.lock = null;
    document.addEventListener("visibilitychange", () => this._update());
  }

  get held() {
    return this.lock !== null;
  }

  /** @param {boolean} wanted */
  set(wanted) {
    this.wanted = wanted;
    return this._update();
  }

  async _update() {
    if (!this.wanted) {
      await this.lock?.release().catch(() => {});
      return;
    }
    if (this.lock || document.hidden || !navigator.wakeLock) return;
    try {
      this.lock = await navigator.wakeLock.request("screen");
      this.lock.addEventListener("release", () => {
        this.lock = null;
        this.dispatchEvent(new Event("change"));
      });
    } catch {
      this.lock = null; // low battery: the home screen says that the siren needs this screen open
    }
    this.dispatchEvent(new Event("change"));
  }
}
