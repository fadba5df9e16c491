// Context -> the left column: tracks by time to arrival, what people reported.
import {html, nothing} from '../../vendor/lit/lit.mjs';
import {repeat} from '../../vendor/lit/directives/repeat.mjs';
import {t} from '../../core/i18n.mjs';
import {age, bearing, compassPoint, countdown, DASH, distance, trackName, whole, zulu} from '../format.mjs';
import {arrivalOf, entityOf, freshness, fromNearestPost, recentSightings, targetName} from '../model.mjs';
import {TIER_WORD} from './top.mjs';

/** @typedef {import('../app.mjs').Context} Context */

export const ROWS_MAX = 60;
const SIGHTING_ROWS_MAX = 40;

/** @param {Context} c */
export function leftColumn(c) {
  const rows = c.rows.slice(0, ROWS_MAX);
  const sightings = recentSightings(c.state, c.now_ms).slice(0, SIGHTING_ROWS_MAX);
  return html`<aside class="left" ?inert=${c.ui.tab !== 'watch'}>
    <h2>${t('console.tracks.title')}<em class="num">${c.state.tracks.size > ROWS_MAX ? t('console.tracks.some', {n: ROWS_MAX, all: c.state.tracks.size}) : c.state.tracks.size}</em></h2>
    <div class="scroll tracks" role=${rows.length ? 'listbox' : 'group'} aria-label=${t('console.tracks.title')} tabindex="0">
      ${rows.length === 0 ? html`<p class="none">${t('console.tracks.none')}</p>` : nothing}
      ${repeat(rows, (row) => row.track.track_id, (row) => trackRow(c, row))}
    </div>
    <h2>${t('console.sightings.title')}<em>${t('console.sightings.span')}</em>${c.past ? nothing : c.words.button(c)}</h2>
    <div class="scroll sightings">
      ${sightings.length === 0 ? html`<p class="none">${t('console.sightings.none')}</p>` : nothing}
      ${repeat(sightings, (s) => s.report_id, (s) => sightingRow(c, s))}
    </div>
  </aside>`;
}

function trackRow(/** @type {Context} */ c, /** @type {any} */ {track, tier, identity}) {
  const fresh = freshness(track, c.now_ms);
  const selected = c.ui.selected?.track_id === track.track_id;
  const [figure, under] = arrivalText(c, track);
  return html`<button class="track ${TIER_WORD[tier]} ${fresh}" role="option" aria-selected=${selected} data-track=${track.track_id}
      @click=${() => c.act.selectTrack(track.track_id)}>
    <vigia-symbol class="id-${identity}" name="${identity}-${entityOf(track)}"></vigia-symbol>
    <span class="name"><b class="code">${trackName(track.number)}</b> ${what(track)}</span>
    <span class="tta num ${figure.length > 8 ? 'words' : ''}">${figure}</span>
    <span class="sub num">${fresh === 'stale' ? t('console.track.no_data', {age: age(c.now_ms - track.last_ms)}) : where(c, track)}</span>
    <span class="under">${under}</span>
  </button>`;
}

/** What it is, in three words at most. @param {any} track */
export function what(track) {
  if (track.flags.includes('aircraft')) return t('console.what.aircraft');
  const drone = t(track.status === 'confirmed' ? 'console.what.drone' : 'console.what.possible');
  return track.flags.includes('load') ? t('console.what.with_load', {drone}) : drone;
}

function arrivalText(/** @type {Context} */ c, /** @type {any} */ track) {
  if (track.fix === 'sector') return [DASH, t('console.track.bearing_only')];
  if (track.flags.includes('aircraft')) return [DASH, t('console.track.aircraft')];
  const arrival = arrivalOf(c.state, track);
  if (!arrival || arrival.earliest_ms === null) return [DASH, t('console.track.not_closing')];
  const left = countdown(arrival.earliest_ms, c.now_ms);
  const name = targetName(c.state, arrival.target_id);
  return left === null ? [t('console.track.now'), name] : [left, t('console.track.to', {target: name})];
}

function where(/** @type {Context} */ c, /** @type {any} */ track) {
  if (track.fix === 'sector') return track.azimuth_deg_true === null ? '' : t('console.track.about', {bearing: bearing(track.azimuth_deg_true)});
  const parts = [];
  const place = track.arrival ?? fromNearestPost(c.state, track);
  if (place) parts.push(`${distance(place.range_m).join(' ')} ${bearing(place.bearing_deg_true)}`);
  if (track.speed_mps !== null) parts.push(track.speed_mps < 1.5 ? t('console.track.hovering') : `${whole(track.speed_mps)} m/s`);
  return parts.join(' · ');
}

function sightingRow(/** @type {Context} */ c, /** @type {any} */ s) {
  const selected = c.ui.selected?.report_id === s.report_id;
  return html`<button class="sighting" aria-pressed=${selected} @click=${() => c.act.selectSighting(s.report_id)}>
    <time class="num">${zulu(s.t_ms)}</time><span><b>${s.name ?? t('console.sightings.somebody')}</b> ${sightingText(s)}</span>
    ${s.track_number === null || s.track_number === undefined ? nothing : html`<i class="code">${trackName(s.track_number)}</i>`}
  </button>`;
}

/** "seen, 228° SW, 2 drones, carries something" @param {any} s */
export function sightingText(s) {
  const parts = [t(`console.sense.${s.sense}`)];
  if (s.bearing) parts.push(`${bearing(s.bearing.azimuth_deg_true)} ${t(`alert.point_short.${compassPoint(s.bearing.azimuth_deg_true)}`)}`);
  if (s.count > 1) parts.push(t('alert.drones', {n: s.count}));
  if (s.kind !== 'unknown' && s.kind !== 'other') parts.push(t(`console.kind.${s.kind}`));
  if (s.load) parts.push(t('console.what.load'));
  if (s.motion) parts.push(t(`console.motion.${s.motion}`));
  return parts.join(', ');
}
