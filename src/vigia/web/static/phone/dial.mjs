// Angles -> the two dials: where the reporter pointed, and where the drone is.

import { html, svg } from "../vendor/lit/lit.mjs";
import { t } from "../core/i18n.mjs";
import { angleDiff, compassPoint, wrap360 } from "../core/geo.mjs";

/** @param {number} deg @param {number} r */
const at = (deg, r) => {
  const a = (deg * Math.PI) / 180;
  return [Math.sin(a) * r, -Math.cos(a) * r];
};
const number = (/** @type {number} */ x) => x.toFixed(1);

/** @param {number} r @param {number} turnDeg */
function ticks(r, turnDeg, { minor = 10, major = 30 } = {}) {
  const lines = [];
  for (let a = 0; a < 360; a += minor) {
    const [x1, y1] = at(a - turnDeg, r - 2);
    const [x2, y2] = at(a - turnDeg, r - (a % major ? 8 : 14));
    const kind = a % 90 === 0 ? "tick main" : "tick";
    lines.push(
      svg`<line class=${kind} x1=${number(x1)} y1=${number(y1)} x2=${number(x2)} y2=${number(y2)} />`,
    );
  }
  return lines;
}

/** @param {number} r @param {number} turnDeg @param {(deg: number) => boolean} [skip] */
function letters(r, turnDeg, skip = () => false) {
  return ["n", "e", "s", "w"].map((point, i) => {
    if (skip(i * 90)) return "";
    const [x, y] = at(i * 90 - turnDeg, r);
    return svg`<text class="letter" x=${number(x)} y=${number(y + 6)} text-anchor="middle">${t(`alert.point_short.${point}`)}</text>`;
  });
}

/** @param {number} r @param {number} deg @param {number} halfDeg */
function wedge(r, deg, halfDeg) {
  const half = Math.min(halfDeg, 179);
  const [x1, y1] = at(deg - half, r);
  const [x2, y2] = at(deg + half, r);
  return svg`<path class="wedge" d="M0 0L${number(x1)} ${number(y1)}A${r} ${r} 0 ${half > 90 ? 1 : 0} 1 ${number(x2)} ${number(y2)}Z" />`;
}

/** What the compass caught: the captured bearing at the top, as the reporter held it.
 * @param {{bearingDeg: number, sigmaDeg: number}} caught */
export function caughtDial({ bearingDeg, sigmaDeg }) {
  const point = compassPoint(bearingDeg);
  const shown = String(Math.round(wrap360(bearingDeg)) % 360).padStart(3, "0");
  const label = t("sent.bearing_label", {
    bearing: Number(shown),
    point: t(`alert.point.${point}`),
  });
  return html`<svg class="dial caught" viewBox="-143 -124 286 236" role="img" aria-label=${label}>
    <circle class="rim" r="96" />${wedge(96, 0, sigmaDeg)}${ticks(96, bearingDeg)}${letters(69, bearingDeg)}
    <path class="hand" d="M0 -112l13 22h-26z" />
    <text class="big num" y="8" text-anchor="middle">${shown}°</text>
    <text class="small" y="34" text-anchor="middle">${t(`alert.point_short.${point}`)} · ±${Math.round(sigmaDeg)}°</text>
  </svg>`;
}

/** The drone around the reader. headingDeg null: north is up.
 * @param {{bearingDeg: number, headingDeg: number | null, pointKey: string}} drone */
export function droneDial({ bearingDeg, headingDeg, pointKey }) {
  const turn = headingDeg ?? 0;
  const where = wrap360(bearingDeg - turn);
  const [x, y] = at(where, 100);
  const shown = Math.round(wrap360(bearingDeg)) % 360;
  const label = t("alert.dial_label", { point: t(pointKey), bearing: shown });
  // no letter under the drone, nor under the words opposite it
  const off = (/** @type {number} */ deg) => Math.abs(angleDiff(deg, bearingDeg));
  const near = (/** @type {number} */ deg) => off(deg) < 26 || off(deg) > (headingDeg === null ? 146 : 120);
  const [nx, ny] = at(where + 180, 62); // opposite the drone there is always room
  return html`<svg class="dial drone" viewBox="-150 -136 300 272" role="img" aria-label=${label}>
    <circle class="rim" r="116" />${ticks(116, turn, { minor: 30 })}${letters(90, turn, near)}
    ${wedge(116, where, 22)}
    <g transform="rotate(${number(where)})">
      <path class="chevron" d="M-20 -64l20 17 20 -17" /><path class="chevron" d="M-16 -42l16 13 16 -13" />
    </g>
    <g class="drone-mark" transform="translate(${number(x)} ${number(y)})">
      <circle class="plate" r="29" />
      <g transform="translate(-19 -19) scale(.396)">
        <circle cx="22" cy="24" r="15" /><circle cx="74" cy="24" r="15" /><circle cx="22" cy="72" r="15" /><circle cx="74" cy="72" r="15" />
        <path d="M32 34l32 28M64 34L32 62" /><rect class="body" x="36" y="36" width="24" height="24" rx="5" />
      </g>
    </g>
    <circle class="me" r="13" />
    <text class="bearing num" x=${number(nx)} y=${number(ny + 4)} text-anchor="middle">${shown}°</text>
    <text class="you" x=${number(nx)} y=${number(ny + 24)} text-anchor="middle">${headingDeg === null ? t("alert.north_up") : t("alert.heading_up")}</text>
  </svg>`;
}
