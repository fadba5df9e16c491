// Plan: what the settings declare, by post, class and direction; which sectors nobody watches, and how long a
// straight flight would take from where it is first seen on paper. It advises nothing.
import {html, nothing} from '../../vendor/lit/lit.mjs';
import {t} from '../../core/i18n.mjs';
import {distance} from '../format.mjs';
import {sourceWord} from '../views/right.mjs';
import {refusedWords} from './refused.mjs';

const POINTS = ['n', 'ne', 'e', 'se', 's', 'sw', 'w', 'nw'];

export class Plan {
  /** @param {import('./desk.mjs').Desk} desk */
  constructor(desk) {
    this.desk = desk;
    /** @type {any} */
    this.board = null;
    /** @type {any} */
    this.error = null;
    this.speed = 1;
  }

  async load() {
    try {
      this.board = await this.desk.session.get('/plan');
      this.error = null;
    } catch (error) {
      this.error = error;
    }
    this.desk.changed();
  }

  view(/** @type {any} */ c) {
    const {board} = this;
    if (!board) return html`<div class="desk one"><main class="sheet"><p class=${this.error ? 'failed' : 'none'}>${this.error ? this.error.message : t('console.plan.loading')}</p></main></div>`;
    return html`<div class="desk two"><main class="sheet plan">
        ${this.error ? html`<p class="failed" role="alert">${refusedWords(this.error)}</p>` : nothing}
        <h4>${t('console.plan.title')}</h4>
        <p class="on-paper"><b>${t('console.plan.paper')}</b> ${t('console.plan.paper_hint')}</p>
        <label class="speed">${t('console.plan.speed')}<select @change=${(/** @type {any} */ e) => { this.speed = Number(e.target.value); this.desk.changed(); }}>
          ${board.speeds_mps.map((/** @type {number} */ v, /** @type {number} */ n) => html`<option value=${n} ?selected=${n === this.speed}>${v} m/s · ${Math.round(v * 3.6)} km/h</option>`)}</select></label>
        ${board.posts.length === 0 ? html`<p class="none">${t('console.plan.no_posts')}</p>` : board.posts.map((/** @type {any} */ p) => this.#post(c, p))}</main>
      <aside class="side"><section><h4>${t('console.plan.sensors')}<em class="num">${board.sensors.length}</em></h4>
        ${board.sensors.length === 0 ? html`<p class="none">${t('console.plan.no_sensors')}</p>` : html`<ul class="plan-sensors">${board.sensors.map((/** @type {any} */ s) => html`<li><b>${s.sensor_id}</b> <span>${sourceWord(s.kind)}</span>
          <small>${s.drones ? t('console.plan.sees', {what: t(`console.plan.class.${s.drones}`), range: distance(s.range_m).join(' ')}) : t('console.plan.sees_nothing')}
          ${s.view_deg_true === null ? t('console.plan.all_round') : t('console.plan.view', {deg: Math.round(s.view_deg_true), width: Math.round(s.view_width_deg)})}
          ${s.placed ? '' : t('console.plan.not_placed')} ${t('console.plan.detects', {percent: Math.round(100 * s.p_detect)})}
          ${s.silent_after_s === null ? t('console.plan.unprovable') : ''}</small></li>`)}</ul>`}</section></aside></div>`;
  }

  #post(/** @type {any} */ c, /** @type {any} */ post) {
    const names = (/** @type {string[]} */ points) => points.map((p) => t(`alert.point.${p}`)).join(', ');
    const now = c.state.cover.get(`post/${post.post_id}`);
    return html`<section class="plan-post" data-post=${post.post_id}><header><h5>${post.name}</h5>
        <span class=${post.open.length ? 'open' : ''}>${post.open.length === 8 ? t('console.plan.nothing_declared') : post.open.length ? t('console.plan.open', {list: names(post.open)}) : t('console.plan.all_declared')}</span>
        <em>${t('console.plan.today')} ${t(now ? `console.cover.${now.watched}` : 'console.cover.unsaid')}</em></header>
      ${post.classes.length ? html`<table><thead><tr><th scope="col">${t('console.plan.class')}</th>${POINTS.map((p) => html`<th scope="col" class="end">${t(`alert.point_short.${p}`)}</th>`)}<th scope="col" class="end">${t('console.plan.least')}</th></tr></thead>
        <tbody>${post.classes.map((/** @type {any} */ k) => this.#class(k))}</tbody></table>` : nothing}</section>`;
  }

  #class(/** @type {any} */ k) {
    const seconds = k.ways.map((/** @type {any} */ w) => (w.warn_s === null ? null : w.warn_s[this.speed]));
    const least = k.open.length ? null : Math.min(...seconds);
    const {warning_s, danger_s} = this.board;
    const word = (/** @type {number | null} */ s) => (s === null ? 'none' : s < danger_s ? 'short' : s < warning_s ? 'some' : '');
    return html`<tr><th scope="row">${t(`console.plan.class.${k.drones}`)}</th>
      ${k.ways.map((/** @type {any} */ w, /** @type {number} */ n) => html`<td class="num end ${word(seconds[n])}" title=${w.seen_m === null ? t('console.plan.way_open') : t('console.plan.way', {range: distance(w.seen_m).join(' ')})}>${seconds[n] === null ? html`<b>${t('console.plan.none')}</b>` : `${bars(seconds[n], danger_s)} ${Math.round(seconds[n])} s`}</td>`)}
      <td class="num end ${word(least)}"><b>${least === null ? t('console.plan.none') : `${Math.round(least)} s`}</b></td></tr>`;
  }
}

/** Shorter than it takes to tell DANGER: said by a sign too. */
const bars = (/** @type {number} */ s, /** @type {number} */ danger_s) => (s < danger_s ? '▲' : '');
