// Context -> the bars across the top: brand and tabs, exercise mark, the watch's own state, the alert.
import {html, nothing} from '../../vendor/lit/lit.mjs';
import {t} from '../../core/i18n.mjs';
import {THEMES, currentTheme} from '../../theme/theme.mjs';
import {DASH, age, countdown, localTime, trackName, zulu} from '../format.mjs';
import {hurtCount} from './hurt.mjs';
import {BRAND, DIAMOND, EYE, PERSON, PHONE, TRIANGLE} from '../icons.mjs';
import {soundButton} from './sound.mjs';
import {tabsOf} from '../tabs.mjs';
import {TIER, coverage, isLost, orderOf, targetName} from '../model.mjs';

/** @typedef {import('../app.mjs').Context} Context */

export const TIER_WORD = ['none', 'watch', 'warning', 'danger'];
const ICON = [nothing, EYE, DIAMOND, TRIANGLE];

/** @param {Context} c */
export function topBar(c) {
  return html`<header class="top">
    <div class="brand">${BRAND}<span>vigia</span></div>
    <nav class="tabs" role="tablist">${tabsOf(c.state.person).map((tab, n) => html`
      <button role="tab" title=${t('console.tab.key', {n: n + 1})} aria-selected=${c.ui.tab === tab} @click=${() => c.act.tab(tab)}>
        ${t(`console.tab.${tab}`)}${tab === 'alerts' && c.incidents.length ? html`<b class="count num">${c.incidents.length}</b>` : nothing}${tab === 'readiness' ? hurtCount(c) : nothing}${tab === 'reach' && c.ui.reach.data?.calls.length ? html`<b class="count num">${c.ui.reach.data.calls.length}</b>` : nothing}
      </button>`)}</nav>
    <div class="grow"></div>
    ${feeds(c)}
    ${c.mayAct ? html`<button class="quiet" title=${t('console.invite.title')} @click=${c.act.askInvite}>${PHONE}<span>${t('console.invite.short')}</span></button>` : nothing}
    ${soundButton(c)}
    <select class="quiet theme" aria-label=${t('settings.theme')} @change=${(/** @type {any} */ e) => c.act.theme(e.target.value)}>
      ${THEMES.map((name) => html`<option value=${name} ?selected=${name === currentTheme()}>${t(`settings.theme.${name}`)}</option>`)}
    </select>
    <button class="quiet" @click=${c.act.language} lang=${c.ui.lang === 'en' ? 'es' : 'en'}><span class="long">${t(c.ui.lang === 'en' ? 'lang.es' : 'lang.en')}</span><b class="short" aria-hidden="true">${c.ui.lang === 'en' ? 'ES' : 'EN'}</b></button>
    <a class="quiet" href="/account" title=${t('account.open')} aria-label=${t('account.open')}>${PERSON}</a>
    <div class="clock"><b class="num">${zulu(c.now_ms)} Z</b><span class="num">${localTime(c.now_ms)} ${t('console.local')}</span></div>
  </header>`;
}

function feeds(/** @type {Context} */ c) {
  const {health} = c.state;
  if (!health) return nothing;
  const all = health.sensors.length;
  const {works, unproved, blind, pages} = coverage(health);
  const counts = (/** @type {Map<string, number>} */ m) => [...m.values()].reduce((a, b) => a + b, 0);
  const seen = counts(works) + counts(unproved);
  const bad = blind[0];
  return html`<div class="feeds">
    <span><i class="dot ${blind.length ? 'warn' : ''}"></i>${t('console.feeds.sensors', {n: seen, all})}</span>
    ${bad ? html`<span class="wide"><i class="dot warn"></i>${t('console.feeds.silent', {name: bad.sensor_id,
      age: bad.last_ms === null ? t('console.never') : age(c.now_ms - bad.last_ms)})}</span>` : nothing}
    ${pages === null ? nothing : html`<span class="wide"><i class="dot"></i>${t('console.feeds.pages', {n: pages})}</span>`}
    ${health.journal === 'ok' ? nothing : html`<span><i class="dot bad"></i>${t('console.feeds.journal')}</span>`}
  </div>`;
}

/** DEMO and EXERCISE: a striped band and a frame round everything. @param {Context} c */
export function markBand(c) {
  const mode = c.state.mode;
  if (mode === null || mode === 'actual') return nothing;
  const word = t(`alert.mark.${mode}`);
  return html`<div class="mark" role="status"><b>${word}</b><span>${t(`alert.mark_note.${mode}`)}</span><b>${word}</b></div>
    <div class="mark-frame" aria-hidden="true"></div>`;
}

/** The watch works, but not wholly. @param {Context} c */
export function limitedBand(c) {
  const {state, why} = c.watch;
  if (state !== 'degraded' && state !== 'starting') return nothing;
  return html`<div class="limited" role="status">${DIAMOND}<b>${t(`console.watch.${state}`)}</b>
    <span>${why || t('console.watch.limited_hint')}</span></div>`;
}

/** @param {Context} c */
export function banner(c) {
  const incident = c.incidents[c.ui.incident] ?? c.incidents[0];
  if (!incident) return nothing;
  const {lead, tier} = incident;
  const {sentence, target} = headline(c, lead);
  const word = TIER_WORD[tier];
  const others = c.incidents.length - 1;
  return html`<section class="banner ${word}" aria-label=${t('alert.label')}>
    <button class="level" @click=${() => c.act.selectTrack(lead.track_ids[0])} title=${t('console.banner.show')}>${ICON[tier]}<span>${t(`alert.tier.${tier}`)}</span></button>
    <div class="message"><b role="alert">${sentence}</b><span>${subline(c, incident)}</span></div>
    ${others > 0 ? html`<button class="ghost num" @click=${c.act.nextIncident}>${t('console.banner.more', {n: others})}</button>` : nothing}
    ${arrival(c, incident, target)}
    <div class="figure"><b class="num">${incident.people.length ? `${incident.acked} / ${incident.people.length}` : DASH}</b><small>${t('console.banner.acked')}</small></div>
    ${c.mayAct ? html`${orders(c, incident)}
    <button class="ghost" data-act="raise" ?disabled=${c.past !== null} title=${c.past ? t('console.replay.no_act') : ''} @click=${() => c.act.ask({kind: 'raise', incident_id: incident.incident_id})}>${t('console.raise.ask')}</button>
    <button class="ghost" data-act="clear" ?disabled=${c.past !== null} title=${c.past ? t('console.replay.no_act') : ''} @click=${() => c.act.askAllClear(incident.incident_id)}>${t('console.all_clear')}</button>` : nothing}
  </section>`;
}

/** A person's word leads: it can be taken back, and one that is not enrolled be vouched for. */
function orders(/** @type {Context} */ c, /** @type {any} */ {lead}) {
  const order = orderOf(lead);
  if (!order || order.rule === 'reversed') return nothing;
  const ask = (/** @type {string} */ kind) => () => c.act.ask({kind, order_id: order.order_id});
  return html`${order.rule === 'attack' && lead.tier < TIER.DANGER ? html`<button class="ghost" data-act="confirm" ?disabled=${c.past !== null} title=${c.past ? t('console.replay.no_act') : ''} @click=${ask('confirm')}>${t('console.confirm.ask')}</button>` : nothing}
    <button class="ghost" data-act="undo" ?disabled=${c.past !== null} title=${c.past ? t('console.replay.no_act') : ''} @click=${ask('undo')}>${t('console.undo.ask')}</button>`;
}

/** @param {Context} c @param {any} lead */
export function headline(c, lead) {
  const target = lead.target_id;
  const order = orderOf(lead);
  if (order) return {sentence: t(`text.${order.rule}`, {target: targetName(c.state, target)}), target};
  const name = lead.track_numbers.length ? trackName(lead.track_numbers[0]) : '';
  const more = lead.track_numbers.length - 1;
  const kind = isLost(lead) ? 'lost' : lead.tier >= TIER.WARNING ? 'heading' : 'near';
  const certainty = lead.confirmed || kind === 'lost' ? '' : 'possible_';
  const track_name = more > 0 ? t('console.banner.several', {track: name, n: more}) : name;
  const sentence = t(`console.banner.${certainty}${kind}`, {track: track_name, target: targetName(c.state, target)});
  return {sentence, target};
}

function subline(/** @type {Context} */ c, /** @type {any} */ {lead, people, first_ms}) {
  const parts = [
    lead.load ? t('alert.load') : null,
    lead.from_point ? t('alert.from', {point: t(`alert.point.${lead.from_point}`)}) : null,
  ].filter(Boolean).join('. ');
  const warned = people.length === 0 ? t('console.banner.nobody') : people.length === 1 ? t('console.banner.warned_one', {time: zulu(first_ms)}) : t('console.banner.warned', {n: people.length, time: zulu(first_ms)});
  return parts ? `${parts}. ${warned}` : warned;
}

function arrival(/** @type {Context} */ c, /** @type {any} */ {lead, soonest_ms}, /** @type {string} */ target) {
  if (isLost(lead)) return html`<div class="figure"><b>${'–'}</b><small>${t('alert.time_unknown')}</small></div>`;
  const left = countdown(soonest_ms, c.now_ms);
  if (left === null) return html`<div class="figure now"><b>${t('alert.may_be_here')}</b><small>${targetName(c.state, target)}</small></div>`;
  return html`<div class="figure"><small>${t('alert.as_soon_as')}</small><b class="num">${left}</b></div>`;
}
