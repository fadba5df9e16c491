// Readiness: who is hurt now, who is not ready and why, kits that lack something, posts without help.
import {html, nothing} from '../../vendor/lit/lit.mjs';
import {t} from '../../core/i18n.mjs';
import {age, zulu} from '../format.mjs';
import {openReports} from '../views/hurt.mjs';
import {field, lines, number, refusal, select, text} from './parts.mjs';
import {refusedWords} from './refused.mjs';

const NEEDED = /** @type {Record<string, number>} */ ({tourniquet: 2, pressure_dressing: 2, hemostatic_gauze: 1, packing_gauze: 1, chest_seal: 2, gloves: 2, shears: 1, marker: 1, blanket: 1});
const OFFICERS = ['watch_officer', 'admin'];
const itemName = (/** @type {string} */ name) => (name in NEEDED ? t(`ready.item.${name}`) : name);

export class Readiness {
  /** @param {import('./desk.mjs').Desk} desk */
  constructor(desk) {
    this.desk = desk;
    /** @type {any} */
    this.board = null;
    /** @type {any} */
    this.error = null;
    /** @type {any} {id, version, kit, error, busy} */
    this.kit = null;
    /** @type {string | null} the report that is asked once more before it is closed */
    this.closing = null;
  }

  async load() {
    try {
      this.board = await this.desk.session.get('/first-aid/ready');
      this.error = null;
    } catch (error) {
      this.error = error;
    }
    this.desk.changed();
  }

  key(/** @type {KeyboardEvent} */ e) {
    if (e.key !== 'Escape' || !this.kit) return false;
    this.kit = null;
    this.desk.changed();
    return true;
  }

  save() {
    if (this.kit) this.keep();
  }

  // ---- acts -----------------------------------------------------------------------------------

  edit(/** @type {string | null} */ id) {
    const known = id === null ? null : this.board.kit_records[id];
    const kit = {name: '', post_id: '', place: '', gone: false, ...structuredClone(known?.kit ?? {})};
    kit.items = (kit.items ?? Object.entries(NEEDED).map(([name, count]) => ({name, count}))).map((/** @type {any} */ i) => ({expires: '', ...i}));
    this.kit = {id: id ?? `kit-${crypto.randomUUID()}`, version: known?.version ?? 0, kit, error: null, busy: false};
    this.desk.changed();
    this.desk.focus('.kit input');
  }

  async keep(/** @type {object} */ more = {}) {
    const {kit} = this;
    kit.busy = true;
    kit.error = null;
    try {
      const items = kit.kit.items.filter((/** @type {any} */ i) => i.name.trim()).map((/** @type {any} */ i) => ({...i, count: i.count ?? 0}));
      await this.desk.session.post(`/first-aid/kits/${kit.id}`, {version: kit.version + 1, kit: {...kit.kit, items, ...more}});
      this.kit = null;
      this.desk.say(t('console.ready.kept'));
      await this.load();
    } catch (error) {
      kit.error = error;
      kit.busy = false;
    }
    this.desk.changed();
  }

  async handOver(/** @type {string} */ id) {
    if (this.closing !== id) {
      this.closing = id; // once more: an open report closed by a slip is worse than a second press
      return this.desk.changed();
    }
    this.closing = null;
    try {
      await this.desk.session.postSigned(`/casualties/${encodeURIComponent(id)}`, {word_id: crypto.randomUUID(), t_ms: Math.round(this.desk.app.clock.now()), closed: true});
      this.desk.say(t('console.ready.handed'));
    } catch (error) {
      this.error = error;
    }
    this.desk.changed();
  }

  async copy(/** @type {string} */ what) {
    try {
      await navigator.clipboard.writeText(what);
      this.desk.say(t('console.ready.copied'));
    } catch {
      this.desk.say(t('console.ready.not_copied'));
    }
  }

  // ---- views ----------------------------------------------------------------------------------

  view(/** @type {any} */ c) {
    const hurt = c.ui.hurt;
    const open = openReports(hurt);
    const done = hurt.length - open.length;
    return html`<div class="desk two"><main class="sheet ready">
        ${this.error ? html`<p class="failed" role="alert">${refusedWords(this.error)}</p>` : nothing}
        <h4>${t('console.ready.hurt')}<em class="num">${open.length ? open.length : t('console.ready.nobody_hurt')}${done ? ` · ${t('console.ready.closed', {n: done})}` : ''}</em></h4>
        ${open.map((/** @type {any} */ r) => this.#report(c, r))}
        ${this.board ? this.#board(c) : nothing}</main>
      <aside class="side">${this.kit ? this.#kit(c) : this.#kits(c)}</aside></div>`;
  }

  #report(/** @type {any} */ c, /** @type {any} */ r) {
    const twice = this.closing === r.id;
    return html`<section class="casualty" data-casualty=${r.id}><header><b>${[r.report.unit, r.by].filter(Boolean).join(', ') || t('console.hurt.unknown_place')}</b>
        ${r.mark === 'actual' ? nothing : html`<i class="tag">${t(`alert.mark.${r.mark}`)}</i>`}<span class="num">${zulu(r.report.t_hit_ms)} Z · ${age(c.now_ms - r.report.t_hit_ms)}</span></header>
      <div class="cols"><div><h5>MIST</h5><dl class="mist">${r.mist.map((/** @type {[string, string]} */ [k, v]) => html`<dt>${k}</dt><dd class=${v.startsWith('?') ? 'open' : ''}>${v}</dd>`)}</dl>
          ${(r.report.tourniquets ?? []).filter((/** @type {any} */ q) => !q.t_off_ms).map((/** @type {any} */ q) => html`<p class="tourniquet">${t('aid.tourniquet_on', {limb: t(`aid.body.${q.limb}`), at: `${zulu(q.t_on_ms).slice(0, 5)}Z`})} · <b class="num">${age(c.now_ms - q.t_on_ms)}</b></p>`)}
          <h5 class="say">${t('console.ready.radio')}</h5><p class="radio">${r.text.split('\n')[0]}</p></div>
        <div><h5>${t('aid.nine_line')}</h5><dl class="nine">${r.nine_line.map((/** @type {[string, string]} */ [k, v]) => html`<dt class="num">${k}</dt><dd class=${v === '?' ? 'open' : ''}><small>${t(`console.ready.line.${k}`)}</small> ${v}</dd>`)}</dl></div></div>
      ${history(r)}
      <details><summary>${t('console.ready.whole_text')}</summary><pre class="radio">${r.text}</pre></details>
      <div class="acts flat"><button class="ghost" data-act="copy" @click=${() => this.copy(r.text)}>${t('console.ready.copy')}</button>
        <button class=${twice ? 'primary' : 'ghost'} data-act="handed-over" @click=${() => this.handOver(r.id)}>${t(twice ? 'console.ready.really' : 'console.ready.hand_over')}</button></div></section>`;
  }

  #board(/** @type {any} */ c) {
    const {people, posts_without_kit: noKit, posts_without_medic: noMedic} = this.board;
    const not = people.filter((/** @type {any} */ p) => p.why.length);
    const post = (/** @type {string} */ id) => c.state.posts.find((/** @type {any} */ p) => p.post_id === id)?.name ?? id ?? '';
    return html`<h4>${t('console.ready.people')}<em class="num">${t('console.ready.of', {n: not.length, all: people.length})}</em></h4>
      ${people.length ? html`<table class="people"><thead><tr><th>${t('console.ready.name')}</th><th>${t('console.ready.post')}</th><th>${t('console.ready.why')}</th><th>${t('console.ready.checked')}</th></tr></thead>
        <tbody>${people.map((/** @type {any} */ p) => html`<tr class=${p.why.length ? 'not' : ''}><td><b>${p.name}</b>${p.medic ? html` <i class="medic">${t('console.ready.medic')}</i>` : nothing}</td><td>${post(p.post_id)}</td>
          <td>${p.why.length ? p.why.map((/** @type {string} */ w) => html`<span class="lack">${t(w)}</span>`) : t('console.ready.ready')}</td><td class="num">${p.t_check_ms ? `${zulu(p.t_check_ms).slice(0, 5)} Z` : '–'}</td></tr>`)}</tbody></table>` : html`<p class="none">${t('console.ready.no_people')}</p>`}
      <div class="row up"><div><h4>${t('console.ready.no_kit')}</h4>${noKit.length ? html`<p>${noKit.map((/** @type {string} */ id) => html`<span class="lack">${post(id)}</span>`)}</p>` : html`<p class="hint">${t('console.ready.none')}</p>`}</div>
        <div><h4>${t('console.ready.no_medic')}</h4>${noMedic.length ? html`<p>${noMedic.map((/** @type {string} */ id) => html`<span class="lack">${post(id)}</span>`)}</p>` : html`<p class="hint">${t('console.ready.none')}</p>`}</div></div>`;
  }

  #kits(/** @type {any} */ c) {
    const may = OFFICERS.includes(c.state.person?.role);
    const post = (/** @type {string} */ id) => c.state.posts.find((/** @type {any} */ p) => p.post_id === id)?.name ?? id;
    return html`<section><h2>${t('console.ready.kits')}<em class="num">${this.board?.kits.length ?? ''}</em></h2>
      ${(this.board?.kits ?? []).map((/** @type {any} */ k) => html`<button class="item kit-row" ?disabled=${!may} @click=${() => this.edit(k.kit_id)}><b>${k.name}</b><span>${[post(k.post_id), k.place].filter(Boolean).join(', ')}</span>
        <i>${Object.entries(k.lacks).map(([n, m]) => html`<span class="lack">${t('console.ready.lacks', {n: /** @type {number} */ (m), item: itemName(n)})}</span>`)}${k.expired.map((/** @type {string} */ n) => html`<span class="lack">${t('console.ready.expired', {item: itemName(n)})}</span>`)}
        ${k.soon.map((/** @type {string} */ n) => html`<span class="soon">${t('console.ready.soon', {item: itemName(n)})}</span>`)}${Object.keys(k.lacks).length + k.expired.length ? nothing : t('console.ready.complete')}</i></button>`)}
      ${this.board && !this.board.kits.length ? html`<p class="none">${t('console.ready.no_kits')}</p>` : nothing}
      ${may ? html`<div class="acts"><button class="primary" data-act="new-kit" @click=${() => this.edit(null)}>${t('console.ready.new_kit')}</button></div>` : nothing}</section>`;
  }

  #kit(/** @type {any} */ c) {
    const {kit: k} = this.kit;
    const ch = this.desk.changed;
    /** @type {[string, string][]} */
    const posts = [['', '–'], ...c.state.posts.map((/** @type {any} */ p) => [p.post_id, p.name])];
    return html`<section class="kit"><h2>${t(this.kit.version ? 'console.ready.edit_kit' : 'console.ready.new_kit')}</h2><div class="pad">
        ${field(t('console.ready.name'), text(k, 'name', ch, {max: 200}))}<div class="row">${field(t('console.ready.post'), select(k, 'post_id', posts, ch))}${field(t('console.ready.place'), text(k, 'place', ch, {max: 200}))}</div>
        <h4>${t('console.ready.items')}</h4>${lines(k.items, (i) => html`<div class="kit-item">${i.name in NEEDED ? html`<span>${itemName(i.name)}</span>` : text(i, 'name', ch, {max: 200, label: t('console.ready.name')})}
          ${number(i, 'count', ch, {label: t('console.ready.count'), hint: '0'})}${text(i, 'expires', ch, {type: 'date', label: t('console.ready.expires')})}</div>`, () => ({name: '', count: 1, expires: ''}), ch, {most: 50, name: t('console.ready.items')})}</div></section>
      ${refusal(this.kit.error, () => { this.kit = null; this.load(); })}
      <div class="acts"><button class="primary" data-act="keep-kit" ?disabled=${this.kit.busy || !k.name.trim()} @click=${() => this.keep()}>${t('console.ready.keep')} <kbd>Ctrl S</kbd></button>
        ${this.kit.version ? html`<button class="ghost" @click=${() => this.keep({gone: true})}>${t('console.ready.retire')}</button>` : nothing}<button class="ghost" @click=${() => { this.kit = null; ch(); }}>${t('console.invite.cancel')}</button></div>`;
  }
}

/** Every word as it was said; what was pressed by mistake stays, struck through. @param {any} r */
function history(r) {
  const rows = r.history ?? [];
  const back = rows.filter((/** @type {any} */ h) => h.taken_back).length;
  return html`<details class="words-said"><summary>${t('console.ready.history', {n: rows.length})}${back ? ` · ${t('console.ready.taken_back', {n: back})}` : ''}</summary><ol>${rows.map((/** @type {any} */ h) => html`<li class=${h.taken_back ? 'back' : ''}>
    <time class="num">${zulu(h.t_ms)} Z</time><span>${h.by}</span><span>${h.said.map((/** @type {string} */ s) => t(`console.ready.said.${s}`)).join(', ') || t('console.ready.said.hit')}</span></li>`)}</ol></details>`;
}
