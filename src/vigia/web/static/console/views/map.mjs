// Context -> the map's frame: chips, zoom, what lies under the pointer, scale and credits.
// The map itself lives in #map, which no template touches after the first rendering.
import {html, nothing} from '../../vendor/lit/lit.mjs';
import {t} from '../../core/i18n.mjs';
import {latLon, distance} from '../format.mjs';
import {FIT} from '../icons.mjs';

/** @typedef {import('../app.mjs').Context} Context */

export const CHIPS = ['sightings', 'trails', 'own', 'rings', 'grid'];

/** @param {Context} c */
export function mapFrame(c) {
  const {pointer, view} = c.ui;
  return html`<main class="map">
    <div id="map" aria-label=${t('console.map.label')}></div>
    ${c.ui.mapless ? html`<p class="mapless" role="status">${t('console.map.none')}</p>` : nothing}
    <div class="chips" ?hidden=${c.ui.mapless}>${CHIPS.map((name) => html`<button aria-pressed=${!c.ui.hidden.has(name)} @click=${() => c.act.chip(name)}>${t(`console.map.${name}`)}</button>`)}</div>
    <div class="zoom" ?hidden=${c.ui.mapless}><button title=${t('console.map.in')} @click=${() => c.act.zoom(1)}>+</button>
      <button title=${t('console.map.out')} @click=${() => c.act.zoom(-1)}>−</button>
      <button title=${t('console.map.fit')} @click=${c.act.fit}>${FIT}</button></div>
    <div class="foot">
      <div>${pointer ? html`<span class="plate code">${pointer.mgrs} · ${latLon(pointer.at[1], pointer.at[0])}</span>` : nothing}</div>
      ${view ? html`<span class="plate scale num"><i .style=${`width:${Math.round(view.scale.px)}px`}></i>${distance(view.scale.m).join(' ')}</span>` : html`<i></i>`}
      <div class="credits"><span class="plate">${view?.sketch ? html`<b>${t('console.map.sketch')}</b> ` : nothing}Natural Earth · US Census Bureau · GeoNames (CC BY 4.0) · MapLibre</span></div>
    </div></main>`;
}
