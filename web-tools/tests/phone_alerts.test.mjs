import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as alerts from "../../src/vigia/web/static/phone/alerts.mjs";
import * as report from "../../src/vigia/web/static/phone/report.mjs";
import { sirenPlan, vibration } from "../../src/vigia/web/static/phone/siren.mjs";

const NOW = 1_000_000;
const alert = (more = {}) => ({
  alert_id: "a",
  revision: 1,
  msg_type: "alert",
  tier: 3,
  mark: "actual",
  action: "take_cover",
  sound: true,
  decided_ms: NOW,
  expires_ms: NOW + 180_000,
  earliest_ms: NOW + 50_000,
  bearing_deg_true: 231,
  from_point: "sw",
  end_reason: null,
  by_name: null,
  reached: {},
  ...more,
});
const first = (more) => alerts.receive(null, alert(more), NOW).record;

test("a first alert rings; a repeat of its revision neither rings nor changes", () => {
  const got = alerts.receive(null, alert(), NOW);
  assert.deepEqual([got.changed, got.rings], [true, true]);
  const again = alerts.receive(got.record, alert({ reached: { safe_ms: 5 } }), NOW + 1);
  assert.deepEqual([again.changed, again.rings], [false, false]);
  assert.equal(again.record.alert.reached.safe_ms, 5);
});

test("an update rings only when it says so, or when the revision that rang was missed", () => {
  const held = first({ tier: 2, action: "get_ready" });
  const rings = (more) =>
    alerts.receive(held, alert({ revision: 5, msg_type: "update", sound: false, ...more }), NOW)
      .rings;
  assert.equal(rings({ tier: 2 }), false);
  assert.equal(rings({ tier: 2, sound: true }), true);
  assert.equal(rings({ tier: 3 }), true);
  assert.equal(rings({ tier: 1 }), false);
});

test("an old revision that comes late changes nothing", () => {
  const held = first({ revision: 7 });
  assert.equal(
    alerts.receive(held, alert({ revision: 3, msg_type: "cancel" }), NOW).changed,
    false,
  );
});

test("who was in cover for a warning is asked again in danger, not in a second warning", () => {
  const held = { ...first({ tier: 2, action: "get_ready" }), ackedMs: { safe: NOW } };
  const same = alerts.receive(
    held,
    alert({ revision: 2, tier: 2, action: "get_ready" }),
    NOW,
  ).record;
  assert.equal(alerts.answers(same, NOW).main, null);
  const worse = alerts.receive(held, alert({ revision: 2, tier: 3 }), NOW).record;
  assert.equal(alerts.answers(worse, NOW).main, "safe");
});

test("who is not in cover is asked for cover alone: nobody looks out first", () => {
  assert.deepEqual(alerts.answers(first(), NOW), { main: "safe", second: null });
  const safe = { ...first(), ackedMs: { safe: NOW } };
  assert.deepEqual(alerts.answers(safe, NOW), { main: null, second: "seen" });
  const both = { ...first(), ackedMs: { safe: NOW, seen: NOW } };
  assert.deepEqual(alerts.answers(both, NOW), { main: null, second: null });
});

test("a cancel keeps what it does not repeat and ends the alert without ringing", () => {
  const { record, rings } = alerts.receive(
    first(),
    alert({
      revision: 2,
      msg_type: "cancel",
      action: "all_clear",
      end_reason: "all_clear",
      from_point: null,
    }),
    NOW,
  );
  assert.equal(rings, false);
  assert.equal(alerts.phase(record, NOW), "ended");
  assert.equal(record.alert.from_point, "sw");
  assert.deepEqual(alerts.answers(record, NOW), { main: "close", second: null });
});

test("the countdown ends in may be here now and never runs below zero", () => {
  const at = (ms) => alerts.arrival(alert(), NOW + ms);
  assert.deepEqual(at(0), { kind: "count", ms: 50_000 });
  assert.equal(at(49_000).kind, "count");
  for (const ms of [49_001, 50_000, 500_000]) assert.equal(at(ms).kind, "here");
  assert.equal(alerts.arrival(alert({ earliest_ms: null }), NOW).kind, "unknown");
});

test("an alert that ran out unheard is lost, not over", () => {
  const record = first();
  assert.equal(alerts.phase(record, NOW + 180_001), "lost");
  assert.equal(alerts.actionKey(record, NOW + 180_001), "alert.action.stay_in_cover");
  assert.equal(alerts.detailKey(record, NOW + 180_001), "alert.detail.stay_in_cover");
  assert.equal(
    alerts.actionKey(first({ tier: 1, action: "be_aware" }), NOW + 180_001),
    "alert.action.drone_lost",
  );
});

test("real before exercise, worse before milder, open before ended", () => {
  const make = (id, more) => ({ ...first({ alert_id: id, ...more }) });
  const order = alerts.inOrder(
    [
      make("ended", { msg_type: "cancel", tier: 3 }),
      make("drill", { mark: "exercise", tier: 3 }),
      make("watch", { tier: 1 }),
      make("danger", { tier: 3 }),
    ],
    NOW,
  );
  assert.deepEqual(
    order.map((r) => r.alert_id),
    ["danger", "watch", "drill", "ended"],
  );
});

test("old ended alerts are forgotten, open ones never", () => {
  const ended = { ...first({ alert_id: "e", msg_type: "cancel" }), heardMs: NOW - 25 * 3600e3 };
  const open = { ...first({ alert_id: "o", expires_ms: NOW + 1 }), heardMs: NOW - 25 * 3600e3 };
  assert.deepEqual(alerts.stale([ended, open], NOW), ["e"]);
});

test("relative words need a good compass in a hand", () => {
  assert.deepEqual(alerts.direction(alert(), { headingDeg: 141, sigmaDeg: 10, held: true }), {
    pointKey: "alert.point.sw",
    relativeKey: "alert.relative.right",
  });
  const said = (facing) => alerts.direction(alert(), facing).relativeKey;
  assert.equal(said({ headingDeg: 141, sigmaDeg: 40, held: true }), null);
  assert.equal(said({ headingDeg: 141, sigmaDeg: 10, held: false }), null, "it lies on a table");
  assert.equal(alerts.direction(alert(), null).relativeKey, null);
  assert.equal(alerts.direction(alert({ bearing_deg_true: null }), null), null);
});

test("every action, end, tier, point and source an alert can carry has its words", () => {
  const words = JSON.parse(
    readFileSync(new URL("../../src/vigia/web/static/i18n/en.json", import.meta.url)),
  );
  const policy = readFileSync(new URL("../../src/vigia/alert/write.py", import.meta.url), "utf8");
  const actions = [
    "take_cover",
    "get_ready",
    "be_aware",
    "stay_in_cover",
    "drone_lost",
    "all_clear",
    "departed",
    "not_confirmed_gone",
    "false_alarm",
    "friendly",
    "withdrawn",
  ];
  for (const action of actions) {
    assert.ok(policy.includes(`"${action}"`), `the policy no longer says ${action}`);
    assert.ok(words[`alert.action.${action}`] && words[`alert.detail.${action}`], action);
  }
  for (const end of [
    "all_clear", "departed", "expired", "false", "friendly", "withdrawn", "unknown_after_restart",
  ])
    assert.ok(words[`alert.end.${end}`], end);
  const has = (key) => key in words;
  assert.deepEqual(
    alerts.sourceKeys(["sensor/radar", "sensor/radar", "person", "sensor/lidar"], has),
    ["alert.source.radar", "alert.source.person", "alert.source.other"],
  );
});

// ---- reports ---------------------------------------------------------------------------------

const AIM = { azimuthDeg: 359.97, sigmaDeg: 10, elevationDeg: 12.34, elevationSigmaDeg: 4 };

test("a bearing stays below 360 after rounding and a heard one is wider", () => {
  assert.equal(report.bearingOf(AIM, "seen").azimuth_deg_magnetic, 0);
  assert.equal(report.bearingOf(AIM, "heard").sigma_deg, 25);
  assert.equal(report.bearingOf(null, "seen"), null);
});

test("an old position grows uncertain and then is none", () => {
  const fix = { lat_deg: 31.8, lon_deg: -106.7, alt_hae_m: null, sigma_m: 5, ageMs: 10_000 };
  assert.equal(report.positionOf(fix).sigma_m, 25);
  assert.equal(report.positionOf({ ...fix, ageMs: 121_000 }), null);
  assert.equal(report.positionOf(null), null);
});

test("chips of one group exclude each other and a second tap takes one back", () => {
  let chips = report.toggled(new Set(), "towards_me");
  chips = report.toggled(report.toggled(chips, "hovering"), "load");
  assert.deepEqual([...chips].sort(), ["hovering", "load"]);
  const body = report.refinement({ report_id: "r2", root: "r1", sense: "seen", chips });
  assert.deepEqual(
    [body.refines, body.motion, body.load, body.position, body.bearing],
    ["r1", "hovering", true, null, null],
  );
  assert.deepEqual([...report.toggled(chips, "load")], ["hovering"]);
  assert.deepEqual([...report.chipsIn(body)].sort(), ["hovering", "load"]);
});

// ---- siren -----------------------------------------------------------------------------------

test("each tier has its own rhythm and a drill its own voice", () => {
  const shape = (tier, mark) => JSON.stringify(sirenPlan(tier, mark));
  const all = [3, 2, 1, 0].flatMap((tier) =>
    ["actual", "exercise"].map((mark) => shape(tier, mark)),
  );
  assert.equal(new Set(all).size, 8);
  assert.equal(sirenPlan(3, "actual").bells.length, 0);
  assert.equal(sirenPlan(3, "demo").bells.length, 3);
  assert.ok(sirenPlan(3, "actual").period > 0 && sirenPlan(1, "actual").period === 0);
});

test("notes stay within their period and no vibration pulses more than three times a second", () => {
  for (const tier of [3, 2]) {
    const { notes, period } = sirenPlan(tier, "actual");
    for (const n of notes) assert.ok(n.at + n.dur <= period + 1e-9);
  }
  for (const tier of [3, 2, 1, 0]) {
    const [on, off = 1000] = vibration(tier);
    assert.ok(on + off >= 334);
  }
});
