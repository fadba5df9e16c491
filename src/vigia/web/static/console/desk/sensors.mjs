// Sensors: how each is, what was refused and why, what the tracker learnt about it; what people report.
import {html, nothing} from '../../vendor/lit/lit.mjs';
import {t} from '../../core/i18n.mjs';
import {age, zulu, trackName} from '../format.mjs';
import {sightingText} from '../views/left.mjs';
import {errorsOf, sourceWord} from '../views/right.mjs';

const SIGN = {ok: '●', unproved: '◌', silent: '◆', failed: '✕'};
const WORST = ['failed', 'silent', 'unproved', 'ok'];
const REPORTS_MAX = 200;

export class Sensors {
  /** @param {import('./desk.mjs').Desk} desk */
  constructor(desk) {
    this.desk = desk;
  }

  load() {
    this.desk.changed(); // it all comes by the socket
  }

  view(/** @type {any} */ c) {
    const {health, sightings} = c.state;
    const rows = (health?.sensors ?? []).toSorted((/** @type {any} */ a, /** @type {any} */ b) => WORST.indexOf(a.state) - WORST.indexOf(b.state) || a.sensor_id.localeCompare(b.sensor_id));
    return html`<div class="desk two wide-side"><main class="sheet sensors-sheet">
        <h4>${t('console.sensors.title')}<em class="num">${rows.length}</em></h4>
        <p class="hint">${t('console.sensors.hint')}</p>
        ${health === null ? html`<p class="none">${t('console.sensors.unknown')}</p>` : rows.length === 0 ? html`<p class="none">${t('console.sensors.none')}</p>` : this.#table(c, rows)}
        ${health && health.journal !== 'ok' ? html`<p class="failed" role="alert">${t('console.feeds.journal')}: ${health.journal}</p>` : nothing}</main>
      <aside class="side"><section><h4>${t('console.sensors.reports')}<em class="num">${sightings.length}</em></h4>
        ${sightings.length === 0 ? html`<p class="none">${t('console.sightings.none')}</p>` : html`<ul class="report-list">${sightings.slice(0, REPORTS_MAX).map((/** @type {any} */ s) => html`<li>
          <time class="num">${zulu(s.t_ms)}</time><span><b>${s.name ?? t('console.sightings.somebody')}</b> ${sightingText(s)}${s.text ? html` “${s.text}”` : nothing}
            <small>${s.received_ms - s.t_ms > 10_000 ? t('console.sensors.late', {age: age(s.received_ms - s.t_ms)}) : ''} ${s.position ? '' : t('console.sensors.no_place')} ${s.track_number ? '' : t('console.sensors.no_track')}</small></span>
          <i class="code">${s.track_number ? trackName(s.track_number) : ''}</i></li>`)}</ul>`}</section></aside></div>`;
  }

  #table(/** @type {any} */ c, /** @type {any[]} */ rows) {
    const heads = ['sensor', 'state', 'last', 'rate', 'rows', 'refused', 'learnt'];
    return html`<table class="sensor-table"><thead><tr>${heads.map((h) => html`<th scope="col" class=${['last', 'rate', 'rows'].includes(h) ? 'end' : ''}>${t(`console.sensors.${h}`)}</th>`)}</tr></thead>
      <tbody>${rows.map((s) => html`<tr class="is-${s.state}" data-sensor=${s.sensor_id}>
        <td><b>${s.sensor_id}</b><small>${sourceWord(s.kind)}</small></td>
        <td class="state"><b>${SIGN[/** @type {keyof typeof SIGN} */ (s.state)] ?? '◆'} ${t(`console.sensor.${s.state}`)}</b><small>${s.state === 'ok' ? '' : s.last_fault || t(`console.sensors.why.${s.state}`)}</small></td>
        <td class="num end">${s.last_ms === null ? t('console.never') : age(c.now_ms - s.last_ms)}</td>
        <td class="num end">${s.rate_hz.toFixed(1)}</td><td class="num end">${s.detections}${s.thinned ? html`<small>${t('console.sensors.thinned', {n: s.thinned})}</small>` : nothing}</td>
        <td>${s.faults ? html`<b class="num">${s.faults}</b>` : '0'}${s.refused.map((/** @type {[string, number]} */ [why, n]) => html`<small>${n} × ${why}</small>`)}</td>
        <td>${errorsOf(s) || html`<span class="quiet-word">${s.azimuth_error_deg || s.clock_error_s ? t('console.sensors.small') : t('console.sensors.not_learnt')}</span>`}</td></tr>`)}</tbody></table>`;
  }
}
