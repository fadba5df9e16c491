// Pings and hellos -> the server's time on this device, with how well it is known.

const SAMPLES_MAX = 12;
const STEP_MS = 1_500; // wall and steady clock apart by more: the device's clock was set

/**
 * Corrects the device's wall clock. The best of the last pings (shortest round trip) counts.
 * wall and steady are injected so that tests need no waiting.
 */
export class Clock {
  constructor({ wall = () => Date.now(), steady = () => performance.now() } = {}) {
    this.wall = wall;
    this.steady = steady;
    /** @type {{rttMs: number, offsetMs: number}[]} */
    this.samples = [];
    this.anchor = wall() - steady();
    /** @type {number | null} */
    this._offset = null;
  }

  /**
   * One answered ping. sentMs, receivedMs: this device's wall clock.
   * @param {{sentMs: number, receivedMs: number, serverMs: number}} ping
   */
  sample({ sentMs, receivedMs, serverMs }) {
    const rttMs = receivedMs - sentMs;
    if (!(rttMs >= 0) || !Number.isFinite(serverMs)) return;
    this.checkStep();
    this.samples.push({ rttMs, offsetMs: serverMs - (sentMs + receivedMs) / 2 });
    if (this.samples.length > SAMPLES_MAX) this.samples.shift();
    this._offset = this.samples.reduce((a, b) => (b.rttMs < a.rttMs ? b : a)).offsetMs;
  }

  /** A time that came without a round trip (hello): a first guess, never against a ping. @param {number} serverMs */
  hint(serverMs) {
    if (this._offset === null && Number.isFinite(serverMs)) this._offset = serverMs - this.wall();
  }

  /** True when the device's clock was set since the last look; its old samples are worthless. */
  checkStep() {
    const anchor = this.wall() - this.steady();
    const stepMs = anchor - this.anchor;
    this.anchor = anchor;
    if (Math.abs(stepMs) <= STEP_MS) return false;
    this.samples = [];
    // A sleeping device also looks like a step on some systems; then the old offset was right
    // and the next ping says so. Until then it is the best there is.
    return true;
  }

  /** Server minus device [ms]; null while unknown. */
  get offsetMs() {
    return this._offset;
  }

  get known() {
    return this._offset !== null;
  }

  /** Server time now [ms since 1970]; the device's own while the offset is unknown. */
  now() {
    return this.wall() + (this._offset ?? 0);
  }

  /**
   * A moment read on this device -> server time, by the offset known then or, failing that, now.
   * @param {number} deviceMs @param {number | null} [offsetThenMs]
   */
  correct(deviceMs, offsetThenMs = null) {
    return Math.round(deviceMs + (offsetThenMs ?? this._offset ?? 0));
  }
}
