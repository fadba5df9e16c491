import assert from 'node:assert/strict';
import {test} from 'node:test';
import {alertLoad, FLOOD, rateOf} from '../../src/vigia/web/static/console/rates.mjs';

const NOW = 1_800_000_000_000;
const row = (person, incident, ...steps) => ({person_id: person, person_name: person.toUpperCase(), incident_id: incident,
  revisions: steps.map(([ago_s, tier, msg_type = 'alert'], n) => ({revision: n + 1, decided_ms: NOW - ago_s * 1000, tier, msg_type}))});

test('ten within ten minutes are a flood, ten within eleven are not', () => {
  const times = Array.from({length: FLOOD}, (_, n) => NOW - n * 60_000);
  assert.equal(rateOf(times, NOW).flood, true);
  const wide = Array.from({length: FLOOD}, (_, n) => NOW - n * 67_000);
  assert.equal(rateOf(wide, NOW).flooded, false);
  const before = times.map((t) => t - 3_600_000);
  assert.deepEqual([rateOf(before, NOW).flood, rateOf(before, NOW).flooded], [false, true]);
  assert.deepEqual(rateOf([], NOW), {last: 0, most: 0, all: 0, flood: false, flooded: false});
});

test('an alert counts when it comes and when it rises, not when it is said again or falls', () => {
  const load = alertLoad([row('ana', 'i1', [300, 1], [290, 1, 'update'], [280, 3, 'update'], [200, 2, 'update'], [100, 2, 'cancel'])], NOW);
  assert.equal(load.people[0].last, 2);
  const again = alertLoad([row('ana', 'i1', [300, 2], [200, 2, 'cancel'], [100, 2])], NOW);
  assert.equal(again.people[0].last, 2, 'after its end it is another one');
});

test('ten people warned of one incident are one alert for the console and one for each of them', () => {
  const rows = Array.from({length: 10}, (_, n) => row(`p${n}`, 'i1', [60, 2]));
  const load = alertLoad(rows, NOW);
  assert.equal(load.console.last, 1);
  assert.equal(load.people.length, 10);
  assert.ok(load.people.every((p) => p.last === 1 && !p.flood));
  assert.equal(alertLoad([row('ana', 'i1', [13 * 3600, 2])], NOW).people.length, 0, 'older than the shift');
});
