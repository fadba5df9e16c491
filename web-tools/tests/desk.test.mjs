import assert from 'node:assert/strict';
import {test} from 'node:test';
import {filled, fromBox, groupOf, oneSided, readCount, toBox, unready, withoutSource} from '../../src/vigia/web/static/console/desk/bulletin.mjs';

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
