// What the officer does to the watch: an act with its reason, an invitation, a word by radio.
import {session} from '../core/session.mjs';
import {t} from '../core/i18n.mjs';

const message = (/** @type {unknown} */ error) => /** @type {Error} */ (error).message;

export class Acts {
  /** @param {any} app  the page: its ui, and change(part) that draws it again */
  constructor(app) {
    this.app = app;
  }

  get ui() {
    return this.app.ui;
  }

  ask(/** @type {object} */ what) {
    this.app.change({ask: {...what, reason: '', sure: false, busy: false, error: null}});
    this.app.focusOn('.dialog textarea');
  }

  /** live: what of it is still tracked; an all clear is asked for a second time while there is any,
   * and again when the watch knows of more: a drone that came meanwhile, a place nobody watches. */
  async doIt(/** @type {string[]} */ live) {
    const {ask} = this.ui;
    if (ask.kind === 'clear' && live.length && !ask.sure) {
      this.app.change({ask: {...ask, sure: true}});
      return this.app.focusOn('.dialog .primary');
    }
    this.app.change({ask: {...ask, busy: true, error: null}});
    const reason = ask.reason.trim();
    try {
      const accepts = [...live.map((id) => `track/${id}`), ...(ask.asked?.open ?? [])];
      const answer = await session.post(...callOf(ask, reason, accepts));
      if (answer?.asked)
        return this.app.change({ask: {...ask, busy: false, sure: true, clear_id: answer.clear_id, asked: answer.asked}});
      this.app.change({ask: null});
      if (ask.kind.startsWith('flight')) this.app.loads.flights();
      this.app.say(t(`console.${ask.kind}.done`));
    } catch (error) {
      this.app.change({ask: {...ask, busy: false, error: message(error)}});
    }
  }

  askInvite() {
    this.app.change({invite: {busy: false, error: null, made: null}});
    this.app.focusOn('.dialog input');
  }

  /** @param {any} person @param {string} path  a phone's page, or a TAK client */
  async invite(person, path = '/invitations') {
    this.app.change({invite: {busy: true, error: null, made: null}});
    try {
      const made = await session.post(path, person);
      this.app.change({invite: {busy: false, error: null, made: {...made, name: person.name}}});
    } catch (error) {
      this.app.change({invite: {busy: false, error: message(error), made: null}});
    }
  }

  async told(/** @type {any} */ call) {
    try {
      await session.post(`/alerts/${encodeURIComponent(call.alert_id)}/told`, {person_id: call.person_id, revision: call.revision});
    } catch (error) {
      this.app.say(message(error));
    }
    this.app.loads.reach();
  }
}

/** An act of the officer -> path and body of its call.
 * @param {any} ask @param {string} reason @param {string[]} accepts @returns {[string, object]} */
function callOf(ask, reason, accepts) {
  const id = encodeURIComponent(ask.track_id ?? ask.order_id ?? '');
  switch (ask.kind) {
    case 'clear': return ['/all-clear', {incident_id: ask.incident_id, reason, accepts, ...(ask.clear_id ? {clear_id: ask.clear_id} : {})}];
    case 'reverse': return ['/all-clear/reverse', {reason}];
    case 'raise': return ['/raise', {incident_id: ask.incident_id, reason, tier: Number(ask.tier ?? 3), radius_m: Number(ask.radius_m ?? 1000)}];
    case 'friendly': return [`/tracks/${id}/friendly`, {reason}];
    case 'hostile': return [`/tracks/${id}/identity`, {reason, identity: 'hostile'}];
    case 'confirm': return [`/attacks/${id}/confirm`, {reason}];
    case 'flight': return ['/flights', flightOf(ask, reason)];
    case 'drill': return ['/drills', {reason, tier: 2}];
    case 'flight_end':
    case 'undo': return [`/orders/${id}/undo`, {reason}];
    default: return [`/tracks/${id}/not-a-drone`, {reason}];
  }
}

/** What the officer vouches for: this drone, around where it is now. @param {any} ask @param {string} reason */
function flightOf(ask, reason) {
  const now_ms = Date.now();
  const ceiling_m = Number(ask.ceiling_m ?? 120);
  return {
    serial: ask.serial, whose: (ask.whose ?? '').trim(), reason,
    from_ms: now_ms - 60_000, until_ms: now_ms + Number(ask.hours ?? 1) * 3_600_000,
    lat_deg: ask.lat_deg, lon_deg: ask.lon_deg, radius_m: Number(ask.radius_m ?? 1000),
    ceiling_m: ceiling_m > 0 ? ceiling_m : null,
  };
}
