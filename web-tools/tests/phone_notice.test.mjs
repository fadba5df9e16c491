import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Words } from "../../src/vigia/web/static/core/i18n.mjs";
import { notice, readPush, rings, stateOf, unreadable } from "../../src/vigia/web/static/core/notice.mjs";

const NOW = Date.UTC(2026, 10, 27, 18, 0, 0);
const load = (lang) =>
  JSON.parse(readFileSync(new URL(`../../src/vigia/web/static/i18n/${lang}.json`, import.meta.url)));
const words = Object.assign(new Words(load("en")), { lang: "en" });
const spanish = Object.assign(new Words(load("es"), load("en")), { lang: "es" });
const said = (more = {}) => ({
  v: 1,
  alert_id: "a1",
  revision: 1,
  msg_type: "alert",
  tier: 3,
  mark: "actual",
  action: "take_cover",
  decided_ms: NOW,
  expires_ms: NOW + 180_000,
  earliest_ms: NOW + 50_000,
  from_point: "sw",
  range_m: 1200,
  sound: true,
  confirmed: true,
  load: true,
  ...more,
});
const show = (more, w = words, opts = {}) => notice(said(more), w, { nowMs: NOW, loud: true, ...opts });

test("action first, then from where, how far and by when on the clock", () => {
  const { title, options } = show();
  assert.equal(title, "TAKE COVER");
  const at = new Date(NOW + 50_000).toTimeString().slice(0, 8);
  assert.equal(
    options.body,
    `Drone coming. Get under hard cover now. From the south-west, 1.2 km away, as soon as ${at}. Confirmed drone. Carries something.`,
  );
});

test("the same in Spanish, from the same catalogue", () => {
  const { title, options } = show({}, spanish);
  assert.equal(title, "CÚBRASE");
  assert.match(options.body, /suroeste/);
  assert.equal(options.lang, "es");
});

test("DANGER stays until it is pressed, shakes, and can be answered without unlocking", () => {
  const { options } = show();
  assert.equal(options.requireInteraction, true);
  assert.deepEqual(options.vibrate, [700, 200, 700, 200, 700, 200, 700]);
  assert.equal(options.silent, false);
  assert.equal(options.renotify, true);
  assert.deepEqual(options.actions, [{ action: "safe", title: "I AM IN COVER" }]);
  const watch = show({ tier: 1, action: "be_aware" }).options;
  assert.equal(watch.requireInteraction, false);
  assert.deepEqual(watch.actions, []);
});

test("one alert is one notification, whatever the revision", () => {
  assert.equal(show({ revision: 9 }).options.tag, show().options.tag);
});

test("it rings when told to, and when something worse than what rang here came without it", () => {
  const at = { nowMs: NOW };
  assert.equal(rings(said(), at), true);
  assert.equal(rings(said({ sound: false }), { ...at, rungTier: 3 }), false);
  assert.equal(rings(said({ sound: false }), { ...at, rungTier: 2 }), true);
  assert.equal(rings(said({ sound: false }), at), true);
  assert.equal(rings(said({ msg_type: "cancel" }), at), false);
  assert.equal(rings(said({ expires_ms: NOW - 1 }), at), false);
});

test("what does not ring makes no noise and no vibration (browsers refuse both at once)", () => {
  const { options } = show({}, words, { loud: false });
  assert.equal(options.silent, true);
  assert.equal("vibrate" in options, false);
});

test("an end says why and never that it is safe; expiry is no all clear", () => {
  for (const reason of ["all_clear", "departed", "expired", "false", "friendly", "withdrawn"]) {
    const { title, options } = show({ msg_type: "cancel", action: "departed", end_reason: reason }, words, { loud: false });
    assert.equal(options.requireInteraction, false);
    assert.deepEqual(options.actions, []);
    assert.doesNotMatch(`${title} ${options.body}`, /\bsafe\b/i);
  }
  const lost = show({ expires_ms: NOW - 1 }, words, { loud: false });
  assert.equal(lost.title, "STAY IN COVER");
  assert.match(lost.options.body, /not confirmed gone/);
});

test("a drill says so before anything else", () => {
  assert.match(show({ mark: "exercise" }).title, /^EXERCISE\. /);
  assert.match(show({ mark: "demo" }).options.body, /^Nothing here is real\. /);
});

test("who is in cover is told to stay there, quietly", () => {
  const { options } = show({}, words, { loud: false, answered: true });
  assert.match(options.body, /Stay there until all clear/);
  assert.equal(options.silent, true);
  assert.deepEqual(options.actions, []);
});

test("without direction or time it says so", () => {
  const { options } = show({ from_point: undefined, earliest_ms: undefined });
  assert.match(options.body, /Direction not known, time not known/);
});

test("what is no message of ours is not believed", () => {
  assert.deepEqual(readPush(JSON.stringify(said())), said());
  for (const bad of [
    "", "x", "null", "[]", "{}", "x".repeat(2000),
    JSON.stringify(said({ v: 2 })), JSON.stringify(said({ tier: 7 })), JSON.stringify(said({ action: "<b>" })),
    JSON.stringify(said({ mark: "real" })), JSON.stringify(said({ alert_id: 5 })), JSON.stringify(said({ expires_ms: null })),
  ])
    assert.equal(readPush(bad), null);
  assert.equal(unreadable(words).title, "Drone warning");
});

test("state follows the end and the clock", () => {
  assert.equal(stateOf(said(), NOW), "open");
  assert.equal(stateOf(said(), NOW + 200_000), "lost");
  assert.equal(stateOf(said({ msg_type: "cancel" }), NOW), "ended");
});
