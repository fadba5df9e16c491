// The desk's tabs, loaded when one is opened: bulletins, incidents, readiness. Each draws itself.
import {html, nothing} from '../../vendor/lit/lit.mjs';
import {Bulletins} from './bulletins.mjs';
import {Incidents} from './incidents.mjs';
import {Plan} from './plan.mjs';
import {Readiness} from './readiness.mjs';
import {Sensors} from './sensors.mjs';
import {Shift} from './shift.mjs';

const STYLE = '/static/console/desk/desk.css';
const AGAIN_MS = 300; // an import of many rows is one reading of the list
const KINDS = {bulletins: ['bulletin', 'receipt'], incidents: ['incident', 'claim'], readiness: ['kit', 'check', 'casualty'], shift: ['handover']};

export class Desk {
  /** @param {{session: any, changed: () => void, say: (text: string) => void, focus: (what: string) => void, app: any}} floor */
  constructor(floor) {
    this.session = floor.session;
    this.changed = floor.changed;
    this.say = floor.say;
    this.focus = floor.focus;
    this.app = floor.app;
    this.stale = new Map();
    /** @type {Record<string, any>} */
    this.tabs = {bulletins: new Bulletins(this), incidents: new Incidents(this), readiness: new Readiness(this), sensors: new Sensors(this), plan: new Plan(this), shift: new Shift(this)};
  }

  /** The style first: no flash of an unstyled form. */
  async ready() {
    const link = document.createElement('link');
    link.rel = 'stylesheet';
    link.href = STYLE;
    await new Promise((done) => { link.onload = link.onerror = done; document.head.append(link); });
    return this;
  }

  opened(/** @type {string} */ tab) {
    this.tabs[tab]?.load();
  }

  /** Somebody kept a record: the open tab reads again, soon and once. */
  heard(/** @type {string} */ kind, /** @type {string} */ now) {
    const tab = Object.entries(KINDS).find(([, kinds]) => kinds.includes(kind))?.[0];
    if (!tab || tab !== now || this.stale.has(tab)) return;
    this.stale.set(tab, setTimeout(() => { this.stale.delete(tab); this.tabs[tab]?.load(); }, AGAIN_MS));
  }

  /** True: the key was the tab's own. */
  key(/** @type {KeyboardEvent} */ e, /** @type {string} */ tab) {
    const page = this.tabs[tab];
    if ((e.ctrlKey || e.metaKey) && e.key === 's' && page?.save) {
      e.preventDefault();
      page.save('draft');
      return true;
    }
    return page?.key?.(e) ?? false;
  }

  view(/** @type {string} */ tab, /** @type {any} */ c) {
    return this.tabs[tab]?.view(c) ?? nothing;
  }
}
