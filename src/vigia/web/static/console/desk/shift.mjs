// The shift's handover: what the record says now, remarks, signed by whoever goes, taken over by whoever comes.
import {html, nothing} from '../../vendor/lit/lit.mjs';
import {live} from '../../vendor/lit/directives/live.mjs';
import {t} from '../../core/i18n.mjs';
import {zulu} from '../format.mjs';
import {NOTE_MAX, refusal} from './parts.mjs';

const day = (/** @type {number} */ ms) => `${new Date(ms).toISOString().slice(0, 10)} ${zulu(ms).slice(0, 5)} Z`;

export class Shift {
  /** @param {import('./desk.mjs').Desk} desk */
  constructor(desk) {
    this.desk = desk;
    /** @type {any} {draft_id, note} */
    this.draft = null;
    /** @type {any[] | null} */
    this.notes = null;
    /** @type {any} */
    this.error = null;
    this.open = '';
    this.remarks = '';
    this.taking = '';
    this.busy = false;
  }

  async load() {
    await this.#try(async () => {
      this.notes = (await this.desk.session.get('/handover')).notes;
      if (!this.open && this.notes?.[0]) this.open = this.notes[0].id; // the newest: perhaps it waits to be taken over
    });
  }

  async draw() {
    await this.#try(async () => {
      this.draft = await this.desk.session.get(`/handover/draft?lang=${this.desk.app.ui.lang}`);
      this.open = '';
    });
    this.desk.focus('.handover textarea');
  }

  async sign() {
    await this.#try(async () => {
      const {id} = await this.desk.session.post('/handover', {draft_id: this.draft.draft_id, remarks: this.remarks});
      this.draft = null;
      this.remarks = '';
      this.open = id;
      this.desk.say(t('console.shift.signed'));
      this.notes = (await this.desk.session.get('/handover')).notes;
    });
  }

  async take(/** @type {string} */ id) {
    await this.#try(async () => {
      await this.desk.session.post(`/handover/${encodeURIComponent(id)}/take`, {remarks: this.taking});
      this.taking = '';
      this.desk.say(t('console.shift.taken'));
      this.notes = (await this.desk.session.get('/handover')).notes;
    });
  }

  async #try(/** @type {() => Promise<void>} */ what) {
    this.busy = true;
    this.error = null;
    this.desk.changed();
    try {
      await what();
    } catch (error) {
      this.error = error;
    }
    this.busy = false;
    this.desk.changed();
  }

  view(/** @type {any} */ c) {
    const shown = this.draft ? null : this.notes?.find((n) => n.id === this.open) ?? null;
    return html`<div class="desk two"><main class="sheet shift">
        ${this.error ? refusal(this.error, () => this.load()) : nothing}
        ${this.draft ? this.#draft() : shown ? this.#note(c, shown) : this.#hint()}</main>
      <aside class="side"><section><h4>${t('console.shift.notes')}</h4>
        <div class="acts"><button class="primary" data-act="draw" ?disabled=${this.busy} @click=${() => this.draw()}>${t('console.shift.draw')}</button></div>
        ${this.notes?.length === 0 ? html`<p class="none">${t('console.shift.none')}</p>` : nothing}
        <ul class="note-list">${(this.notes ?? []).map((n) => html`<li><button aria-pressed=${n.id === this.open && !this.draft} @click=${() => { this.draft = null; this.open = n.id; this.desk.changed(); }}>
          <b class="num">${day(n.t_ms)}</b><span>${n.out_name} → ${n.in_name || html`<b class="waits">${t('console.shift.waits')}</b>`}</span></button></li>`)}</ul></section></aside></div>`;
  }

  #hint() {
    return html`<h4>${t('console.shift.title')}</h4><p class="lead">${t('console.shift.hint')}</p>`;
  }

  #draft() {
    const {note} = this.draft;
    return html`<article class="handover" data-state="draft"><header><h3>${t('console.shift.title')}</h3><p class="num">${t('console.shift.at', {time: day(note.t_ms)})}</p></header>
      ${this.#parts(note)}
      <label>${t('console.shift.remarks')}<textarea rows="4" maxlength=${NOTE_MAX} .value=${live(this.remarks)} @input=${(/** @type {any} */ e) => { this.remarks = e.target.value; }}></textarea></label>
      <footer><button class="ghost" @click=${() => { this.draft = null; this.desk.changed(); }}>${t('console.shift.drop')}</button>
        <button class="ghost" @click=${() => this.draw()}>${t('console.shift.again')}</button>
        <button class="primary" data-act="sign" ?disabled=${this.busy} @click=${() => this.sign()}>${t('console.shift.sign')}</button></footer></article>`;
  }

  #note(/** @type {any} */ c, /** @type {any} */ n) {
    const mine = n.out_person_id === c.state.person?.person_id;
    return html`<article class="handover" data-state=${n.in_person_id ? 'taken' : 'open'} lang=${n.lang}><header><h3>${t('console.shift.title')}</h3><p class="num">${t('console.shift.at', {time: day(n.t_ms)})}</p>
        <button class="ghost small" @click=${() => print()}>${t('console.shift.print')}</button></header>
      ${this.#parts(n)}
      <section><h5>${t('console.shift.remarks')}</h5><p class="remarks">${n.remarks || t('console.shift.no_remarks')}</p></section>
      <section class="signed"><p>${t('console.shift.out')} <b>${n.out_name}</b></p>
        <p>${t('console.shift.in')} ${n.in_person_id ? html`<b>${n.in_name}</b>, <span class="num">${day(n.in_ms)}</span>` : html`<b class="waits">${t('console.shift.waits')}</b>`}</p>
        ${n.in_remarks ? html`<p class="remarks">${n.in_remarks}</p>` : nothing}
        <p class="hint num">${t('console.shift.record', {seqs: n.seqs.join(', ')})}</p></section>
      ${n.in_person_id ? nothing : mine ? html`<p class="hint">${t('console.shift.other')}</p>` : html`<label>${t('console.shift.take_remarks')}<textarea rows="2" maxlength=${NOTE_MAX} .value=${live(this.taking)} @input=${(/** @type {any} */ e) => { this.taking = e.target.value; }}></textarea></label>
        <footer><button class="primary" data-act="take" ?disabled=${this.busy} @click=${() => this.take(n.id)}>${t('console.shift.take')}</button></footer>`}</article>`;
  }

  #parts(/** @type {any} */ note) {
    return note.parts.map((/** @type {any} */ p) => html`<section class="part ${p.lines.length ? '' : 'empty'}"><h5>${t(`handover.part.${p.key}`)}<em class="num">${p.lines.length}</em></h5>
      ${p.lines.length ? html`<ul>${p.lines.map((/** @type {string} */ line) => html`<li>${line}</li>`)}</ul>` : html`<p>${t(`handover.nothing.${p.key}`)}</p>`}</section>`);
  }
}
