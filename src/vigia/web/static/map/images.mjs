// Tokens -> the pictures the map's symbol layers use, drawn again whenever the theme changes.
import {SYMBOLS} from '../vendor/symbols/symbols.mjs';

/** @typedef {import('./style.mjs').Tokens} Tokens */

const RATIO = 2; // device pixels of each CSS pixel; sharp on the screens watch floors have
const SYMBOL_PX = 34;
export const TARGET_PX = 44; // a target in danger never shrinks below this
const MACHINE_IDENTITIES = ['unknown', 'suspect', 'neutral'];
const ENTITIES = ['uas', 'plane'];

/** The 2525D drawing with the theme's colours in it. stale: an outline only.
 * @param {string} name @param {Tokens} token @param {boolean} stale */
export function symbolSvg(name, token, stale = false) {
  const identity = name.slice(0, name.lastIndexOf('-')).replace('_', '-');
  const svg = SYMBOLS[/** @type {keyof typeof SYMBOLS} */ (name)];
  const [frame, ink] = stale ? [token('plate'), token(identity)] : [token(identity), token('sym-ink')];
  return svg.replaceAll('currentColor', frame).replaceAll('var(--sym-ink)', ink);
}

/** Adds or replaces every picture. @param {any} map @param {Tokens} token */
export async function drawImages(map, token) {
  const jobs = [];
  for (const identity of MACHINE_IDENTITIES)
    for (const entity of ENTITIES)
      for (const stale of [false, true]) {
        const name = `${identity}-${entity}`;
        jobs.push(rasterise(symbolSvg(name, token, stale)).then((data) => put(map, stale ? `${name}-stale` : name, data)));
      }
  put(map, 'post', canvas(32, (x, px) => square(x, px, token)));
  put(map, 'person', canvas(26, (x, px) => disc(x, px, token)));
  put(map, 'hatch', canvas(12, (x, px) => hatch(x, px, token('map-danger'))));
  put(map, 'target', canvas(TARGET_PX, (x, px) => target(x, px, token('map-danger'))));
  put(map, 'plate', canvas(30, (x, px) => plate(x, px, token('plate'))),
    {stretchX: [[12, 48]], stretchY: [[12, 48]], content: [10, 6, 50, 54]});
  await Promise.all(jobs);
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

async function rasterise(/** @type {string} */ svg) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  return canvas(SYMBOL_PX + 6, (x, px) => {
    const scale = Math.min(px / image.width, px / image.height);
    const [w, h] = [image.width * scale, image.height * scale];
    x.drawImage(image, (px - w) / 2, (px - h) / 2, w, h);
  });
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
