import assert from 'node:assert/strict';
import {test} from 'node:test';
import {filled, fromBox, groupOf, oneSided, readCount, toBox, unready, withoutSource} from '../../src/vigia/web/static/console/desk/bulletin.mjs';
import {beside, commandOf, csvRows, episodes, harmWord, series, slices, spanIn, spanOut, spanWord, sumWord} from '../../src/vigia/web/static/console/desk/incident.mjs';

const NOW = Date.UTC(2026, 10, 27);
const two = (text) => ({en: text, es: text});
const ready = () => filled({
  issuer: 'Sector', effective: '2026-11-27T06:00:00Z', expires: '2026-12-11T06:00:00Z', title: two('a'), summary: two('b'),
  known: [{text: two('k'), source: 0}], do: [two('d')], report_to: [two('r')], sources: [{title: 's', grade: ['B', 3]}],
});
const told = (b) => unready(b).map((m) => `${m.name} ${m.n} ${m.why}`);

test('a whole bulletin lacks nothing; an empty one says all it lacks', () => {
  assert.deepEqual(told(ready()), []);
  assert.deepEqual(told(filled({})), ['issuer', 'effective', 'expires', 'title', 'summary', 'do', 'report_to', 'known'].map((n) => `${n} 0 empty`));
});

test('one language, no source, no grade and a wrong order of times are each said', () => {
  const b = ready();
  b.dont.push({en: 'only English', es: ' '});
  b.known.push({text: two('x'), source: null});
  b.sources[0].grade = null;
  b.expires = b.effective;
  assert.deepEqual(told(b), ['expires 0 order', 'known 2 no_source', 'sources 1 no_grade', 'dont 1 one_sided']);
  assert.deepEqual(oneSided(b), ['dont 1']);
});

test('a source taken away leaves no statement pointing at another one', () => {
  const b = ready();
  b.sources.push({title: 'second', grade: ['A', 1]});
  b.known.push({text: two('x'), source: 1});
  withoutSource(b, 0);
  assert.deepEqual(b.known.map((s) => s.source), [null, 0]);
});

test('a bulletin stands in the list of its state, and expired ones leave those in force', () => {
  const row = (more) => ({bulletin: {status: 'released', expires: '2026-12-11T06:00:00Z', ...more}});
  assert.equal(groupOf(row({}), NOW), 'force');
  assert.equal(groupOf(row({expires: '2026-11-26T06:00:00Z'}), NOW), 'expired');
  assert.equal(groupOf(row({status: 'recalled'}), NOW), 'recalled');
  assert.deepEqual(readCount({read: [1], unread: [1, 2], others: [{read: 3, unread: 4}]}), {read: 4, all: 10});
});

test('times go into the box and come back as they were, in Zulu time', () => {
  assert.equal(fromBox(toBox('2026-11-28T06:00:00Z')), '2026-11-28T06:00:00Z');
  assert.equal(fromBox(''), '');
});

// ---- incidents ----

test('what nobody said is "?", never 0; an open number keeps its plus', () => {
  assert.equal(spanWord(undefined), '?');
  assert.equal(spanWord({low: 0, best: 0, high: 0}), '0');
  assert.equal(spanWord({low: 2, best: null, high: 5}), '2–5');
  assert.equal(spanWord({low: 8}), '8+');
  assert.equal(harmWord({harm: []}, 'killed'), '?');
  assert.equal(harmWord({harm: [{victims: 'agent', killed: {low: 1, best: 1, high: 1}}, {victims: 'police', killed: {low: 2, best: 2, high: 2}}]}, 'killed'), '3');
  assert.equal(sumWord({low: 0, best: 0, high: null, known: 0, unknown: 3}), '?');
  assert.equal(sumWord({low: 0, best: 0, high: 0, known: 3, unknown: 0}), '0');
});

test('a count goes through the form and back as it was', () => {
  for (const s of [{low: 0, best: 0, high: 0}, {low: 3, best: 4, high: 6}, {low: 2, best: 2, high: null}, {low: 0, best: null, high: null}])
    assert.deepEqual(spanOut(spanIn(s)), s);
  assert.deepEqual(spanOut({low: null, best: 7, high: null}), {low: 7, best: 7, high: 7});
});

test('a large table goes in slices that fit, each with its header, no row lost or cut', () => {
  const rows = Array.from({length: 3000}, (_, n) => `2024-01-01,MX,"line one\nline ""two"" ${n}",é`);
  const parts = slices(['begins,country,summary,actor', ...rows].join('\r\n'), 'vigia');
  assert.ok(parts.length > 1);
  const back = parts.flatMap((p) => csvRows(p.text).slice(1));
  assert.deepEqual(back, rows);
  for (const p of parts) assert.ok(new TextEncoder().encode(JSON.stringify({text: p.text, profile: 'vigia'})).length < 64 * 1024);
  assert.equal(parts[1].first, csvRows(parts[0].text).length);
  const geo = slices(JSON.stringify({type: 'FeatureCollection', features: [{a: 1}, {a: 2}]}), 'geojson');
  assert.deepEqual(JSON.parse(geo[0].text).features, [{a: 1}, {a: 2}]);
});

test('an episode is offered once: over, of DANGER, and not on record', () => {
  const a = (incident_id, tier, end_reason, more = {}) => ({incident_id, tier, end_reason, mark: 'actual', cause_ms: NOW, person_id: null, target_id: 'post/12', ...more});
  const alerts = [a('i1', 3, 'all_clear'), a('i1', 2, 'all_clear'), a('i2', 3, null), a('i3', 2, 'expired'), a('i4', 3, 'departed')];
  assert.deepEqual(episodes(alerts, [{record: {episode: 'i4'}}]).map((e) => e.incident_id), ['i1']);
});

test('months without records stand in the series; a question has its command or none', () => {
  const line = (name) => ({group: [name], amounts: {attack: {low: 1, best: 2, high: 3}}});
  assert.deepEqual(series([line('2023-12'), line('2024-02'), {group: ['?'], amounts: {}}], 'attack').map((p) => [p.name, p.best]), [['2023-12', 2], ['2024-01', 0], ['2024-02', 2]]);
  assert.equal(commandOf({by: ['year'], countries: ['MX'], since: '2023-01-01'}), 'vigia incidents count --data DATA --by year --since 2023-01-01 --country MX');
  assert.equal(commandOf({by: ['year'], causes: ['drone']}), 'vigia incidents count --data DATA --by year --cause drone');
  assert.equal(commandOf({by: ['year'], kinds: ['crash']}), null); // the command line has no such filter
});

test('of two alike records what differs is marked', () => {
  const rows = beside({begins: '2024-05-01', summary: 'a'}, {begins: '2024-05-02', summary: 'a'});
  assert.deepEqual(rows.filter((r) => !r.same).map((r) => r.name), ['begins']);
});
