// State -> what the watch floor must see first. Pure; nothing here knows of pages or clocks.

import {rangeBearing} from '../map/geo.mjs';

export {trackRows} from './ranking.mjs';

/** @typedef {import('./store.mjs').State} State */

export const TIER = {NONE: 0, WATCH: 1, WARNING: 2, DANGER: 3};
export const FADED_MS = 5_000;
export const STALE_MS = 30_000;
export const SIGHTING_SHOWN_MS = 15 * 60_000;
const FAR = Number.MAX_SAFE_INTEGER;
const GIVEN = ['hostile', 'friend', 'assumed_friend'];

/** @type {WeakMap<Map<string, any>, Map<string, any[]>>} */
const indexes = new WeakMap(); // each state's alerts are a new Map: what was computed of it stays true

/** Open alerts that name this track. @param {State} state @param {string} track_id @returns {any[]} */
export function alertsOf(state, track_id) {
  let index = indexes.get(state.alerts);
  if (!index) {
    index = new Map();
    for (const alert of state.alerts.values())
      for (const id of alert.track_ids) index.set(id, [...(index.get(id) ?? []), alert]);
    indexes.set(state.alerts, index);
  }
  return index.get(track_id) ?? [];
}

/** Alerts meant for the person at this page: what this device holds, as a phone would. The others
 * are only looked at here; the server's hello is their truth.
 * @param {State} state @returns {string[]} */
export const ownAlerts = (state) =>
  [...state.alerts.values()].filter((a) => a.person_id !== null && a.person_id === state.person?.person_id).map((a) => a.alert_id);

/** The highest tier anybody is warned with because of this track.
 * @param {State} state @param {string} track_id */
export const tierOf = (state, track_id) => Math.max(0, ...alertsOf(state, track_id).map((a) => a.tier));

/** The machine's word: unknown, suspect or neutral. It never says hostile, and never friend.
 * Suspect: somebody is being told to prepare or take cover because of it, or it is confirmed and
 * behaves like an attack (carries something, or a person saw it come at them).
 * @param {State} state @param {any} track @returns {'unknown' | 'suspect' | 'neutral'} */
export function identityOf(state, track) {
  if (tierOf(state, track.track_id) >= TIER.WARNING) return 'suspect';
  if (track.flags.includes('aircraft')) return 'neutral';
  const acts = track.flags.includes('load') || track.flags.includes('closing');
  return track.status === 'confirmed' && acts ? 'suspect' : 'unknown';
}

/** Which drawing: a crewed aircraft, else an unmanned one. @param {any} track */
export const entityOf = (track) => (track.flags.includes('aircraft') ? 'plane' : 'uas');

/** How old a track's last evidence is: fresh, faded (> 5 s) or stale (> 30 s).
 * @param {any} track @param {number} now_ms @returns {'fresh' | 'faded' | 'stale'} */
export function freshness(track, now_ms) {
  const age_ms = now_ms - track.last_ms;
  return age_ms > STALE_MS ? 'stale' : age_ms > FADED_MS ? 'faded' : 'fresh';
}

/** @param {State} state @param {string} target_id  "person/<id>" or "post/<id>" */
export function targetName(state, target_id) {
  const [kind, id] = split(target_id);
  if (kind === 'post') return state.posts.find((p) => p.post_id === id)?.name ?? id;
  return state.names.get(id) ?? id;
}

/** Where a target is, or null. @param {State} state @param {string} target_id
 * @returns {{lat_deg: number, lon_deg: number, radius_m: number} | null} */
export function targetPlace(state, target_id) {
  const [kind, id] = split(target_id);
  if (kind === 'post') return state.posts.find((p) => p.post_id === id) ?? null;
  const person = state.people.find((p) => p.person_id === id);
  return person ? {lat_deg: person.lat_deg, lon_deg: person.lon_deg, radius_m: 0} : null;
}

function split(/** @type {string} */ target_id) {
  const at = target_id.indexOf('/');
  return [target_id.slice(0, at), target_id.slice(at + 1)];
}

/** Whom the track reaches first and when: the picture's word (each second), else an alert's.
 * A track nobody sees any more has no honest number. An aircraft threatens nobody.
 * @param {State} state @param {any} track
 * @returns {{target_id: string, earliest_ms: number | null, p50_ms: number | null, range_m: number | null, bearing_deg_true: number | null} | null} */
export function arrivalOf(state, track) {
  if (track.arrival) return track.arrival;
  return alertsOf(state, track.track_id).toSorted(byUrgency)[0] ?? null;
}

/** How far and in which direction a track is from the post nearest to it.
 * @param {State} state @param {any} track @returns {{name: string, range_m: number, bearing_deg_true: number} | null} */
export function fromNearestPost(state, track) {
  if (track.lat_deg === null || track.lon_deg === null) return null;
  const all = state.posts.map((post) => {
    const {range_m, bearing_deg} = rangeBearing([post.lon_deg, post.lat_deg], [track.lon_deg, track.lat_deg]);
    return {name: post.name, range_m, bearing_deg_true: bearing_deg};
  });
  return all.sort((a, b) => a.range_m - b.range_m)[0] ?? null;
}

/** @param {any} a @param {any} b */
export const byUrgency = (a, b) =>
  b.tier - a.tier || (a.earliest_ms ?? FAR) - (b.earliest_ms ?? FAR)
  || Number(a.person_id !== null) - Number(b.person_id !== null);

/**
 * Open alerts by incident, the worst first.
 * @param {State} state @param {Map<string, string>} [told]  incident -> the alert it was told by
 * @returns {{incident_id: string, tier: number, lead: any, alerts: any[], people: any[], acked: number, mark: string, first_ms: number, soonest_ms: number | null}[]}
 */
export function incidents(state, told = new Map()) {
  const groups = new Map();
  for (const alert of state.alerts.values()) {
    const group = groups.get(alert.incident_id) ?? [];
    group.push(alert);
    groups.set(alert.incident_id, group);
  }
  const all = [...groups].map(([incident_id, alerts]) => {
    alerts.sort(byUrgency);
    const people = peopleWarned(state, alerts);
    return {
      incident_id, tier: alerts[0].tier, lead: leadOf(alerts, told.get(incident_id)), alerts, soonest_ms: soonest(state, alerts), people, mark: alerts[0].mark,
      acked: people.filter((p) => p.how === 'safe' || p.how === 'seen').length,
      first_ms: Math.min(...alerts.map((/** @type {any} */ a) => state.first_ms.get(a.alert_id) ?? a.decided_ms)),
    };
  });
  return all.sort((a, b) => byUrgency(a.lead, b.lead));
}

const HOW = ['none', 'delivered', 'seen', 'safe'];

/** One row a person, those who were not reached first: they need the radio.
 * @param {State} state @param {any[]} alerts */
export function peopleWarned(state, alerts) {
  const rows = new Map();
  for (const alert of alerts) {
    if (alert.person_id === null) continue;
    const row = {person_id: alert.person_id, name: targetName(state, `person/${alert.person_id}`),
      tier: alert.tier, ...reachOf(alert), first_ms: state.first_ms.get(alert.alert_id) ?? alert.decided_ms};
    const old = rows.get(row.person_id);
    if (!old || HOW.indexOf(row.how) > HOW.indexOf(old.how)) rows.set(row.person_id, row);
  }
  return [...rows.values()].sort((a, b) =>
    HOW.indexOf(a.how) - HOW.indexOf(b.how) || a.name.localeCompare(b.name));
}

/** How far an alert got with its person, and when. @param {any} alert
 * @returns {{how: 'none' | 'delivered' | 'seen' | 'safe', at_ms: number | null}} */
export function reachOf(alert) {
  const {safe_ms, seen_ms, delivered_ms} = alert.reached ?? {};
  if (safe_ms) return {how: 'safe', at_ms: safe_ms};
  if (seen_ms) return {how: 'seen', at_ms: seen_ms};
  return delivered_ms ? {how: 'delivered', at_ms: delivered_ms} : {how: 'none', at_ms: null};
}

const CLOSE_CALL_MS = 10_000;

/** The alert an incident is told by. Two targets side by side are reached within seconds of each
 * other: the one told before stays, else a post speaks for the people who stand there.
 * @param {any[]} alerts  the worst first @param {string | null} [told_id] */
export function leadOf(alerts, told_id = null) {
  const [worst] = alerts;
  const rivals = alerts.filter((a) => a.tier === worst.tier && a.earliest_ms !== null
    && a.earliest_ms - (worst.earliest_ms ?? a.earliest_ms) <= CLOSE_CALL_MS);
  return rivals.find((a) => a.alert_id === told_id) ?? rivals.find((a) => a.person_id === null) ?? worst;
}

/** The soonest that anything of this incident may reach anybody: never later than what the list says.
 * @param {State} state @param {any[]} alerts @returns {number | null} */
export function soonest(state, alerts) {
  const tracks = new Set(alerts.flatMap((a) => a.track_ids));
  const times = [...tracks].map((id) => state.tracks.get(id)?.arrival?.earliest_ms);
  // The picture is newer than the alerts, which are said again only every few seconds.
  const known = times.some((ms) => ms) ? times : alerts.map((a) => a.earliest_ms);
  const some = known.filter((ms) => typeof ms === 'number');
  return some.length ? Math.min(...some) : null;
}

/** The alert's drone is not seen any more; there is no time to tell. @param {any} alert */
export const isLost = (alert) => alert.action === 'stay_in_cover' || alert.action === 'drone_lost';

/** Posts in their order with how each is watched; null: not said yet.
 * @param {State} state @returns {{post: any, cover: any}[]} */
export const postCover = (state) =>
  state.posts.map((post) => ({post, cover: state.cover.get(`post/${post.post_id}`) ?? null}));

/** Posts where the watch is lost: cover that was declared has fallen silent. @param {State} state */
export const lostPosts = (state) => postCover(state).filter(({cover}) => cover?.watched === 'lost');

/** What a named person, or an observed attack, says of a track beside the machine's word; null: nobody.
 * @param {State} state @param {string} track_id @returns {string | null} */
export function givenIdentity(state, track_id) {
  const lead = alertsOf(state, track_id).find((a) => a.track_ids[0] === track_id);
  return [lead?.identity, state.tracks.get(track_id)?.given].find((word) => GIVEN.includes(word)) ?? null;
}

/** The order an alert rests on now (an attack report, a raise), or null. @param {any} alert */
export const orderOf = (alert) => (alert.grounds?.order_id ? alert.grounds : null);

/** Kinds of sensors that work, that cannot prove it, and that do not. What is covered and what not.
 * @param {any} health @returns {{works: Map<string, number>, unproved: Map<string, number>, blind: any[], pages: number | null}} */
export function coverage(health) {
  const works = new Map();
  const unproved = new Map();
  const blind = [];
  for (const sensor of health?.sensors ?? []) {
    if (sensor.state === 'ok') works.set(sensor.kind, (works.get(sensor.kind) ?? 0) + 1);
    else if (sensor.state === 'unproved') unproved.set(sensor.kind, (unproved.get(sensor.kind) ?? 0) + 1);
    else blind.push(sensor);
  }
  return {works, unproved, blind, pages: health?.counts?.pages_open ?? null};
}

/** Sightings still worth showing. @param {State} state @param {number} now_ms */
export const recentSightings = (state, now_ms) =>
  state.sightings.filter((s) => now_ms - s.t_ms < SIGHTING_SHOWN_MS);

/** Where a bearing-only track is seen from: its own place, else the last report that supports it.
 * @param {State} state @param {any} track @returns {{lat_deg: number, lon_deg: number} | null} */
export function sectorOrigin(state, track) {
  if (track.lat_deg !== null && track.lon_deg !== null) return track;
  return state.sightings.find((s) => s.track_number === track.number && s.position)?.position ?? null;
}
