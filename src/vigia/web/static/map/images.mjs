// Tokens -> the pictures the map's symbol layers use, drawn again whenever the theme changes.
import {SYMBOLS} from '../vendor/symbols/symbols.mjs';
import {ENTITIES, IDENTITIES} from './instances.mjs';

/** @typedef {import('./style.mjs').Tokens} Tokens */

const RATIO = 2; // device pixels of each CSS pixel; sharp on the screens watch floors have
const SYMBOL_PX = 34;
export const TARGET_PX = 44; // a target in danger never shrinks below this
export const CELL_PX = SYMBOL_PX + 6; // room for the outline

/** The 2525D drawing with the theme's colours in it. stale: an outline only.
 * @param {string} name @param {Tokens} token @param {boolean} stale */
export function symbolSvg(name, token, stale = false) {
  const identity = name.slice(0, name.lastIndexOf('-')).replace('_', '-'); // as the token is called
  const svg = SYMBOLS[/** @type {keyof typeof SYMBOLS} */ (name)];
  const [frame, ink] = stale ? [token('plate'), token(identity)] : [token(identity), token('sym-ink')];
  return svg.replaceAll('currentColor', frame).replaceAll('var(--sym-ink)', ink);
}

/** Adds or replaces every picture. @param {any} map @param {Tokens} token */
export function drawImages(map, token) {
  put(map, 'post', canvas(32, (x, px) => square(x, px, token)));
  put(map, 'person', canvas(26, (x, px) => disc(x, px, token)));
  put(map, 'hatch', canvas(12, (x, px) => hatch(x, px, token('map-danger'))));
  put(map, 'target', canvas(TARGET_PX, (x, px) => target(x, px, token('map-danger'))));
  put(map, 'plate', canvas(30, (x, px) => plate(x, px, token('plate'))),
    {stretchX: [[12, 48]], stretchY: [[12, 48]], content: [10, 6, 50, 54]});
}

/** All tracks' symbols on one sheet: a column an identity; rows: drone, plane, then both gone stale.
 * @param {Tokens} token */
export async function drawAtlas(token) {
  const px = CELL_PX * RATIO;
  const rows = ENTITIES.length * 2;
  const sheet = document.createElement('canvas');
  [sheet.width, sheet.height] = [px * IDENTITIES.length, px * rows];
  const x = /** @type {CanvasRenderingContext2D} */ (sheet.getContext('2d'));
  await Promise.all(IDENTITIES.flatMap((identity, column) => Array.from({length: rows}, async (_, row) => {
    const svg = symbolSvg(`${identity}-${ENTITIES[row % ENTITIES.length]}`, token, row >= ENTITIES.length);
    const image = await loaded(svg);
    const scale = Math.min(px / image.width, px / image.height) * 0.92;
    const [w, h] = [image.width * scale, image.height * scale];
    x.drawImage(image, column * px + (px - w) / 2, row * px + (px - h) / 2, w, h);
  })));
  return {sheet, columns: IDENTITIES.length, rows};
}

function put(/** @type {any} */ map, /** @type {string} */ name, /** @type {ImageData} */ data, more = {}) {
  if (map.hasImage(name)) map.removeImage(name);
  map.addImage(name, data, {pixelRatio: RATIO, ...more});
}

function canvas(/** @type {number} */ css_px, /** @type {(x: CanvasRenderingContext2D, px: number) => void} */ draw) {
  const px = css_px * RATIO;
  const element = document.createElement('canvas');
  element.width = element.height = px;
  const x = /** @type {CanvasRenderingContext2D} */ (element.getContext('2d'));
  draw(x, px);
  return x.getImageData(0, 0, px, px);
}

async function loaded(/** @type {string} */ svg) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  return image;
}

// Own side: square for a post, round for a person. Shape and colour both differ from any track.

function square(/** @type {CanvasRenderingContext2D} */ x, /** @type {number} */ px, /** @type {Tokens} */ token) {
  const inset = px * 0.22;
  x.fillStyle = token('own-fill');
  x.strokeStyle = token('own');
  x.lineWidth = px * 0.09;
  x.fillRect(inset, inset, px - 2 * inset, px - 2 * inset);
  x.strokeRect(inset, inset, px - 2 * inset, px - 2 * inset);
  x.fillStyle = token('own');
  x.fillRect(px * 0.41, px * 0.41, px * 0.18, px * 0.18);
}

function disc(/** @type {CanvasRenderingContext2D} */ x, /** @type {number} */ px, /** @type {Tokens} */ token) {
  x.fillStyle = token('own-fill');
  x.strokeStyle = token('own');
  x.lineWidth = px * 0.1;
  x.beginPath();
  x.arc(px / 2, px / 2, px * 0.27, 0, 7);
  x.fill();
  x.stroke();
  x.fillStyle = token('own');
  x.beginPath();
  x.arc(px / 2, px / 2, px * 0.09, 0, 7);
  x.fill();
}

function hatch(/** @type {CanvasRenderingContext2D} */ x, /** @type {number} */ px, /** @type {string} */ colour) {
  x.strokeStyle = colour;
  x.globalAlpha = 0.6;
  x.lineWidth = px * 0.13;
  for (let i = -px; i < 2 * px; i += px / 2) {
    x.beginPath();
    x.moveTo(i, px);
    x.lineTo(i + px, 0);
    x.stroke();
  }
}

function target(/** @type {CanvasRenderingContext2D} */ x, /** @type {number} */ px, /** @type {string} */ colour) {
  x.beginPath();
  x.arc(px / 2, px / 2, px * 0.46, 0, 7);
  x.save();
  x.clip();
  x.globalAlpha = 0.16;
  x.fillStyle = colour;
  x.fillRect(0, 0, px, px);
  for (let i = 0; i < px * 2; i += 12 * RATIO * 0.5) {
    x.globalAlpha = 0.6;
    x.strokeStyle = colour;
    x.lineWidth = 1.5 * RATIO;
    x.beginPath();
    x.moveTo(i - px, px);
    x.lineTo(i, 0);
    x.stroke();
  }
  x.restore();
  x.strokeStyle = colour;
  x.lineWidth = 2.5 * RATIO;
  x.beginPath();
  x.arc(px / 2, px / 2, px * 0.46, 0, 7);
  x.stroke();
}

function plate(/** @type {CanvasRenderingContext2D} */ x, /** @type {number} */ px, /** @type {string} */ colour) {
  x.fillStyle = colour;
  x.globalAlpha = 0.88;
  x.beginPath();
  x.roundRect(2, 2, px - 4, px - 4, 8);
  x.fill();
}
