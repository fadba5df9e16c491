// What the page fetches beside the socket: history, other agencies' messages, who is reached, who is hurt.
import {session} from '../core/session.mjs';
import {t} from '../core/i18n.mjs';
import {openReports} from './views/hurt.mjs';

export class Loads {
  /** @param {any} app  the page: its ui, and change(part) that draws it again */
  constructor(app) {
    this.app = app;
    /** @type {Set<string>} */
    this.hurtKnown = new Set();
  }

  get ui() {
    return this.app.ui;
  }

  /** Maps that the operator added; without an answer the sketch is what there is. */
  async maps() {
    const answer = await session.get('/maps').catch(() => null);
    if (Array.isArray(answer?.maps)) this.app.map?.setAreas(answer.maps);
  }

  /** Somebody is hurt: told in every tab. rings: a report that is new here sounds, a first look does not. */
  async hurt({rings = false} = {}) {
    const answer = await session.get(`/casualties?lang=${this.ui.lang}`).catch(() => null); // the band shows what it had
    if (!answer?.casualties) return;
    const open = openReports(answer.casualties);
    if (rings && open.some((r) => !this.hurtKnown.has(r.id))) this.app.horn.hurt();
    this.hurtKnown = new Set(answer.casualties.map((/** @type {any} */ r) => r.id));
    this.app.change({hurt: answer.casualties});
  }

  async history() {
    this.app.change({history: {...this.ui.history, loading: true}});
    try {
      const answer = await session.get('/alerts?hours=24');
      const rows = [...(answer.alerts ?? answer)].sort((a, b) => b.cause_ms - a.cause_ms);
      this.app.change({history: {rows, error: null, loading: false}});
    } catch (error) {
      this.app.change({history: {...this.ui.history, error: /** @type {Error} */ (error).message, loading: false}});
    }
  }

  /** Flights that somebody vouched for. */
  async flights() {
    const answer = await session.get('/flights').catch(() => null); // the list shows what it had
    if (answer?.flights) this.app.change({flights: answer.flights});
  }

  /** What another agency sent is told in a line and stands in the tab; it is no alert of ours. */
  async received({came = ''} = {}) {
    const answer = await session.get('/cap').catch(() => null); // the tab shows what it had
    if (!answer) return;
    const one = answer.messages.find((/** @type {any} */ m) => m.id === came);
    const said = one ? {text: t('console.cap.came', {sender: one.sender || '?', verdict: t(`console.cap.trust.${one.trust}`)}), at_ms: this.app.clock.now()} : this.ui.said;
    this.app.change({received: answer.messages, said});
  }

  /** The radio desk's list is on the tab's badge on every screen; the rest only while it is open. */
  async reach(drills = false) {
    try {
      const data = {calls: [], people: [], tests: [], courier: null, ...(await session.get('/reach'))};
      const found = drills ? (await session.get('/drills')).drills ?? [] : this.ui.reach.drills;
      this.app.change({reach: {data, error: null, drills: found}});
    } catch (error) {
      this.app.change({reach: {...this.ui.reach, error: /** @type {Error} */ (error).message}});
    }
  }
}
