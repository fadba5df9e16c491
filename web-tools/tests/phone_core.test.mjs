import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { AckBox } from "../../src/vigia/web/static/core/acks.mjs";
import { Clock } from "../../src/vigia/web/static/core/clock.mjs";
import { MemoryStore } from "../../src/vigia/web/static/core/db.mjs";
import * as geo from "../../src/vigia/web/static/core/geo.mjs";
import { Words } from "../../src/vigia/web/static/core/i18n.mjs";
import { base64url, tokenFromHash } from "../../src/vigia/web/static/core/session.mjs";
import { watchWorth } from "../../src/vigia/web/static/core/socket.mjs";

const words = (lang) =>
  JSON.parse(
    readFileSync(new URL(`../../src/vigia/web/static/i18n/${lang}.json`, import.meta.url)),
  );

test("English and Spanish have the same keys and the same holes", () => {
  const [en, es] = [words("en"), words("es")];
  assert.deepEqual(Object.keys(en).sort(), Object.keys(es).sort());
  const holes = (text) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
  for (const key of Object.keys(en)) {
    assert.ok(en[key].trim() && es[key].trim(), `${key} is empty`);
    assert.deepEqual(holes(en[key]), holes(es[key]), key);
  }
});

test("no word calls a drone hostile and calm is never called safe", () => {
  for (const lang of ["en", "es"])
    for (const [key, text] of Object.entries(words(lang)))
      if (/^(alert|truth|home|sent)\./.test(key))
        assert.doesNotMatch(text, /hostil|enem|\bsafe\b|a salvo|seguro/i, key);
});

test("a missing key shows itself; values fill holes; English stands behind", () => {
  const w = new Words({ a: "hola {n}" }, { b: "hi" });
  assert.equal(w.say("a", { n: 2 }), "hola 2");
  assert.equal(w.say("b"), "hi");
  assert.equal(w.say("zzz"), "zzz");
});

test("the ping with the shortest way back sets the clock", () => {
  const clock = new Clock({ wall: () => 10_000, steady: () => 0 });
  assert.equal(clock.known, false);
  clock.hint(10_900);
  assert.equal(clock.now(), 10_900);
  clock.sample({ sentMs: 9_000, receivedMs: 10_000, serverMs: 11_000 });
  clock.sample({ sentMs: 9_990, receivedMs: 10_000, serverMs: 10_995 });
  clock.sample({ sentMs: 9_000, receivedMs: 10_000, serverMs: 99_000 });
  assert.equal(clock.offsetMs, 1_000);
});

test("a clock that was set on the device drops its old samples", () => {
  const t = { wall: 10_000, steady: 0 };
  const clock = new Clock({ wall: () => t.wall, steady: () => t.steady });
  clock.sample({ sentMs: 10_000, receivedMs: 10_000, serverMs: 10_000 });
  t.wall += 3_600_000;
  assert.equal(clock.checkStep(), true);
  clock.sample({ sentMs: t.wall, receivedMs: t.wall + 200, serverMs: 10_100 });
  assert.equal(clock.offsetMs, 10_000 - t.wall);
});

test("an ack is repeated until acked, outlives a reload, and is one however often it is pressed", async () => {
  const store = new MemoryStore("key");
  const sent = [];
  const t = { wall: 50 };
  const clock = new Clock({ wall: () => t.wall, steady: () => t.wall });
  const make = () => new AckBox({ store, clock, send: (m) => sent.push(m) });
  const box = make();
  const ack = { alert_id: "a", revision: 3, kind: "safe" };
  assert.equal(box.add(ack), true);
  assert.equal(box.add(ack), false);
  t.wall = 9_000;
  const later = make();
  await later.load();
  later.repeat();
  assert.deepEqual(
    sent.map((m) => [m.kind, m.t_ms]),
    [
      ["safe", 50],
      ["safe", 50],
    ],
  );
  later.acked({ ...ack });
  later.repeat();
  assert.equal(sent.length, 2);
  assert.deepEqual(await store.all(), []);
});

test("without a beat for 5 s the watch is lost, whatever the server said last", () => {
  const beat = { state: "ready", why: null, since_ms: 1 };
  assert.equal(watchWorth({ beat, beatAgeMs: 4_999, aliveMs: 9e9 }).state, "ready");
  assert.deepEqual(watchWorth({ beat, beatAgeMs: 5_000, aliveMs: 9e9 }).state, "lost");
  assert.equal(
    watchWorth({ beat: { ...beat, state: "degraded", why: "journal" }, beatAgeMs: 1, aliveMs: 1 })
      .state,
    "degraded",
  );
  assert.equal(watchWorth({ beat: null, beatAgeMs: null, aliveMs: 100 }).state, "connecting");
  assert.equal(watchWorth({ beat: null, beatAgeMs: null, aliveMs: 5_000 }).state, "lost");
});

test("bearings, distances and times read as people say them", () => {
  assert.equal(geo.compassPoint(231), "sw");
  assert.equal(geo.compassPoint(359.9), "n");
  assert.equal(geo.compassPoint(-23), "nw");
  assert.equal(geo.relativeDirection(231, 141), "right");
  assert.equal(geo.relativeDirection(10, 350), "ahead");
  assert.equal(geo.relativeDirection(10, 190), "behind");
  assert.deepEqual(geo.distance(1234), { value: "1.2", unit: "km" });
  assert.deepEqual(geo.distance(430), { value: "450", unit: "m" });
  assert.deepEqual(geo.distance(4), { value: "10", unit: "m" });
  assert.equal(geo.distance(null), null);
  assert.deepEqual(geo.height(94), { value: "95", unit: "m" });
  assert.equal(geo.minutesSeconds(67_999), "1:07");
  assert.equal(geo.minutesSeconds(-5), "0:00");
  assert.deepEqual(geo.age(59_400), { n: 59, unit: "s" });
  assert.deepEqual(geo.age(61_000), { n: 1, unit: "min" });
});

test("an enrolment token is read from the hash only when it is one", () => {
  assert.equal(tokenFromHash("#abcDEF12_-"), "abcDEF12_-");
  assert.equal(tokenFromHash("#"), null);
  assert.equal(tokenFromHash("#<script>alert(1)</script>"), null);
  assert.equal(base64url(new Uint8Array([251, 255, 254])), "-__-");
});
