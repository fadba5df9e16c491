// Incidents at the desk: the table, one record with its versions, same events, import, counts, claims.
import {html, nothing} from '../../vendor/lit/lit.mjs';
import {live} from '../../vendor/lit/directives/live.mjs';
import {t} from '../../core/i18n.mjs';
import {Briefing} from './briefing.mjs';
import {bars, timeSeries, weekGrid} from './charts.mjs';
import {Claims} from './claims.mjs';
import {BY, CAUSES, COLUMNS, CONFIDENCE, KINDS, PRECISION, PROFILES, STATUS, UNITS, VICTIMS, beside, cleanIncident, commandOf, episodes, filledIncident, filtered, harmWord, series, slices, sorted, spanIn, spanWord, sumWord} from './incident.mjs';
import {proposals, story, witnessed} from './story.mjs';
import {choices, field, lines, number, refusal, select, shortDay, sourceLines, text} from './parts.mjs';
import {refusedWords} from './refused.mjs';

const PAGES = ['records', 'alike', 'imports', 'counts', 'claims'];
const SHOWN_MAX = 400; // rows drawn at once; a filter finds the others
const EPISODE_H = 168;
const ANALYSTS = ['analyst', 'admin'];
const word = (/** @type {string} */ group) => (/** @type {string} */ value) => t(`console.inc.${group}.${value}`);

export class Incidents {
  /** @param {import('./desk.mjs').Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.page = 'records';
    this.claims = new Claims(desk);
    this.briefing = new Briefing(desk);
    this.areas = {name: '', text: ''}; // GeoJSON of polygons to count by
    this.proofs = false;
    /** @type {any} who vouches for the ledger */
    this.witnesses = null;
    /** @type {any[] | null} */
    this.rows = null;
    /** @type {any} */
    this.error = null;
    this.filter = {since: '', until: '', country: '', unit: '', status: '', text: ''};
    this.sort = {by: 'begins', way: -1};
    /** @type {any} {id, version, draft, versions, error, busy, dirty} */
    this.open = null;
    /** @type {any[]} */
    this.episodes = [];
    /** @type {any[] | null} */
    this.pairs = null;
    this.import = {text: '', profile: 'vigia', busy: false, error: /** @type {any} */ (null), done: /** @type {any} */ (null)};
    this.question = {since: '', until: '', country: '', unit: '', cause: '', status: '', by: 'year'};
    /** @type {any} */
    this.answer = null;
    this.busy = false; // a decision is on its way
  }

  async load() {
    try {
      const [{records}, alerts] = await Promise.all([
        this.desk.session.get('/records/incidents'),
        this.desk.session.get(`/alerts?hours=${EPISODE_H}`).catch(() => ({alerts: []})), // the journal may be busy: the records count
      ]);
      this.rows = records;
      this.episodes = episodes(alerts.alerts, records);
      this.error = null;
    } catch (error) {
      this.error = error;
    }
    if (this.page === 'alike') await this.loadPairs();
    if (this.page === 'claims') await this.claims.load();
    this.desk.changed();
  }

  async loadPairs() {
    this.pairs = (await this.desk.session.get('/incidents/alike').catch(() => null))?.pairs ?? this.pairs;
    this.desk.changed();
  }

  show(/** @type {string} */ page) {
    this.page = page;
    this.open = null;
    this.load();
    if (page === 'counts' && !this.answer) this.ask();
    this.desk.changed();
  }

  save() {
    if (this.open?.draft) this.keep({});
  }

  key(/** @type {KeyboardEvent} */ e) {
    const typing = /** @type {HTMLElement} */ (e.target).matches?.('input, select, textarea');
    if (e.key !== 'Escape' || typing || !this.open) return false;
    this.open = null;
    this.desk.changed();
    return true;
  }

  // ---- acts -----------------------------------------------------------------------------------

  async look(/** @type {string} */ id) {
    const {versions} = await this.desk.session.get(`/records/incidents/${encodeURIComponent(id)}`);
    const last = versions[versions.length - 1];
    this.page = 'records';
    this.open = {id, version: last.version, draft: {...filledIncident(structuredClone(last.record)), reason: ''}, versions, error: null, busy: false, dirty: false};
    this.desk.changed();
  }

  fresh() {
    const day = new Date(this.desk.app.clock.now()).toISOString().slice(0, 16);
    this.open = {id: `inc-${crypto.randomUUID()}`, version: 0, draft: filledIncident({begins: `${day}Z`, precision: 'minute', mark: this.desk.app.state.mode ?? 'actual'}), versions: [], error: null, busy: false, dirty: true};
    this.desk.changed();
    this.desk.focus('.sheet.record textarea');
  }

  async keep(/** @type {object} */ more) {
    const {open} = this;
    open.busy = true;
    open.error = null;
    this.desk.changed();
    try {
      await this.#post(open.id, open.version + 1, cleanIncident({...open.draft, ...more}));
      this.desk.say(t('console.inc.kept'));
      await this.load();
      await this.look(open.id);
    } catch (error) {
      open.error = error;
      open.busy = false;
    }
    this.desk.changed();
  }

  #post(/** @type {string} */ id, /** @type {number} */ version, /** @type {any} */ record) {
    return this.desk.session.post(`/records/incidents/${encodeURIComponent(id)}`, {version, record});
  }

  async decide(/** @type {any} */ p, /** @type {string | null} */ keep) {
    const rows = new Map((this.rows ?? []).map((r) => [r.id, r]));
    const id = keep === null ? p.a : keep === p.a ? p.b : p.a;
    const row = rows.get(id);
    const record = filledIncident(structuredClone(row.record));
    const change = keep === null ? {not_same_as: [...record.not_same_as, p.b]} : {status: 'merged', merged_into: keep};
    try {
      await this.#post(id, row.version + 1, cleanIncident({...record, ...change, reason: t(keep === null ? 'console.inc.not_same' : 'console.inc.same')}));
      this.desk.say(t(keep === null ? 'console.inc.not_same' : 'console.inc.merged'));
    } catch (error) {
      this.error = error;
    }
    await this.load();
  }

  /** A proposal of the machine, decided in the list. @param {any} row @param {string} status */
  async judge(row, status) {
    this.busy = true;
    this.desk.changed();
    try {
      await this.#post(row.id, row.version + 1, cleanIncident({...filledIncident(structuredClone(row.record)), status, reason: ''}));
      this.desk.say(t('console.inc.kept'));
    } catch (error) {
      this.error = error;
    }
    this.busy = false;
    await this.load();
  }

  async grow(/** @type {string} */ incident_id) {
    try {
      const made = await this.desk.session.post(`/incidents/from-episode/${encodeURIComponent(incident_id)}`, {});
      await this.load();
      await this.look(made.id);
    } catch (error) {
      this.error = error;
      this.desk.changed();
    }
  }

  async take() {
    const job = this.import;
    Object.assign(job, {busy: true, error: null, done: null});
    const done = {kept: 0, had: 0, refused: /** @type {any[]} */ ([]), part: 0, of: 0};
    try {
      const parts = slices(job.text, job.profile);
      done.of = parts.length;
      for (const part of parts) {
        done.part += 1;
        job.done = done;
        this.desk.changed();
        const told = await this.desk.session.post(`/incidents/import`, {text: part.text, profile: job.profile});
        done.kept += told.kept;
        done.had += told.had;
        done.refused.push(...told.refused.map((/** @type {any} */ r) => ({row: r.row + part.first - 1, what: r.what})));
      }
    } catch (error) {
      job.error = error; // parts before this one are kept; taking the file again keeps nothing twice
    }
    job.busy = false;
    job.done = done.of ? done : null;
    await this.load();
  }

  /** Polygons of a file; without one everywhere counts. @param {File | undefined} file */
  async take_areas(file) {
    this.areas = {name: file?.name ?? '', text: file ? await file.text() : ''};
    this.question.by = this.areas.text ? 'area' : 'year';
    await this.ask();
  }

  async ask() {
    const {since, until, country, unit, cause, status, by} = this.question;
    const mode = this.desk.app.state.mode ?? 'actual';
    const question = {
      ...(since ? {since} : {}), ...(until ? {until} : {}), ...(country ? {countries: [country.toUpperCase()]} : {}), ...(unit ? {units: [unit]} : {}), ...(cause ? {causes: [cause]} : {}),
      ...(status ? {statuses: [status]} : {}), ...(mode === 'actual' ? {} : {marks: ['actual', mode]}),
    };
    const areas = this.areas.text;
    const ask = (/** @type {string[]} */ groups) => this.desk.session.post('/incidents/count', {question: {...question, by: groups}, areas});
    this.briefing.draw(question, areas);
    this.witnesses = await this.desk.session.get('/ledger/witnesses').catch(() => null);
    try {
      const [table, months, week, kinds] = await Promise.all([ask([by]), ask(['month']), ask(['weekday', 'hour']), ask(['kind'])]);
      this.answer = {table, months, week, kinds, asked: {...question, ...(areas ? {areas: table.question.areas} : {}), by: [by]}, error: null};
    } catch (error) {
      this.answer = {error};
    }
    this.desk.changed();
  }

  // ---- views ----------------------------------------------------------------------------------

  view(/** @type {any} */ c) {
    const count = /** @type {Record<string, number>} */ ({records: filtered(this.rows ?? [], {since: '', until: '', country: '', unit: '', status: '', text: ''}).length, alike: this.pairs?.length ?? 0});
    return html`<div class="desk stack"><nav class="pages" role="tablist">${PAGES.map((p) => html`<button role="tab" data-page=${p} aria-selected=${this.page === p} @click=${() => this.show(p)}>
        ${t(`console.inc.page.${p}`)}${count[p] ? html`<b class="count num">${count[p]}</b>` : nothing}</button>`)}
      <div class="grow"></div>${this.#exports(c)}</nav>
      ${this.error ? html`<p class="failed pad" role="alert">${refusedWords(this.error)}</p>` : nothing}
      ${this.#page(c)}</div>`;
  }

  #page(/** @type {any} */ c) {
    switch (this.page) {
      case 'alike': return this.#alike();
      case 'imports': return this.#import(c);
      case 'counts': return this.#counts();
      case 'claims': return this.claims.view(c);
      default: return this.open ? this.#record(c) : this.#table(c);
    }
  }

  #exports(/** @type {any} */ c) {
    if (!ANALYSTS.includes(c.state.person?.role)) return nothing;
    return html`<span class="prints"><label class="tick" title=${t('console.inc.proofs_hint')}><input type="checkbox" data-proofs .checked=${live(this.proofs)} @change=${() => { this.proofs = !this.proofs; this.desk.changed(); }}>${t('console.inc.proofs')}</label>
      ${['csv', 'geojson', 'parquet', 'json'].map((f) => html`<a class="quiet" download=${this.proofs ? `incidents.${f}.zip` : `incidents.${f}`} href=${`/api/v1/incidents/export?format=${f}${this.proofs ? '&proofs=1' : ''}`}>${f.toUpperCase()}</a>`)}</span>`;
  }

  #table(/** @type {any} */ c) {
    const f = this.filter;
    const ch = this.desk.changed;
    const rows = sorted(filtered(this.rows ?? [], f), this.sort.by, this.sort.way);
    const countries = [...new Set((this.rows ?? []).map((r) => r.record.place?.country).filter(Boolean))].sort();
    const head = (/** @type {string} */ by) => html`<th scope="col" aria-sort=${this.sort.by === by ? (this.sort.way > 0 ? 'ascending' : 'descending') : 'none'}>
      <button @click=${() => { this.sort = {by, way: this.sort.by === by ? -this.sort.way : by === 'begins' ? -1 : 1}; ch(); }}>${t(`console.inc.col.${by}`)}${this.sort.by === by ? (this.sort.way > 0 ? ' ▲' : ' ▼') : ''}</button></th>`;
    return html`<div class="body">
      <div class="row filter">${field(t('console.inc.since'), text(f, 'since', ch, {type: 'date'}))}${field(t('console.inc.until'), text(f, 'until', ch, {type: 'date'}))}
        ${field(t('console.inc.country'), select(f, 'country', [['', t('console.bull.all')], .../** @type {[string, string][]} */ (countries.map((x) => [x, x]))], ch), 'slim')}
        ${field(t('console.inc.col.unit'), select(f, 'unit', [['', t('console.bull.all')], ...choices(UNITS, word('unit'))], ch))}
        ${field(t('console.inc.col.status'), select(f, 'status', [['', t('console.inc.open_ones')], ...choices(STATUS, word('status'))], ch))}
        ${field(t('console.inc.words'), text(f, 'text', ch, {type: 'search'}), 'wide')}
        <button class="primary" data-act="new-incident" @click=${() => this.fresh()}>${t('console.inc.new')}</button></div>
      ${proposals(this.rows ?? [], {look: (id) => this.look(id), decide: (row, status) => this.judge(row, status), busy: this.busy})}
      ${this.episodes.length ? html`<section class="episodes"><h4>${t('console.inc.episodes')}<em>${t('console.inc.episodes_hint')}</em></h4>${this.episodes.slice(0, 5).map((e) => html`<div class="episode">
        <span class="num">${shortDay(new Date(e.begins_ms).toISOString().slice(0, 16))} Z</span><b>${[...e.posts].map((id) => c.targetName(id)).concat([...e.people]).slice(0, 4).join(', ')}</b>
        ${e.mark === 'actual' ? nothing : html`<i class="tag">${t(`alert.mark.${e.mark}`)}</i>`}<span>${t('console.inc.warned', {n: e.people.size})}</span>
        <button class="ghost" data-act="grow" @click=${() => this.grow(e.incident_id)}>${t('console.inc.grow')}</button></div>`)}</section>` : nothing}
      ${rows.length === 0 ? html`<p class="none">${t(this.rows === null ? 'console.inc.reading' : 'console.inc.none')}</p>` : html`<div class="scroll"><table class="records">
        <thead><tr>${COLUMNS.map(head)}<th scope="col">${t('console.inc.col.summary')}</th></tr></thead>
        <tbody>${rows.slice(0, SHOWN_MAX).map((r) => this.#row(r))}</tbody></table>
        ${rows.length > SHOWN_MAX ? html`<p class="none">${t('console.inc.more', {n: rows.length - SHOWN_MAX})}</p>` : nothing}</div>`}</div>`;
  }

  #row(/** @type {any} */ {id, version, record: r}) {
    const open = () => this.look(id);
    return html`<tr data-status=${r.status} @click=${open}>
      <td class="num"><button class="plain" @click=${(/** @type {Event} */ e) => { e.stopPropagation(); open(); }}>${shortDay(r.begins)}</button></td>
      <td>${[r.place?.country, r.place?.region, r.place?.name].filter(Boolean).join(' · ') || '?'}</td><td>${word('kind')(r.kind)}</td>
      <td class="num">${spanWord(r.amount ?? {low: 1, best: 1, high: 1})} ${word('unit')(r.unit)}</td><td class="num">${harmWord(r, 'killed')}</td><td class="num">${harmWord(r, 'injured')}</td>
      <td><b class="status ${r.status}">${word('status')(r.status)}</b>${r.mark && r.mark !== 'actual' ? html` <i class="tag">${t(`alert.mark.${r.mark}`)}</i>` : nothing}</td><td class="num">${version}</td><td class="clip">${r.summary}</td></tr>`;
  }

  #record(/** @type {any} */ c) {
    const {open} = this;
    const i = open.draft;
    const ch = () => { open.dirty = true; this.desk.changed(); };
    const span = (/** @type {any} */ s, /** @type {string} */ label) => html`<span class="span">${['low', 'best', 'high'].map((k) => number(s, k, ch, {label: `${label} ${t(`console.inc.${k}`)}`, hint: t(`console.inc.${k}`)}))}</span>`;
    const taken = i.harm.map((/** @type {any} */ h) => h.victims);
    return html`<div class="split"><main class="sheet record">
      <div class="row">${field(t('console.inc.begins'), text(i, 'begins', ch, {hint: '2026-11-27T18:40Z'}))}${field(t('console.inc.precision'), select(i, 'precision', choices(PRECISION, word('precision')), ch), 'slim')}
        ${field(t('console.inc.ends'), text(i, 'ends', ch))}${field(t('console.inc.col.kind'), select(i, 'kind', choices(KINDS, word('kind')), ch))}
        ${field(t('console.inc.col.unit'), select(i, 'unit', choices(UNITS, word('unit')), ch))}${field(t('console.inc.amount'), span(i.amount, t('console.inc.amount')))}</div>
      ${field(t('console.inc.col.summary'), text(i, 'summary', ch, {rows: 2}))}
      <div class="row">${field(t('console.inc.place'), text(i.place, 'name', ch, {max: 200}), 'wide')}${field(t('console.inc.region'), text(i.place, 'region', ch, {max: 200}))}${field(t('console.inc.country'), text(i.place, 'country', ch, {max: 2, hint: 'MX'}), 'slim')}
        ${field(t('console.inc.lat'), number(i.place, 'lat_deg', ch, {step: 'any'}))}${field(t('console.inc.lon'), number(i.place, 'lon_deg', ch, {step: 'any'}))}${field(t('console.inc.radius'), number(i.place, 'radius_m', ch))}</div>
      <div class="row">${field(t('console.inc.actor'), text(i, 'actor', ch, {max: 200}), 'wide')}${field(t('console.inc.confidence'), select(i, 'actor_confidence', choices(CONFIDENCE, word('confidence')), ch))}
        ${field(t('console.inc.target'), select(i, 'target', choices(VICTIMS, word('victims')), ch))}${field(t('console.inc.cause_of_harm'), select(i, 'cause', choices(CAUSES, word('cause')), ch))}</div>
      ${field(t('console.inc.effect'), text(i, 'effect', ch, {rows: 1}))}
      <section><h4>${t('console.inc.harm')}<em>${t('console.inc.harm_hint')}</em></h4>${lines(i.harm, (h) => html`<div class="harm">${select(h, 'victims', choices(VICTIMS, word('victims')), ch)}
        <label>${t('console.inc.col.killed')} ${span(h.killed, t('console.inc.col.killed'))}</label><label>${t('console.inc.col.injured')} ${span(h.injured, t('console.inc.col.injured'))}</label></div>`,
        () => ({victims: VICTIMS.find((v) => !taken.includes(v)) ?? 'unsaid', killed: spanIn(null), injured: spanIn(null)}), ch, {most: VICTIMS.length, name: t('console.inc.harm')})}</section>
      <section><h4>${t('bulletin.sources')}</h4>${sourceLines(i.sources, ch)}</section></main>
      <aside class="side"><section><h2>${t('console.inc.record')}<em>${word('status')(i.status)}${open.dirty ? ` · ${t('console.bull.unsaved')}` : ''}</em></h2>
        ${i.merged_into ? html`<p class="pad">${t('console.inc.merged_into')} <button class="more" @click=${() => this.look(i.merged_into)}>${i.merged_into}</button></p>` : nothing}
        <div class="pad">${field(t('console.inc.reason'), text(i, 'reason', ch, {rows: 1, max: 200}))}</div></section>
        ${refusal(open.error, () => this.look(open.id))}
        <div class="acts"><button class="primary" data-act="keep" ?disabled=${open.busy} @click=${() => this.keep({})}>${t(open.version ? 'console.inc.keep_version' : 'console.inc.keep', {n: open.version + 1})} <kbd>Ctrl S</kbd></button>
          ${i.status === 'verified' || !open.version ? nothing : html`<button class="ghost" data-act="verify" ?disabled=${open.busy} @click=${() => this.keep({status: 'verified', merged_into: ''})}>${t('console.inc.verify')}</button>`}
          ${i.status === 'rejected' || !open.version ? nothing : html`<button class="ghost" data-act="reject" ?disabled=${open.busy} @click=${() => this.keep({status: 'rejected', merged_into: ''})}>${t('console.inc.reject')}</button>`}
          <button class="ghost" @click=${() => { this.open = null; this.desk.changed(); }}>${t('console.inc.back')}</button></div>
        ${story(i, this.desk.app)}
        ${i.origin ? html`<p class="hint pad">${t('console.inc.origin', {what: i.origin})}</p>` : nothing}
        ${open.versions.length ? html`<section><h2>${t('console.inc.versions')}</h2><ol class="versions">${[...open.versions].reverse().map((/** @type {any} */ v) => html`<li><b class="num">${v.version}</b><span>${word('status')(v.record.status)}${v.record.reason ? `: ${v.record.reason}` : ''}<small>${v.by ?? t('console.inc.machine')} · ${shortDay(new Date(v.t_ms).toISOString().slice(0, 16))} Z</small><small class="code">SHA-256 ${v.sha256.slice(0, 16)}… · ${t('console.inc.seq', {n: v.seq})}</small></span></li>`)}</ol></section>` : nothing}
      </aside></div>`;
  }

  #alike() {
    const rows = new Map((this.rows ?? []).map((r) => [r.id, r]));
    const pairs = (this.pairs ?? []).filter((p) => rows.has(p.a) && rows.has(p.b));
    if (!pairs.length) return html`<p class="none">${t('console.inc.no_pairs')}</p>`;
    return html`<div class="body scroll pairs"><p class="hint">${t('console.inc.alike_hint')}</p>${pairs.slice(0, 20).map((p) => html`<section class="same" data-pair=${`${p.a}/${p.b}`}>
      <header><b class="num">${Math.round(p.score * 100)} %</b><span>${t('console.inc.grounds')}: ${p.grounds.map((/** @type {string} */ g) => t(`console.inc.ground.${g}`)).join(', ')}</span></header>
      <table><tbody>${beside(rows.get(p.a).record, rows.get(p.b).record).map((f) => html`<tr class=${f.same ? '' : 'differs'}><th scope="row">${t(`console.inc.col.${f.name}`)}</th><td>${f.a || '–'}</td><td>${f.b || '–'}</td></tr>`)}</tbody></table>
      <div class="acts"><button class="ghost" data-act="keep-left" @click=${() => this.decide(p, p.a)}>${t('console.inc.same_left')}</button><button class="ghost" @click=${() => this.decide(p, p.b)}>${t('console.inc.same_right')}</button>
        <button class="ghost" data-act="not-same" @click=${() => this.decide(p, null)}>${t('console.inc.not_same')}</button></div></section>`)}</div>`;
  }

  #import(/** @type {any} */ c) {
    const job = this.import;
    const may = ANALYSTS.includes(c.state.person?.role);
    const file = async (/** @type {any} */ e) => { const [f] = e.target.files; if (f) { job.text = await f.text(); if (/json$/.test(f.name)) job.profile = 'geojson'; this.desk.changed(); } };
    return html`<div class="body scroll imports"><p class="hint">${t('console.inc.import_hint')}</p>${may ? nothing : html`<p class="failed">${t('console.inc.only_analyst')}</p>`}
      <div class="row">${field(t('console.inc.file'), html`<input type="file" accept=".csv,.geojson,.json,text/csv" @change=${file}>`, 'wide')}
        ${field(t('console.inc.profile'), select(job, 'profile', choices(PROFILES, word('profile')), this.desk.changed), 'wide')}
        <button class="primary" data-act="take" ?disabled=${!may || job.busy || !job.text.trim()} @click=${() => this.take()}>${t('console.inc.take')}</button></div>
      ${field(t('console.inc.or_paste'), html`<textarea class="code" rows="10" spellcheck="false" .value=${live(job.text.slice(0, 200_000))} @input=${(/** @type {any} */ e) => { job.text = e.target.value; this.desk.changed(); }}></textarea>`)}
      ${job.error ? html`<p class="failed" role="alert">${refusedWords(job.error)}</p>` : nothing}
      ${job.done ? html`<section class="done" role="status"><b>${t('console.inc.imported', {kept: job.done.kept, had: job.done.had, refused: job.done.refused.length})}</b>${job.busy ? html` <span class="num">${job.done.part} / ${job.done.of}</span>` : nothing}
        ${job.done.refused.length ? html`<table class="refused"><thead><tr><th>${t('console.inc.row')}</th><th>${t('console.inc.why')}</th></tr></thead><tbody>${job.done.refused.slice(0, 200).map((/** @type {any} */ r) => html`<tr><td class="num">${r.row}</td><td>${r.what}</td></tr>`)}</tbody></table>` : nothing}</section>` : nothing}</div>`;
  }

  #counts() {
    const q = this.question;
    const ask = () => { this.ask(); this.desk.changed(); };
    const a = this.answer;
    return html`<div class="body scroll counts"><div class="row filter">
      ${field(t('console.inc.since'), text(q, 'since', ask, {type: 'date'}))}${field(t('console.inc.until'), text(q, 'until', ask, {type: 'date'}))}
      ${field(t('console.inc.country'), text(q, 'country', ask, {max: 2, hint: t('console.bull.all')}), 'slim')}${field(t('console.inc.col.unit'), select(q, 'unit', [['', t('console.bull.all')], ...choices(UNITS, word('unit'))], ask))}
      ${field(t('console.inc.cause_of_harm'), select(q, 'cause', [['', t('console.bull.all')], ...choices(CAUSES, word('cause'))], ask))}
      ${field(t('console.inc.col.status'), select(q, 'status', [['', t('console.inc.open_ones')], ...choices(['verified', 'candidate'], word('status'))], ask))}
      ${field(t('console.inc.by'), select(q, 'by', choices(this.areas.text ? [...BY, 'area'] : BY, word('by')), ask))}
      ${field(t('console.inc.areas'), html`<input type="file" data-areas accept=".geojson,.json" @change=${(/** @type {any} */ e) => this.take_areas(e.target.files[0])}>`)}</div>
      ${!a ? nothing : a.error ? html`<p class="failed" role="alert">${refusedWords(a.error)}</p>` : this.#answer(a)}</div>`;
  }

  #answer(/** @type {any} */ a) {
    const {table} = a;
    const units = Object.keys(table.total.amounts);
    const line = (/** @type {any} */ l, /** @type {string} */ name) => html`<tr><th scope="row">${name}</th><td class="num">${l.records}${l.maybe ? html` <small title=${t('brief.maybe')}>+ ${l.maybe} ?</small>` : nothing}</td>${units.map((u) => html`<td class="num">${sumCell(l.amounts[u])}</td>`)}<td class="num">${sumCell(l.killed)}</td><td class="num">${sumCell(l.injured)}</td><td class="num">${l.verified}</td></tr>`;
    const by = a.asked.by[0];
    const say = (/** @type {string} */ g) => (g === '?' ? '?' : ['unit', 'kind', 'status'].includes(by) ? word(by)(g) : ['target', 'victims'].includes(by) ? word('victims')(g) : g);
    return html`<table class="sums"><thead><tr><th>${word('by')(by)}</th><th>${t('console.inc.records')}</th>${units.map((u) => html`<th>${word('unit')(u)}</th>`)}<th>${t('console.inc.col.killed')}</th><th>${t('console.inc.col.injured')}</th><th>${word('status')('verified')}</th></tr></thead>
        <tbody>${table.lines.map((/** @type {any} */ l) => line(l, say(l.group[0])))}</tbody><tfoot>${line(table.total, t('console.inc.total'))}</tfoot></table>
      <div class="asked"><p>${t('console.inc.asked')}: <span class="code">${askedWords(a.asked)}</span>. ${t('console.inc.unsaid_hint')}</p>
        ${Object.keys(table.left_out).length ? html`<p>${t('console.inc.left_out')}: ${Object.entries(table.left_out).map(([why, n]) => `${n} (${t(`console.inc.left.${why}`)})`).join(', ')}</p>` : nothing}
        <p>${t('console.inc.ledger')}: <span class="code">${table.ledger ? `${table.ledger.size} · ${table.ledger.root}` : '–'}</span></p>
        ${witnessed(this.witnesses)}
        <p>${t('console.inc.again')}: <span class="code">${commandOf({...a.asked, marks: a.asked.marks ?? []}) ?? `POST /api/v1/incidents/count ${JSON.stringify({question: a.asked})}`}</span></p></div>
      ${this.briefing.view()}
      <div class="charts">${units.map((u) => timeSeries(series(a.months.lines, u), t('console.inc.chart_months', {unit: word('unit')(u)})))}${weekGrid(a.week.lines, t('console.inc.chart_week'))}${bars(a.kinds.lines, t('console.inc.chart_kinds'), word('kind'))}</div>`;
  }
}

/** "8+ · 15 do not say": never a bare number where some records are silent. */
function sumCell(/** @type {any} */ s) {
  return html`${sumWord(s)}${s?.unknown ? html` <small>${t('console.inc.do_not_say', {n: s.unknown, all: s.known + s.unknown})}</small>` : nothing}`;
}

function askedWords(/** @type {any} */ q) {
  const statuses = q.statuses ?? ['candidate', 'verified'];
  return [q.since || q.until ? `${q.since ?? '…'} – ${q.until ?? '…'}` : t('console.inc.any_time'), q.countries?.join(' '), q.areas?.join(', '), q.units?.map(word('unit')).join(' '), q.causes?.map(word('cause')).join(' '), statuses.map(word('status')).join(' + '), (q.marks ?? ['actual']).join(' + ')].filter(Boolean).join('; ');
}
