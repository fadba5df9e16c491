// Context -> the map's frame: layers, zoom, what lies under the pointer, scale and credits.
// The map itself lives in #map, which no template touches after the first rendering.
import {html, nothing} from '../../vendor/lit/lit.mjs';
import {t} from '../../core/i18n.mjs';
import {age, latLon, distance} from '../format.mjs';
import {SWITCHES} from '../../map/layers.mjs';
import {FIT, LAYERS} from '../icons.mjs';

/** @typedef {import('../app.mjs').Context} Context */

const OLD_MS = 4_000; // of a picture that comes once a second

/** @param {Context} c */
export function mapFrame(c) {
  const {pointer, view} = c.ui;
  return html`<main class="map" id="floor" ?inert=${c.ui.tab !== 'watch'}>
    <div id="map" role="group" aria-label=${t('console.map.label')}></div>
    ${c.ui.mapless ? html`<p class="mapless" role="status">${t('console.map.none')}</p>` : nothing}
    ${c.ui.mapless ? nothing : layers(c)}
    ${doubts(c)}
    <div class="zoom" ?hidden=${c.ui.mapless}><button title=${t('console.map.in')} @click=${() => c.act.zoom(1)}>+</button>
      <button title=${t('console.map.out')} @click=${() => c.act.zoom(-1)}>−</button>
      <button title=${t('console.map.fit')} @click=${c.act.fit}>${FIT}</button></div>
    <div class="foot">
      <div>${pointer ? html`<span class="plate code">${pointer.mgrs} · ${latLon(pointer.at[1], pointer.at[0])}</span>` : nothing}</div>
      ${view ? html`<span class="plate scale num"><i .style=${`width:${Math.round(view.scale.px)}px`}></i>${distance(view.scale.m).join(' ')}</span>` : html`<i></i>`}
      <div class="credits"><span class="plate">${view?.sketch ? html`<b>${t('console.map.sketch')}</b> ` : nothing}Natural Earth · US Census Bureau · GeoNames (CC BY 4.0)${(view?.credits ?? []).map((/** @type {string} */ who) => ` · ${who}`)} · MapLibre</span></div>
    </div></main>`;
}

/** What is switched off is told on the button: a map that shows less must not look like all there is. */
function layers(/** @type {Context} */ c) {
  const names = Object.keys(SWITCHES);
  const off = names.filter((name) => c.ui.hidden.has(name)).length;
  return html`<div class="layers"><button aria-expanded=${c.ui.layers} aria-controls="layers" @click=${c.act.layers}>${LAYERS}${t('console.map.layers')}
      ${off ? html`<b>${t('console.map.off', {n: off})}</b>` : nothing} <kbd>L</kbd></button>
    ${c.ui.layers ? html`<div id="layers" class="panel" role="group" aria-label=${t('console.map.layers')}>
      ${names.map((name, i) => layerSwitch(c, name, i + 1))}
    </div>` : nothing}</div>`;
}

/** Heights and detailed maps are there when the operator added some; else it says so. */
function layerSwitch(/** @type {Context} */ c, /** @type {string} */ name, /** @type {number} */ number) {
  const kinds = /** @type {string[]} */ (c.ui.view?.areas ?? []);
  const missing = name === 'relief' ? !kinds.includes('terrain') : name === 'area' && !kinds.some((k) => k !== 'terrain');
  return html`<button role="switch" aria-checked=${!missing && !c.ui.hidden.has(name)} ?disabled=${missing} data-layer=${name} @click=${() => c.act.chip(name)}><i></i>
    <span>${t(`console.map.${name}`)}${missing ? html`<small>${t('console.map.not_added')}</small>` : nothing}</span><kbd>⇧ ${number}</kbd></button>`;
}

/** A picture that stands still, or came broken, says so over the map. */
function doubts(/** @type {Context} */ c) {
  const old_ms = c.state.picture_ms === null ? 0 : c.now_ms - c.state.picture_ms;
  if (old_ms < OLD_MS && c.ui.bad.n === 0) return nothing;
  return html`<div class="doubts" role="status">
    ${old_ms >= OLD_MS ? html`<p>${t('console.map.old', {age: age(old_ms)})}</p>` : nothing}
    ${c.ui.bad.n ? html`<p data-bad=${c.ui.bad.n}>${t('console.map.bad', {n: c.ui.bad.n, why: c.ui.bad.why})}</p>` : nothing}</div>`;
}
