import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AlphaAligner,
  PointingLog,
  cameraAxis,
  pointing,
  topAxis,
} from "../../src/vigia/web/static/core/bearing.mjs";
import { angleDiff, wrap360 } from "../../src/vigia/web/static/core/geo.mjs";

const near = (a, b, tolerance = 1e-6) =>
  assert.ok(Math.abs(a - b) <= tolerance, `${a} is not ${b}`);

/** The worked example of the W3C DeviceOrientation document, as printed there. */
function worked(alpha, beta, gamma) {
  const r = Math.PI / 180;
  const [x, y, z] = [beta * r, gamma * r, alpha * r];
  const [cY, cZ] = [Math.cos(y), Math.cos(z)];
  const [sX, sY, sZ] = [Math.sin(x), Math.sin(y), Math.sin(z)];
  const vx = -cZ * sY - sZ * sX * cY;
  const vy = -sZ * sY + cZ * sX * cY;
  let heading = Math.atan(vx / vy);
  if (vy < 0) heading += Math.PI;
  else if (vx < 0) heading += 2 * Math.PI;
  return heading / r;
}

test("the camera's azimuth is that of the W3C worked example for all attitudes", () => {
  for (let alpha = 1; alpha < 360; alpha += 23)
    for (let beta = 55; beta < 130; beta += 11)
      for (let gamma = -40; gamma <= 40; gamma += 17) {
        const aim = pointing({ alphaDeg: alpha, betaDeg: beta, gammaDeg: gamma });
        if (aim.axis === "camera")
          near(angleDiff(aim.azimuthDeg, worked(alpha, beta, gamma)), 0, 1e-6);
      }
});

test("an upright phone facing north, east and up gives these", () => {
  near(angleDiff(pointing({ alphaDeg: 0, betaDeg: 90, gammaDeg: 0 }).azimuthDeg, 0), 0);
  near(pointing({ alphaDeg: 270, betaDeg: 90, gammaDeg: 0 }).azimuthDeg, 90); // alpha runs anticlockwise
  near(pointing({ alphaDeg: 0, betaDeg: 120, gammaDeg: 0 }).elevationDeg, 30);
  near(pointing({ alphaDeg: 0, betaDeg: 60, gammaDeg: 0 }).elevationDeg, -30);
});

test("axes are perpendicular and of unit length", () => {
  for (const [a, b, g] of [
    [10, 20, 30],
    [200, 95, -60],
    [340, -120, 5],
  ]) {
    const c = cameraAxis(a, b, g);
    const t = topAxis(a, b);
    near(c.east * t.east + c.north * t.north + c.up * t.up, 0);
    near(Math.hypot(c.east, c.north, c.up), 1);
    near(Math.hypot(t.east, t.north, t.up), 1);
  }
});

test("a phone held flat points with its top and claims no elevation", () => {
  const aim = pointing({ alphaDeg: 129, betaDeg: 20, gammaDeg: 0 });
  assert.equal(aim.axis, "top");
  near(aim.azimuthDeg, 231);
  assert.equal(aim.elevationDeg, null);
  assert.ok(aim.sigmaDeg >= 15);
});

test("near the zenith the azimuth is worth little and says so", () => {
  assert.ok(pointing({ alphaDeg: 0, betaDeg: 175, gammaDeg: 0 }).sigmaDeg > 90);
});

test("iOS: the heading learned flat is used when the phone is raised", () => {
  const aligner = new AlphaAligner();
  // arbitrary zero: alpha 40 while the top points to 231 magnetic; true alpha would be 129
  for (let i = 0; i < 30; i++)
    aligner.align({ alphaDeg: 40, betaDeg: 30, headingDeg: 231, accuracyDeg: 5 });
  const raised = aligner.align({ alphaDeg: 40, betaDeg: 92, headingDeg: 77, accuracyDeg: 40 });
  near(angleDiff(raised.alphaDeg, 129), 0, 0.01);
  near(raised.accuracyDeg, 5);
});

test("iOS: an invalid heading gives no bearing; a raised phone without history a poor one", () => {
  const aligner = new AlphaAligner();
  assert.equal(aligner.align({ alphaDeg: 0, betaDeg: 10, headingDeg: 90, accuracyDeg: -1 }), null);
  assert.ok(
    aligner.align({ alphaDeg: 0, betaDeg: 88, headingDeg: 90, accuracyDeg: 5 }).accuracyDeg >= 25,
  );
});

test("the log answers for the moments before the press, not for the jolt after it", () => {
  const log = new PointingLog();
  for (let t = 0; t <= 1000; t += 50) log.add(t, { alphaDeg: 129, betaDeg: 90, gammaDeg: 0 });
  log.add(1050, { alphaDeg: 200, betaDeg: 60, gammaDeg: 0 });
  const aim = log.at(1000);
  near(aim.azimuthDeg, 231, 1e-6);
  near(aim.sigmaDeg, 10, 1e-6);
  near(aim.elevationDeg, 0, 1e-6);
});

test("readings across north average to north; scatter widens sigma; an old one is none", () => {
  const log = new PointingLog();
  [
    [0, 4],
    [100, 356],
    [200, 0],
  ].forEach(([t, alpha]) => log.add(t, { alphaDeg: alpha, betaDeg: 90, gammaDeg: 0 }));
  const aim = log.at(200);
  near(angleDiff(aim.azimuthDeg, 0), 0, 1e-6);
  assert.ok(aim.sigmaDeg > 10.5);
  assert.equal(log.at(15_000), null);
});

test("facing is the top of a phone in the hand and the camera of a raised one", () => {
  const log = new PointingLog();
  log.add(0, { alphaDeg: 90, betaDeg: 40, gammaDeg: 0 });
  near(wrap360(log.facing(10).headingDeg), 270);
  log.add(20, { alphaDeg: 90, betaDeg: 85, gammaDeg: 0 });
  near(wrap360(log.facing(30).headingDeg), 270);
  assert.equal(log.facing(50_000), null);
});

test("a phone that has been silent for some seconds is held by nobody", () => {
  const log = new PointingLog();
  log.add(0, { alphaDeg: 90, betaDeg: 40, gammaDeg: 0 });
  assert.equal(log.facing(2_000).held, true);
  assert.equal(log.facing(3_000).held, false);
});
