// Context -> somebody is hurt: a band in every tab, distinct from any alert. The reports stand in Readiness.
import {html, nothing} from '../../vendor/lit/lit.mjs';
import {t} from '../../core/i18n.mjs';
import {age, zulu} from '../format.mjs';
import {CROSS} from '../icons.mjs';

/** @typedef {import('../app.mjs').Context} Context */

/** Not handed over and not taken back, newest first. @param {any[]} rows */
export const openReports = (rows) => rows.filter((r) => !r.closed);

/** @param {Context} c */
export function hurtCount(c) {
  const n = openReports(c.ui.hurt).length;
  return n ? html`<b class="count hurt num">${n}</b>` : nothing;
}

/** @param {Context} c */
export function hurtBand(c) {
  const open = openReports(c.ui.hurt);
  if (open.length === 0) return nothing;
  const [{report, by, mark}] = open;
  const said = [
    report.patients ? t('console.hurt.patients', {n: report.patients}) : null,
    report.urgency ? t(`aid.urgency.${report.urgency}`) : null,
    report.mechanism ? t(`aid.mechanism.${report.mechanism}`) : null,
    report.second_drone ? t('aid.second_drone') : null,
  ].filter(Boolean).join(' · ');
  return html`<div class="hurt-band" role="alert" data-hurt=${open[0].id}>${CROSS}<b>${t('console.hurt.title')}</b>
    ${mark === 'actual' ? nothing : html`<i class="tag">${t(`alert.mark.${mark}`)}</i>`}
    <span class="what"><b>${[report.unit, by].filter(Boolean).join(', ') || t('console.hurt.unknown_place')}</b> ${said}</span>
    <span class="num">${zulu(report.t_hit_ms)} Z · ${age(c.now_ms - report.t_hit_ms)}</span>
    ${open.length > 1 ? html`<span class="num">${t('console.hurt.more', {n: open.length - 1})}</span>` : nothing}
    ${c.ui.tab === 'readiness' ? nothing : html`<button class="ghost" @click=${() => c.act.tab('readiness')}>${t('console.hurt.open')}</button>`}</div>`;
}
