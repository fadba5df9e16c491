// Buttons that count only when held for a second, so that no pocket presses them.

const HOLD_MS = 1_000;

/** One at a time. Events: "change". */
export class Hold extends EventTarget {
  constructor() {
    super();
    /** @type {string | null} */
    this.what = null; // the button that is being held
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /** @param {string} what @param {() => unknown} act */
  start(what, act) {
    if (this.what) return;
    this.what = what;
    this.timer = setTimeout(() => {
      this.what = null;
      act();
      this._tell();
    }, HOLD_MS);
    this._tell();
  }

  /** Let go before the second was over: nothing happens. @param {string} what */
  stop(what) {
    if (this.what !== what) return false;
    clearTimeout(this.timer);
    this.what = null;
    this._tell();
    return true;
  }

  _tell() {
    this.dispatchEvent(new Event("change"));
  }
}
