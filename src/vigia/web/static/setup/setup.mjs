// The first hour of an agency: five blocks on one page, and what still stands between it and READY.
import {LitElement, html, nothing} from '../vendor/lit/lit.mjs';
import {SituationMap} from '../map/map.mjs';
import {bareScene} from '../map/overlays.mjs';
import {Words} from '../core/i18n.mjs';

const LANGS = ['en', 'es'];
const LOOK_MS = 1500;
const START = {center: /** @type {[number, number]} */ ([-98, 30]), zoom: 3.4};
const RADIUS_M = 100;
const NEAR_ZOOM = 11;

/** @param {string} path @param {object} [body] */
async function ask(path, body) {
  const answer = await fetch(path, body === undefined ? {} : {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body)});
  const data = await answer.json();
  if (!answer.ok) {
    const {what, got, expected, fix} = data.error;
    throw new Error([what, got && `(${got})`, expected, fix].filter(Boolean).join(' · '));
  }
  return data;
}

/** Words of setup in the chosen language, English behind them. @param {string} lang */
async function words(lang) {
  const load = (/** @type {string} */ l) => fetch(`/static/setup/${l}.json`).then((a) => a.json());
  return new Words(await load(lang), await load('en'));
}

class VigiaSetup extends LitElement {
  createRenderRoot() {
    return this;
  }

  constructor() {
    super();
    /** @type {any} */
    this.state = null;
    this.agency = '';
    /** @type {{name: string, lat_deg: number, lon_deg: number, radius_m: number}[]} */
    this.posts = [];
    this.csv = '';
    this.sensor = {name: 'mast', adapter: 'remote_id', source: '', simulated: false};
    /** @type {any[]} */
    this.errors = [];
    /** @type {any[]} */
    this.codes = [];
    this.busy = '';
    this.failed = {step: '', what: ''};
  }

  async connectedCallback() {
    super.connectedCallback();
    const wanted = (navigator.language ?? 'en').slice(0, 2);
    await this.speak(LANGS.includes(wanted) ? wanted : 'en');
    const token = location.hash.slice(1);
    history.replaceState(null, '', location.pathname); // the token is spent: no copy of it stays
    try {
      this.state = token ? await ask('/api/open', {token}).catch(() => ask('/api/state')) : await ask('/api/state');
      this.take();
    } catch (error) {
      this.failed = {step: 'open', what: String(/** @type {Error} */ (error).message)};
    }
    this.dataset.ready = '';
    this.requestUpdate();
    setInterval(() => this.look(), LOOK_MS);
  }

  /** @param {string} lang */
  async speak(lang) {
    this.lang = lang;
    this.words = await words(lang);
    document.documentElement.lang = lang;
    this.requestUpdate();
  }

  /** @param {string} key @param {Record<string, any>} [values] */
  t(key, values) {
    return /** @type {Words} */ (this.words).say(`setup.${key}`, values);
  }

  take() {
    this.agency = this.state.agency;
    this.posts = this.state.posts.map((/** @type {any} */ p) => ({...p}));
  }

  async look() {
    if (!this.state || this.busy || document.hidden) return;
    const state = await ask('/api/state').catch(() => null);
    if (!state || this.busy) return;
    this.state = state;
    this.requestUpdate();
  }

  /** One step at a time; a mistake is shown where it was made. @param {string} step @param {() => Promise<any>} work */
  async step(step, work) {
    if (this.busy) return;
    this.busy = step;
    this.failed = {step: '', what: ''};
    this.requestUpdate();
    try {
      const found = await work();
      if (found?.missing) this.state = found;
    } catch (error) {
      this.failed = {step, what: String(/** @type {Error} */ (error).message)};
    }
    this.busy = '';
    this.requestUpdate();
  }

  updated() {
    const container = this.querySelector('.map');
    if (container && !this.map) {
      const at = this.posts[0];
      this.map = new SituationMap(/** @type {HTMLElement} */ (container), at ? {center: [at.lon_deg, at.lat_deg], zoom: 12} : START);
      this.map.map.on('click', (/** @type {any} */ event) => this.place(event.lngLat.lat, event.lngLat.lng));
    }
    this.map?.show(bareScene(this.posts.filter((p) => Number.isFinite(p.lat_deg) && Number.isFinite(p.lon_deg))
      .map((p) => ({at: [p.lon_deg, p.lat_deg], name: p.name, kind: 'post', close: true, target_id: ''}))));
  }

  /** @param {number} lat @param {number} lon */
  place(lat, lon) {
    const round = (/** @type {number} */ x) => Math.round(x * 1e6) / 1e6;
    this.posts = [...this.posts, {name: this.t('place.post_n', {n: this.posts.length + 1}), lat_deg: round(lat), lon_deg: round(lon), radius_m: RADIUS_M}];
    this.near();
    this.requestUpdate();
  }

  /** The last post in view, near enough to set the next one beside it. */
  near() {
    const post = this.posts.at(-1);
    const map = this.map?.map;
    if (map && post && map.getZoom() < NEAR_ZOOM) map.jumpTo({center: [post.lon_deg, post.lat_deg], zoom: NEAR_ZOOM});
    else if (post) this.map?.reveal([post.lon_deg, post.lat_deg]);
  }

  render() {
    if (!this.words) return nothing;
    return html`<header><b>vigia</b> <span>${this.t('title')}</span>
        <div class="langs" role="group">${LANGS.map((lang) => html`<button lang=${lang} aria-pressed=${String(this.lang === lang)} @click=${() => this.speak(lang)}>${lang.toUpperCase()}</button>`)}</div></header>
      ${this.state ? [this.status(), this.first(), this.second(), this.third(), this.fourth(), this.fifth(), this.sheets()] : this.fault('open')}`;
  }

  /** @param {string} step */
  fault(step) {
    return this.failed.step === step ? html`<p class="bad" role="alert">${this.failed.what}</p>` : nothing;
  }

  status() {
    const {ready, missing, answered} = this.state;
    return html`<div class="status" role="status" ?data-ready=${ready}>${ready
      ? html`<b>${this.t('ready')}</b> <p>${this.t('ready.by', {names: answered.join(', ')})}</p>
        <p>${this.t('ready.next')}</p><pre>vigia watch --settings ${this.state.settings_path} --data ${this.state.data}</pre>
        <button class="go" data-act="done" @click=${() => this.step('done', () => ask('/api/done', {}))}>${this.t('done')}</button>`
      : html`<b>${this.t('not_ready')}</b> <p>${missing.map((/** @type {string} */ key) => this.t(`missing.${key}`)).join(' ')}</p>`}</div>`;
  }

  first() {
    return html`<section data-step="place"><h2>1 ${this.t('place')}</h2><p class="lead">${this.t('place.lead')}</p>
      <div class="row"><label class="wide">${this.t('place.agency')}<input name="agency" .value=${this.agency} @input=${(/** @type {any} */ e) => { this.agency = e.target.value; }}></label></div>
      <div class="map"></div>
      ${this.posts.map((post, n) => html`<div class="post">
        ${[['name', 'text'], ['lat_deg', 'number'], ['lon_deg', 'number'], ['radius_m', 'number']].map(([key, type]) => html`<label>${this.t(`place.${key}`)}
          <input name=${`${key}-${n}`} type=${type} step="any" .value=${String(/** @type {any} */ (post)[key])}
            @change=${(/** @type {any} */ e) => { /** @type {any} */ (post)[key] = type === 'number' ? Number(e.target.value) : e.target.value; if (type === 'number') this.near(); this.requestUpdate(); }}></label>`)}
        <button @click=${() => { this.posts = this.posts.filter((_, i) => i !== n); this.requestUpdate(); }}>${this.t('remove')}</button></div>`)}
      <div class="row"><button data-act="add-post" @click=${() => { const {lat, lng} = /** @type {any} */ (this.map).map.getCenter(); this.place(lat, lng); }}>${this.t('place.add')}</button>
        <button class="go" data-act="place" @click=${() => this.step('place', () => ask('/api/place', {agency: this.agency, posts: this.posts.map(({name, lat_deg, lon_deg, radius_m}) => ({name, lat_deg, lon_deg, radius_m}))}))}>${this.t('save')}</button></div>
      ${this.fault('place')}${this.state.agency ? html`<p class="good">${this.t('place.saved', {path: this.state.settings_path})}</p>` : nothing}</section>`;
  }

  second() {
    return html`<section data-step="people"><h2>2 ${this.t('people')}</h2><p class="lead">${this.t('people.lead')}</p>
      <textarea name="csv" aria-label=${this.t('people')} placeholder=${this.t('people.example')} .value=${this.csv} @input=${(/** @type {any} */ e) => { this.csv = e.target.value; }}></textarea>
      <div class="row"><label>${this.t('people.file')}<input type="file" accept=".csv,text/csv" @change=${async (/** @type {any} */ e) => { this.csv = (await e.target.files[0]?.text()) ?? ''; this.requestUpdate(); }}></label>
        <button class="go" data-act="people" @click=${() => this.step('people', async () => { const found = await ask('/api/people', {text: this.csv}); this.errors = found.errors; this.errorsAll = found.errors_all; return found; })}>${this.t('people.do')}</button></div>
      ${this.fault('people')}
      ${this.errors.length ? html`<div class="bad" role="alert">${this.errors.map((e) => html`<div>${this.t('csv.line', {line: e.line})} ${this.t(`csv.${e.key}`, e)}</div>`)}</div>` : nothing}
      ${this.state.people.length ? html`<p class="good">${this.t('people.count', {n: this.state.people.length})}</p>
        <table>${this.state.people.slice(0, 12).map((/** @type {any} */ p) => html`<tr><td>${p.name}</td><td>${this.t(`role.${p.role}`)}</td><td>${p.post_id ?? ''}</td><td>${p.lang}</td></tr>`)}</table>` : nothing}</section>`;
  }

  third() {
    const heard = this.state.heard;
    const field = (/** @type {'name' | 'adapter' | 'source'} */ key) => html`<label class=${key === 'source' ? 'wide' : ''}>${this.t(`sensor.${key}`)}<input name=${`sensor-${key}`} .value=${this.sensor[key]} @input=${(/** @type {any} */ e) => { this.sensor[key] = e.target.value; }}></label>`;
    return html`<section data-step="sensor"><h2>3 ${this.t('sensor')} <small>${this.t('sensor.may')}</small></h2><p class="lead">${this.t('sensor.lead')}</p>
      <div class="row">${field('name')}${field('adapter')}${field('source')}
        <label class="check"><input type="checkbox" name="sensor-simulated" .checked=${this.sensor.simulated} @change=${(/** @type {any} */ e) => { this.sensor.simulated = e.target.checked; }}>${this.t('sensor.simulated')}</label>
        <button class="go" data-act="sensor" @click=${() => this.step('sensor', () => ask('/api/sensor', this.sensor))}>${this.t('sensor.do')}</button></div>
      ${this.busy === 'sensor' ? html`<p role="status">${this.t('sensor.listening')}</p>` : nothing}${this.fault('sensor')}
      ${heard ? html`<p class=${heard.detections ? 'good' : 'bad'} data-heard>${this.t(heard.detections ? 'sensor.heard' : 'sensor.silent', heard)} ${heard.last_fault}</p>` : nothing}</section>`;
  }

  fourth() {
    const {running, url, lan} = this.state;
    return html`<section data-step="codes"><h2>4 ${this.t('codes')}</h2><p class="lead">${this.t('codes.lead')}</p>
      <div class="row"><button class="go" data-act="start" @click=${() => this.step('start', () => ask('/api/start', {}))}>${this.t(running ? 'start.again' : 'start')}</button>
        <button class="go" data-act="codes" ?disabled=${!running || !this.state.people.length} @click=${() => this.step('codes', async () => { this.codes = (await ask('/api/codes', {})).codes; })}>${this.t('codes.do')}</button>
        ${this.codes.length ? html`<button data-act="print" @click=${() => print()}>${this.t('codes.print', {n: this.codes.length})}</button>` : nothing}</div>
      ${this.busy === 'start' ? html`<p role="status">${this.t('starting')}</p>` : nothing}${this.fault('start')}${this.fault('codes')}
      ${running ? html`<p class="good">${this.t('running', {url})} ${lan ? this.t('running.ca', {url}) : ''}</p>` : nothing}
      ${running && !lan ? html`<p class="bad">${this.t('running.loopback')}</p>` : nothing}</section>`;
  }

  fifth() {
    return html`<section data-step="drill"><h2>5 ${this.t('drill')}</h2><p class="lead">${this.t('drill.lead')}</p>
      <div class="row"><button class="go" data-act="drill" ?disabled=${!this.state.running} @click=${() => this.step('drill', () => ask('/api/drill', {text: this.t('drill.reason')}))}>${this.t('drill.do')}</button></div>
      ${this.fault('drill')}${this.state.drilled && !this.state.ready ? html`<p role="status">${this.t('drill.sent')}</p>` : nothing}</section>`;
  }

  sheets() {
    return html`<div class="sheets">${this.codes.map((code) => html`<div class="sheet" lang=${code.lang}>
      <h1>${code.name}</h1><p>${this.state.agency} · ${this.t(`role.${code.role}`)} ${code.post}</p>
      <img alt="QR" src=${`data:image/svg+xml;utf8,${encodeURIComponent(code.qr_svg)}`}>
      <p>${this.t('sheet.do')}</p>${this.state.lan ? html`<p>${this.t('sheet.ca', {url: this.state.url})}</p>` : nothing}
      <p class="code">${code.link}</p></div>`)}</div>`;
  }
}

customElements.define('vigia-setup', VigiaSetup);
