// Context -> the strip under the map: the last hours, and the controls to look at them again.
import {html, nothing} from '../../vendor/lit/lit.mjs';
import {live} from '../../vendor/lit/directives/live.mjs';
import {t} from '../../core/i18n.mjs';
import {countdown, zulu} from '../format.mjs';
import {layout, MINUTES} from '../past/layout.mjs';
import {SPEEDS} from '../past/player.mjs';
import {headline, TIER_WORD} from './top.mjs';

/** @typedef {import('../app.mjs').Context} Context */

const hm = (/** @type {number} */ t_ms) => zulu(t_ms).slice(0, 5);
const pct = (/** @type {number} */ n) => `${n.toFixed(2)}%`;

/** c: the live context. @param {Context} c @param {any} past */
export function timelineStrip(c, past) {
  if (!past.may) return nothing;
  const now = c.now_ms;
  const since = now - past.minutes * 60_000;
  const at = past.player ? Math.max(since, past.player.at_ms) : now;
  const act = c.act.past;
  const l = layout(past.line, c.incidents, since, now);
  return html`<section class="timeline ${past.player ? 'replaying' : ''}" ?inert=${c.ui.tab !== 'watch'} aria-label=${t('console.timeline.title')}>
    <div class="bar-row">
      <select class="quiet" aria-label=${t('console.timeline.span')} @change=${(/** @type {any} */ e) => act.span(Number(e.target.value))}>
        ${MINUTES.map((n) => html`<option value=${n} ?selected=${n === past.minutes}>${t('console.timeline.hours', {n: n / 60})}</option>`)}</select>
      <span class="sum" role="status">${past.error ? t('console.timeline.failed', {why: past.error}) : summary(l)}</span>
      ${controls(c, past)}
    </div>
    <div class="track-row">
      <div class="lanes" aria-hidden="true">${lanes(l)}
        <i class="needle" .style=${`left:${pct(share(at, since, now))}`}></i></div>
      <input type="range" min=${since} max=${now} step="1000" .value=${live(String(at))} aria-label=${t('console.timeline.scrub')}
        aria-valuetext=${past.player ? `${zulu(at)} Z` : t('console.timeline.now')}
        @input=${(/** @type {any} */ e) => act.seek(Number(e.target.value), true)} @change=${(/** @type {any} */ e) => act.seek(Number(e.target.value))}>
    </div>
    <div class="axis num" aria-hidden="true">${l.ticks.map((k) => html`<span .style=${`left:${pct(k.left)}`}>${hm(k.t_ms)}</span>`)}<span class="end">${t('console.timeline.now')}</span></div>
  </section>`;
}

const share = (/** @type {number} */ x, /** @type {number} */ a, /** @type {number} */ b) => Math.min(100, Math.max(0, (100 * (x - a)) / (b - a)));

function lanes(/** @type {any} */ l) {
  return html`${l.unknown ? html`<i class="unknown" .style=${`width:${pct(l.unknown)}`} title=${t('console.timeline.reading')}></i>` : nothing}
    ${l.ticks.map((/** @type {any} */ k) => html`<i class="tick" .style=${`left:${pct(k.left)}`}></i>`)}
    ${l.lost.map((/** @type {any} */ x) => html`<i class="lost-span" .style=${`left:${pct(x.left)};width:${pct(x.width)}`} title=${`${t('console.cover.lost')} ${x.name} ${hm(x.from_ms)}`}></i>`)}
    ${l.alerts.map((/** @type {any} */ a) => html`<i class="episode ${TIER_WORD[a.tier]} ${a.open ? 'open' : ''}" .style=${`left:${pct(a.left)};width:${pct(a.width)}`} title=${`${t(`alert.tier.${a.tier}`)} ${hm(a.from_ms)}`}></i>`)}
    ${l.sightings.map((/** @type {any} */ s) => html`<i class="seen ${s.sense}" .style=${`left:${pct(s.left)}`} title=${`${t(`console.sense.${s.sense}`)} ${hm(s.t_ms)}`}></i>`)}
    ${l.acts.map((/** @type {any} */ a) => html`<i class="act-mark" .style=${`left:${pct(a.left)}`} title=${`${t(`console.timeline.act.${a.kind}`)} ${a.by ?? ''} ${hm(a.t_ms)}`}></i>`)}
    ${l.restarts.map((/** @type {any} */ r) => html`<i class="restart" .style=${`left:${pct(r.left)}`} title=${`${t('console.timeline.restart')} ${hm(r.t_ms)}`}></i>`)}`;
}

/** In words, for whoever does not see the strip. */
function summary(/** @type {any} */ l) {
  const alerts = new Set(l.alerts.map((/** @type {any} */ a) => a.id)).size;
  const parts = [['console.timeline.alerts', alerts], ['console.timeline.reports', l.sightings.length], ['console.timeline.acts', l.acts.length], ['console.timeline.lost', l.lost.length]];
  const said = parts.filter(([, n]) => n).map(([key, n]) => t(/** @type {string} */ (key), {n}));
  return said.length ? said.join(' · ') : t('console.timeline.nothing');
}

function controls(/** @type {Context} */ c, /** @type {any} */ past) {
  const {player} = past;
  const act = c.act.past;
  const button = (/** @type {string} */ name, /** @type {any} */ sign, /** @type {() => void} */ press) =>
    html`<button class="ctl" data-past=${name} title=${t(`console.replay.${name}`)} aria-label=${t(`console.replay.${name}`)} @click=${press}>${sign}</button>`;
  if (!player) return html`<button class="ghost small" data-past="play" @click=${act.play}>${t('console.replay.begin')}</button>`;
  return html`<div class="controls" role="group" aria-label=${t('console.replay.controls')}>
    ${button('mark_back', '|◂', () => act.mark(-1))}${button('back', '−10 s', () => act.by(-10))}
    ${button(player.playing ? 'pause' : 'play', player.playing ? '❚❚' : '▶', act.play)}
    ${button('on', '+10 s', () => act.by(10))}${button('mark_on', '▸|', () => act.mark(1))}
    <select class="quiet" aria-label=${t('console.replay.speed')} @change=${(/** @type {any} */ e) => act.speed(Number(e.target.value))}>
      ${SPEEDS.map((n) => html`<option value=${n} ?selected=${n === player.speed}>${n}×</option>`)}</select>
    <button class="primary small" data-past="live" @click=${act.live}>${t('console.replay.live')}</button></div>`;
}

/** Over everything while somebody looks back; no level's colour, nor the exercise's. @param {Context} c @param {any} past */
export function replayBand(c, past) {
  const {player} = past;
  if (!player || c.ui.tab !== 'watch') return nothing;
  const word = t('console.replay.word');
  const {forgotten, dropped, damaged} = player.left_out;
  const gaps = [forgotten ? t('console.replay.forgotten', {n: forgotten}) : '', dropped ? t('console.replay.dropped', {n: dropped}) : '', damaged ? t('console.replay.damaged', {n: damaged}) : ''].filter(Boolean).join(' ');
  return html`<div class="replay-band" role="status"><b>${word}</b>
    <time class="num">${new Date(player.at_ms).toISOString().slice(0, 10)} ${zulu(player.at_ms)} Z</time>
    <span>${player.error ? t('console.replay.failed', {why: player.error}) : player.loading ? t('console.replay.reading') : gaps || t('console.replay.note')}</span>
    <i class="num">${player.playing ? `${player.speed}×` : t('console.replay.paused')}</i><b>${word}</b></div>
    <div class="replay-frame" aria-hidden="true"></div>`;
}

/** What is happening now breaks through a replay. c: the live context. @param {Context} c @param {any} past */
export function liveBand(c, past) {
  if (!past.player || c.ui.tab !== 'watch' || c.incidents.length === 0) return nothing;
  const {lead, tier, soonest_ms} = c.incidents[0];
  const left = soonest_ms === null ? null : countdown(soonest_ms, c.now_ms);
  return html`<section class="live-band ${TIER_WORD[tier]}" aria-label=${t('console.replay.live_now')}>
    <b class="now">${t('console.replay.live_now')}</b><b>${t(`alert.tier.${tier}`)}</b>
    <span role="alert">${headline(c, lead).sentence}</span>
    ${left ? html`<b class="num">${left}</b>` : nothing}
    <button class="ghost" data-past="live" @click=${c.act.past.live}>${t('console.replay.live')}</button></section>`;
}
