// Context -> what lies over everything: the watch is lost, not enrolled, and the all-clear question.
import {html, nothing} from '../../vendor/lit/lit.mjs';
import {live} from '../../vendor/lit/directives/live.mjs';
import {t} from '../../core/i18n.mjs';
import {age, distance, trackName, zulu} from '../format.mjs';
import {NO_LINK, TRIANGLE} from '../icons.mjs';
import {targetName} from '../model.mjs';
import {postName} from './cover.mjs';

/** @typedef {import('../app.mjs').Context} Context */

export const REASON_MIN = 3;
const REASON_MAX = 300;

/** No beat for five seconds: the picture is old, and nobody is being warned from here.
 * @param {Context} c */
export function lostOverlay(c) {
  if (c.watch.state !== 'lost') return nothing;
  const why = t(c.watch.why === 'link' ? 'console.lost.link' : 'console.lost.server');
  const ages = html`<ul class="ages num">
    <li><span>${t('console.lost.word')}</span><b>${c.wordAge_ms === null ? t('console.never') : age(c.wordAge_ms)}</b></li>
    <li><span>${t('console.lost.picture')}</span><b>${c.state.picture_ms === null ? t('console.never') : age(c.now_ms - c.state.picture_ms)}</b></li>
    <li><span>${t('console.lost.tracks')}</span><b>${c.state.tracks.size}</b></li></ul>`;
  if (c.ui.peek)
    return html`<div class="lost-band" role="alert">${NO_LINK}<b>${t('console.lost.title')}</b><span>${why}</span>
      ${ages}<button class="ghost" @click=${() => c.act.peek(false)}>${t('console.lost.back')}</button></div>`;
  return html`<div class="over lost"><div class="card" role="alertdialog" aria-label=${t('console.lost.title')}>
    ${NO_LINK}<h1>${t('console.lost.title')}</h1>
    <p><b>${t('console.lost.now')}</b></p><p>${why}</p>${ages}
    <button class="ghost" @click=${() => c.act.peek(true)}>${t('console.lost.peek')}</button>
    <p class="small">${t('console.lost.retry')}</p>
  </div></div>`;
}

/** @param {Context} c */
export function refusedOverlay(c) {
  if (!c.refused && !c.wrongRole) return nothing;
  const key = c.wrongRole ? 'role' : c.enrolled ? 'revoked' : 'enrol';
  return html`<div class="over"><div class="card" role="alertdialog">
    <h1>${t(`console.refused.${key}`)}</h1><p>${t(`console.refused.${key}_hint`)}</p>
    <p class="small">${c.refused?.fix ?? ''}</p>
    ${key === 'role' ? nothing : html`<p><a href="/sign-in">${t('sign_in.password')}</a></p>`}
  </div></div>`;
}

/** An officer's act: asks for a reason; an all clear a second time while its drone is still tracked.
 * @param {Context} c */
export function askDialog(c) {
  const {ask} = c.ui;
  if (!ask) return nothing;
  const word = (/** @type {string} */ key, /** @type {any} */ values = undefined) => t(`console.${ask.kind}.${key}`, values);
  const incident = c.incidents.find((i) => i.incident_id === ask.incident_id);
  const subject = c.state.tracks.get(ask.track_id);
  const still = (incident?.lead.track_ids ?? []).map((/** @type {string} */ id) => c.state.tracks.get(id)).filter(Boolean);
  const blind = (ask.asked?.open ?? []).filter((/** @type {string} */ o) => o.startsWith('blind/')).map((/** @type {string} */ o) => o.slice(6));
  const others = (ask.asked?.track_numbers ?? []).filter((/** @type {number} */ n) => !still.some((/** @type {any} */ s) => s.number === n));
  const open = still.length + blind.length + others.length > 0;
  const again = ask.sure && open;
  const ready = ask.reason.trim().length >= REASON_MIN && !ask.busy;
  const send = (/** @type {Event} */ e) => {
    e.preventDefault();
    if (ready) c.act.doIt(still.map((/** @type {any} */ track) => track.track_id));
  };
  return html`<div class="over" @click=${(/** @type {Event} */ e) => e.target === e.currentTarget && c.act.closeDialog()}>
    <form class="card dialog" role="dialog" aria-modal="true" aria-label=${word('title')} @submit=${send}>
      <h1>${word('title')}</h1>
      <p>${word('what', {n: incident?.people.length ?? 0, track: subject ? trackName(subject.number) : ''})}</p>
      <label>${t('console.ask.reason')}
        <textarea rows="2" maxlength=${REASON_MAX} .value=${live(ask.reason)} ?disabled=${ask.sure} @input=${(/** @type {any} */ e) => c.act.reason(e.target.value)}></textarea></label>
      ${again ? html`<div class="still" role="alert">${TRIANGLE}<div><b>${t('console.clear.still')}</b>
        ${still.map((/** @type {any} */ track) => html`<span>${stillText(c, track)}</span>`)}
        ${others.map((/** @type {number} */ n) => html`<span>${trackName(n)}</span>`)}
        ${blind.length ? html`<span>${t('console.clear.blind', {list: blind.map((/** @type {string} */ id) => postName(c.state, id)).join(', ')})}</span>` : nothing}</div></div>` : nothing}
      ${ask.kind === 'raise' ? raiseChoice(c, ask) : ask.kind === 'flight' ? flightChoice(c, ask) : nothing}
      ${ask.error ? html`<p class="failed" role="alert">${t('console.ask.failed', {why: ask.error})}</p>` : nothing}
      <footer><button type="button" class=${ask.sure ? 'primary' : 'ghost'} @click=${c.act.closeDialog}>${t('console.ask.keep')}</button>
        <button type="submit" class=${again ? 'dangerous' : 'primary'} ?disabled=${!ready}>
          ${ask.busy ? t('console.ask.sending') : again ? t('console.clear.anyway') : word('do')}</button></footer>
    </form></div>`;
}

/** How high, and how far around those who are warned already. */
function raiseChoice(/** @type {Context} */ c, /** @type {any} */ ask) {
  const choose = (/** @type {string} */ name) => (/** @type {any} */ e) => c.act.choose({[name]: e.target.value});
  return html`<label>${t('console.raise.tier')}<select name="tier" @change=${choose('tier')}>
      ${[3, 2].map((tier) => html`<option value=${tier} ?selected=${Number(ask.tier ?? 3) === tier}>${t(`alert.tier.${tier}`)}</option>`)}</select></label>
    <label>${t('console.raise.radius')}<select name="radius" @change=${choose('radius_m')}>
      ${[0, 1000, 3000, 10000].map((m) => html`<option value=${m} ?selected=${Number(ask.radius_m ?? 1000) === m}>${m ? distance(m).join(' ') : t('console.raise.same')}</option>`)}</select></label>`;
}

/** Whose flight it is, how long, how far from where it is now, and how high at most. */
function flightChoice(/** @type {Context} */ c, /** @type {any} */ ask) {
  const choose = (/** @type {string} */ name) => (/** @type {any} */ e) => c.act.choose({[name]: e.target.value});
  const select = (/** @type {string} */ name, /** @type {number[]} */ values, /** @type {number} */ usual, /** @type {(n: number) => string} */ word) =>
    html`<label>${t(`console.flight.${name}`)}<select name=${name} @change=${choose(name)}>${values.map((n) => html`<option value=${n} ?selected=${Number(ask[name] ?? usual) === n}>${word(n)}</option>`)}</select></label>`;
  return html`<label>${t('console.flight.whose')}<input name="whose" maxlength="100" .value=${live(ask.whose ?? '')} @input=${choose('whose')}></label>
    ${select('hours', [1, 2, 4, 8, 12], 1, (n) => `${n} h`)}
    ${select('radius_m', [500, 1000, 3000, 10000], 1000, (m) => distance(m).join(' '))}
    ${select('ceiling_m', [60, 120, 300, 0], 120, (m) => (m ? distance(m).join(' ') : t('console.flight.any_height')))}`;
}

function stillText(/** @type {Context} */ c, /** @type {any} */ track) {
  const seen = t('console.clear.seen', {age: age(c.now_ms - track.last_ms)});
  if (!track.arrival) return `${trackName(track.number)}. ${seen}`;
  const place = t('console.clear.from', {distance: distance(track.arrival.range_m).join(' '), target: targetName(c.state, track.arrival.target_id)});
  return `${trackName(track.number)}, ${place}. ${seen}`;
}

/** A short word after an act: "All clear given, 03:43:10 Z". @param {Context} c */
export function toast(c) {
  const {said} = c.ui;
  return said && c.now_ms - said.at_ms < 8000 ? html`<div class="toast" role="status">${said.text}, ${zulu(said.at_ms)} Z</div>` : nothing;
}
