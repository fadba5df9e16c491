// Counts -> drawings for a briefing: a time series with its band, hours × weekdays, bars. Own SVG, colours by class.
import {html, nothing, svg} from '../../vendor/lit/lit.mjs';
import {language, t} from '../../core/i18n.mjs';

const [W, H, LEFT, FOOT] = [640, 190, 34, 22];

function ticks(/** @type {number} */ top) {
  const step = 10 ** Math.floor(Math.log10(Math.max(1, top)));
  const by = top / step > 5 ? step * 2 : top / step > 2 ? step : Math.max(1, step / 2);
  return Array.from({length: Math.floor(top / by) + 1}, (_, n) => n * by);
}

/** Bars are the best, the band is lowest to highest; an open end is an arrow, not a number.
 * @param {{name: string, low: number, best: number, high: number | null}[]} points @param {string} title */
export function timeSeries(points, title) {
  if (points.length === 0) return nothing;
  const top = Math.max(1, ...points.map((p) => p.high ?? Math.max(p.best, p.low)));
  const x = (/** @type {number} */ n) => LEFT + ((W - LEFT - 8) * n) / points.length;
  const y = (/** @type {number} */ v) => 8 + (H - FOOT - 8) * (1 - v / top);
  const wide = Math.max(1, (W - LEFT - 8) / points.length - 2);
  const every = Math.ceil(points.length / 8);
  return html`<figure class="chart"><figcaption>${title}</figcaption><svg viewBox="0 0 ${W} ${H}" role="img" aria-label=${`${title}: ${points.map((p) => `${p.name} ${p.low}–${p.high ?? '…'}`).join(', ')}`}>
    ${ticks(top).map((v) => svg`<line class="grid" x1=${LEFT} x2=${W - 8} y1=${y(v)} y2=${y(v)}/><text class="tick" x=${LEFT - 6} y=${y(v) + 4} text-anchor="end">${v}</text>`)}
    ${points.map((p, n) => svg`<g><title>${`${p.name}: ${p.low}${p.high === null ? '+' : p.high === p.low ? '' : `–${p.high}`}`}</title>
      <rect class="best" x=${x(n) + 1} width=${wide} y=${y(p.best)} height=${Math.max(0, y(0) - y(p.best))}/>
      ${p.high !== null && p.high !== p.low ? svg`<line class="span" x1=${x(n) + 1 + wide / 2} x2=${x(n) + 1 + wide / 2} y1=${y(p.high)} y2=${y(p.low)}/>` : nothing}
      ${p.high === null ? svg`<path class="span" d=${`M${x(n) + 1 + wide / 2 - 4} ${y(p.best) - 2} l4 -6 l4 6`}/>` : nothing}
      ${n % every === 0 ? svg`<text class="tick" x=${x(n)} y=${H - 6}>${p.name}</text>` : nothing}</g>`)}
    <line class="axis" x1=${LEFT} x2=${W - 8} y1=${y(0)} y2=${y(0)}/></svg></figure>`;
}

/** Records, not amounts; those whose hour nobody knows are told below. @param {any[]} lines  by weekday, hour */
export function weekGrid(lines, /** @type {string} */ title) {
  const cell = new Map(lines.map((l) => [l.group.join('/'), l.records]));
  const known = lines.filter((l) => !l.group.includes('?'));
  const unknown = lines.filter((l) => l.group.includes('?')).reduce((n, l) => n + l.records, 0);
  if (!known.length) return unknown ? html`<figure class="chart"><figcaption>${title}</figcaption><p class="hint">${t('console.inc.hour_unknown', {n: unknown})}</p></figure>` : nothing;
  const top = Math.max(1, ...known.map((l) => l.records));
  const dayName = (/** @type {number} */ n) => new Date(Date.UTC(2024, 0, n)).toLocaleDateString(language(), {weekday: 'short', timeZone: 'UTC'});
  const [cw, ch] = [24, 20];
  return html`<figure class="chart"><figcaption>${title}</figcaption><svg viewBox="0 0 ${W} ${ch * 7 + 26}" role="img" aria-label=${title}>
    ${[1, 2, 3, 4, 5, 6, 7].map((d) => svg`<text class="tick" x=${LEFT + 4} y=${(d - 1) * ch + 14} text-anchor="end">${dayName(d)}</text>${Array.from({length: 24}, (_, h) => {
      const n = cell.get(`${d}/${String(h).padStart(2, '0')}`) ?? 0;
      return svg`<rect class="cell" x=${LEFT + 10 + h * cw} y=${(d - 1) * ch} width=${cw - 2} height=${ch - 2} fill-opacity=${n ? 0.2 + (0.4 * n) / top : 0.05}><title>${`${dayName(d)} ${h}:00 Z: ${n}`}</title></rect>${n ? svg`<text class="in" x=${LEFT + 10 + h * cw + cw / 2 - 1} y=${(d - 1) * ch + 13} text-anchor="middle">${n}</text>` : nothing}`;
    })}`)}
    ${[0, 6, 12, 18].map((h) => svg`<text class="tick" x=${LEFT + 10 + h * cw} y=${ch * 7 + 14}>${`${String(h).padStart(2, '0')}:00 Z`}</text>`)}</svg>
    ${unknown ? html`<p class="hint">${t('console.inc.hour_unknown', {n: unknown})}</p>` : nothing}</figure>`;
}

/** One bar a group, by its records. @param {any[]} lines @param {(name: string) => string} say */
export function bars(lines, /** @type {string} */ title, say) {
  const rows = [...lines].sort((a, b) => b.records - a.records).slice(0, 12);
  const top = Math.max(1, ...rows.map((l) => l.records));
  return html`<figure class="chart"><figcaption>${title}</figcaption><svg viewBox="0 0 ${W} ${rows.length * 24 + 4}" role="img" aria-label=${title}>
    ${rows.map((l, n) => svg`<text class="tick" x="150" y=${n * 24 + 16} text-anchor="end">${say(l.group[0])}</text><rect class="best" x="158" y=${n * 24 + 4} height="16" width=${((W - 220) * l.records) / top}/>
      <text class="tick" x=${164 + ((W - 220) * l.records) / top} y=${n * 24 + 16}>${l.records}</text>`)}</svg></figure>`;
}
