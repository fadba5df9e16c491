// Context -> the right column: the selected track or report, or what is and is not being watched.
import {html, nothing} from '../../vendor/lit/lit.mjs';
import {t} from '../../core/i18n.mjs';
import {age, bearing, countdown, DASH, distance, seconds, trackName, whole, zulu} from '../format.mjs';
import {alertsOf, arrivalOf, coverage, entityOf, freshness, fromNearestPost, givenIdentity, identityOf, targetName, tierOf} from '../model.mjs';
import {coverList} from './cover.mjs';
import {sightingText, what} from './left.mjs';
import {TIER_WORD} from './top.mjs';

/** @typedef {import('../app.mjs').Context} Context */

const PEOPLE_SHOWN = 6; // those who were not reached come first; the rest on request

/** @param {Context} c */
export function rightColumn(c) {
  const track = c.ui.selected?.track_id ? c.state.tracks.get(c.ui.selected.track_id) : null;
  const report = c.ui.selected?.report_id ? c.state.sightings.find((s) => s.report_id === c.ui.selected?.report_id) : null;
  return html`<aside class="right" ?inert=${c.ui.tab !== 'watch'}><div class="scroll">
    ${track ? trackPanel(c, track) : report ? reportPanel(c, report) : calmPanel(c)}
  </div></aside>`;
}

// ---- a track ------------------------------------------------------------------------------------

function trackPanel(/** @type {Context} */ c, /** @type {any} */ track) {
  const identity = identityOf(c.state, track);
  const incident = c.incidents.find((i) => i.alerts.some((a) => a.track_ids.includes(track.track_id)));
  return html`
    <header class="subject">
      <vigia-symbol class="id-${identity}" name="${identity}-${entityOf(track)}"></vigia-symbol>
      <h3 class="code">${trackName(track.number)}</h3>
      <span class="pill ${identity}">${t(`console.identity.${givenIdentity(c.state, track.track_id) ?? identity}`)}</span>
      <p>${what(track)}${track.mark !== 'actual' ? html` · <b>${t(`alert.mark.${track.mark}`)}</b>` : nothing}</p>
    </header>
    ${figures(c, track)}
    ${incident ? warned(c, incident) : nothing}
    ${reasons(c, track)}
    ${c.mayAct ? html`<div class="acts"><button class="ghost" data-act="judge" ?disabled=${c.past !== null} title=${c.past ? t('console.replay.no_act') : ''} @click=${() => c.act.askNotDrone(track.track_id)}>${t('console.judge.ask')}</button>
      ${['friendly', 'hostile'].map((kind) => html`<button class="ghost" data-act=${kind} ?disabled=${c.past !== null} title=${c.past ? t('console.replay.no_act') : ''} @click=${() => c.act.ask({kind, track_id: track.track_id})}>${t(`console.${kind}.ask`)}</button>`)}
      ${track.serial && track.lat_deg !== null ? html`<button class="ghost" data-act="flight" ?disabled=${c.past !== null} title=${c.past ? t('console.replay.no_act') : ''} @click=${() => c.act.ask({kind: 'flight', track_id: track.track_id, serial: track.serial, lat_deg: track.lat_deg, lon_deg: track.lon_deg})}>${t('console.flight.ask')}</button>` : nothing}</div>` : nothing}`;
}

function figures(/** @type {Context} */ c, /** @type {any} */ track) {
  const arrival = arrivalOf(c.state, track);
  const left = countdown(arrival?.earliest_ms ?? null, c.now_ms);
  const place = arrival ?? fromNearestPost(c.state, track);
  const [far, unit] = distance(place?.range_m ?? null);
  const tier = TIER_WORD[tierOf(c.state, track.track_id)];
  const likely = arrival?.p50_ms ? countdown(arrival.p50_ms, c.now_ms) : null;
  return html`<div class="figures">
    <div class=${tier}><small>${t('console.figure.time')}</small>
      <b class="num">${left ?? t('console.track.now')}</b>${arrival ? html`<i>${t('console.track.to', {target: targetName(c.state, arrival.target_id)})}</i>` : nothing}
      ${likely ? html`<i class="num">${t('console.figure.likely', {time: likely})}</i>` : nothing}</div>
    <div><small>${t('console.figure.range')}</small><b class="num">${far}</b> <i>${unit}</i> <b class="num">${bearing(place?.bearing_deg_true ?? track.azimuth_deg_true)}</b></div>
    <div><small>${t('console.figure.speed')}</small><b class="num">${whole(track.speed_mps)}</b> <i>m/s</i> <b class="num">${whole(track.height_m)}</b> <i>m</i></div>
  </div>`;
}

function reasons(/** @type {Context} */ c, /** @type {any} */ track) {
  const sources = new Set(alertsOf(c.state, track.track_id).flatMap((a) => a.sources));
  const reports = c.state.sightings.filter((s) => s.track_number === track.number).slice(0, 6);
  const fresh = freshness(track, c.now_ms);
  const row = (/** @type {any} */ left, /** @type {any} */ text, kind = '') => html`<li class=${kind}><time class="num">${left}</time><span>${text}</span></li>`;
  return html`<section><h2>${t('console.why.title')}<em class="num">${track.p_drone === null ? '' : t('console.why.drone', {percent: Math.round(100 * track.p_drone)})}</em></h2>
    <ul class="reasons">
      ${row(zulu(track.last_ms), fresh === 'fresh' ? t('console.why.fresh') : t('console.track.no_data', {age: age(c.now_ms - track.last_ms)}), fresh === 'fresh' ? '' : 'doubt')}
      ${row('', t(track.witnesses === 1 ? 'console.why.witness' : 'console.why.witnesses', {n: track.witnesses}), track.witnesses > 1 ? '' : 'doubt')}
      ${sources.size ? row('', t('alert.sources', {list: sourceList(sources)})) : nothing}
      ${reports.map((s) => row(zulu(s.t_ms), html`<b>${s.name ?? t('console.sightings.somebody')}</b> ${sightingText(s)}${s.text ? html` “${s.text}”` : nothing}`))}
      ${track.serial ? row('', html`${t('console.why.serial')} <b class="code">${track.serial}</b>`) : nothing}
      ${track.flags.filter((/** @type {string} */ f) => f !== 'human').map((/** @type {string} */ f) =>
        row('', t(`console.flag.${f}`), ['weak', 'id_conflict', 'coasting'].includes(f) ? 'doubt' : ''))}
    </ul></section>`;
}

/** "radar, radio receiver and people" @param {Iterable<string>} sources */
export function sourceList(sources) {
  const words = [...new Set([...sources].map((s) => sourceWord(s.replace('sensor/', ''))))];
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${t('alert.and')} ${words.at(-1)}`;
}

const KINDS = ['person', 'remote_id', 'radar', 'camera', 'rf', 'acoustic'];
export const sourceWord = (/** @type {string} */ kind) => t(`alert.source.${KINDS.includes(kind) ? kind : 'other'}`);

// ---- people -------------------------------------------------------------------------------------

function warned(/** @type {Context} */ c, /** @type {any} */ incident) {
  const {people, acked} = incident;
  const shown = c.ui.everybody ? people : people.slice(0, PEOPLE_SHOWN);
  const share = (/** @type {string} */ how) => people.filter((/** @type {any} */ p) => p.how === how).length;
  return html`<section class="people"><h2>${t('console.people.title')}<em>${t('console.people.acked', {n: acked, all: people.length})}</em></h2>
    ${people.length === 0 ? html`<p class="none">${t('console.people.none')}</p>` : html`
    <div class="bar" role="img" aria-label=${t('console.people.acked', {n: acked, all: people.length})}>
      ${['safe', 'seen', 'delivered', 'none'].map((how) => html`<i class="how-${how}" .style=${`flex-grow:${share(how)}`}></i>`)}</div>
    <ul class="who">${shown.map((/** @type {any} */ p) => personRow(c, p))}</ul>
    ${people.length > PEOPLE_SHOWN ? html`<button class="more" @click=${c.act.everybody}>${t(c.ui.everybody ? 'console.people.fewer' : 'console.people.all', {n: people.length})}</button>` : nothing}`}</section>`;
}

function personRow(/** @type {Context} */ c, /** @type {any} */ p) {
  const since_ms = (p.at_ms ?? c.now_ms) - p.first_ms;
  return html`<li class="how-${p.how}"><span>${p.name}</span><b>${t(`console.reach.${p.how}`)}</b>
    <time class="num">${p.at_ms !== null && since_ms < 0 ? zulu(p.at_ms) : seconds(since_ms)}</time></li>`;
}

// ---- a report -----------------------------------------------------------------------------------

function reportPanel(/** @type {Context} */ c, /** @type {any} */ s) {
  const row = (/** @type {string} */ key, /** @type {any} */ value) => html`<li><span>${t(key)}</span><b class="num">${value}</b></li>`;
  return html`<header class="subject plain"><h3>${s.name ?? t('console.sightings.somebody')}</h3><p>${sightingText(s)}</p></header>
    <section><ul class="facts">
      ${row('console.report.pressed', `${zulu(s.t_ms)} Z`)}
      ${row('console.report.received', `${zulu(s.received_ms)} Z, ${t('console.report.after', {time: seconds(s.received_ms - s.t_ms)})}`)}
      ${row('console.report.bearing', s.bearing ? `${bearing(s.bearing.azimuth_deg_true)} ±${whole(s.bearing.sigma_deg)}°` : DASH)}
      ${row('console.report.place', s.position?.sigma_m ? t('sent.position', {m: whole(s.position.sigma_m)}) : s.position ? '' : t('console.report.no_place'))}
      ${row('console.report.track', s.track_number ? trackName(s.track_number) : t('console.report.no_track'))}
      ${s.text ? row('console.report.text', s.text) : nothing}
    </ul></section>`;
}

// ---- nothing selected ---------------------------------------------------------------------------

/** Calm is not safe: it says what is covered, and what is not. */
function calmPanel(/** @type {Context} */ c) {
  const calm = c.incidents.length === 0;
  return html`
    <header class="calm"><h3>${t(calm ? 'console.calm.title' : 'console.calm.select')}</h3>
      <p>${t(calm ? 'console.calm.hint' : 'console.calm.select_hint')}</p></header>
    ${c.past ? html`<p class="none">${t('console.replay.no_health')}</p>` : sensorsNow(c)}
    ${coverList(c)}
    ${c.past ? nothing : flights(c)}
    ${c.state.ended.length ? ended(c) : nothing}`;
}

/** What works and what does not, now: the record does not hold it second by second. */
function sensorsNow(/** @type {Context} */ c) {
  const {works, unproved, blind, pages} = coverage(c.state.health);
  const kinds = (/** @type {Map<string, number>} */ m) => [...m].map(([kind, n]) => (n > 1 ? `${sourceWord(kind)} (${n})` : sourceWord(kind))).join(', ');
  return html`
    <section><h2>${t('console.calm.watched')}</h2><ul class="facts">
      <li><span>${t('console.calm.working')}</span><b>${works.size ? kinds(works) : t('console.calm.no_sensor')}</b></li>
      <li><span>${t('console.calm.people')}</span><b class="num">${c.state.people.length}</b></li>
      ${pages === null ? nothing : html`<li><span>${t('console.calm.pages')}</span><b class="num">${pages}</b></li>`}
    </ul></section>
    <section><h2>${t('console.calm.not_watched')}</h2><ul class="reasons plain">
      ${blind.map((s) => html`<li class="doubt"><span><b>${s.sensor_id}</b> ${sourceWord(s.kind)}, ${t(`console.sensor.${s.state}`)} ${s.last_ms === null ? '' : age(c.now_ms - s.last_ms)}</span></li>`)}
      ${unproved.size ? html`<li><span>${t('console.calm.unproved', {list: kinds(unproved)})}</span></li>` : nothing}
      <li><span>${t('console.calm.unseen')}</span></li>
    </ul></section>
    <section><h2>${t('console.calm.sensors')}</h2><ul class="sensors">
      ${(c.state.health?.sensors ?? []).map((/** @type {any} */ s) => sensorRow(c, s))}
    </ul></section>`;
}

const SENSOR_DOT = {ok: '', unproved: 'hollow', silent: 'warn', failed: 'bad'};

function sensorRow(/** @type {Context} */ c, /** @type {any} */ s) {
  const dot = SENSOR_DOT[/** @type {keyof typeof SENSOR_DOT} */ (s.state)] ?? 'warn';
  const off = errorsOf(s);
  return html`<li title=${[s.last_fault, off].filter(Boolean).join('. ')}><i class="dot ${dot}"></i><span>${s.sensor_id}</span>
    <em>${t(`console.sensor.${s.state}`)}</em><time class="num">${s.last_ms === null ? t('console.never') : age(c.now_ms - s.last_ms)}</time>
    ${off ? html`<small>${off}</small>` : nothing}</li>`;
}

/** What the tracker found out about this sensor, where it is more than chance and worth a look. */
export function errorsOf(/** @type {any} */ s) {
  const sure = (/** @type {[number, number] | null | undefined} */ e, /** @type {number} */ least) => e && Math.abs(e[0]) >= Math.max(2 * e[1], least);
  const found = [];
  if (sure(s.azimuth_error_deg, 0.5)) found.push(t(`console.sensor.azimuth_${s.azimuth_error_deg[0] > 0 ? 'right' : 'left'}`, {n: Math.abs(s.azimuth_error_deg[0]).toFixed(1)}));
  if (sure(s.clock_error_s, 0.1)) found.push(t(`console.sensor.clock_${s.clock_error_s[0] > 0 ? 'late' : 'early'}`, {n: Math.abs(s.clock_error_s[0]).toFixed(1)}));
  return found.join('. ');
}

/** Whose drones somebody vouched for: they warn nobody below DANGER while all of it agrees. */
function flights(/** @type {Context} */ c) {
  const held = c.ui.flights.filter((/** @type {any} */ f) => f.until_ms > c.now_ms);
  if (!held.length) return nothing;
  return html`<section><h2>${t('console.flight.list')}</h2><ul class="reasons plain">${held.map((/** @type {any} */ f) => html`
    <li data-flight=${f.flight_id}><span><b>${f.whose || f.by || f.serial}</b> <span class="code">${f.serial}</span>, ${distance(f.radius_m).join(' ')}${f.ceiling_m === null ? '' : `, ${t('console.flight.below', {m: whole(f.ceiling_m)})}`}, ${t('console.flight.until', {time: `${zulu(f.until_ms).slice(0, 5)} Z`})}</span>
      ${c.mayAct ? html`<button class="ghost" @click=${() => c.act.ask({kind: 'flight_end', order_id: f.flight_id})}>${t('console.flight.end')}</button>` : nothing}</li>`)}</ul></section>`;
}

function ended(/** @type {Context} */ c) {
  const seen = new Set();
  const once = c.state.ended.filter((a) => !seen.has(a.incident_id) && seen.add(a.incident_id));
  const cleared = once.some((a) => a.end_reason === 'all_clear');
  return html`<section><h2>${t('console.calm.ended')}</h2>${cleared && c.mayAct ? html`<div class="acts"><button class="ghost" data-act="reverse" ?disabled=${c.past !== null} title=${c.past ? t('console.replay.no_act') : ''} @click=${() => c.act.ask({kind: 'reverse'})}>${t('console.reverse.ask')}</button></div>` : nothing}<ul class="reasons">${once.slice(0, 4).map((a) => html`
    <li><time class="num">${zulu(a.decided_ms)}</time><span><b class="code">${a.track_numbers?.map(trackName).join(', ')}</b> ${t(`console.end.${a.end_reason ?? 'expired'}`)}${a.by_name ? `, ${a.by_name}` : nothing}</span></li>`)}</ul></section>`;
}
