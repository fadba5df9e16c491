// Own drawings: a body seen from the front, and the four steps. Colours come from the page.

import { html, svg } from "../vendor/lit/lit.mjs";

/** His right is on the reader's left. @type {Record<string, string>} */
const PARTS = {
  head: "M65 6a22 22 0 0122 22c0 12-9 22-22 22s-22-10-22-22A22 22 0 0165 6z",
  neck: "M56 50h18v13H56z",
  chest: "M40 64h50l6 12-4 42H38l-4-42z",
  belly: "M39 121h52l-1 34H40z",
  pelvis: "M40 158h50l4 28H36z",
  right_arm: "M32 70l-8 8-14 78 3 12h10l4-10 12-70z",
  left_arm: "M98 70l8 8 14 78-3 12h-10l-4-10-12-70z",
  right_leg: "M36 190h27l-3 58-4 56H40l-2-56z",
  left_leg: "M67 190h27l-2 58-2 56H74l-4-56z",
};
/** @type {Record<string, string>} */
const BANDS = {
  right_arm: "M19 99l18 4",
  left_arm: "M111 99l-18 4",
  right_leg: "M35 204h30",
  left_leg: "M65 204h30",
};

/**
 * wounded, tied: sets of parts. choose: called with the part under the finger.
 * @param {{wounded: Set<string>, tied: Set<string>, choose: (part: string) => void, label: string}} body
 */
export function bodyFigure({ wounded, tied, choose, label }) {
  return html`<svg class="figure" viewBox="0 0 130 310" role="img" aria-label=${label}>
    ${Object.entries(PARTS).map(
      ([part, d]) => svg`<path class="part ${wounded.has(part) ? "wounded" : ""}" data-part=${part} d=${d} @click=${() => choose(part)} />`,
    )}
    ${Object.entries(PARTS)
      .filter(([part]) => wounded.has(part))
      .map(([part]) => svg`<path class="mark" d=${CROSSES[part]} />`)}
    ${[...tied].map((limb) => svg`<path class="band" d=${BANDS[limb]} />`)}
  </svg>`;
}

/** @param {number} x @param {number} y */
const crossAt = (x, y) => `M${x - 6} ${y - 6}l12 12M${x + 6} ${y - 6}l-12 12`;
/** @type {Record<string, string>} */
const CROSSES = {
  head: crossAt(65, 28),
  neck: crossAt(65, 57),
  chest: crossAt(65, 92),
  belly: crossAt(65, 138),
  pelvis: crossAt(65, 172),
  right_arm: crossAt(21, 132),
  left_arm: crossAt(109, 132),
  right_leg: crossAt(48, 246),
  left_leg: crossAt(82, 246),
};

/** @param {unknown} paths */
const mirrored = (paths) => svg`<g transform="translate(120 0) scale(-1 1)">${paths}</g>`;
/** @param {unknown} paths */
const picture = (paths) =>
  html`<svg class="step-picture" viewBox="0 0 120 96" aria-hidden="true">${paths}</svg>`;

/** A drone above, a wall, two people low behind it. */
export const coverPicture = picture(mirrored(svg`
  <g class="thin"><circle cx="18" cy="14" r="7" /><circle cx="44" cy="14" r="7" /><path d="M25 17h12M23 20l8 5 8-5" /></g>
  <path class="dash" d="M36 30l10 12M26 31l2 14" />
  <path class="solid" d="M54 36h13v54H54z" /><path class="thin inner" d="M54 54h13M54 72h13M61 36v18M61 72v18" />
  <circle cx="86" cy="50" r="7.5" /><path d="M83 59c-5 8-4 15-1 21h17l7 10M86 66l-9 11" />
  <path d="M72 90h44" /><circle cx="106" cy="74" r="6.500" />`));

/** A limb, the band high on it, the windlass being turned, the wound below. */
export const tourniquetPicture = picture(mirrored(svg`
  <path d="M4 32c20-6 36-4 54 2 22 8 40 8 58 6M4 72c22 6 38 2 56-2 20-4 38-2 56 2" />
  <path class="solid" d="M32 26c5 16 5 34 0 50h14c5-16 5-34 0-50z" />
  <path class="thick" d="M24 48l32-9" />
  <path d="M58 24a21 21 0 00-28-7M30 17l3-8M30 17l8 3" />
  <path class="mark" d="M86 48l11 11M97 48L86 59" />`));

/** Two forearms, hand on hand, pressing gauze into a wound. */
export const packPicture = picture(svg`
  <path d="M4 78c18-9 28-7 40-4M76 74c12-3 22-5 40 4" />
  <path class="solid" d="M44 66h32l-6 22c-6 5-14 5-20 0z" /><path class="thin inner" d="M48 73h24M50 80h20" />
  <path class="hand" d="M96 2L75 40c-3 5-8 8-14 8H46c-8 0-8 12 0 12h24c9 0 15-4 19-11l22-41z" />
  <path class="hand" d="M30 4l12 24c2 4 5 6 9 6h26c8 0 8 12 0 12H48c-8 0-14-4-18-11L12 12z" />
  <path class="thin" d="M58 38h20M60 54H44" />`);

/** The time on the band, a pen, a clock. */
export const timePicture = picture(svg`
  <path class="solid" d="M6 58h68v28H6z" /><text class="on-band" x="40" y="79" text-anchor="middle">14:05</text>
  <path d="M80 64l22-30 10 7-23 30-12 6zM96 42l10 7" />
  <circle cx="58" cy="27" r="20" /><path d="M58 14v13l9 6" />`);
