// Facts about the sketch of what is near, and about a shift in hiding.

import assert from "node:assert/strict";
import { test } from "node:test";
import * as near from "../../src/vigia/web/static/phone/near_map.mjs";
import { QUIET_MS, lasts } from "../../src/vigia/web/static/phone/quiet.mjs";

const ME = { lat_deg: 31.8, lon_deg: -106.7 };
const NOW = 1_800_000_000_000;

test("the middle is the person, else his post, else the site, else there is no map", () => {
  const fix = { ...ME, alt_hae_m: null, sigma_m: 5, timestampMs: NOW, ageMs: 1_000 };
  const post = { lat_deg: 31.9, lon_deg: -106.7 };
  const of = (more) => near.middle({ fix: null, post: null, origin: null, freshMs: 600_000, ...more });
  assert.equal(of({ fix, post, origin: ME }).from, "me");
  assert.equal(of({ fix: { ...fix, ageMs: 700_000 }, post, origin: ME }).from, "post");
  assert.equal(of({ origin: ME }).from, "site");
  assert.equal(of({}), null);
});

test("east is right and north is up", () => {
  const { x, y } = near.offset(100, 90);
  assert.ok(Math.abs(x - 100) < 1e-9 && Math.abs(y) < 1e-9);
  assert.ok(near.offset(100, 0).y > 99.9);
});

test("a warning without a direction is not drawn anywhere", () => {
  const held = (more) => ({
    alert_id: "a",
    alert: { bearing_deg_true: 231, range_m: 900, track_numbers: [7], decided_ms: NOW, tier: 3, ...more },
  });
  assert.equal(near.droneItems([held({ bearing_deg_true: null })]).length, 0);
  const [one] = near.droneItems([held({ range_m: null })]);
  assert.deepEqual([one.range_m, one.name], [null, "T-007"]);
});

test("own sightings fade after half an hour, and need a place", () => {
  const entry = { report_id: "r", deviceMs: NOW - 60_000 };
  const position = { lat_deg: 31.81, lon_deg: -106.7, alt_hae_m: null, sigma_m: 5 };
  const bearing = { azimuth_deg_magnetic: 40, sigma_deg: 10, elevation_deg: null, elevation_sigma_deg: null };
  const [one] = near.sightingItems([{ entry, position, bearing }], ME, NOW);
  assert.ok(Math.abs(one.range_m - 1112) < 3);
  assert.equal(one.aimDeg, 40);
  const old = { ...entry, deviceMs: NOW - 1_800_001 };
  assert.equal(near.sightingItems([{ entry: old, position, bearing }], ME, NOW).length, 0);
  assert.equal(near.sightingItems([{ entry, position: null, bearing }], ME, NOW).length, 0);
});

test("drones come first, then the nearest, and never too many", () => {
  const rows = Array.from({ length: 100 }, (_, i) => ({ ...ME, lat_deg: 31.8 + i / 1000, id: String(i), name: "" }));
  const items = near.placeItems("post", rows.reverse(), ME);
  const drone = { kind: "drone", id: "d", name: "", range_m: 9_000, bearing_deg: 0 };
  const ranked = near.ranked([...items, drone]);
  assert.equal(ranked.length, near.ITEMS_MAX);
  assert.deepEqual(ranked.slice(0, 2).map((i) => i.id), ["d", "0"]);
});

test("the scale shows the warning's drone, and zooming stops at its ends", () => {
  const drone = { kind: "drone", id: "d", name: "", range_m: 1_240, bearing_deg: 231 };
  assert.equal(near.fittingScale([drone]), 2_000);
  assert.equal(near.fittingScale([]), 250);
  assert.equal(near.stepped(250, -1), 250);
  assert.equal(near.stepped(250, 1), 500);
  assert.equal(near.stepped(20_000, 1), 20_000);
});

test("a quiet shift ends after twelve hours, and a clock set back does not prolong it", () => {
  const shift = { untilMs: NOW + QUIET_MS, earphone: false, before: "dark" };
  assert.equal(lasts(shift, NOW), true);
  assert.equal(lasts(shift, NOW + QUIET_MS), false);
  assert.equal(lasts(shift, NOW - 1), false);
  assert.equal(lasts(null, NOW), false);
});
