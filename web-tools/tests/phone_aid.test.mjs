import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock } from "../../src/vigia/web/static/core/clock.mjs";
import { MemoryStore } from "../../src/vigia/web/static/core/db.mjs";
import { moment, withTimes } from "../../src/vigia/web/static/core/doors.mjs";
import { Outbox, sendingOrder } from "../../src/vigia/web/static/core/outbox.mjs";
import {
  casualties,
  clocks,
  fold,
  hitWord,
  isOpen,
  outcomeOf,
  placeOf,
} from "../../src/vigia/web/static/phone/casualty.mjs";
import { current, fresh, unread } from "../../src/vigia/web/static/phone/bulletins.mjs";
import { canonicalCard } from "../../src/vigia/web/static/phone/card.mjs";
import { blank, checkBody, isComplete, lacks } from "../../src/vigia/web/static/phone/kit.mjs";
import { nearest, wayTo, wayWords } from "../../src/vigia/web/static/phone/nearest.mjs";

const asIs = (deviceMs) => deviceMs;
const word = (report_id, deviceMs, body, more = {}) => ({
  report_id, root: "c1", door: "casualty", deviceMs, offsetMs: 0, state: "received", saved: true, body, ...more,
});

// ---- the outbox's doors ---------------------------------------------------------------------------

function world(answer) {
  const sent = [];
  const state = { ms: 1_000_000 };
  const clock = new Clock({ wall: () => state.ms, steady: () => state.ms });
  const session = {
    async postSigned(path, body) {
      sent.push({ path, ...structuredClone(body) });
      const said = answer(path, body);
      if (said instanceof Error) throw said;
      return said;
    },
  };
  const store = new MemoryStore("report_id");
  const make = () => new Outbox({ store, session, clock, lock: (act) => act() });
  return { sent, clock, state, make };
}
const status = (code) => Object.assign(new Error(`HTTP ${code}`), { status: code });
const HIT = { door: "casualty", report_id: "c1", root: "c1" };

test("a HIT goes to its own door, and its later words to the same casualty after it", async () => {
  let up = false;
  const w = world(() => (up ? { received: true } : status(0)));
  const box = w.make();
  await box.add({ word_id: "c1" }, HIT);
  w.state.ms += 5;
  await box.add({ word_id: "w2", patients: 2 }, { ...HIT, report_id: "w2" });
  await box.flush();
  up = true;
  w.sent.length = 0;
  const later = w.make(); // the phone was killed
  await later.start();
  later.stop();
  assert.deepEqual(w.sent.map((s) => [s.path, s.word_id]), [["/casualties/c1", "c1"], ["/casualties/c1", "w2"]]);
  assert.equal(w.sent[0].t_ms, 1_000_000);
});

test("times inside a word get the server's clock when the word is sent", async () => {
  const w = world(() => ({ received: true }));
  const when = moment(w.clock);
  assert.equal(when.offsetMs, null); // pressed before the first hello
  w.clock.sample({ sentMs: w.state.ms, receivedMs: w.state.ms, serverMs: w.state.ms + 5_000 });
  const body = { tourniquets: [{ limb: "left_leg", t_on_ms: when }], position: [1, 2, null, 3] };
  assert.deepEqual(withTimes(body, w.clock), {
    tourniquets: [{ limb: "left_leg", t_on_ms: 1_005_000 }],
    position: [1, 2, null, 3],
  });
});

test("a door that takes nothing now holds up no other", async () => {
  const w = world((path) => (path.startsWith("/casualties") ? status(503) : { received: true }));
  const box = w.make();
  await box.add({ report_id: "s1", sense: "seen", refines: null });
  await box.flush();
  w.state.ms += 10;
  await box.add({ word_id: "c1" }, HIT);
  await box.add({ report_id: "s2", sense: "seen", refines: null });
  await box.flush();
  assert.equal(box.get("s2").state, "received");
  assert.equal(box.get("c1").state, "waiting");
});

test("409 ends a receipt of an old edition, and only delays a check", async () => {
  const w = world(() => status(409));
  const box = w.make();
  await box.add({ edition: 1 }, { door: "read", report_id: "read-b-1", root: "b" });
  await box.add({ kit_id: "" }, { door: "check", report_id: "k", root: "k" });
  await box.flush();
  assert.equal(box.get("read-b-1").state, "refused");
  assert.equal(box.get("k").state, "waiting");
  assert.equal(w.sent[0].path.startsWith("/bulletins/b/read") || w.sent[1].path.startsWith("/bulletins/b/read"), true);
});

test("a call for help goes before a receipt, however new the receipt is", () => {
  const e = (report_id, door, pressedMs) => ({ report_id, root: report_id, door, pressedMs });
  const order = sendingOrder([e("r", "read", 9), e("h", "casualty", 5), e("s", "sighting", 3)]);
  assert.deepEqual(order.map((x) => x.report_id), ["h", "s", "r"]);
});

// ---- casualties -----------------------------------------------------------------------------------

test("a HIT asks nothing and guesses nothing", () => {
  assert.deepEqual(hitWord({ id: "c", fix: null, unit: "" }), { word_id: "c" });
  const fix = { lat_deg: 31.8, lon_deg: -106.7, alt_hae_m: null, sigma_m: 6, ageMs: 10_000 };
  assert.deepEqual(hitWord({ id: "c", fix, unit: "Post 1" }).position, [31.8, -106.7, null, 26]);
  assert.equal(placeOf({ ...fix, ageMs: 700_000 }), null);
});

test("order of words changes nothing; the later press counts, wounds add up", () => {
  const words = [
    word("c1", 1000, { position: [1, 2, null, 5] }),
    word("a", 3000, { patients: 2, injuries: [{ body: "head", wound: "burn" }] }),
    word("b", 2000, { patients: 9, injuries: [{ body: "neck", wound: "bleeding" }] }),
    word("d", 4000, { signs: { t_ms: 4000, awake: false }, done: [{ step: "airway", t_ms: 4000 }] }),
  ];
  const found = fold(words, asIs);
  assert.deepEqual(fold([...words].reverse(), asIs), found);
  assert.equal(found.patients, 2);
  assert.equal(found.hitMs, 1000);
  assert.equal(found.injuries.length, 2);
  assert.deepEqual([found.awake, found.breathes, found.done.airway], [false, null, 4000]);
});

test("a tourniquet's clock runs from its first time on and ends when it is off", () => {
  const on = (t_on_ms, more = {}) => ({ tourniquets: [{ tourniquet_id: "q", limb: "left_leg", t_on_ms, ...more }] });
  const HOUR = 3_600_000;
  const words = [word("c1", 0, {}), word("a", 10, on(10)), word("b", 20, on(500))];
  const [clock] = clocks(casualties(words, asIs), 10 + 2 * HOUR);
  assert.deepEqual([clock.ms, clock.long, clock.limb], [2 * HOUR, true, "left_leg"]);
  words.push(word("off", 30, on(10, { t_off_ms: 30 })));
  assert.deepEqual(clocks(casualties(words, asIs), HOUR), []);
});

test("handed over and pressed by mistake close a report", () => {
  for (const body of [{ closed: true }, { withdrawn: true }]) {
    const [c] = casualties([word("c1", 0, {}), word("x", 5, body)], asIs);
    assert.equal(isOpen(c, 10), false);
  }
});

test("help is called only when every word is on record", () => {
  const states = (...names) => outcomeOf(names.map((state) => word(state, 0, {}, { state })), 5_000);
  assert.equal(states("received", "received"), "received");
  assert.equal(states("received", "waiting"), "waiting");
  assert.equal(states("warned"), "warned");
  assert.equal(states("refused", "waiting"), "refused");
  assert.equal(outcomeOf([word("a", 0, {}, { state: "waiting", saved: false, pressedMs: 0 })], 5_000), "unsaved");
});

// ---- nearest, kit, card, bulletins ----------------------------------------------------------------

test("the nearest comes first and a complete kit is always among them", () => {
  const from = { lat_deg: 31.8, lon_deg: -106.7 };
  const at = (name, km, complete) => ({ name, complete, lat_deg: 31.8 + km / 111.2, lon_deg: -106.7 });
  const rows = [at("far", 9, true), at("near", 1, false), at("mid", 2, false)];
  const found = nearest(rows, from, 2);
  assert.deepEqual(found.map((r) => r.name), ["near", "far"]);
  assert.ok(Math.abs(found[0].range_m - 1000) < 5);
  assert.equal(nearest(rows, null, 2)[1].range_m, null);
  assert.ok(Math.abs(wayTo(from, { lat_deg: 31.8, lon_deg: -106.6 }).bearing_deg - 90) < 0.1);
});

test("a relative arrow only with a good compass in a hand", () => {
  const good = wayWords(90, { headingDeg: 45, sigmaDeg: 10, held: true });
  assert.deepEqual([good.relativeKey, good.turnDeg], ["alert.relative.ahead_right", 45]);
  for (const facing of [
    { headingDeg: 45, sigmaDeg: 40, held: true },
    { headingDeg: 45, sigmaDeg: 10, held: false },
  ]) {
    const poor = wayWords(90, facing);
    assert.deepEqual([poor.pointKey, poor.relativeKey, poor.turnDeg], ["alert.point.e", null, null]);
  }
});

test("a check is sent when all is answered, and no kit is never a complete one", () => {
  let draft = { ...blank(), tourniquet: true, armour: true, medic: false };
  assert.equal(isComplete(draft), false);
  draft = { ...draft, kit_id: "k", kit_ok: false, missing: ["marker"] };
  assert.equal(isComplete(draft), true);
  assert.deepEqual(lacks(checkBody(draft)), ["ready.kit_incomplete"]);
  const none = checkBody({ ...draft, kit_id: "", kit_ok: true });
  assert.deepEqual([none.kit_ok, none.missing, lacks(none)], [false, [], ["ready.no_kit"]]);
});

test("the card's text is both languages in a fixed order, and nothing else", () => {
  const words = { en: { "card.step.b": "B", "card.step.a": "A", "card.approved": "x" }, es: { "card.march.z": "Z" } };
  assert.equal(canonicalCard(words), "en\tcard.step.a\tA\nen\tcard.step.b\tB\nes\tcard.march.z\tZ\n");
});

test("a recall is news also to who has read it; what has expired leaves the list", () => {
  const row = { id: "b", edition: 1, status: "released", read_ms: 5, expires: "2026-12-01T00:00:00Z" };
  const recalled = { ...row, status: "recalled" };
  const nowMs = Date.parse("2026-11-27T00:00:00Z");
  const ask = (rows, opened = []) => unread(rows, { nowMs, hasReceipt: () => false, opened }).length;
  assert.equal(ask([row]), 0);
  assert.equal(ask([{ ...row, read_ms: null }]), 1);
  assert.equal(ask([recalled]), 1);
  assert.equal(ask([recalled], ["b/1/recalled"]), 0);
  assert.equal(fresh([recalled], [row]).length, 1);
  assert.equal(current([row], Date.parse("2026-12-02T00:00:00Z")).length, 0);
});

test("a wound, a step and a tourniquet tapped by mistake are taken back, whatever the order", () => {
  const words = [
    word("c1", 1, { word_id: "c1", unit: "Post 12" }),
    word("w", 2, { injuries: [{ body: "neck", wound: "burn" }] }),
    word("s", 3, { done: [{ step: "airway", t_ms: 3 }] }),
    word("t", 4, { tourniquets: [{ tourniquet_id: "q", limb: "left_leg", t_on_ms: 4 }] }),
  ];
  const said = fold(words, asIs);
  assert.deepEqual(said.said, { "injury/neck/burn": ["w"], "step/airway": ["s"], "tourniquet/q": ["t"] });
  const back = word("b", 5, { taken_back: ["w", "s", "t", "c1"] });
  for (const all of [[...words, back], [back, ...words]]) {
    const c = fold(all, asIs);
    assert.deepEqual([c.injuries, c.done, c.tourniquets, c.unit], [[], {}, [], "Post 12"]);
  }
});
