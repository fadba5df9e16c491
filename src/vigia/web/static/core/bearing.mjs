// DeviceOrientation angles -> where the back camera (or the top of the phone) points.
//
// W3C DeviceOrientation: alpha, beta, gamma are intrinsic rotations about Z, X', Y''; the earth
// frame is x east, y north, z up. The device's -z is the camera's axis, its +y the phone's top.
// The camera's axis is the worked example of that document, kept whole so that it gives elevation.

import { angleDiff, meanAngle, wrap360 } from "./geo.mjs";

const RAD = Math.PI / 180;
export const SIGMA_DEFAULT_DEG = 10; // no browser on Android says how good its compass is
export const SIGMA_HEARD_DEG = 25; // people point at a sound worse than at a sight
const SIGMA_TOP_DEG = 15; // pointing with the phone's top, like a remote control
const ELEVATION_SIGMA_DEG = 4;
const FLAT_DEG = -40; // the camera looks at the ground: the person points with the top
const STEEP_DEG = 65; // nearer to upright the heading of the phone's top is noise
// Browsers are silent while a phone does not turn, so seconds without an event mean "the same".
const FRESH_MS = 10_000;
// A hand is never still: of a phone that says nothing for so long nobody knows how its owner stands.
const HELD_MS = 2_500;
const READINGS_MAX = 120; // two seconds at 60 Hz
const WINDOW_MS = 300; // before the press, whose jolt turns the phone

/**
 * (0, 0, -1) of the device in the earth frame: {east, north, up}.
 * @param {number} alphaDeg @param {number} betaDeg @param {number} gammaDeg
 */
export function cameraAxis(alphaDeg, betaDeg, gammaDeg) {
  const [cZ, sZ] = [Math.cos(alphaDeg * RAD), Math.sin(alphaDeg * RAD)];
  const [cX, sX] = [Math.cos(betaDeg * RAD), Math.sin(betaDeg * RAD)];
  const [cY, sY] = [Math.cos(gammaDeg * RAD), Math.sin(gammaDeg * RAD)];
  return {
    east: -cZ * sY - sZ * sX * cY,
    north: -sZ * sY + cZ * sX * cY,
    up: -cX * cY,
  };
}

/** (0, 1, 0) of the device in the earth frame. @param {number} alphaDeg @param {number} betaDeg */
export function topAxis(alphaDeg, betaDeg) {
  const [cZ, sZ] = [Math.cos(alphaDeg * RAD), Math.sin(alphaDeg * RAD)];
  const [cX, sX] = [Math.cos(betaDeg * RAD), Math.sin(betaDeg * RAD)];
  return { east: -cX * sZ, north: cX * cZ, up: sX };
}

/** @typedef {{east: number, north: number, up: number}} Axis */
/** @param {Axis} axis */
const azimuth = ({ east, north }) => wrap360(Math.atan2(east, north) / RAD);
/** @param {Axis} axis */
const elevation = ({ up }) => Math.asin(Math.max(-1, Math.min(1, up))) / RAD;

/**
 * One reading -> {azimuthDeg, elevationDeg, sigmaDeg, axis}; azimuth from the north that alpha
 * counts from (magnetic on phones). Near the zenith an azimuth means little: sigma says so.
 * @param {Omit<Phone.Reading, "accuracyDeg"> & {accuracyDeg?: number | null}} reading
 * @returns {{azimuthDeg: number, elevationDeg: number | null, sigmaDeg: number, axis: "camera" | "top"}}
 */
export function pointing({ alphaDeg, betaDeg, gammaDeg, accuracyDeg = null }) {
  const base = accuracyDeg ?? SIGMA_DEFAULT_DEG;
  const camera = cameraAxis(alphaDeg, betaDeg, gammaDeg);
  const up = elevation(camera);
  if (up < FLAT_DEG) {
    const top = topAxis(alphaDeg, betaDeg);
    return {
      azimuthDeg: azimuth(top),
      elevationDeg: null, // a flat phone says nothing about height
      sigmaDeg: Math.max(base, SIGMA_TOP_DEG),
      axis: "top",
    };
  }
  const sigmaDeg = Math.min(180, base / Math.max(Math.cos(up * RAD), 0.05));
  return { azimuthDeg: azimuth(camera), elevationDeg: up, sigmaDeg, axis: "camera" };
}

/**
 * iOS gives alpha from an arbitrary zero and, beside it, webkitCompassHeading: the magnetic
 * heading of the phone's top. Their difference is steady, so it is learned while the phone is
 * flat enough for a heading to mean something, and used when it is raised to the eye.
 */
export class AlphaAligner {
  constructor() {
    /** @type {number | null} */
    this.offsetDeg = null;
    this.quality = 0; // of the offset, once there is one
  }

  /**
   * -> {alphaDeg, accuracyDeg} counted from magnetic north, or null while unknown.
   * @param {{alphaDeg: number, betaDeg: number, headingDeg: number | null, accuracyDeg: number | null}} seen
   */
  align({ alphaDeg, betaDeg, headingDeg, accuracyDeg }) {
    if (headingDeg === null || headingDeg < 0 || accuracyDeg === null || accuracyDeg < 0)
      return null;
    const flipped = Math.cos(betaDeg * RAD) < 0; // past upright the top points backwards
    const seen = angleDiff(wrap360((flipped ? 180 : 0) - headingDeg), alphaDeg);
    const steep = Math.abs(Math.cos(betaDeg * RAD)) < Math.cos(STEEP_DEG * RAD);
    if (!steep) {
      const drift = this.offsetDeg === null ? 0 : angleDiff(seen, this.offsetDeg);
      // a slow mean; a jump (the phone recalibrated) is taken at once
      const step = this.offsetDeg === null || Math.abs(drift) > 20 ? 1 : 0.2;
      this.offsetDeg = this.offsetDeg === null ? seen : this.offsetDeg + step * drift;
      this.quality = accuracyDeg;
    }
    if (this.offsetDeg === null) {
      return { alphaDeg: wrap360(alphaDeg + seen), accuracyDeg: Math.max(accuracyDeg, 25) };
    }
    return { alphaDeg: wrap360(alphaDeg + this.offsetDeg), accuracyDeg: Math.max(this.quality, 3) };
  }
}

/** The last readings; answers "where did it point when the button was pressed?". */
export class PointingLog {
  constructor() {
    /** @type {(Phone.Reading & {tMs: number})[]} */
    this.readings = [];
  }

  /** tMs: steady clock. reading: what pointing() takes. @param {number} tMs @param {Phone.Reading} reading */
  add(tMs, reading) {
    this.readings.push({ tMs, ...reading });
    while (this.readings.length > READINGS_MAX) this.readings.shift();
  }

  /** The page was away: what it knew is no longer where the phone points. */
  clear() {
    this.readings = [];
  }

  /**
   * Mean over the moments before tMs; the scatter of the hand adds to sigma. null: no compass.
   * @param {number} tMs @returns {Phone.Aim | null}
   */
  at(tMs) {
    const before = this.readings.filter((r) => r.tMs <= tMs && tMs - r.tMs <= FRESH_MS);
    if (before.length === 0) return null;
    const last = before[before.length - 1];
    const near = before.filter((r) => last.tMs - r.tMs <= WINDOW_MS).map(pointing);
    const aim = pointing(last);
    const same = near.filter((p) => p.axis === aim.axis);
    const mean = meanAngle(same.map((p) => p.azimuthDeg));
    if (Number.isNaN(mean)) return null;
    const spread = Math.max(...same.map((p) => Math.abs(angleDiff(p.azimuthDeg, mean))));
    const ups = same.map((p) => p.elevationDeg ?? 0);
    const up = aim.axis === "camera" ? ups.reduce((a, b) => a + b, 0) / ups.length : null;
    return {
      azimuthDeg: mean,
      sigmaDeg: Math.min(180, Math.hypot(aim.sigmaDeg, spread)),
      elevationDeg: up,
      elevationSigmaDeg: up === null ? null : ELEVATION_SIGMA_DEG,
      axis: aim.axis,
    };
  }

  /**
   * held false: it lies or stands somewhere, and tells nothing about the reader.
   * Where the reader faces: the phone's top while it lies in the hand, else the camera's axis.
   * @param {number} tMs @returns {Phone.Facing | null}
   */
  facing(tMs) {
    const last = this.readings.at(-1);
    if (!last || tMs - last.tMs > FRESH_MS) return null;
    const upright = Math.abs(Math.cos(last.betaDeg * RAD)) < Math.cos(60 * RAD);
    const axis = upright
      ? cameraAxis(last.alphaDeg, last.betaDeg, last.gammaDeg)
      : topAxis(last.alphaDeg, last.betaDeg);
    return {
      headingDeg: azimuth(axis),
      sigmaDeg: last.accuracyDeg ?? SIGMA_DEFAULT_DEG,
      held: tMs - last.tMs <= HELD_MS,
    };
  }
}
