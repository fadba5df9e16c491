// Messages of the socket -> what the console knows. Pure: message and time in, state out.
// Nothing is dropped silently: every list has a limit, and what it cuts is the oldest.

import {emptyTable, fromTracks, TrackTable} from './tracktable.mjs';
import {Trails} from './trails.mjs';

const SIGHTINGS_MAX = 300;
const ENDED_MAX = 20;
const PLACED_MAX = 300; // answers that came before their report

/**
 * @typedef {object} State
 * @property {string | null} mode  actual, exercise or demo; null until the first hello
 * @property {any} person
 * @property {any[]} posts
 * @property {{lat_deg: number, lon_deg: number} | null} origin
 * @property {number} danger_radius_m
 * @property {TrackTable} tracks
 * @property {Trails} trails  by track number; grows with the pictures, in place
 * @property {number | null} picture_ms  server time of the last picture
 * @property {any[]} people
 * @property {Map<string, any>} alerts  open ones
 * @property {Map<string, number>} first_ms  alert -> when it was first decided, as far as we saw
 * @property {any[]} ended  last cancels, newest first
 * @property {any[]} sightings  newest first
 * @property {Map<string, number | null>} placed  report -> the track it supports
 * @property {any} health
 * @property {Map<string, string>} names  person -> name
 * @property {Map<string, any>} cover  target -> how it is watched
 */

/** @returns {State} */
export const emptyState = () => ({
  mode: null, person: null, posts: [], origin: null, danger_radius_m: 50,
  tracks: emptyTable(), trails: new Trails(), picture_ms: null, people: [],
  alerts: new Map(), first_ms: new Map(), ended: [], sightings: [], placed: new Map(), health: null, names: new Map(), cover: new Map(),
});

/** The state after a message; messages of no interest change nothing.
 * @param {State} state @param {any} message @returns {State} */
export function receive(state, message) {
  switch (message.t) {
    case 'hello': return hello(state, message);
    case 'picture': return picture(state, message);
    case 'alert': return alert(state, message.alert);
    case 'reached': return reached(state, message);
    case 'sighting': return sighting(state, message);
    case 'placed': return placed(state, message);
    case 'health': return {...state, health: message};
    case 'cover': return {...state, cover: new Map(state.cover).set(message.target_id, message)};
    default: return state;
  }
}

function hello(/** @type {State} */ state, /** @type {any} */ message) {
  // The server's list is the truth: an alert it no longer has is over, even if we missed the cancel.
  const open = new Set(message.alerts.map((/** @type {any} */ a) => a.alert_id));
  const fresh = {...state, mode: message.mode, person: message.person, posts: message.posts,
    first_ms: new Map([...state.first_ms].filter(([id]) => open.has(id))),
    origin: message.origin, danger_radius_m: message.danger_radius_m, alerts: new Map(),
    cover: new Map((message.cover ?? []).map((/** @type {any} */ one) => [one.target_id, one]))};
  return message.alerts.reduce(alert, fresh);
}

function picture(/** @type {State} */ state, /** @type {any} */ message) {
  const tracks = message.tracks instanceof TrackTable ? message.tracks : fromTracks(message.tracks, message.t_ms);
  state.trails.add(tracks);
  const named = message.people.filter((/** @type {any} */ p) => p.name);
  const names = named.length ? new Map([...state.names, ...named.map((/** @type {any} */ p) => [p.person_id, p.name])]) : state.names;
  return {...state, tracks, names, people: message.people, picture_ms: message.t_ms};
}

function alert(/** @type {State} */ state, /** @type {any} */ next) {
  const known = state.alerts.get(next.alert_id);
  if (known && known.revision > next.revision) return state; // late: the newer word stands
  const alerts = new Map(state.alerts);
  const first_ms = new Map(state.first_ms);
  const names = next.person_id && next.person_name
    ? new Map(state.names).set(next.person_id, next.person_name) : state.names;
  first_ms.set(next.alert_id, Math.min(first_ms.get(next.alert_id) ?? Infinity, next.decided_ms));
  if (next.msg_type === 'cancel') {
    alerts.delete(next.alert_id);
    first_ms.delete(next.alert_id);
    const ended = [next, ...state.ended.filter((a) => a.alert_id !== next.alert_id)];
    return {...state, alerts, first_ms, names, ended: ended.slice(0, ENDED_MAX)};
  }
  alerts.set(next.alert_id, merged(known, next));
  return {...state, alerts, first_ms, names};
}

/** What a person answered stays true when an update arrives without it. */
function merged(/** @type {any} */ known, /** @type {any} */ next) {
  const reached = {...known?.reached};
  for (const [key, value] of Object.entries(next.reached ?? {})) if (value !== null) reached[key] = value;
  return {...next, reached};
}

function reached(/** @type {State} */ state, /** @type {any} */ message) {
  const held = state.alerts.get(message.alert_id);
  if (!held || held.person_id !== message.person_id) return state;
  const key = `${message.kind}_ms`;
  if (held.reached[key]) return state;
  const next = {...held, reached: {...held.reached, [key]: message.t_ms}};
  return {...state, alerts: new Map(state.alerts).set(message.alert_id, next)};
}

function sighting(/** @type {State} */ state, /** @type {any} */ message) {
  const names = message.person_id && message.name
    ? new Map(state.names).set(message.person_id, message.name) : state.names;
  const id = message.refines ?? message.report_id;
  const old = state.sightings.find((s) => s.report_id === id);
  // A completion keeps the first report's time and whatever it does not itself say.
  const ids = [...new Set([...(old?.ids ?? []), id, message.report_id])];
  const track_number = message.track_number ?? state.placed.get(message.report_id) ?? old?.track_number ?? null;
  const whole = {...(old ? {...old, ...known(message), t_ms: old.t_ms} : message), report_id: id, ids, track_number};
  const others = state.sightings.filter((s) => s.report_id !== id);
  const sightings = message.withdrawn ? others : [whole, ...others].sort((a, b) => b.t_ms - a.t_ms);
  return {...state, names, sightings: sightings.slice(0, SIGHTINGS_MAX)};
}

const known = (/** @type {any} */ message) =>
  Object.fromEntries(Object.entries(message).filter(([, value]) => value !== null && value !== ''));

function placed(/** @type {State} */ state, /** @type {any} */ message) {
  const sightings = state.sightings.map((s) =>
    s.ids.includes(message.report_id) ? {...s, track_number: message.track_number} : s);
  const answers = new Map([...state.placed].slice(1 - PLACED_MAX)).set(message.report_id, message.track_number);
  return {...state, sightings, placed: answers};
}
