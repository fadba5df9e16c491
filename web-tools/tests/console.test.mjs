import assert from 'node:assert/strict';
import {test} from 'node:test';
import {age, bearing, countdown, distance, seconds, trackName, zulu} from '../../src/vigia/web/static/console/format.mjs';
import {arrivalOf, coverage, freshness, identityOf, incidents, ownAlerts, peopleWarned, trackRows} from '../../src/vigia/web/static/console/model.mjs';
import {sceneOf} from '../../src/vigia/web/static/console/scene.mjs';
import {emptyState, receive} from '../../src/vigia/web/static/console/store.mjs';
import {gridLines, offset, rangeBearing, ring, wedge} from '../../src/vigia/web/static/map/geo.mjs';
import {KIND, SHAPE_FLOATS, shapes, sprites} from '../../src/vigia/web/static/map/instances.mjs';
import {unitsPerMetre} from '../../src/vigia/web/static/map/mercator.mjs';
import {overlays} from '../../src/vigia/web/static/map/overlays.mjs';

const NOW = 1_800_000_000_000;

const track = (more = {}) => ({
  track_id: 't1', number: 41, status: 'confirmed', mark: 'actual', fix: 'position', witnesses: 2, flags: [],
  t_ms: NOW, last_ms: NOW, lat_deg: 31.78, lon_deg: -106.75, height_m: 95, speed_mps: 20, course_deg_true: 51,
  climb_mps: 0, sigma_m: 20, p_exist: 0.9, p_drone: 0.9, azimuth_deg_true: null, azimuth_sigma_deg: null, serial: null,
  arrival: null, ...more,
});
const alert = (more = {}) => ({
  alert_id: 'a1', revision: 1, msg_type: 'alert', incident_id: 'i1', target_id: 'person/p1', person_id: 'p1', person_name: 'Agent 1',
  tier: 3, mark: 'actual', action: 'take_cover', sound: true, cause_ms: NOW - 40, decided_ms: NOW, expires_ms: NOW + 1,
  track_ids: ['t1'], track_numbers: [41], confirmed: true, earliest_ms: NOW + 50_000, p50_ms: NOW + 60_000, sources: ['person'],
  reached: {delivered_ms: null, seen_ms: null, safe_ms: null}, ...more,
});
const hello = (more = {}) => ({
  t: 'hello', server_ms: NOW, mode: 'actual', person: {person_id: 'w', role: 'watch_officer'}, danger_radius_m: 50,
  posts: [{post_id: 'p12', name: 'Post 12', lat_deg: 31.792, lon_deg: -106.742, radius_m: 60}],
  origin: {lat_deg: 31.792, lon_deg: -106.742}, watch: {}, alerts: [], ...more,
});
const after = (...messages) => messages.reduce(receive, emptyState());
const GREY = [0.5, 0.5, 0.5];
const COLOURS = {identity: Array(6).fill(GREY), danger: GREY, selection: GREY, plate: GREY};
/** Shapes of one kind that a scene draws, at zoom 12. */
const drawnShapes = (scene, kind) => {
  const out = shapes(scene, sprites(scene, 12, [0, 0]), [0, 0], COLOURS, new Set());
  return Array.from({length: out.count}, (_, i) => out.data.subarray(i * SHAPE_FLOATS, (i + 1) * SHAPE_FLOATS))
    .filter((f) => f[4] === kind).map((f) => ({a: [f[0], f[1]], b: [f[2], f[3]]}));
};
const shown = (...tracks) => ({t: 'picture', t_ms: NOW, tracks, people: []});

// ---- figures ----

test('a countdown never goes below zero: it becomes "may be here now"', () => {
  assert.equal(countdown(NOW + 50_900, NOW), '0:50');
  assert.equal(countdown(NOW + 67_000, NOW), '1:07');
  assert.equal(countdown(NOW + 3_900_000, NOW), '1:05 h');
  assert.equal(countdown(NOW + 999, NOW), null);
  assert.equal(countdown(NOW - 5_000, NOW), null);
  assert.equal(countdown(null, NOW), '–');
});

test('figures keep their units and unknown is a dash', () => {
  assert.deepEqual(distance(1234), ['1.2', 'km']);
  assert.deepEqual(distance(996), ['1.0', 'km']);
  assert.deepEqual(distance(844), ['840', 'm']);
  assert.deepEqual(distance(null), ['–', '']);
  assert.equal(bearing(7.2), '007°');
  assert.equal(bearing(359.7), '000°');
  assert.equal(bearing(null), '–');
  assert.equal(trackName(7), 'T-007');
  assert.equal(age(119_000), '119 s');
  assert.equal(age(240_000), '4 min');
  assert.equal(seconds(640), '0.6 s');
  assert.equal(zulu(Date.UTC(2026, 10, 23, 3, 42, 18)), '03:42:18');
});

// ---- the store ----

test('a late revision never replaces a newer one', () => {
  const state = after(hello(), {t: 'alert', alert: alert({revision: 3, tier: 3})}, {t: 'alert', alert: alert({revision: 2, tier: 1})});
  assert.equal(state.alerts.get('a1').tier, 3);
});

test('a cancel ends the alert and is remembered with its reason', () => {
  const state = after(hello(), {t: 'alert', alert: alert()}, {t: 'alert', alert: alert({revision: 2, msg_type: 'cancel', end_reason: 'expired'})});
  assert.equal(state.alerts.size, 0);
  assert.equal(state.ended[0].end_reason, 'expired');
});

test('after a lost link the list of the server is the truth', () => {
  const state = after(hello(), {t: 'alert', alert: alert()}, hello({alerts: [alert({alert_id: 'a2'})]}));
  assert.deepEqual([...state.alerts.keys()], ['a2']);
});

test('what a person answered survives an update that does not say it', () => {
  const state = after(hello(), {t: 'alert', alert: alert()}, {t: 'reached', alert_id: 'a1', person_id: 'p1', kind: 'safe', t_ms: NOW + 9},
    {t: 'alert', alert: alert({revision: 2})});
  assert.equal(state.alerts.get('a1').reached.safe_ms, NOW + 9);
});

test('seconds to an answer count from the first word, not from the last update', () => {
  const state = after(hello(), {t: 'alert', alert: alert()}, {t: 'alert', alert: alert({revision: 2, decided_ms: NOW + 20_000})});
  assert.equal(peopleWarned(state, [...state.alerts.values()])[0].first_ms, NOW);
});

const report = (more = {}) => ({t: 'sighting', report_id: 'r1', t_ms: NOW, received_ms: NOW + 900, person_id: 'p1', name: 'Agent 1',
  position: {lat_deg: 31.79, lon_deg: -106.74}, bearing: {azimuth_deg_true: 228, sigma_deg: 6}, sense: 'seen', kind: 'unknown', count: null,
  load: null, motion: null, track_number: null, refines: null, withdrawn: false, text: '', ...more});

test('a completion is one report with the first; its time and bearing stay', () => {
  const state = after(hello(), report(), report({report_id: 'r2', refines: 'r1', t_ms: NOW + 5000, bearing: null, load: true}));
  assert.equal(state.sightings.length, 1);
  assert.equal(state.sightings[0].t_ms, NOW);
  assert.equal(state.sightings[0].load, true);
  assert.equal(state.sightings[0].bearing.azimuth_deg_true, 228);
  const placed = receive(state, {t: 'placed', report_id: 'r2', track_number: 41});
  assert.equal(placed.sightings[0].track_number, 41);
});

test('an answer that overtakes its report is kept for it', () => {
  const state = after(hello(), {t: 'placed', report_id: 'r1', track_number: 5}, report());
  assert.equal(state.sightings[0].track_number, 5);
});

test('the target told before stays told while another is as near; the time is the soonest of all', () => {
  const post = alert({alert_id: 'a2', person_id: null, target_id: 'post/p12', earliest_ms: NOW + 54_000});
  const arrival = {target_id: 'person/p1', p_hit: 0.5, earliest_ms: NOW + 48_000, p50_ms: null, range_m: 900, bearing_deg_true: 231};
  const state = after(hello(), shown(track({arrival})), {t: 'alert', alert: alert()}, {t: 'alert', alert: post});
  assert.equal(incidents(state)[0].lead.alert_id, 'a2'); // a post speaks for those who stand there
  assert.equal(incidents(state, new Map([['i1', 'a1']]))[0].lead.alert_id, 'a1');
  assert.equal(incidents(state)[0].soonest_ms, NOW + 48_000);
  const far = after(hello(), {t: 'alert', alert: alert()}, {t: 'alert', alert: {...post, earliest_ms: NOW + 90_000}});
  assert.equal(incidents(far, new Map([['i1', 'a2']]))[0].lead.alert_id, 'a1');
});

test('the console holds only the alerts of its own person: others would come back cancelled', () => {
  const state = after(hello(), {t: 'alert', alert: alert()}, {t: 'alert', alert: alert({alert_id: 'a2', person_id: 'w', target_id: 'person/w'})},
    {t: 'alert', alert: alert({alert_id: 'a3', person_id: null, target_id: 'post/p12'})});
  assert.deepEqual(ownAlerts(state), ['a2']);
});

test('a withdrawn report is gone', () => {
  assert.equal(after(hello(), report(), report({report_id: 'r2', refines: 'r1', withdrawn: true})).sightings.length, 0);
});

test('a trail grows with the picture and is bounded', () => {
  let state = after(hello());
  for (let i = 0; i < 100; i += 1)
    state = receive(state, {...shown(track({t_ms: NOW + i * 1000, lat_deg: 31.7 + i / 1e4})), t_ms: NOW + i * 1000});
  assert.equal(state.trails.of(41).length, 60);
  assert.equal(state.trails.of(41).at(-1)[1], 31.7099);
});

// ---- what it means ----

test('the machine says suspect at most: an alert of WARNING or a confirmed drone that acts like an attack', () => {
  const quiet = after(hello(), shown(track()));
  assert.equal(identityOf(quiet, track()), 'unknown');
  assert.equal(identityOf(quiet, track({flags: ['load']})), 'suspect');
  assert.equal(identityOf(quiet, track({flags: ['load'], status: 'possible'})), 'unknown');
  assert.equal(identityOf(quiet, track({flags: ['aircraft']})), 'neutral');
  const warned = after(hello(), shown(track()), {t: 'alert', alert: alert({tier: 2})});
  assert.equal(identityOf(warned, track()), 'suspect');
});

test('rows go by level, then by the earliest arrival; a danger is never below', () => {
  const arrival = (s) => ({target_id: 'post/p12', p_hit: 0.5, earliest_ms: NOW + s * 1000, p50_ms: null, range_m: 900, bearing_deg_true: 231});
  const state = after(hello(),
    shown(track({track_id: 't3', number: 3, arrival: arrival(20)}), track({arrival: arrival(90)}), track({track_id: 't2', number: 2}), track({track_id: 't4', number: 4, flags: ['aircraft']})),
    {t: 'alert', alert: alert()});
  assert.deepEqual(trackRows(state).map((r) => r.track.track_id), ['t1', 't3', 't2', 't4']);
});

test('the list and the banner tell the same arrival: the newest picture', () => {
  const arrival = {target_id: 'post/p12', p_hit: 0.5, earliest_ms: NOW + 30_000, p50_ms: null, range_m: 900, bearing_deg_true: 231};
  const state = after(hello(), shown(track({arrival})), {t: 'alert', alert: alert()});
  assert.equal(arrivalOf(state, state.tracks.get('t1')).earliest_ms, NOW + 30_000);
  const blind = after(hello(), shown(track()), {t: 'alert', alert: alert()});
  assert.equal(arrivalOf(blind, blind.tracks.get('t1')).earliest_ms, NOW + 50_000);
});

test('an incident counts each person once and leads with the worst', () => {
  const state = after(hello(), {t: 'alert', alert: alert({tier: 2})}, {t: 'alert', alert: alert({alert_id: 'a2', person_id: 'p2', target_id: 'person/p2', person_name: 'Agent 2'})},
    {t: 'alert', alert: alert({alert_id: 'a3', person_id: null, person_name: null, target_id: 'post/p12'})},
    {t: 'reached', alert_id: 'a2', person_id: 'p2', kind: 'seen', t_ms: NOW + 1});
  const [incident] = incidents(state);
  assert.equal(incident.people.length, 2);
  assert.equal(incident.acked, 1);
  assert.equal(incident.tier, 3);
  assert.equal(incident.people[0].name, 'Agent 1'); // not reached: first
});

test('delivered is not acknowledged', () => {
  const state = after(hello(), {t: 'alert', alert: alert()}, {t: 'reached', alert_id: 'a1', person_id: 'p1', kind: 'delivered', t_ms: NOW + 1});
  assert.equal(incidents(state)[0].acked, 0);
});

test('evidence fades after 5 s and is stale after 30 s', () => {
  assert.equal(freshness(track(), NOW + 4_000), 'fresh');
  assert.equal(freshness(track(), NOW + 6_000), 'faded');
  assert.equal(freshness(track(), NOW + 31_000), 'stale');
});

test('coverage tells what works, what cannot prove it and what is blind', () => {
  const sensor = (sensor_id, kind, state) => ({sensor_id, kind, state, last_ms: NOW});
  const {works, unproved, blind} = coverage({sensors: [sensor('a', 'radar', 'ok'), sensor('b', 'remote_id', 'unproved'), sensor('c', 'rf', 'silent'), sensor('d', 'rf', 'failed')]});
  assert.deepEqual([...works], [['radar', 1]]);
  assert.deepEqual([...unproved], [['remote_id', 1]]);
  assert.deepEqual(blind.map((s) => s.sensor_id), ['c', 'd']);
});

// ---- the map ----

test('a bearing-only track has no place; its sector starts where the report was made', () => {
  const sector = track({fix: 'sector', lat_deg: null, lon_deg: null, azimuth_deg_true: 172, azimuth_sigma_deg: 9});
  const bare = sceneOf(after(hello(), shown(sector)), NOW, null).tracks[0];
  assert.equal(bare.at, null);
  assert.equal(bare.sector, null);
  const seen = sceneOf(after(hello(), shown(sector), report({track_number: 41})), NOW, null).tracks[0];
  assert.deepEqual(seen.sector, {from: [-106.74, 31.79], azimuth_deg: 172, sigma_deg: 9});
});

test('a danger is drawn once for people who stand together, in its true size', () => {
  const state = after(hello(), {t: 'picture', t_ms: NOW, tracks: [track()], people: [{person_id: 'p1', lat_deg: 31.7921, lon_deg: -106.742, sigma_m: 5, t_ms: NOW}]},
    {t: 'alert', alert: alert()}, {t: 'alert', alert: alert({alert_id: 'a3', person_id: null, target_id: 'post/p12'})});
  const {dangers} = sceneOf(state, NOW, null);
  assert.equal(dangers.length, 1);
  assert.equal(dangers[0].radius_m, 110);
});

test('shapes: vector of 60 s, ring of 95 %, none of them for what is stale or unknown', () => {
  const scene = sceneOf(after(hello(), shown(track())), NOW, null);
  const [line] = drawnShapes(scene, KIND.LINE);
  const units = unitsPerMetre(31.78);
  assert.ok(Math.abs(Math.hypot(line.b[0] - line.a[0], line.b[1] - line.a[1]) / units - 1200) < 2);
  assert.ok(Math.abs(Math.atan2(line.b[0] - line.a[0], line.a[1] - line.b[1]) * 180 / Math.PI - 51) < 0.1);
  const [spread] = drawnShapes(scene, KIND.RING);
  assert.ok(Math.abs((spread.b[0] - spread.a[0]) / units - 2.4477 * 20) < 0.5);
  const old = sceneOf(after(hello(), shown(track({sigma_m: null}))), NOW + 60_000, null);
  assert.equal(drawnShapes(old, KIND.LINE).length + drawnShapes(old, KIND.RING).length, 0);
});

test('geometry closes on itself', () => {
  const here = [-106.742, 31.792];
  for (const deg of [0, 51, 180, 271]) {
    const {range_m, bearing_deg} = rangeBearing(here, offset(here, deg, 3000));
    assert.ok(Math.abs(range_m - 3000) < 3 && Math.abs(((bearing_deg - deg + 540) % 360) - 180) < 0.1);
  }
  assert.deepEqual(ring(here, 50)[0].map((v) => v.toFixed(9)), ring(here, 50).at(-1).map((v) => v.toFixed(9)));
  assert.equal(wedge(here, 10, 5, 100)[0], here);
  const lines = gridLines({west: -106.8, south: 31.76, east: -106.7, north: 31.82}, 1000);
  assert.ok(lines.length > 10 && lines.length < 30);
  assert.equal(gridLines({west: -110, south: 30, east: -100, north: 33}, 1000).length, 0); // bounded
});
