// Bulletins of this person -> kept for reading without a network, and who has read what.

const ROWS_MAX = 100;
const SPREAD_MS = 10_000; // ten thousand phones must not ask in the same instant

/** What a person has to look at: a release or its recall, by edition. @param {Wire.Bulletin} row */
export const lookOf = (row) => `${row.id}/${row.edition}/${row.status}`;

/** @param {Wire.Bulletin} row */
export const receiptId = ({ id, edition }) => `read-${id}-${edition}`;

/** Recalled ones stay until they would have expired: who has read it must learn of the recall. @param {Wire.Bulletin[]} rows @param {number} nowMs */
export function current(rows, nowMs) {
  return rows.filter((r) => !r.expires || Date.parse(r.expires) > nowMs);
}

/** hasReceipt: (row) -> said on this phone. opened: looks that were opened here.
 * @param {Wire.Bulletin[]} rows
 * @param {{nowMs: number, hasReceipt: (row: Wire.Bulletin) => boolean, opened: string[]}} known */
export function unread(rows, { nowMs, hasReceipt, opened }) {
  return current(rows, nowMs).filter((r) =>
    r.status === "recalled"
      ? !opened.includes(lookOf(r))
      : r.read_ms === null && !hasReceipt(r),
  );
}

/** New to this phone: what it did not have before.
 * @param {Wire.Bulletin[]} rows @param {Wire.Bulletin[]} before */
export function fresh(rows, before) {
  const had = new Set(before.map(lookOf));
  return rows.filter((r) => !had.has(lookOf(r)) && (r.status === "recalled" || r.read_ms === null));
}

/** @type {Phone.KeptBulletins} */
const EMPTY = { rows: [], opened: [], t_ms: null, reminded: false };

/** Part of the model: uses its session, outbox and siren. store: the device store. */
export class Bulletins {
  /** @param {import('./model.mjs').Model} model @param {Phone.DeviceStore} store */
  constructor(model, store) {
    this.model = model;
    this.store = store;
    this.kept = EMPTY;
    /** @type {string | null} */
    this.shownId = null;
    /** @type {Wire.Lang | null} */
    this.lang = null; // of the bulletin on the screen; null: the phone's
    /** @type {Promise<void> | null} */
    this.asking = null;
    this.spreadMs = SPREAD_MS;
  }

  async load() {
    const kept = await this.store.get("bulletins").catch(() => null);
    if (kept && kept.person_id === this._person()) this.kept = { ...EMPTY, ...kept };
  }

  _person() {
    return this.model.person?.person_id ?? null;
  }

  /**
   * At once on a phone that has none, else within some seconds: it is no alarm.
   * again: a watch officer reminds those who have not read. One request at a time.
   */
  fetch({ again = false } = {}) {
    const waitMs = this.kept.t_ms === null ? 0 : Math.random() * this.spreadMs;
    const wait = () => new Promise((resolve) => setTimeout(resolve, waitMs));
    this.asking = (this.asking ?? Promise.resolve())
      .then(wait)
      .then(() => this._fetch(again))
      .catch(() => {}); // what was fetched before stays, with its age
    return this.asking;
  }

  /** @param {boolean} again */
  async _fetch(again) {
    const { bulletins } = await this.model.session.get("/bulletins");
    /** @type {Wire.Bulletin[]} */
    const rows = bulletins.slice(0, ROWS_MAX);
    const mine = this.kept.person_id === this._person();
    const before = mine ? this.kept.rows : [];
    const opened = (mine ? this.kept.opened : []).slice(-ROWS_MAX);
    const t_ms = this.model.now;
    const news = fresh(rows, before);
    this.kept = { person_id: this._person(), rows, opened, t_ms, reminded: this.kept.reminded };
    const open = this.unread().length;
    this.kept.reminded = open > 0 && (again || this.kept.reminded);
    this._save();
    if (open && (news.length || again)) this.model.siren.chime({ aloud: this.model.onWatch });
    this.model.change();
  }

  list() {
    return current(this.kept.rows, this.model.now);
  }

  unread() {
    return unread(this.kept.rows, {
      nowMs: this.model.now,
      hasReceipt: (row) => this.receipt(row) !== null,
      opened: this.kept.opened,
    });
  }

  /** @param {Wire.Bulletin} row */
  isUnread(row) {
    return this.unread().some((r) => r.id === row.id);
  }

  /** The receipt pressed here, or null; a refused one does not count. @param {Wire.Bulletin} row */
  receipt(row) {
    const entry = this.model.outbox.get(receiptId(row));
    return entry && entry.state !== "refused" ? entry : null;
  }

  shown() {
    return this.kept.rows.find((r) => r.id === this.shownId) ?? null;
  }

  /** @param {string} id */
  show(id) {
    this.shownId = id;
    this.lang = null;
    const row = this.shown();
    if (row && !this.kept.opened.includes(lookOf(row))) {
      this.kept = { ...this.kept, opened: [...this.kept.opened, lookOf(row)] };
      this._save();
    }
    this.model.go("bulletin");
  }

  /** @param {Wire.Bulletin} row */
  read(row) {
    if (row.read_ms !== null || this.receipt(row)) return null;
    navigator.vibrate?.(40);
    /** @type {Phone.Where} */
    const where = { door: "read", report_id: receiptId(row), root: row.id };
    const kept = this.model.outbox.add({ edition: row.edition }, where);
    if (this.unread().length === 0 && this.kept.reminded) {
      this.kept = { ...this.kept, reminded: false };
      this._save();
    }
    return kept;
  }

  _save() {
    this.store.put({ what: "bulletins", ...this.kept }).catch(() => {});
  }
}
