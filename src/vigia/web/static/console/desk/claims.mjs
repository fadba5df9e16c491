// Claims: a published sentence, its figures, and every other figure beside it with what the comparison is worth.
import {html, nothing} from '../../vendor/lit/lit.mjs';
import {t} from '../../core/i18n.mjs';
import {CAUSES, UNITS, VERDICTS, VICTIMS, spanIn, spanOut, spanWord, sumWord} from './incident.mjs';
import {choices, field, gradeWord, lines, newSource, number, refusal, select, sourceLines, text} from './parts.mjs';

const WHAT = ['incidents', 'killed', 'injured'];
const SIGN = /** @type {Record<string, string>} */ ({contradicts: '≠', at_least: '>', own_records_thin: '…', agrees: '=', fits: '≤', other_thing: '×'});
const word = (/** @type {string} */ group) => (/** @type {string} */ value) => t(`console.inc.${group}.${value}`);
const newFigure = () => ({what: 'incidents', unit: 'attack', value: spanIn(null), since: '', until: '', victims: /** @type {string[]} */ ([]), cause: 'drone', country: '', region: '', note: ''});

export class Claims {
  /** @param {import('./desk.mjs').Desk} desk */
  constructor(desk) {
    this.desk = desk;
    /** @type {any[]} */
    this.rows = [];
    /** @type {string | null} */
    this.id = null;
    /** @type {any} */
    this.found = null;
    /** @type {any} */
    this.draft = null;
  }

  async load() {
    this.rows = (await this.desk.session.get('/records/claims').catch(() => ({records: this.rows}))).records;
    if (!this.id && this.rows.length) this.id = this.rows[0].id;
    if (this.id) await this.look(this.id);
  }

  async look(/** @type {string} */ id) {
    this.id = id;
    this.draft = null;
    this.found = await this.desk.session.get(`/claims/${encodeURIComponent(id)}/confront`).catch(() => null);
    this.desk.changed();
  }

  fresh() {
    const about = this.rows.find((r) => r.id === this.id)?.record.about ?? '';
    this.draft = {id: `claim-${crypto.randomUUID()}`, busy: false, error: null, claim: {sentence: '', about, figures: [newFigure()], sources: [newSource()]}};
    this.desk.changed();
    this.desk.focus('.sheet.claim textarea');
  }

  async keep() {
    const {draft} = this;
    draft.busy = true;
    draft.error = null;
    const figures = draft.claim.figures.map((/** @type {any} */ f) => ({...f, country: f.country.toUpperCase(), unit: f.what === 'incidents' ? f.unit : null, value: spanOut(f.value)}));
    try {
      await this.desk.session.post(`/records/claims/${draft.id}`, {version: 1, record: {...draft.claim, figures, mark: this.desk.app.state.mode ?? 'actual'}});
      this.id = draft.id;
      this.draft = null;
      this.desk.say(t('console.inc.kept'));
      await this.load();
    } catch (error) {
      draft.error = error;
      draft.busy = false;
    }
    this.desk.changed();
  }

  view(/** @type {any} */ c) {
    return html`<div class="split left"><nav class="list"><div class="acts tight"><button class="primary" data-act="new-claim" @click=${() => this.fresh()}>${t('console.claim.new')}</button></div>
      ${this.rows.length ? this.rows.map((r) => html`<button class="item" data-claim=${r.id} aria-current=${!this.draft && r.id === this.id} @click=${() => this.look(r.id)}><b>${r.record.sentence}</b><span>${r.record.sources[0].title.slice(0, 60)} · ${gradeWord(r.record.sources[0])}</span></button>`)
        : html`<p class="none">${t('console.claim.none')}</p>`}</nav>
      ${this.draft ? this.#form() : this.#one()}</div>`;
  }

  #one() {
    const row = this.rows.find((r) => r.id === this.id);
    if (!row || !this.found) return html`<main class="sheet"><p class="hint">${t('console.claim.explain')}</p></main>`;
    const {record: claim} = row;
    const bad = this.found.comparisons.filter((/** @type {any} */ x) => ['contradicts', 'at_least'].includes(x.verdict)).length;
    return html`<main class="sheet claim"><blockquote>${claim.sentence}</blockquote>
      <p class="by">${claim.sources.map((/** @type {any} */ s) => `${s.title}${s.published ? `, ${s.published}` : ''} (${gradeWord(s)})`).join('; ')}</p>
      ${claim.note ? html`<p class="hint">${claim.note}</p>` : nothing}
      <p class="tally">${t('console.claim.contradictions')}: <b class="num ${bad ? 'bad' : ''}">${bad}</b>. ${t('console.claim.how')}</p>
      ${claim.figures.map((/** @type {any} */ f, /** @type {number} */ n) => this.#figure(f, this.found.comparisons.filter((/** @type {any} */ x) => x.index === n)))}
      <p class="hint">${t('console.inc.ledger')}: <span class="code">${this.found.ledger ? `${this.found.ledger.size} · ${this.found.ledger.root}` : '–'}</span></p></main>`;
  }

  #figure(/** @type {any} */ f, /** @type {any[]} */ against) {
    const by = (/** @type {any} */ x) => VERDICTS.indexOf(x.verdict);
    return html`<section class="figure-row"><div class="said">${figure(f)}</div>
      <ul class="against">${[...against].sort((a, b) => by(a) - by(b)).map((x) => this.#against(x))}</ul></section>`;
  }

  #against(/** @type {any} */ x) {
    const other = this.rows.find((r) => r.id === x.other_id)?.record;
    const theirs = other?.figures[x.other_index];
    return html`<li class=${x.verdict} data-verdict=${x.verdict}><b class="sign" aria-hidden="true">${SIGN[x.verdict]}</b><div>
      <b class="verdict">${t(`console.claim.verdict.${x.verdict}`)}${x.differs.length ? html`: <i>${x.differs.map((/** @type {string} */ d) => t(`console.claim.differs.${d}`)).join(', ')}</i>` : nothing}</b>
      ${x.ours ? html`<span>${t('console.claim.ours')}: <b class="num">${sumWord(x.ours)}</b>${x.ours.unknown ? ` (${t('console.inc.do_not_say', {n: x.ours.unknown, all: x.ours.known + x.ours.unknown})})` : ''}</span>`
        : theirs ? html`<span>${figure(theirs)}</span><small>${other.sources[0].title} (${gradeWord(other.sources[0])})${theirs.note ? ` · ${theirs.note}` : ''}</small>` : nothing}</div></li>`;
  }

  #form() {
    const {draft} = this;
    const ch = this.desk.changed;
    const f = draft.claim;
    const flip = (/** @type {any} */ g, /** @type {string} */ v) => () => { g.victims = g.victims.includes(v) ? g.victims.filter((/** @type {string} */ x) => x !== v) : [...g.victims, v]; ch(); };
    const span = (/** @type {any} */ s) => html`<span class="span">${['low', 'best', 'high'].map((k) => number(s, k, ch, {label: t(`console.inc.${k}`), hint: t(`console.inc.${k}`)}))}</span>`;
    return html`<main class="sheet claim">${field(t('console.claim.sentence'), text(f, 'sentence', ch, {rows: 2}))}${field(t('console.claim.about'), text(f, 'about', ch, {max: 200}))}
      <section><h4>${t('console.claim.figures')}<em>${t('console.inc.harm_hint')}</em></h4>${lines(f.figures, (g) => html`<div class="row">
        ${field(t('console.claim.what'), select(g, 'what', choices(WHAT, (v) => t(`console.claim.of.${v}`)), ch))}
        ${g.what === 'incidents' ? field(t('console.inc.col.unit'), select(g, 'unit', choices(UNITS, word('unit')), ch)) : nothing}${field(t('console.inc.amount'), span(g.value))}
        ${field(t('console.inc.since'), text(g, 'since', ch, {type: 'date'}))}${field(t('console.inc.until'), text(g, 'until', ch, {type: 'date'}))}
        ${field(t('console.inc.country'), text(g, 'country', ch, {max: 2, hint: 'MX'}), 'slim')}${field(t('console.inc.cause_of_harm'), select(g, 'cause', choices(CAUSES, word('cause')), ch))}</div>
        ${g.what === 'incidents' ? nothing : html`<div class="boxes">${VICTIMS.map((v) => html`<label><input type="checkbox" .checked=${g.victims.includes(v)} @change=${flip(g, v)}>${word('victims')(v)}</label>`)}</div>`}`,
        newFigure, ch, {most: 50, name: t('console.claim.figures')})}</section>
      <section><h4>${t('bulletin.sources')}</h4>${sourceLines(f.sources, ch)}</section>
      ${refusal(draft.error, () => {})}
      <div class="acts flat"><button class="primary" data-act="keep-claim" ?disabled=${draft.busy || !f.sentence.trim()} @click=${() => this.keep()}>${t('console.claim.keep')}</button>
        <button class="ghost" @click=${() => { this.draft = null; ch(); }}>${t('console.invite.cancel')}</button></div></main>`;
  }
}

/** "260 attacks by drones, 2023-01-01 – 2023-12-31, MX". @param {any} f */
function figure(f) {
  const what = f.unit ? t(`console.claim.many.${f.unit}`) : t(`console.claim.of.${f.what}`);
  const scope = [f.victims?.map(word('victims')).join(', '), f.cause && f.cause !== 'unsaid' ? word('cause')(f.cause) : '', `${f.since} – ${f.until}`, [f.region, f.country].filter(Boolean).join(', ')].filter(Boolean).join(' · ');
  return html`<b class="num">${spanWord(f.value)}</b> ${what} <i>${scope}</i>`;
}
