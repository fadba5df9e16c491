// The page: socket and pointer in, one rendering of everything out. All views are functions of Context.
import {LitElement, html} from '../vendor/lit/lit.mjs';
import {preferredLanguage, setLanguage, t} from '../core/i18n.mjs';
import {AckBox} from '../core/acks.mjs';
import {Clock} from '../core/clock.mjs';
import {Store} from '../core/db.mjs';
import {session} from '../core/session.mjs';
import {Link, socketUrl} from '../core/socket.mjs';
import {Past} from './past/past.mjs';
import {SituationMap} from '../map/map.mjs';
import {setTheme} from '../theme/theme.mjs';
import {incidents, ownAlerts, targetName, targetPlace, trackRows} from './model.mjs';
import {BadFrame, readFrame, VERSION} from './frames.mjs';
import {countdown} from './format.mjs';
import {sceneOf} from './scene.mjs';
import {Acts} from './acts.mjs';
import {Horn} from './horn.mjs';
import {onKey} from './keys.mjs';
import {Loads} from './loads.mjs';
import {emptyState, receive} from './store.mjs';
import {DESK_TABS} from './tabs.mjs';
import {alertsTab} from './views/alerts.mjs';
import {coverBand} from './views/cover.mjs';
import {hurtBand} from './views/hurt.mjs';
import {inviteDialog} from './views/invite.mjs';
import {keysCard, skipLink} from './views/keys.mjs';
import {leftColumn} from './views/left.mjs';
import {mapFrame} from './views/map.mjs';
import {askDialog, lostOverlay, refusedOverlay, toast} from './views/over.mjs';
import {reachTab} from './views/reach.mjs';
import {rightColumn} from './views/right.mjs';
import {liveBand, replayBand, timelineStrip} from './views/timeline.mjs';
import {soundPanel, spoken} from './views/sound.mjs';
import {banner, headline, limitedBand, markBand, topBar} from './views/top.mjs';
import {Words} from './words.mjs';

/**
 * @typedef {object} Context
 * @property {import('./store.mjs').State} state
 * @property {number} now_ms  the server's time
 * @property {any[]} rows
 * @property {ReturnType<typeof incidents>} incidents
 * @property {{state: string, why: string | null}} watch
 * @property {number | null} wordAge_ms  since the last beat
 * @property {any} refused
 * @property {boolean} wrongRole
 * @property {boolean} mayAct  on alerts and tracks
 * @property {boolean} enrolled
 * @property {any} ui
 * @property {any} act
 * @property {Words} words
 * @property {(target_id: string) => string} targetName
 * @property {Horn} horn
 * @property {any} past  the player while somebody looks back; null: this is now
 */

const REACH_MS = 5_000; // the reach tab looks this often while it is open
const TICK_MS = 500; // countdowns and ages move with the clock, not with the messages
const START = {center: /** @type {[number, number]} */ ([-106.5, 31.5]), zoom: 5};
const OFFICERS = ['watch_officer', 'admin'];
const CONSOLE = [...OFFICERS, 'viewer', 'analyst', 'releaser']; // they act on no alert; the server decides what each may

export class ConsoleApp extends LitElement {
  createRenderRoot() {
    return this; // one style sheet for the page
  }

  constructor() {
    super();
    this.state = emptyState();
    this.clock = new Clock();
    this.acks = new AckBox({store: new Store('acks'), clock: this.clock, send: () => {}, sign: (/** @type {string} */ text) => session.sign(text)});
    this.link = new Link({session, clock: this.clock, acks: this.acks, held: () => ownAlerts(this.state), url: `${socketUrl()}?tracks=${VERSION}`});
    this.horn = new Horn({changed: () => this.requestUpdate()});
    this.enrolled = false;
    /** @type {any[]} */
    this.shown = [];
    /** @type {any} */
    this.waiting = null; // the newest picture that came while nobody looked
    /** @type {Map<string, any>} */
    this.owed = new Map(); // alerts of this officer that came while he did not look
    /** @type {Map<string, string>} */
    this.told = new Map();
    /** @type {any} */
    this.ui = {
      tab: 'watch', selected: null, byHand: false, incident: 0, lang: 'en', sound: false, peek: false,
      ask: null, invite: null, keys: false, said: null, everybody: false, opened: null, mapless: false, layers: false, bad: {n: 0, why: ''}, pointer: null, view: null, hidden: new Set(), history: {rows: null, error: null, loading: false}, received: null, hurt: [], flights: /** @type {any[]} */ ([]),
      reach: {data: null, error: null, drills: []},
    };
    /** @type {any} */
    this.desk = null;
    this.loads = new Loads(this);
    this.acts = new Acts(this);
    this.past = new Past(this);
    this.words = new Words(this);
    this.act = this.#acts();
  }

  async connectedCallback() {
    const device = await session.device().catch(() => null);
    this.enrolled = device !== null;
    this.ui.lang = preferredLanguage(device?.person?.lang);
    await setLanguage(this.ui.lang, {keep: false});
    await this.acks.load().catch(() => {}); // storage refused: answers repeat while the page lives
    super.connectedCallback();
    this.link.addEventListener('message', (e) => this.#received(/** @type {CustomEvent} */ (e).detail));
    this.link.addEventListener('frame', (e) => this.#picture(/** @type {CustomEvent} */ (e).detail));
    document.addEventListener('visibilitychange', () => this.#seen());
    for (const name of ['state', 'watch']) this.link.addEventListener(name, () => this.#linkChanged());
    this.link.start();
    if (localStorage.getItem('vigia.sound') === 'on') this.horn.wish().then(() => { this.#ringsHere(); this.requestUpdate(); });
    setInterval(() => { if (document.hidden) return; this.past.tick(); this.#tick(); }, TICK_MS);
    setInterval(() => { if (this.ui.tab === 'reach' && !document.hidden) this.loads.reach(); }, REACH_MS);
    addEventListener('keydown', (e) => onKey(this, /** @type {KeyboardEvent} */ (e)));
  }

  /** Whatever asks for it, a page that nobody sees is not drawn. */
  shouldUpdate() {
    return !document.hidden;
  }

  firstUpdated() {
    try {
      this.map = new SituationMap(/** @type {HTMLElement} */ (this.querySelector('#map')), START,
        (/** @type {number} */ at_ms) => countdown(at_ms, this.clock.now()) ?? t('console.track.now'));
    } catch {
      this.dataset.map = 'none'; // no WebGL on this screen: all the rest must still warn
      return this.change({mapless: true});
    }
    this.map.addEventListener('select', (e) => this.act.selectTrack(/** @type {CustomEvent} */ (e).detail));
    this.loads.maps();
    this.map.addEventListener('own', (e) => this.#select({target_id: /** @type {CustomEvent} */ (e).detail}));
    for (const name of ['pointer', 'view'])
      this.map.addEventListener(name, (e) => this.change({[name]: /** @type {CustomEvent} */ (e).detail}));
    this.map.addEventListener('idle', () => { this.dataset.map = 'ready'; });
    this.#tick();
  }

  // ---- what comes in ----------------------------------------------------------------------------

  /** Of a hidden page only the newest picture is kept, unread; alerts and their sound go on as ever. */
  #picture(/** @type {any} */ picture) {
    if (document.hidden) return void (this.waiting = picture);
    this.waiting = null;
    try {
      this.#received(picture instanceof ArrayBuffer ? readFrame(picture) : picture);
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error;
      this.change({bad: {n: this.ui.bad.n + 1, why: error.message}});
    }
  }

  /** Somebody looks again: all that came meanwhile, at once. */
  #seen() {
    this.link.send({t: 'looks', on: !document.hidden});
    if (document.hidden) return;
    if (this.waiting) this.#picture(this.waiting);
    for (const alert of this.owed.values()) this.#shownToMe(alert);
    this.owed.clear();
    this.#tick();
  }

  #received(/** @type {any} */ message) {
    if (message.t === 'picture' && document.hidden) return this.#picture(message);
    const before = this.state;
    this.state = receive(this.state, message);
    if (message.t === 'hello' && document.hidden) this.link.send({t: 'looks', on: false});
    if (message.t === 'hello') { this.#hello(message); this.#ringsHere(); }
    if (message.t === 'alert') this.#alerted(message.alert);
    if (message.t === 'picture') this.#fitFirst();
    if (message.t === 'records' && message.kind === 'cap') this.loads.received({came: message.id});
    if (message.t === 'calls' || message.t === 'hello') this.loads.reach();
    if (message.t === 'hello') this.loads.flights();
    if (message.t === 'hello' || (message.t === 'records' && message.kind === 'casualty')) this.loads.hurt({rings: message.t === 'records'});
    if (message.t === 'hello' || (message.t === 'records' && message.kind === 'word')) this.words.load();
    if (message.t === 'records') this.desk?.heard(message.kind, this.ui.tab);
    if (this.state !== before) this.#tick();
  }

  #hello(/** @type {any} */ message) {
    if (message.person.lang !== this.ui.lang && !localStorage.getItem('vigia.lang'))
      setLanguage(this.ui.lang = message.person.lang, {keep: false}).then(() => this.requestUpdate());
  }

  /** Once: the first picture says where people and threats are. After that the officer decides. */
  #fitFirst() {
    if (this.fitted || this.state.picture_ms === null || !this.map) return;
    this.fitted = true;
    this.act.fit();
  }

  #alerted(/** @type {any} */ alert) {
    if (alert.msg_type !== 'cancel' && alert.sound) {
      this.horn.ring(alert, this.#words(alert), this.ui.lang);
      this.#shownToMe(alert);
    }
    this.past.soon();
    if (this.past.player || this.ui.byHand || alert.msg_type === 'cancel') return;
    const lead = incidents(this.state)[0]?.lead;
    if (lead?.track_ids.length) this.change({selected: {track_id: lead.track_ids[0]}});
  }

  #words(/** @type {any} */ alert) {
    const {sentence} = headline(this.#context(), alert);
    return spoken(alert, sentence, countdown(alert.earliest_ms, this.clock.now()));
  }

  /** The officer at this page may be a target too: then this page has delivered the alert. */
  async #shownToMe(/** @type {any} */ alert) {
    if (alert.person_id === null || alert.person_id !== this.state.person?.person_id) return;
    if (document.hidden) return void this.owed.set(alert.alert_id, alert);
    await this.updateComplete;
    this.acks.add({alert_id: alert.alert_id, revision: alert.revision, kind: 'delivered'});
  }

  #linkChanged() {
    if (this.link.watchState.state !== 'lost') this.ui.peek = false;
    this.#tick();
  }

  #tick() {
    this.dataset.watch = this.link.watchState.state;
    if (document.hidden) return; // nobody looks: nothing is drawn
    if (!this.past.player && this.ui.selected?.track_id && !this.ui.byHand && !this.state.tracks.has(this.ui.selected.track_id) && this.state.alerts.size === 0)
      this.ui.selected = null;
    this.#draw();
    this.requestUpdate();
  }

  /** The map changes with what we know, with the selection, and once a second as things age. */
  #draw() {
    const selected = this.ui.selected?.track_id ?? null;
    const target = this.ui.selected?.target_id ?? null;
    const {state, now_ms} = this.#shown();
    const key = [state, selected, target, Math.floor(now_ms / 1000)];
    if (!this.map || key.every((part, i) => part === this.shown[i])) return;
    this.shown = key;
    this.map.show(sceneOf(state, now_ms, selected, target));
  }

  /** What map and columns are drawn from: now, or the past while somebody looks back. */
  #shown() {
    const {player} = this.past;
    return player && this.ui.tab === 'watch' ? {state: player.state, now_ms: player.at_ms} : {state: this.state, now_ms: this.clock.now()};
  }

  /** @param {object} part  of the page's own state */
  change(part) {
    Object.assign(this.ui, part);
    this.#tick();
  }

  /** A word below, for some seconds. @param {string} text */
  say(text) {
    this.change({said: {text, at_ms: this.clock.now()}});
  }

  /** @param {string} what  selector of what takes the keyboard once it is drawn */
  focusOn(what) {
    this.updateComplete.then(() => /** @type {HTMLElement | null} */ (this.querySelector(what))?.focus());
  }

  // ---- what the officer does --------------------------------------------------------------------

  #acts() {
    return {
      tab: (/** @type {string} */ tab) => this.#openTab(tab),
      toldByRadio: (/** @type {any} */ call) => this.acts.told(call),
      selectTrack: (/** @type {string | null} */ id) => this.#select(id ? {track_id: id} : null),
      selectSighting: (/** @type {string} */ id) => this.#select({report_id: id}),
      nextIncident: () => this.change({incident: (this.ui.incident + 1) % Math.max(1, incidents(this.state).length)}),
      chip: (/** @type {any} */ name) => this.#chip(name),
      layers: () => this.change({layers: !this.ui.layers}),
      zoom: (/** @type {number} */ step) => this.map?.zoomBy(step),
      fit: () => this.map?.fit(this.#extent()),
      theme: (/** @type {string} */ theme) => { setTheme(theme); this.requestUpdate(); },
      language: () => this.#language(this.ui.lang === 'en' ? 'es' : 'en'),
      sound: () => this.#sound(),
      soundOff: () => this.#sound(false),
      closeSound: () => { this.change({sound: false}); this.focusOn('.quiet.sound'); },
      testSound: (/** @type {string} */ name) => this.horn.test(name),
      mute: (/** @type {boolean} */ mute) => { this.horn.mute(mute); this.change({}); },
      peek: (/** @type {boolean} */ peek) => this.change({peek}),
      askAllClear: (/** @type {string} */ incident_id) => this.acts.ask({kind: 'clear', incident_id}),
      askNotDrone: (/** @type {string} */ track_id) => this.acts.ask({kind: 'judge', track_id}),
      ask: (/** @type {any} */ what) => this.acts.ask(what),
      choose: (/** @type {any} */ choice) => this.change({ask: {...this.ui.ask, ...choice}}),
      reason: (/** @type {string} */ reason) => this.change({ask: {...this.ui.ask, reason}}),
      doIt: (/** @type {string[]} */ live) => this.acts.doIt(live),
      everybody: () => this.change({everybody: !this.ui.everybody}),
      revisions: (/** @type {string} */ id) => this.change({opened: this.ui.opened === id ? null : id}),
      closeDialog: () => this.change({ask: null, invite: null, keys: false}),
      skip: () => this.focusOn(this.ui.tab === 'watch' ? '.tracks' : '.history button, .desk button, .desk input'),
      askInvite: () => this.acts.askInvite(),
      invite: (/** @type {any} */ person, /** @type {string | undefined} */ path) => this.acts.invite(person, path),
      loadHistory: () => this.loads.history(),
      past: this.past.acts(),
    };
  }

  async #openTab(/** @type {string} */ tab) {
    this.change({tab});
    if (tab === 'alerts') { this.loads.history(); this.loads.received(); }
    if (tab === 'reach') this.loads.reach(true);
    if (!DESK_TABS.includes(tab)) return;
    if (!this.desk) {
      const {Desk} = await import('./desk/desk.mjs');
      this.desk ??= await new Desk({
        session, app: this, changed: () => this.requestUpdate(),
        say: (/** @type {string} */ text) => this.say(text),
        focus: (/** @type {string} */ what) => this.focusOn(what),
      }).ready();
    }
    this.desk.opened(tab);
    this.requestUpdate();
  }

  /** A press on the button: on, if it is not; else its panel. off: switched off by a press there. */
  async #sound(on = true) {
    const was = this.horn.state;
    if (on && (was === 'on' || was === 'muted')) {
      this.change({sound: !this.ui.sound});
      return this.focusOn('.sound-panel button');
    }
    await this.horn.set(on);
    localStorage.setItem('vigia.sound', on ? 'on' : 'off');
    this.change({sound: false});
    this.#ringsHere();
  }

  /** The watch counts this page among those that ring only while it truly does. */
  #ringsHere() {
    const rings = this.horn.state === 'on' || this.horn.state === 'muted';
    this.link.send({t: 'on_watch', on: rings, siren: rings});
  }

  #select(/** @type {any} */ selected) {
    this.change({selected, byHand: selected !== null});
    const track = selected?.track_id ? this.#shown().state.tracks.get(selected.track_id) : null;
    if (track?.lat_deg !== null && track?.lat_deg !== undefined) this.map?.reveal([track.lon_deg, track.lat_deg]);
  }

  #chip(/** @type {any} */ name) {
    const hidden = new Set(this.ui.hidden);
    if (!hidden.delete(name)) hidden.add(name);
    this.map?.toggle(name, !hidden.has(name));
    this.change({hidden});
  }

  async #language(/** @type {Wire.Lang} */ lang) {
    await setLanguage(lang);
    this.change({lang});
    this.loads.hurt();
  }

  #extent() {
    const {state} = this.#shown();
    const places = [...state.posts, ...state.people];
    for (const alert of state.alerts.values())
      for (const id of alert.track_ids) places.push(state.tracks.get(id) ?? {});
    for (const alert of state.alerts.values()) places.push(targetPlace(state, alert.target_id) ?? {});
    return places.filter((p) => typeof p.lat_deg === 'number').map((p) => /** @type {[number, number]} */ ([p.lon_deg, p.lat_deg]));
  }

  // ---- what comes out ---------------------------------------------------------------------------

  #incidents() {
    const all = incidents(this.state, this.told);
    this.told = new Map(all.map((i) => [i.incident_id, i.lead.alert_id]));
    return all;
  }

  /** @returns {Context} */
  #context() {
    const {state, ui, act, link} = this;
    return {
      state, ui, act, words: this.words, now_ms: this.clock.now(), rows: trackRows(state), incidents: this.#incidents(),
      watch: link.watchState, wordAge_ms: link.beatAt === null ? null : link.now() - link.beatAt, refused: link.refused, enrolled: this.enrolled,
      wrongRole: state.person !== null && !CONSOLE.includes(state.person.role),
      mayAct: state.person === null || OFFICERS.includes(state.person.role),
      targetName: (target_id) => targetName(state, target_id), past: null, horn: this.horn,
    };
  }

  render() {
    const c = this.#context();
    const shown = this.past.context(c);
    return html`<div class="page ${c.ui.ask || c.ui.invite ? 'asking' : ''} ${shown.past ? 'past' : ''}" ?inert=${c.ui.ask !== null || c.ui.invite !== null || c.ui.keys || (c.watch.state === 'lost' && !c.ui.peek)}>
      ${skipLink(c)}${topBar(c)}${markBand(c)}<div class="bands">${liveBand(c, this.past)}${limitedBand(c)}${hurtBand(c)}${this.words.band(c)}${replayBand(c, this.past)}${coverBand(shown)}</div>${banner(shown)}${leftColumn(shown)}${mapFrame(c)}${timelineStrip(c, this.past)}${rightColumn(shown)}
      ${c.ui.tab === 'alerts' ? alertsTab(c) : c.ui.tab === 'reach' ? reachTab(c) : ''}${DESK_TABS.includes(c.ui.tab) ? this.desk?.view(c.ui.tab, c) : ''}</div>
      ${this.words.panel(c)}${toast(c)}${soundPanel(c)}${askDialog(c)}${inviteDialog(c)}${keysCard(c)}${c.refused || c.wrongRole ? refusedOverlay(c) : lostOverlay(c)}`;
  }
}

customElements.define('vigia-console', ConsoleApp);
