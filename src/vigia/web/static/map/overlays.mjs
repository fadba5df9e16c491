// The situation -> GeoJSON of everything drawn over the base map except the tracks' own symbols.
// Pure. A "scene" is what the map is asked to show (made by console/scene.mjs).
import {offset, ring, wedge} from './geo.mjs';

/** @typedef {import('./geo.mjs').LonLat} LonLat */
/**
 * @typedef {object} TrackMark
 * @property {string} track_id
 * @property {LonLat | null} at  null: a direction without a place
 * @property {'unknown' | 'suspect' | 'neutral'} identity
 * @property {string} entity
 * @property {'fresh' | 'faded' | 'stale'} freshness
 * @property {number} tier
 * @property {string} label
 * @property {boolean} urgent  its label stands on a plate
 * @property {number | null} course_deg
 * @property {number | null} speed_mps
 * @property {number | null} sigma_m
 * @property {LonLat[]} trail
 * @property {{from: LonLat, azimuth_deg: number, sigma_deg: number} | null} sector
 */
/**
 * @typedef {object} Scene
 * @property {TrackMark[]} tracks
 * @property {string | null} selected
 * @property {{at: LonLat, name: string, kind: 'post' | 'person', close: boolean}[]} own  close false: shown only near by
 * @property {{at: LonLat, radius_m: number}[]} dangers
 * @property {{from: LonLat, azimuth_deg: number, sigma_deg: number, age: number}[]} sightings  age 0..1
 * @property {LonLat | null} ringed  centre of the range rings
 */

const VECTOR_S = 60;
const SPEED_MIN_MPS = 1.5;
const WITHIN_95 = 2.4477; // radius of a round 2-D normal that holds 95 %, in sigmas
export const DETAILED_MAX = 200;
const SPREAD_STEPS = 36;
const SIGHT_M = 2_600;
const SECTOR_M = 4_000;
export const RINGS_M = [1000, 2000, 3000];

const feature = (/** @type {any} */ geometry, properties = {}) => ({type: 'Feature', geometry, properties});
const collection = (/** @type {any[]} */ features) => ({type: 'FeatureCollection', features});
const line = (/** @type {LonLat[]} */ coordinates, properties = {}) => feature({type: 'LineString', coordinates}, properties);
const area = (/** @type {LonLat[]} */ points, properties = {}) => feature({type: 'Polygon', coordinates: [points]}, properties);
export const point = (/** @type {LonLat} */ coordinates, properties = {}) => feature({type: 'Point', coordinates}, properties);

/** Source name -> its GeoJSON. @param {Scene} scene */
export function overlays(scene) {
  return {
    rings: collection(scene.ringed ? RINGS_M.map((r) => line(ring(/** @type {LonLat} */ (scene.ringed), r), {label: `${r / 1000} km`})) : []),
    danger: collection(scene.dangers.map((d) => area(ring(d.at, d.radius_m)))),
    targets: collection(scene.dangers.map((d) => point(d.at))),
    sightings: collection(scene.sightings.map((s) =>
      area(wedge(s.from, s.azimuth_deg, s.sigma_deg, SIGHT_M), {opacity: 1 - 0.75 * s.age}))),
    sectors: collection(scene.tracks.flatMap((t) => t.sector
      ? [area(wedge(t.sector.from, t.sector.azimuth_deg, t.sector.sigma_deg, SECTOR_M), look(t))] : [])),
    trails: collection(placed(scene).filter((t) => t.trail.length > 1).map((t) => line(t.trail, look(t)))),
    spread: collection(placed(scene).filter((t) => t.sigma_m !== null).map((t) =>
      line(ring(/** @type {LonLat} */ (t.at), WITHIN_95 * /** @type {number} */ (t.sigma_m), SPREAD_STEPS), look(t)))),
    vectors: collection(placed(scene).filter(moves).map((t) => line([/** @type {LonLat} */ (t.at),
      offset(/** @type {LonLat} */ (t.at), /** @type {number} */ (t.course_deg), /** @type {number} */ (t.speed_mps) * VECTOR_S)], look(t)))),
    own: collection(scene.own.map((o) => point(o.at, {icon: o.kind, name: o.name, close: o.close}))),
  };
}

/** The most urgent ones with a place: beyond DETAILED_MAX a track is its symbol only. */
const placed = (/** @type {Scene} */ scene) => scene.tracks.slice(0, DETAILED_MAX).filter((t) => t.at !== null);
const moves = (/** @type {TrackMark} */ t) =>
  t.course_deg !== null && t.speed_mps !== null && t.speed_mps >= SPEED_MIN_MPS && t.freshness !== 'stale';

/** Colour is chosen by the style (the theme's), from these words. @param {TrackMark} t */
export const look = (t) => ({identity: t.identity, opacity: t.freshness === 'fresh' ? 1 : 0.5});
