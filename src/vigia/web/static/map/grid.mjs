// The MGRS grid for a view: 100 km squares with their letters from far, then 10 km, 1 km, 100 m lines.
import {gridLines, mgrs} from './geo.mjs';

/** @typedef {{west: number, south: number, east: number, north: number}} View */

const STEPS = /** @type {[number, number][]} */ ([[14.5, 100], [11.5, 1_000], [9, 10_000], [6.5, 100_000]]); // from this zoom, metres between lines

/** Metres between lines at a zoom; 0: no grid. @param {number} zoom */
export const gridStep = (zoom) => STEPS.find(([from]) => zoom >= from)?.[1] ?? 0;

/** GeoJSON lines; label: the two digits of the kilometre, or a square's letters on its edge; bold: every tenth.
 * @param {View} view @param {number} zoom */
export function gridFeatures(view, zoom) {
  const step_m = gridStep(zoom);
  if (step_m === 0) return [];
  return gridLines(view, step_m).map((line) => {
    const bold = line.at_m % (step_m * 10) === 0;
    const label = step_m === 100_000 ? square(line.points[2]) : step_m < 1_000 && line.at_m % 1_000 !== 0 ? hundreds(line) : line.label;
    return {type: 'Feature', geometry: {type: 'LineString', coordinates: line.points}, properties: {label, bold}};
  });
}

/** "13R CR" @param {import('./geo.mjs').LonLat} point */
const square = (point) => mgrs(point).split(' ').slice(0, 2).join(' ');

/** "185": kilometre and hundred metres. @param {{label: string, at_m: number}} line */
const hundreds = (line) => `${line.label}${Math.floor((line.at_m % 1_000) / 100)}`;
