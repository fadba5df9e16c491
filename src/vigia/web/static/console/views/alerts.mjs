// Context -> the Alerts tab: each warning of the last day with its times, T0 to T4.
import {html, nothing} from '../../vendor/lit/lit.mjs';
import {t} from '../../core/i18n.mjs';
import {DASH, delay, zulu} from '../format.mjs';
import {alertLoad, FLOOD} from '../rates.mjs';
import {receivedPart} from './received.mjs';
import {TIER_WORD} from './top.mjs';

/** @typedef {import('../app.mjs').Context} Context */

const ROWS_MAX = 500;

/** @param {Context} c */
export function alertsTab(c) {
  const {rows, error, loading} = c.ui.history;
  return html`<main class="history">
    <header><h2>${t('console.history.title')}</h2><em>${t('console.history.explain')}</em>
      <button class="ghost" @click=${c.act.loadHistory} ?disabled=${loading}>${t('console.history.reload')}</button></header>
    ${rows ? loadPart(c, rows) : nothing}
    ${error ? html`<p class="failed" role="alert">${t('console.history.failed', {why: error})}</p>` : nothing}
    ${!error && rows?.length === 0 ? html`<p class="none">${t('console.history.none')}</p>` : nothing}
    ${rows?.length ? table(c, rows) : nothing}
    ${receivedPart(c)}
  </main>`;
}

const LOAD_SHOWN = 4;

/** How many alerts in ten minutes: a flood is not heard, whatever each of them says. */
function loadPart(/** @type {Context} */ c, /** @type {any[]} */ rows) {
  const load = alertLoad(rows, c.now_ms);
  const word = (/** @type {any} */ r) => (r.flood ? html`<b class="flood">▲ ${t('console.load.flood')}</b>` : r.flooded ? html`<b class="flood">${t('console.load.flooded')}</b>` : nothing);
  const row = (/** @type {string} */ name, /** @type {any} */ r) => html`<li><span>${name}</span><b class="num">${t('console.load.last', {n: r.last})}</b><i class="num">${t('console.load.most', {n: r.most, hours: load.hours})}</i>${word(r)}</li>`;
  return html`<section class="load" aria-label=${t('console.load.title')}><h3>${t('console.load.title')}<em>${t('console.load.hint', {n: FLOOD})}</em></h3>
    <ul>${row(t('console.load.console'), load.console)}${load.people.slice(0, LOAD_SHOWN).map((p) => row(p.name, p))}</ul>
    ${load.people.length > LOAD_SHOWN ? html`<p class="none">${t('console.load.more', {n: load.people.length - LOAD_SHOWN})}</p>` : nothing}</section>`;
}

function table(/** @type {Context} */ c, /** @type {any[]} */ rows) {
  const heads = ['t0', 'level', 'who', 't1', 't2', 't3', 't4', 'end'];
  return html`<div class="scroll"><table>
    <thead><tr>${heads.map((h) => html`<th scope="col" title=${t(`console.history.${h}_hint`)}>${t(`console.history.${h}`)}</th>`)}</tr></thead>
    <tbody>${rows.slice(0, ROWS_MAX).map((row) => html`${historyRow(c, row)}${c.ui.opened === row.alert_id ? revisionRows(row) : nothing}`)}</tbody>
  </table></div>`;
}

/** Times after T0 stand as "how long after", because that is what is judged. */
function historyRow(/** @type {Context} */ c, /** @type {any} */ a) {
  const times = timesOf(a);
  return html`<tr class=${TIER_WORD[a.tier]} @click=${() => c.act.revisions(a.alert_id)}>
    <td class="num">${day(times.t0)} ${zulu(times.t0)} Z</td>
    <td><b class="tier">${t(`alert.tier_name.${a.tier}`)}</b>${a.mark === 'actual' ? nothing : html` <i class="tag">${t(`alert.mark.${a.mark}`)}</i>`}</td>
    <td>${a.person_name ?? c.targetName(a.target_id)}</td>
    ${timeCells(times)}
    <td>${a.end_reason ? t(`console.end.${a.end_reason}`) : t('console.history.open')}
      ${a.revisions?.length > 1 ? html`<button class="more">${t('console.history.revisions', {n: a.revisions.length})}</button>` : nothing}</td>
  </tr>`;
}

/** Each word that was said to this person: what changed the level, and its own times. */
function revisionRows(/** @type {any} */ a) {
  return (a.revisions ?? []).map((/** @type {any} */ r) => {
    const times = timesOf(r);
    return html`<tr class="revision ${TIER_WORD[r.tier]}"><td class="num">${zulu(times.t0)} Z</td>
      <td><b class="tier">${t(`alert.tier_name.${r.tier}`)}</b></td><td class="num">${t('console.history.revision', {n: r.revision})}</td>
      ${timeCells(times)}<td>${r.msg_type === 'cancel' ? t('console.history.ended') : ''}</td></tr>`;
  });
}

function timeCells(/** @type {ReturnType<typeof timesOf>} */ times) {
  const after = (/** @type {number | null} */ ms) => (ms === null ? DASH : ms < times.t0 ? zulu(ms) : `+${delay(ms - times.t0)}`);
  return html`<td class="num">${after(times.t1)}</td><td class="num">${after(times.t2)}</td><td class="num">${after(times.t3)}</td>
    <td class="num">${times.t4.length === 0 ? DASH : times.t4.map(([how, ms]) => html`${after(ms)} <i>${how === 'answered' ? '' : t(`console.reach.${how}`)}</i> `)}</td>`;
}

const day = (/** @type {number} */ t_ms) => new Date(t_ms).toISOString().slice(5, 10);

/** T0 report received, T1 decided, T2 handed to the channel, T3 shown, T4 answered; of an alert
 * (its first ones) or of one revision. @param {any} a */
export function timesOf(a) {
  const {delivered_ms = null, seen_ms = null, safe_ms = null} = a.reached ?? a;
  const answers = /** @type {[string, number][]} */ ([['seen', seen_ms], ['safe', safe_ms]].filter(([, ms]) => ms !== null));
  const first = a.answered_ms ? /** @type {[string, number][]} */ ([['answered', a.answered_ms]]) : [];
  return {t0: a.cause_ms, t1: a.decided_ms, t2: a.handed_ms ?? null, t3: delivered_ms ?? a.shown_ms ?? null,
    t4: answers.length ? answers : first};
}
