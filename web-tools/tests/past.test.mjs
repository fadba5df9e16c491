import assert from 'node:assert/strict';
import {test} from 'node:test';
import {layout, nextMark, share, ticks} from '../../src/vigia/web/static/console/past/layout.mjs';
import {Player} from '../../src/vigia/web/static/console/past/player.mjs';

const T = 1_800_000_000_000;
const picture = (at, id = 't1') => [at, {t: 'picture', t_ms: at, people: [], tracks: [{track_id: id, number: 1, t_ms: at, last_ms: at, lat_deg: 1, lon_deg: 2}]}];
const hello = (at) => [at, {t: 'hello', server_ms: at, mode: 'demo', person: {person_id: 'w'}, posts: [], origin: null, danger_radius_m: 50, alerts: [], cover: []}];

/** Answers of a journal with one picture a second. */
function journal() {
  const asked = [];
  const ask = async (body) => {
    asked.push(body);
    const until_ms = body.from_ms + body.span_s * 1000;
    const messages = body.whole ? [hello(body.from_ms)] : [];
    for (let at = Math.ceil(body.from_ms / 1000) * 1000; at < until_ms; at += 1000) messages.push(picture(at));
    return {from_ms: body.from_ms, until_ms, messages, left_out: {forgotten: 1, dropped: 0, damaged: 0, thinned: 0}};
  };
  return {ask, asked};
}
const settled = () => new Promise((done) => setImmediate(done));

test('a jump shows what stood there, and nothing later', async () => {
  const player = new Player(journal());
  await player.seek(T, T + 600_000);
  assert.equal(player.state.picture_ms, T);
  assert.equal(player.left_out.forgotten, 1);
});

test('playing moves by the clock and its speed, and asks for what follows in time', async () => {
  const {ask, asked} = journal();
  const player = new Player({ask});
  await player.seek(T, T + 6_000_000);
  player.play(true);
  player.tick(0, T + 6_000_000);
  for (let s = 1; s <= 40; s += 1) { player.tick(s * 1000, T + 6_000_000); await settled(); }
  assert.equal(player.at_ms, T + 40_000);
  assert.equal(player.state.picture_ms, T + 40_000);
  assert.equal(asked.length, 2);
  player.setSpeed(60);
  player.tick(41_000, T + 6_000_000); await settled();
  assert.equal(player.at_ms, T + 100_000);
  assert.ok(asked.at(-1).step_ms >= 10_000, 'at 60x not every second is fetched');
  assert.equal(asked.at(-1).whole, false);
});

test('pause holds; it waits at the edge of what it knows and never passes now', async () => {
  let answer;
  const {ask} = journal();
  let n = 0;
  const player = new Player({ask: (body) => (n++ ? new Promise((done) => { answer = () => done(ask(body)); }) : ask(body))});
  await player.seek(T, T + 100_000);
  player.play(true);
  player.tick(0, T + 100_000);
  player.setSpeed(60);
  for (let s = 1; s < 5; s += 1) player.tick(s * 1000, T + 100_000);
  assert.equal(player.at_ms, T + 60_000, 'the second stretch is on its way');
  answer(); await settled(); await settled();
  for (let s = 5; s < 9; s += 1) player.tick(s * 1000, T + 100_000);
  assert.equal(player.at_ms, T + 97_000);
  assert.equal(player.playing, false, 'at the end it stops');
  const {at_ms} = player;
  player.tick(20_000, T + 200_000);
  assert.equal(player.at_ms, at_ms);
});

test('an answer of before a jump is thrown away, an error is said and ends nothing', async () => {
  const {ask} = journal();
  let late;
  const player = new Player({ask: (body) => (body.from_ms === T ? new Promise((done) => { late = () => done(ask(body)); }) : ask(body))});
  const first = player.seek(T, T + 900_000);
  await player.seek(T + 300_000, T + 900_000);
  late(); await first;
  assert.equal(player.state.picture_ms, T + 300_000);
  const broken = new Player({ask: async () => { throw new Error('no journal'); }});
  await broken.seek(T, T + 900_000);
  assert.equal(broken.error, 'no journal');
});

test('a line is drawn by level, and what is open now stands at its end', () => {
  const line = {known_from_ms: T, alerts: [{incident_id: 'i1', begin_ms: T + 10_000, end_ms: T + 60_000, steps: [{t_ms: T + 10_000, tier: 1}, {t_ms: T + 20_000, tier: 3}, {t_ms: T + 60_000, tier: 0}]}],
    sightings: [{t_ms: T + 5_000, sense: 'seen'}, {t_ms: T - 5_000, sense: 'seen'}], lost: [{name: 'P', from_ms: T + 1, to_ms: null}], acts: [{t_ms: T + 70_000, kind: 'all_clear', by: 'A'}], restarts: []};
  const open = [{incident_id: 'i2', tier: 2, first_ms: T + 90_000, lead: {decided_ms: T + 90_000}}];
  const l = layout(line, open, T, T + 100_000);
  assert.deepEqual(l.alerts.map((a) => [a.tier, Math.round(a.left), Math.round(a.width), a.open]), [[1, 10, 10, false], [3, 20, 40, false], [2, 90, 10, true]]);
  assert.equal(l.sightings.length, 1);
  assert.equal(Math.round(l.lost[0].width), 100);
  assert.equal(l.unknown, 0);
  assert.ok(layout({...line, known_from_ms: T + 50_000}, [], T, T + 100_000).unknown === 50);
  const risen = layout(line, [{incident_id: 'i1', tier: 3, first_ms: T, lead: {decided_ms: T + 80_000}}], T, T + 100_000);
  assert.equal(risen.alerts.at(-1).tier, 3);
  assert.equal(risen.alerts.at(-1).open, true);
});

test('ticks are round and few; marks are found both ways', () => {
  assert.ok(ticks(T, T + 3_600_000).length <= 8);
  assert.equal(ticks(T, T + 3_600_000)[0] % 600_000, 0);
  assert.equal(ticks(T, T + 12 * 3_600_000).every((t) => t % 3_600_000 === 0), true);
  assert.equal(share(T + 50, T, T + 100), 50);
  const line = {alerts: [{begin_ms: T}], sightings: [{t_ms: T + 60_000}], lost: [], acts: []};
  assert.equal(nextMark(line, T + 30_000, 1), T + 60_000);
  assert.equal(nextMark(line, T + 30_000, -1), T);
  assert.equal(nextMark(line, T + 90_000, 1), null);
});
