// Small parts that every form of the desk is made of. A draft is changed in place; `changed` redraws.
import {html, nothing} from '../../vendor/lit/lit.mjs';
import {live} from '../../vendor/lit/directives/live.mjs';
import {t} from '../../core/i18n.mjs';
import {refusedWords} from './refused.mjs';

export const NOTE_MAX = 4000;
export const RELIABILITY = ['A', 'B', 'C', 'D', 'E', 'F'];
export const CREDIBILITY = [1, 2, 3, 4, 5, 6];

/** @param {string} label @param {unknown} control */
export const field = (label, control, kind = '') =>
  html`<label class="field ${kind}"><span>${label}</span>${control}</label>`;

/** A line, or with rows a text. @param {any} o @param {string} key @param {() => void} changed */
export function text(o, key, changed, {rows = 0, type = 'text', label = '', lang = '', hint = '', max = NOTE_MAX, list = ''} = {}) {
  const set = (/** @type {any} */ e) => { o[key] = e.target.value; changed(); };
  return rows
    ? html`<textarea rows=${rows} maxlength=${max} aria-label=${label || nothing} lang=${lang || nothing} placeholder=${hint} spellcheck=${lang ? 'true' : 'false'} .value=${live(o[key] ?? '')} @input=${set}></textarea>`
    : html`<input type=${type} maxlength=${max} aria-label=${label || nothing} lang=${lang || nothing} placeholder=${hint} list=${list || nothing} autocomplete="off" .value=${live(String(o[key] ?? ''))} @input=${set}>`;
}

/** choices: [value, word]. Numbers stay numbers. @param {any} o @param {string} key @param {[any, string][]} choices @param {() => void} changed */
export function select(o, key, choices, changed, {label = ''} = {}) {
  const now = String(o[key] ?? '');
  return html`<select aria-label=${label || nothing} .value=${live(now)} @change=${(/** @type {any} */ e) => { o[key] = choices[e.target.selectedIndex][0]; changed(); }}>
    ${choices.map(([value, word]) => html`<option value=${String(value ?? '')} ?selected=${String(value ?? '') === now}>${word}</option>`)}</select>`;
}

/** Words of an enumeration: [value, t(prefix + value)]. @param {string[]} values @param {(value: string) => string} say @returns {[any, string][]} */
export const choices = (values, say) => values.map((v) => [v, say(v)]);

/** A whole number or nothing: nothing is "not known", never 0. @param {any} o @param {string} key @param {() => void} changed */
export const number = (o, key, changed, {label = '', hint = '?', step = '1'} = {}) =>
  html`<input class="num" type="number" min=${step === '1' ? '0' : nothing} step=${step} aria-label=${label || nothing} placeholder=${hint} .value=${live(o[key] === null || o[key] === undefined ? '' : String(o[key]))}
    @input=${(/** @type {any} */ e) => { o[key] = e.target.value === '' ? null : Number(e.target.value); changed(); }}>`;

/** One text in both languages, side by side; one that is missing is said. @param {any} both @param {() => void} changed */
export function pair(both, changed, {rows = 1, label = ''} = {}) {
  const lone = Boolean(both.en.trim()) !== Boolean(both.es.trim());
  return html`<div class="pair ${lone ? 'lone' : ''}">
    ${text(both, 'en', changed, {rows, label: `${label} EN`, lang: 'en', hint: lone && !both.en.trim() ? t('console.desk.missing_en') : ''})}
    ${text(both, 'es', changed, {rows, label: `${label} ES`, lang: 'es', hint: lone && !both.es.trim() ? t('console.desk.missing_es') : ''})}</div>`;
}

/** Lines that can be added and taken away. @param {any[]} rows @param {(row: any, n: number) => unknown} draw @param {() => any} fresh @param {() => void} changed */
export function lines(rows, draw, fresh, changed, {most = 20, name = '', gone = (/** @type {number} */ n) => { rows.splice(n, 1); }} = {}) {
  const drop = (/** @type {number} */ n) => () => { gone(n); changed(); };
  const add = (/** @type {any} */ e) => {
    rows.push(fresh());
    const box = e.target.closest('.lines');
    changed();
    requestAnimationFrame(() => /** @type {HTMLElement | null} */ (box?.querySelector('.line:last-of-type :is(textarea, input, select)'))?.focus());
  };
  return html`<div class="lines">${rows.map((row, n) => html`<div class="line"><i class="num">${n + 1}</i><div>${draw(row, n)}</div>
      <button type="button" class="drop" title=${t('console.desk.remove')} aria-label=${`${t('console.desk.remove')} ${name} ${n + 1}`} @click=${drop(n)}>×</button></div>`)}
    ${rows.length < most ? html`<button type="button" class="more add" @click=${add}>+ ${t('console.desk.add')}</button>` : nothing}</div>`;
}

/** Admiralty grade as two small choices. @param {any} source @param {() => void} changed */
export function grade(source, changed) {
  const [reliability, credibility] = source.grade ?? ['', ''];
  const set = (/** @type {any} */ a, /** @type {any} */ b) => { source.grade = a && b ? [a, b] : a || b ? [a || 'F', b || 6] : null; changed(); };
  return html`<span class="grade"><select aria-label=${t('console.desk.reliability')} title=${t('console.desk.reliability')} @change=${(/** @type {any} */ e) => set(e.target.value, credibility)}>
      ${['', ...RELIABILITY].map((r) => html`<option ?selected=${r === reliability} value=${r}>${r || '–'}</option>`)}</select>
    <select aria-label=${t('console.desk.credibility')} title=${t('console.desk.credibility')} @change=${(/** @type {any} */ e) => set(reliability, Number(e.target.value) || '')}>
      ${['', ...CREDIBILITY].map((r) => html`<option ?selected=${r === credibility} value=${r}>${r || '–'}</option>`)}</select></span>`;
}

export const newSource = () => ({title: '', url: '', sha256: '', published: '', grade: null});

/** @param {any[]} sources @param {() => void} changed */
export const sourceLines = (sources, changed, gone = (/** @type {number} */ n) => { sources.splice(n, 1); }) => lines(sources, (s) => html`<div class="source">
  ${text(s, 'title', changed, {label: t('console.desk.source_title'), hint: t('console.desk.source_title'), max: 200})}${grade(s, changed)}
  ${text(s, 'published', changed, {type: 'date', label: t('console.desk.published')})}
  ${text(s, 'url', changed, {label: 'URL', hint: 'https://', max: 2000})}</div>`, newSource, changed, {most: 50, name: t('console.desk.source'), gone});

/** What a call was refused for, and a way back to the newest version. @param {any} error @param {() => void} again */
export function refusal(error, again) {
  if (!error) return nothing;
  return html`<p class="failed refusal" role="alert">${refusedWords(error)}
    ${error.what === 'version' ? html`<button type="button" class="more" @click=${again}>${t('console.desk.read_again')}</button>` : nothing}</p>`;
}

/** @param {string} text_ */
export const shortDay = (text_) => text_.replace('T', ' ').replace(/(\d\d:\d\d)(:\d\d)?Z$/, '$1 Z');
export const gradeWord = (/** @type {any} */ s) => (s.grade ? `${s.grade[0]}${s.grade[1]}` : t('console.desk.no_grade'));
