import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Horn, MUTE_MS} from '../../src/vigia/web/static/console/horn.mjs';
import {lengthOf, onsets, PATTERNS, soundOf} from '../../src/vigia/web/static/console/sound/patterns.mjs';
import {localVoice, Voice} from '../../src/vigia/web/static/console/sound/voice.mjs';

const alert = (tier, more = {}) => ({alert_id: `a${tier}`, revision: 1, tier, mark: 'actual', ...more});

function horn(state = 'running') {
  const played = [];
  const said = [];
  let now = 0;
  const node = () => ({frequency: {}, connect: (x) => x, start() {}, stop() {}, gain: {setValueAtTime() {}, setTargetAtTime() {}}});
  const context = {state, currentTime: 0, resume: async () => {}, createOscillator: () => { const n = node(); played.push(n); return n; }, createGain: node};
  const made = new Horn({make: () => context, now: () => now, voice: {say: (...x) => said.push(x), stop() {}, has: () => true}});
  return {horn: made, played, said, context, pass: (ms) => { now += ms; }};
}

test('each level has a rhythm of its own, and none is another one louder', () => {
  const shapes = Object.values(PATTERNS).map((p) => JSON.stringify(onsets(p).map((s) => s.toFixed(2))));
  assert.equal(new Set(shapes).size, shapes.length);
  assert.equal(new Set(['watch', 'warning', 'danger'].map((n) => PATTERNS[n].wave)).size, 3);
  const direction = (p) => Math.sign(p.tones.filter(([h]) => h)[1][0] - p.tones.filter(([h]) => h)[0][0]);
  assert.deepEqual(['watch', 'warning', 'danger'].map((n) => direction(PATTERNS[n])), [0, 1, -1]);
  for (const pattern of Object.values(PATTERNS)) assert.ok(lengthOf(pattern) < 4);
  const drill = soundOf(alert(3, {mark: 'exercise'}));
  assert.equal(drill.wave, 'sine');
  assert.ok(lengthOf(drill) > lengthOf(PATTERNS.danger) + 1, 'bells come first');
  assert.equal(soundOf(alert(3)), PATTERNS.danger);
});

test('it says the truth: off, refused by the browser, on', async () => {
  const {horn: h, context} = horn('suspended');
  assert.equal(h.state, 'off');
  await h.wish();
  assert.equal(h.state, 'blocked');
  assert.equal(h.ring(alert(3), 'x', 'en'), false, 'it does not pretend');
  context.state = 'running';
  assert.equal(h.state, 'on');
});

test('a mute ends by itself and never holds DANGER back', async () => {
  const {horn: h, pass} = horn();
  await h.set(true);
  h.mute(true);
  assert.equal(h.state, 'muted');
  assert.equal(h.ring(alert(2), 'x', 'en'), false);
  assert.equal(h.ring(alert(3), 'x', 'en'), true);
  pass(MUTE_MS);
  assert.equal(h.state, 'on');
  assert.equal(h.ring(alert(2, {revision: 2}), 'x', 'en'), true);
});

test('a raid on ten is one ring; a higher level does not wait; each revision rings once', async () => {
  const {horn: h, said, pass} = horn();
  await h.set(true);
  const rang = Array.from({length: 10}, (_, n) => h.ring(alert(2, {alert_id: `p${n}`}), 'words', 'en'));
  assert.equal(rang.filter(Boolean).length, 1);
  assert.equal(h.ring(alert(3), 'words', 'en'), true);
  pass(60_000);
  assert.equal(h.ring(alert(3), 'words', 'en'), false);
  assert.equal(said.length, 2);
});

test('a drill never sounds as an alert and never cuts one short', async () => {
  const {horn: h} = horn();
  await h.set(true);
  assert.equal(h.ring(alert(3), 'x', 'en'), true);
  assert.equal(h.ring(alert(3, {alert_id: 'd', mark: 'exercise'}), 'x', 'en'), false);
  assert.equal(h.ring(alert(1, {alert_id: 'w'}), 'x', 'en'), false, 'nor does a lower level within the gap');
  const {horn: other} = horn();
  await other.set(true);
  assert.equal(other.ring(alert(3, {alert_id: 'd', mark: 'exercise'}), 'x', 'en'), true);
  assert.equal(other.ring(alert(1), 'x', 'en'), true, 'what is real does not wait for a drill');
});

test('only a voice of this machine speaks, in the language of the page', () => {
  const voices = [{localService: false, lang: 'en-US'}, {localService: true, lang: 'es-MX', default: true}];
  assert.equal(localVoice(voices, 'en'), null);
  assert.equal(localVoice(voices, 'es'), voices[1]);
  assert.equal(new Voice({synth: null}).say('x', 'en', 1), false);
  assert.equal(new Voice({synth: {getVoices: () => voices}}).has('en'), false);
});
