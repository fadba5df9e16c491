// The situation -> GeoJSON of what lies over the base map and is no track's own (that: instances.mjs).
// Pure. A "scene" is what the map is asked to show (made by console/scene.mjs).
import {emptyTable} from '../console/tracktable.mjs';
import {ring, wedge} from './geo.mjs';

/** @typedef {import('./geo.mjs').LonLat} LonLat */
/**
 * @typedef {object} TrackMark
 * @property {string} track_id
 * @property {number} row  in the table
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
 * @property {import('../console/tracktable.mjs').TrackTable} table  every track of the picture
 * @property {number} now_ms
 * @property {Map<number, number>} tiers  of rows that open alerts name
 * @property {TrackMark[]} tracks  the most urgent ones, in order, and the selected one: what is drawn in detail
 * @property {string | null} selected
 * @property {number} selectedRow  -1: none
 * @property {{at: LonLat, name: string, kind: 'post' | 'person', close: boolean, target_id: string}[]} own  close false: shown only near by
 * @property {{at: LonLat, radius_m: number}[]} dangers
 * @property {{at: LonLat, radius_m: number} | null} reach  of the selected post or person: what counts as near him
 * @property {{from: LonLat, azimuth_deg: number, sigma_deg: number, age: number}[]} sightings  age 0..1
 * @property {LonLat | null} ringed  centre of the range rings
 */

const SIGHT_M = 2_600;
const SECTOR_M = 4_000;
export const RINGS_M = [1000, 2000, 3000];

const feature = (/** @type {any} */ geometry, properties = {}) => ({type: 'Feature', geometry, properties});
const collection = (/** @type {any[]} */ features) => ({type: 'FeatureCollection', features});
const line = (/** @type {LonLat[]} */ coordinates, properties = {}) => feature({type: 'LineString', coordinates}, properties);
const area = (/** @type {LonLat[]} */ points, properties = {}) => feature({type: 'Polygon', coordinates: [points]}, properties);
export const point = (/** @type {LonLat} */ coordinates, properties = {}) => feature({type: 'Point', coordinates}, properties);

/** Nothing but our own places: a map to choose on. @param {Scene['own']} own @returns {Scene} */
export const bareScene = (own) => ({table: emptyTable(), now_ms: 0, tiers: new Map(), tracks: [], selected: null, selectedRow: -1, own,
  dangers: [], sightings: [], reach: null, ringed: null});

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
    reach: collection(scene.reach ? [line(ring(scene.reach.at, scene.reach.radius_m))] : []),
    own: collection(scene.own.map((o) => point(o.at, {icon: o.kind, name: o.name, close: o.close, target_id: o.target_id}))),
  };
}

/** Colour is chosen by the style (the theme's), from these words. @param {TrackMark} t */
export const look = (t) => ({identity: t.identity, opacity: t.freshness === 'fresh' ? 1 : 0.5});
