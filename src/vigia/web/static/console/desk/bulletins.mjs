// Bulletins at the desk: the list, the editor in both languages, release by a second person, who has read.
import {html, nothing} from '../../vendor/lit/lit.mjs';
import {live} from '../../vendor/lit/directives/live.mjs';
import {language, t} from '../../core/i18n.mjs';
import {GROUPS, LIKELIHOOD, ROLES, TLP, both, filled, fromBox, groupOf, readCount, toBox, unready, withoutSource} from './bulletin.mjs';
import {choices, field, gradeWord, lines, pair, refusal, select, shortDay, sourceLines, text} from './parts.mjs';
import {refusedWords} from './refused.mjs';

const RELEASERS = ['releaser', 'admin'];

export class Bulletins {
  /** @param {import('./desk.mjs').Desk} desk */
  constructor(desk) {
    this.desk = desk;
    /** @type {any[] | null} */
    this.rows = null;
    /** @type {any} */
    this.error = null;
    /** @type {any} the one that is looked at: {id, version, draft | null, error, busy, recall} */
    this.open = null;
  }

  changed = () => {
    if (this.open) this.open.dirty = true;
    this.desk.changed();
  };

  async load() {
    try {
      this.rows = (await this.desk.session.get('/desk/bulletins')).bulletins;
      this.error = null;
    } catch (error) {
      this.error = error;
    }
    this.desk.changed();
  }

  row() {
    return this.rows?.find((r) => r.id === this.open?.id) ?? null;
  }

  // ---- acts -----------------------------------------------------------------------------------

  async fresh(/** @type {boolean} */ fromTemplate) {
    const b = fromTemplate ? (await this.desk.session.get('/desk/bulletins/template')).bulletin : {};
    this.open = {id: `osa-${crypto.randomUUID()}`, version: 0, draft: filled(b), dirty: fromTemplate, error: null, busy: false};
    this.desk.changed();
    this.desk.focus('.editor textarea');
  }

  look(/** @type {any} */ row) {
    const editable = ['draft', 'review'].includes(row.bulletin.status);
    this.open = {id: row.id, version: row.version, draft: editable ? filled(structuredClone(row.bulletin)) : null, dirty: false, error: null, busy: false};
    this.desk.changed();
  }

  correct(/** @type {any} */ row) {
    this.open = {id: row.id, version: row.version, draft: {...filled(structuredClone(row.bulletin)), status: 'draft', reason: both({})}, dirty: true, error: null, busy: false};
    this.desk.changed();
  }

  async save(/** @type {string} */ status) {
    const {open} = this;
    if (!open?.draft || open.busy) return;
    await this.#call(() => this.desk.session.post(`/desk/bulletins/${open.id}`, {version: open.version + 1, bulletin: {...open.draft, status}}),
      () => { open.draft.status = status; open.dirty = false; }, t(`console.bull.said.${status}`));
  }

  async release() {
    const {open} = this;
    await this.#call(() => this.desk.session.post(`/desk/bulletins/${open.id}/release`, {version: open.version + 1}), () => { open.draft = null; }, t('console.bull.said.released'));
  }

  async recall() {
    const {open} = this;
    await this.#call(() => this.desk.session.post(`/desk/bulletins/${open.id}/recall`, {version: open.version + 1, reason: open.recall}), () => { open.recall = null; }, t('console.bull.said.recalled'));
  }

  async remind() {
    const {open} = this;
    await this.#call(async () => {
      const {unread, told} = await this.desk.session.post(`/desk/bulletins/${open.id}/remind`, {version: open.version});
      this.desk.say(t('console.bull.reminded', {unread, told}));
    }, () => { open.version -= 1; }, '');
  }

  async #call(/** @type {() => Promise<any>} */ call, /** @type {() => void} */ done, /** @type {string} */ said) {
    const {open} = this;
    open.busy = true;
    open.error = null;
    this.desk.changed();
    try {
      await call();
      open.version += 1;
      done();
      if (said) this.desk.say(said);
      await this.load();
    } catch (error) {
      open.error = error;
    }
    open.busy = false;
    this.desk.changed();
  }

  again = async () => {
    await this.load();
    const row = this.row();
    if (row) this.look(row);
  };

  // ---- views ----------------------------------------------------------------------------------

  view(/** @type {any} */ c) {
    return html`<div class="desk three">${this.#list(c)}${this.open ? this.#one(c) : this.#empty()}</div>`;
  }

  #empty() {
    return html`<main class="sheet"><div class="blank"><h3>${t('console.bull.title')}</h3><p>${t('console.bull.explain')}</p>
      <button class="primary" data-act="template" @click=${() => this.fresh(true)}>${t('console.bull.template')}</button></div></main><aside class="side"></aside>`;
  }

  #list(/** @type {any} */ c) {
    const rows = this.rows ?? [];
    return html`<nav class="list" aria-label=${t('console.tab.bulletins')}>
      <div class="acts tight"><button class="primary" data-act="template" @click=${() => this.fresh(true)}>${t('console.bull.template')}</button>
        <button class="ghost" @click=${() => this.fresh(false)}>${t('console.bull.blank')}</button></div>
      ${this.error ? html`<p class="failed pad" role="alert">${refusedWords(this.error)}</p>` : nothing}
      <div class="scroll">${GROUPS.map((group) => {
        const mine = rows.filter((r) => groupOf(r, c.now_ms) === group);
        return mine.length || group === 'force' ? html`<h2>${t(`console.bull.group.${group}`)}<em class="num">${mine.length || ''}</em></h2>
          ${mine.length ? mine.map((r) => this.#row(r, group)) : html`<p class="none">${t('console.bull.none')}</p>`}` : nothing;
      })}</div></nav>`;
  }

  #row(/** @type {any} */ r, /** @type {string} */ group) {
    const b = filled(r.bulletin);
    const count = readCount(r);
    return html`<button class="item ${group}" aria-current=${this.open?.id === r.id} @click=${() => this.look(r)}>
      <b>${b.title[language()] || b.title.en || b.title.es || t('console.bull.untitled')}</b>
      <span class="num">${b.number || t('console.bull.no_number')}${b.edition ? ` · ${t('bulletin.edition', {n: b.edition})}` : ''}</span>
      ${group === 'force' || group === 'expired' ? html`<i class="num">${t('console.bull.read_of', {n: count.read, all: count.all})}</i>` : nothing}
      ${group === 'force' && !r.in_force ? html`<i>${t('console.bull.from', {at: shortDay(b.effective)})}</i>` : nothing}
      ${group === 'draft' || group === 'review' ? html`<i>${r.unready.length ? t('console.bull.open_points', {n: r.unready.length}) : t('console.bull.complete')}</i>` : nothing}</button>`;
  }

  #one(/** @type {any} */ c) {
    const {open} = this;
    return html`${open.draft ? this.#editor(c, open.draft) : this.#reader(filled(this.row()?.bulletin ?? {}))}${this.#side(c)}`;
  }

  #editor(/** @type {any} */ c, /** @type {any} */ b) {
    const ch = this.changed;
    const list = (/** @type {string} */ name) => html`<section><h4>${t(`bulletin.${name}`)}</h4>
      ${lines(b[name], (line) => pair(line, ch, {label: t(`bulletin.${name}`)}), () => both({}), ch, {name: t(`bulletin.${name}`)})}</section>`;
    /** @type {[any, string][]} */
    const cite = [[null, t('console.bull.no_source')], ...b.sources.map((/** @type {any} */ s, /** @type {number} */ n) => [n, `${n + 1} · ${gradeWord(s)} · ${s.title.slice(0, 50)}`])];
    const when = (/** @type {string} */ name) => html`<input type="datetime-local" .value=${live(toBox(b[name]))} @input=${(/** @type {any} */ e) => { b[name] = fromBox(e.target.value); ch(); }}>`;
    return html`<main class="sheet editor">
      <div class="row">${field(t('bulletin.issuer'), text(b, 'issuer', ch, {max: 200}), 'wide')}
        ${field(`${t('bulletin.effective')} (Z)`, when('effective'), 'time')}${field(`${t('bulletin.expires')} (Z)`, when('expires'), 'time')}
        ${field('TLP 2.0', select(b, 'tlp', TLP.map((v) => [v, v.replace('TLP:', '')]), ch))}</div>
      <div class="pair heads"><b>English</b><b>Español</b></div>
      <section><h4>${t('console.bull.headline')}</h4>${pair(b.title, ch, {rows: 2, label: t('console.bull.headline')})}</section>
      <section><h4>${t('bulletin.summary')}</h4>${pair(b.summary, ch, {rows: 3, label: t('bulletin.summary')})}</section>
      ${list('targeted')}
      <section><h4>${t('bulletin.known')}</h4>${lines(b.known, (s) => html`${pair(s.text, ch, {label: t('bulletin.known')})}
        <label class="cite">${t('console.bull.says')} ${select(s, 'source', cite, ch)}</label>`, () => ({text: both({}), source: b.sources.length ? 0 : null}), ch, {name: t('bulletin.known')})}</section>
      ${list('unknown')}
      <section><h4>${t('bulletin.likelihood')}</h4>${select(b, 'likelihood', [[null, '–'], ...choices(LIKELIHOOD, (v) => t(`bulletin.likelihood.${v}`))], ch, {label: t('bulletin.likelihood')})}
        ${pair(b.likelihood_of, ch, {label: t('console.bull.of_what')})}</section>
      ${list('do')}${list('dont')}${list('report_to')}
      <section><h4>${t('bulletin.sources')}</h4>${sourceLines(b.sources, ch, (n) => withoutSource(b, n))}</section>
      <section><h4>${t('bulletin.handling')}</h4>${pair(b.handling, ch, {label: t('bulletin.handling')})}</section>
      ${this.#recipients(c, b)}</main>`;
  }

  #recipients(/** @type {any} */ c, /** @type {any} */ b) {
    const to = b.recipients;
    const flip = (/** @type {string} */ name, /** @type {string} */ value) => () => {
      to[name] = to[name].includes(value) ? to[name].filter((/** @type {string} */ v) => v !== value) : [...to[name], value];
      this.changed();
    };
    const boxes = (/** @type {string} */ name, /** @type {[string, string][]} */ all) => html`<div class="boxes">${all.map(([value, word]) => html`
      <label><input type="checkbox" .checked=${live(to[name].includes(value))} @change=${flip(name, value)}>${word}</label>`)}</div>`;
    const agencies = {get list() { return to.agencies.join(', '); }, set list(v) { to.agencies = v.split(',').map((/** @type {string} */ x) => x.trim()).filter(Boolean); }};
    const all = !to.agencies.length && !to.posts.length && !to.roles.length && !to.area;
    return html`<section class="recipients"><h4>${t('console.bull.recipients')}</h4><p class="hint">${t(all ? 'console.bull.everybody' : 'console.bull.whoever_fits')}</p>
      <div class="row">${field(t('console.bull.agencies'), html`<input placeholder=${t('console.bull.all')} .value=${agencies.list} @change=${(/** @type {any} */ e) => { agencies.list = e.target.value; this.changed(); }}>`, 'wide')}</div>
      <div class="row up"><div><h5>${t('console.bull.posts')}</h5>${boxes('posts', c.state.posts.map((/** @type {any} */ p) => [p.post_id, p.name]))}</div>
        <div><h5>${t('console.bull.roles')}</h5>${boxes('roles', /** @type {any} */ (ROLES.map((r) => [r, t(`role.${r}`)])))}</div></div>
      <div class="boxes"><label><input type="checkbox" data-outside .checked=${live(to.outside)} @change=${() => { to.outside = !to.outside; this.changed(); }}>${t('console.bull.outside')}</label></div></section>`;
  }

  /** As it was released, both languages beside each other. */
  #reader(/** @type {any} */ b) {
    const two = (/** @type {string} */ name, /** @type {any[]} */ texts) => texts.some((x) => x.en) ? html`<section><h4>${t(`bulletin.${name}`)}</h4>
      ${texts.map((x) => html`<div class="pair read"><p lang="en">${x.en}</p><p lang="es">${x.es}</p></div>`)}</section>` : nothing;
    const known = b.known.map((/** @type {any} */ s) => ({en: `${s.text.en} [${(s.source ?? -1) + 1}]`, es: `${s.text.es} [${(s.source ?? -1) + 1}]`}));
    return html`<main class="sheet reader">
      ${b.status === 'recalled' ? html`<div class="stamp" role="status"><b>${t('bulletin.recalled')}</b><span>${b.reason[language()]}</span></div>` : nothing}
      <div class="row heads"><span class="tlp code">${b.tlp}</span><span class="num">${b.number} · ${t('bulletin.edition', {n: b.edition})}</span><span class="num">${shortDay(b.effective)} – ${shortDay(b.expires)}</span><span>${b.issuer} · ${t('bulletin.released_by')}: ${b.released_by}</span></div>
      <div class="pair read title"><h3 lang="en">${b.title.en}</h3><h3 lang="es">${b.title.es}</h3></div>
      ${two('summary', [b.summary])}${two('targeted', b.targeted)}${two('known', known)}${two('unknown', b.unknown)}
      ${b.likelihood ? html`<section><h4>${t('bulletin.likelihood')}</h4><p>${b.likelihood_of[language()]}: <b>${t(`bulletin.likelihood.${b.likelihood}`)}</b></p></section>` : nothing}
      ${two('do', b.do)}${two('dont', b.dont)}${two('report_to', b.report_to)}
      <section><h4>${t('bulletin.sources')}</h4>${b.sources.map((/** @type {any} */ s, /** @type {number} */ n) => html`<p>[${n + 1}] ${s.title} <b class="code">${gradeWord(s)}</b> ${s.published}</p>`)}</section></main>`;
  }

  #side(/** @type {any} */ c) {
    const {open} = this;
    const row = this.row();
    return html`<aside class="side">${open.draft ? this.#readiness(c, open, row) : this.#released(c, open, row)}</aside>`;
  }

  #readiness(/** @type {any} */ c, /** @type {any} */ open, /** @type {any} */ row) {
    const missing = unready(open.draft);
    const inReview = row?.bulletin.status === 'review' && !open.dirty;
    const may = RELEASERS.includes(c.state.person?.role);
    return html`<section><h2>${t('console.bull.state')}<em>${t(`console.bull.status.${open.draft.status}`)}${open.dirty ? ` · ${t('console.bull.unsaved')}` : ''}</em></h2>
      ${missing.length ? html`<ul class="missing">${missing.map((m) => html`<li><b>${nameOf(m)}</b><span>${t(`console.bull.why.${m.why}`)}</span></li>`)}</ul>`
        : html`<p class="pad whole">${t('console.bull.nothing_missing')}</p>`}</section>
      ${refusal(open.error, this.again)}
      <div class="acts">
        ${inReview ? html`<button class="primary" data-act="release" ?disabled=${!may || open.busy} @click=${() => this.release()}>${t('console.bull.release')}</button>
          ${may ? nothing : html`<p class="hint">${t('console.bull.only_releaser')}</p>`}` : html`
        <button class="primary" data-act="review" ?disabled=${open.busy} @click=${() => this.save('review')}>${t('console.bull.hand_over')}</button>`}
        <button class="ghost" data-act="save" ?disabled=${open.busy || !open.dirty} @click=${() => this.save('draft')}>${t('console.bull.save')} <kbd>Ctrl S</kbd></button>
        ${row ? this.#prints(open.id) : nothing}</div>
      ${row?.authors.length ? html`<p class="hint pad">${t('console.bull.written_by', {names: row.authors.join(', ')})}</p>` : nothing}`;
  }

  #released(/** @type {any} */ c, /** @type {any} */ open, /** @type {any} */ row) {
    if (!row) return nothing;
    const count = readCount(row);
    const recalled = row.bulletin.status === 'recalled';
    return html`<section><h2>${t('console.bull.receipts')}<em class="num" data-read>${t('console.bull.read_of', {n: count.read, all: count.all})}</em></h2>
      <progress max=${Math.max(1, count.all)} value=${count.read}></progress>
      <ul class="who">${row.unread.map((/** @type {any} */ p) => html`<li class="how-none"><span>${p.name}</span><b>${t('console.bull.unread')}</b><time>${postName(c, p.post_id)}</time>${ways(p.by)}</li>`)}
        ${row.others.map((/** @type {any} */ o) => html`<li><span>${o.agency}</span><b class="num">${o.read} / ${o.read + o.unread}</b><time></time></li>`)}
        ${row.read.map((/** @type {any} */ p) => html`<li class="how-seen"><span>${p.name}</span><b>${t('console.bull.has_read')}</b><time class="num">${new Date(p.t_ms).toISOString().slice(11, 16)} Z</time>${ways(p.by)}</li>`)}
        ${row.outside?.length ? html`<li><span>${t('console.bull.other_agencies')}</span><b></b><time></time>${ways(row.outside)}</li>` : nothing}</ul>
      ${count.read < count.all && !recalled ? html`<button class="more" ?disabled=${open.busy} @click=${() => this.remind()}>${t('console.bull.remind')}</button>` : nothing}</section>
      ${refusal(open.error, this.again)}
      <div class="acts">${this.#prints(open.id)}${recalled ? nothing : html`
        <button class="ghost" @click=${() => this.correct(row)}>${t('console.bull.correct')}</button>
        ${RELEASERS.includes(c.state.person?.role) && !open.recall ? html`<button class="ghost" data-act="recall" @click=${() => { open.recall = both({}); this.desk.changed(); }}>${t('console.bull.recall')}</button>` : nothing}`}</div>
      ${open.recall ? html`<section class="recall"><h2>${t('console.bull.recall_why')}</h2>${pair(open.recall, this.desk.changed, {rows: 2, label: t('console.bull.recall_why')})}
        <div class="acts"><button class="dangerous" data-act="do-recall" ?disabled=${open.busy || !open.recall.en.trim() || !open.recall.es.trim()} @click=${() => this.recall()}>${t('console.bull.do_recall')}</button>
        <button class="ghost" @click=${() => { open.recall = null; this.desk.changed(); }}>${t('console.invite.cancel')}</button></div></section>` : nothing}`;
  }

  #prints(/** @type {string} */ id) {
    return html`<span class="prints">${['en', 'es'].map((lang) => html`<a class="ghost" target="_blank" rel="noopener" href=${`/api/v1/bulletins/${id}/print?format=pdf&lang=${lang}`}>PDF ${lang.toUpperCase()}</a>`)}</span>`;
  }
}

/** By which channels he was written to, what the channel said of it. @param {any[] | undefined} by */
function ways(by) {
  return by?.length ? html`<small class="ways">${by.map((w) => html`<span class=${w.failed ? 'failed' : ''} title=${w.failed}>${t(`console.bull.by.${w.channel.split('/')[0]}`)}
    ${w.failed ? t('console.bull.way_failed') : t(w.delivered_ms ? 'console.bull.way_there' : 'console.bull.way_sent')} <time class="num">${new Date(w.delivered_ms ?? w.t_ms).toISOString().slice(11, 16)} Z</time></span>`)}</small>` : nothing;
}

function nameOf(/** @type {any} */ m) {
  const name = ['title', 'reason', 'likelihood_of', 'recipients'].includes(m.name) ? t(`console.bull.field.${m.name}`) : t(`bulletin.${m.name}`);
  return m.n ? `${name} ${m.n}` : name;
}

const postName = (/** @type {any} */ c, /** @type {string | null} */ id) => c.state.posts.find((/** @type {any} */ p) => p.post_id === id)?.name ?? '';
