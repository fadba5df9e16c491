// Reports in words: what somebody says by radio is written down, shown as understood, corrected and
// sent; what nobody understood, from here, a text message or a chat, stays in sight until somebody
// has handled it. Nothing leaves this list by itself.
import {html, nothing} from '../vendor/lit/lit.mjs';
import {live} from '../vendor/lit/directives/live.mjs';
import {session} from '../core/session.mjs';
import {t} from '../core/i18n.mjs';
import {age, zulu} from './format.mjs';

/** @typedef {import('./app.mjs').Context} Context */

const TEXT_MAX = 500;
const SENDER_MAX = 40;
const ASK_MS = 350; // after the last key
const ROWS_MAX = 100;

/** A word that became no report: a person must look at it. @param {any} word */
export const needsPerson = (word) => !word.report_id; // left out where there is none

/** What waits first, the newest first within; then what counts already. @param {any[]} words */
export const inOrder = (words) => [...words].sort((a, b) =>
  Number(needsPerson(b)) - Number(needsPerson(a)) || b.t_obs_ns - a.t_obs_ns);

export class Words {
  /** @param {any} app  the page: its ui, and change(part) that draws it again */
  constructor(app) {
    this.app = app;
    this.shown = false;
    /** @type {any[]} */
    this.list = [];
    this.failed = '';
    this.text = '';
    this.sender = '';
    this.corrects = '';
    /** @type {any} what the server understands of the text now; null: not asked yet */
    this.said = null;
    this.busy = false;
    /** @type {Record<string, string>} reasons being written, by word */
    this.reasons = {};
    this.asked = 0;
    /** @type {any} */
    this.timer = 0;
  }

  get waiting() {
    return this.list.filter(needsPerson);
  }

  /** Of the server's list; without the right to handle words there is none. */
  async load() {
    const role = this.app.state.person?.role;
    if (role !== 'watch_officer' && role !== 'admin') return;
    const answer = await session.get('/words').catch((/** @type {Error} */ error) => ({error}));
    if (!answer.words) return this.#failed(answer.error?.message ?? '');
    this.list = inOrder(answer.words);
    this.#failed('');
  }

  open() {
    this.shown = true;
    this.load();
    this.app.change({});
    this.app.focusOn('.words textarea');
  }

  close() {
    this.shown = false; // what was written stays
    this.app.change({});
  }

  /** @param {any} word */
  rewrite(word) {
    Object.assign(this, {text: word.text, sender: word.sender ?? '', corrects: word.word_id});
    this.app.focusOn('.words textarea');
    this.#changed();
  }

  #failed(/** @type {string} */ why) {
    this.failed = why;
    this.app.change({});
  }

  /** @param {{text?: string, sender?: string, corrects?: string}} part  of what is being written */
  write(part) {
    Object.assign(this, part);
    if (part.text !== undefined) this.#changed();
    else this.app.change({});
  }

  #changed() {
    clearTimeout(this.timer);
    this.said = null;
    if (this.text.trim()) this.timer = setTimeout(() => this.#understand(), ASK_MS);
    this.app.change({});
  }

  async #understand() {
    const mine = (this.asked += 1);
    const said = await session.post('/words', {text: this.text, lang: this.app.ui.lang}).catch((/** @type {Error} */ error) => ({failed: error.message}));
    if (mine !== this.asked) return; // an answer to an older text
    this.said = said;
    this.app.change({});
  }

  async send() {
    if (this.busy || !this.text.trim()) return;
    this.busy = true;
    this.app.change({});
    const body = {text: this.text, sender: this.sender, send: true, ...(this.corrects ? {corrects: this.corrects} : {})};
    try {
      const sent = await session.post('/words', body);
      Object.assign(this, {text: '', sender: '', corrects: '', said: null, failed: ''});
      this.app.say(t(sent.counts ? 'console.words.sent' : 'console.words.kept'));
    } catch (error) {
      this.failed = /** @type {Error} */ (error).message; // what was written stays
    }
    this.busy = false;
    this.load();
    this.app.change({});
  }

  /** @param {any} word */
  async settle(word) {
    const reason = (this.reasons[word.word_id] ?? '').trim();
    if (!reason) return this.app.focusOn(`[data-word="${CSS.escape(word.word_id)}"] input`);
    try {
      await session.post(`/words/${encodeURIComponent(word.word_id)}/settle`, {reason});
      delete this.reasons[word.word_id];
    } catch (error) {
      this.failed = /** @type {Error} */ (error).message;
    }
    this.load();
  }

  /** In every tab, until nothing waits. @param {Context} c */
  band(c) {
    const [first, ...more] = this.waiting;
    if (!first) return nothing;
    return html`<div class="words-band" role="status" data-waiting=${this.waiting.length}><b>${t('console.words.waiting', {n: more.length + 1})}</b>
      <span class="what">${first.sender ? html`<b>${first.sender}</b> ` : nothing}${first.text || t(`console.words.kind.${first.kind}`)}</span>
      <span class="num">${zulu(first.t_obs_ns / 1e6)} Z · ${age(c.now_ms - first.t_obs_ns / 1e6)}</span>
      ${this.shown ? nothing : html`<button class="ghost" @click=${() => this.open()}>${t('console.words.handle')}</button>`}</div>`;
  }

  /** @param {Context} c */
  button(c) {
    return c.mayAct ? html`<button class="quiet" data-act="words" title=${t('console.words.hint')} @click=${() => this.open()}>${t('console.words.write')}</button>` : nothing;
  }

  /** @param {Context} c */
  panel(c) {
    if (!this.shown) return nothing;
    const key = (/** @type {KeyboardEvent} */ e) => {
      e.stopPropagation(); // letters are text here, not the keys of the watch
      if (e.key === 'Escape') this.close();
    };
    return html`<section class="words dialog" role="dialog" aria-label=${t('console.words.title')} @keydown=${key}>
      <header><h2>${t('console.words.title')}</h2><button class="ghost" @click=${() => this.close()}>${t('console.words.close')}</button></header>
      <form @submit=${(/** @type {Event} */ e) => { e.preventDefault(); this.send(); }}>
        <label>${t('console.words.text')}
          <textarea rows="3" maxlength=${TEXT_MAX} .value=${live(this.text)} placeholder=${t('console.words.example')}
            @input=${(/** @type {any} */ e) => this.write({text: e.target.value})}></textarea></label>
        <label>${t('console.words.sender')}
          <input maxlength=${SENDER_MAX} .value=${live(this.sender)} @input=${(/** @type {any} */ e) => this.write({sender: e.target.value})}></label>
        ${this.corrects ? html`<p class="small">${t('console.words.corrects')}
          <button type="button" class="ghost" @click=${() => this.write({corrects: ''})}>${t('console.words.corrects_not')}</button></p>` : nothing}
        ${this.#understood()}
        <footer><button class="primary" ?disabled=${this.busy || !this.text.trim()}>${t(this.said && !this.said.counts ? 'console.words.keep' : 'console.words.send')}</button></footer>
      </form>
      ${this.failed ? html`<p class="failed" role="alert">${t('console.history.failed', {why: this.failed})}</p>` : nothing}
      <h3>${t('console.words.list', {n: this.waiting.length})}</h3>
      ${this.list.length ? nothing : html`<p class="none">${t('console.words.none')}</p>`}
      <ul>${this.list.slice(0, ROWS_MAX).map((word) => this.#row(c, word))}</ul>
      ${this.list.length > ROWS_MAX ? html`<p class="none">${t('console.words.more', {n: this.list.length - ROWS_MAX})}</p>` : nothing}
    </section>`;
  }

  #understood() {
    if (!this.text.trim()) return nothing;
    const {said} = this;
    if (said === null) return html`<p class="understood" role="status">${t('console.words.reading')}</p>`;
    if (said.failed) return html`<p class="failed" role="alert">${t('console.history.failed', {why: said.failed})}</p>`;
    return html`<p class="understood ${said.counts ? '' : 'not'}" role="status"><b>${t(said.counts ? (said.attack ? 'console.words.attack' : 'console.words.understood') : `console.words.why.${said.why}`)}</b>
      <span>${said.understood}</span></p>`;
  }

  #row(/** @type {Context} */ c, /** @type {any} */ word) {
    const needs = needsPerson(word);
    const t_ms = word.t_obs_ns / 1e6;
    return html`<li class=${needs ? 'needs' : ''} data-word=${word.word_id}>
      <div class="num">${zulu(t_ms)} Z · ${age(c.now_ms - t_ms)} · ${t(`console.words.via.${word.via}`)}${word.sender ? ` · ${word.sender}` : ''}</div>
      <p>${word.text || t(`console.words.kind.${word.kind}`)}</p>
      <div class="state"><b>${needs ? t(`console.words.why.${word.why || 'none'}`) : t('console.words.counted')}</b>
        <button class="ghost" data-do="rewrite" @click=${() => this.rewrite(word)}>${t('console.words.rewrite')}</button></div>
      <div class="state"><input maxlength="200" aria-label=${t('console.words.reason')} placeholder=${t('console.words.reason')} .value=${live(this.reasons[word.word_id] ?? '')}
          @input=${(/** @type {any} */ e) => { this.reasons[word.word_id] = e.target.value; }}>
        <button class="ghost" data-do="settle" @click=${() => this.settle(word)}>${t('console.words.settle')}</button></div></li>`;
  }
}
