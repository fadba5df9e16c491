// Context -> the Reach tab: whom to call by radio, who would not be reached now and why, drills.
import {html, nothing} from '../../vendor/lit/lit.mjs';
import {t} from '../../core/i18n.mjs';
import {DASH, age, countdown, dayZulu, delay, zulu} from '../format.mjs';
import {TIER_WORD} from './top.mjs';

/** @typedef {import('../app.mjs').Context} Context */

const ROWS_MAX = 500;

/** @param {Context} c */
export function reachTab(c) {
  const {data, error, drills} = c.ui.reach;
  return html`<main class="history reach">
    <header><h2>${t('console.reach_tab.title')}</h2><em>${t('console.reach_tab.explain')}</em>
      <button class="ghost" data-act="drill" @click=${() => c.act.ask({kind: 'drill'})}>${t('console.drill.ask')}</button></header>
    ${error ? html`<p class="failed" role="alert">${t('console.history.failed', {why: error})}</p>` : nothing}
    ${data ? html`<div class="scroll">${callList(c, data.calls)}${people(c, data.people)}${lanes(c, data.courier)}${testList(data.tests)}${drillList(drills)}</div>` : nothing}
  </main>`;
}

/** "Call Agent 4: TAKE COVER. From the north. 0:40": most urgent first. */
function callList(/** @type {Context} */ c, /** @type {any[]} */ calls) {
  return html`<h3>${t('console.radio.title', {n: calls.length})}</h3>
    ${calls.length === 0 ? html`<p class="none">${t('console.radio.none')}</p>` : nothing}
    <ul class="calls">${calls.slice(0, ROWS_MAX).map((call) => html`<li class=${call.ended ? 'ended' : TIER_WORD[call.tier]} data-call=${call.person_id}>
      <b>${call.mark === 'actual' ? nothing : html`<i class="tag">${t(`alert.mark.${call.mark}`)}</i> `}${t('console.radio.call', {name: call.name})}</b>
      <span>${script(c, call)}</span>
      <small>${t('console.radio.tried', {list: tried(call)})} · ${age(c.now_ms - call.since_ms)}</small>
      <button class="ghost" data-told=${call.alert_id} @click=${() => c.act.toldByRadio(call)}>${t('console.radio.told')}</button></li>`)}</ul>`;
}

/** What to say, word for word. @param {Context} c @param {any} call */
function script(c, call) {
  if (call.ended) return `${t(`alert.action.${call.action}`)}. ${t(`alert.end.${call.end_reason ?? 'expired'}`)}`;
  const from = call.from_point ? t('alert.from', {point: t(`alert.point.${call.from_point}`)}) : t('alert.from_unknown');
  const left = countdown(call.earliest_ms, c.now_ms);
  const when = call.earliest_ms === null ? t('alert.time_unknown') : left ? t('alert.as_soon_as_time', {time: left}) : t('alert.may_be_here');
  return `${t(`alert.action.${call.action}`)}. ${from}, ${when}.`;
}

const tried = (/** @type {any} */ call) => call.tried.map((/** @type {string} */ name) =>
  `${t(`channel.${name}`)}${call.failed.includes(name) ? ` (${t('console.radio.failed')})` : ''}`).join(', ') || DASH;

function people(/** @type {Context} */ c, /** @type {any[]} */ rows) {
  return html`<h3>${t('console.reach_tab.people')}</h3><table><tbody>${rows.slice(0, ROWS_MAX).map((row) => html`
    <tr class="reach-${row.reach}" data-person=${row.person_id}><td><b>${row.name}</b></td><td>${t(`console.reach_tab.${row.reach}`)}</td>
      <td>${row.channels.map((/** @type {any} */ one) => html`<span class="way ${one.state}" title=${one.why}>${t(`channel.${one.channel}`)}: ${t(`console.way.${one.state}`)}${one.last_ms ? ` ${age(c.now_ms - one.last_ms)}` : ''}</span> `)}</td></tr>`)}
  </tbody></table>`;
}

function lanes(/** @type {Context} */ c, /** @type {any} */ courier) {
  if (!courier) return html`<h3>${t('console.reach_tab.channels')}</h3><p class="none">${t('console.reach_tab.no_courier')}</p>`;
  return html`<h3>${t('console.reach_tab.channels')}</h3><table><tbody>${courier.lanes.map((/** @type {any} */ lane) => html`
    <tr><td><b>${lane.name}</b> ${t(`channel.${lane.channel}`)}</td><td class="num">${t('console.reach_tab.counts', {sent: lane.sent, failed: lane.failed, waiting: lane.waiting})}</td>
      <td>${lane.last_error ? `${zulu(lane.last_error_ns / 1e6)} Z ${lane.last_error}` : ''}</td></tr>`)}</tbody></table>`;
}

/** What earlier tests found: the newest first. @param {any[]} tests */
function testList(tests) {
  if (!tests.length) return nothing;
  return html`<h3>${t('console.reach_test.title')}</h3><table><tbody>${tests.map((one) => html`
    <tr data-test=${one.kind}><td class="num">${dayZulu(one.t_ms)} Z</td><td><b>${t(`console.reach_test.${one.kind}`)}</b></td><td>${testWords(one)}</td></tr>`)}</tbody></table>`;
}

function testWords(/** @type {any} */ one) {
  if (!one.over) return t('console.reach_test.running');
  if (one.refused) return t('console.reach_test.refused', {why: one.refused});
  const down = one.channels_down.length ? ` ${t('console.reach_test.down', {list: one.channels_down.join(', ')})}` : '';
  const names = one.missing.slice(0, 10).join(', ');
  return (one.missing.length ? t('console.reach_test.missing', {n: one.missing.length, of: one.people, names}) : t('console.reach_test.all', {n: one.people})) + down;
}

function drillList(/** @type {any[]} */ drills) {
  if (!drills?.length) return nothing;
  const s = (/** @type {number | null} */ x) => (x === null ? DASH : delay(x * 1000));
  return html`<h3>${t('console.drill.results')}</h3>${drills.map((one) => html`<table><tbody>${one.people.map((/** @type {any} */ p) => html`
    <tr><td class="num">${zulu(p.t_ms)} Z</td><td><b>${p.name ?? p.person_id}</b></td>
      <td>${t('console.drill.times', {handed: s(p.handed_s), shown: s(p.shown_s), answered: s(p.answered_s)})}</td></tr>`)}</tbody></table>`)}`;
}
