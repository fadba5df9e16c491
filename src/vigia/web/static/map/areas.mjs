// Maps that the operator added (GET /api/v1/maps) -> sources and layers under everything of ours.
// Vector tiles of any of the three common schemas (Protomaps, OpenMapTiles, Shortbread) are drawn in the
// theme's colours; images as they are, dimmed where the theme is dark; heights as relief.

/** @typedef {import('./style.mjs').Tokens} Tokens */
/** @typedef {{name: string, title: string, kind: 'vector' | 'image' | 'terrain', zoom_min: number, zoom_max: number, west_deg: number, south_deg: number,
 *   east_deg: number, north_deg: number, attribution: string, layers: string[], encoding: string | null, version: string}} MapFile */

const WATER = ['water', 'ocean', 'water_polygons'];
const RIVERS = ['water', 'waterway', 'water_lines'];
const GREEN = ['landuse', 'landcover', 'land', 'park'];
const BUILDINGS = ['buildings', 'building'];
const ROADS = ['roads', 'transportation', 'streets'];
const PLACES = ['places', 'place', 'place_labels'];
const ROAD_NAMES = ['roads', 'transportation_name', 'street_labels'];
const CLASS = ['coalesce', ['get', 'kind'], ['get', 'class'], ''];
const MAJOR = ['highway', 'major_road', 'motorway', 'trunk', 'primary', 'secondary'];
const byZoom = (/** @type {any[]} */ ...stops) => ['interpolate', ['exponential', 1.4], ['zoom'], ...stops];

/** @param {MapFile} m @param {string} origin */
export function areaSource(m, origin) {
  const common = {tiles: [`${origin}/maps/${m.name}/{z}/{x}/{y}?v=${m.version}`], minzoom: m.zoom_min, maxzoom: m.zoom_max,
    bounds: [m.west_deg, m.south_deg, m.east_deg, m.north_deg]};
  if (m.kind === 'vector') return {type: 'vector', ...common};
  return {type: m.kind === 'terrain' ? 'raster-dem' : 'raster', tileSize: 256, ...common, ...(m.encoding ? {encoding: m.encoding} : {})};
}

/** Layers of one map, the lowest first. @param {MapFile} m @param {Tokens} token @param {boolean} dark @returns {any[]} */
export function areaLayers(m, token, dark) {
  const source = areaId(m);
  if (m.kind === 'terrain')
    return [{id: `${source}-relief`, type: 'hillshade', source, paint: {'hillshade-shadow-color': token('map-relief-dark'), 'hillshade-accent-color': token('map-relief-dark'),
      'hillshade-highlight-color': token('map-relief-light'), 'hillshade-exaggeration': 0.45}}];
  if (m.kind === 'image')
    return [{id: `${source}-image`, type: 'raster', source, paint: {'raster-opacity': dark ? 0.45 : 0.8, 'raster-saturation': dark ? -1 : -0.3, 'raster-fade-duration': 0}}];
  const known = (/** @type {string[]} */ names) => m.layers.filter((l) => names.includes(l));
  const layer = (/** @type {string} */ part, /** @type {string} */ from, /** @type {object} */ rest) => ({id: `${source}-${part}-${from}`, source, 'source-layer': from, ...rest});
  return [
    ...known(GREEN).map((l) => layer('green', l, {type: 'fill', filter: ['==', ['geometry-type'], 'Polygon'], paint: {'fill-color': token('map-green'), 'fill-opacity': 0.55}})),
    ...known(WATER).map((l) => layer('water', l, {type: 'fill', filter: ['==', ['geometry-type'], 'Polygon'], paint: {'fill-color': token('map-lake')}})),
    ...known(RIVERS).map((l) => layer('river', l, {type: 'line', filter: ['==', ['geometry-type'], 'LineString'], paint: {'line-color': token('map-river'), 'line-width': byZoom(8, 0.6, 15, 3)}})),
    ...known(BUILDINGS).map((l) => layer('building', l, {type: 'fill', minzoom: 13, paint: {'fill-color': token('map-building')}})),
    ...known(ROADS).map((l) => layer('road', l, {type: 'line', layout: {'line-cap': 'round', 'line-join': 'round'}, filter: ['==', ['geometry-type'], 'LineString'],
      paint: {'line-color': ['case', ['in', CLASS, ['literal', MAJOR]], token('map-road-major'), token('map-road')],
        'line-width': byZoom(8, ['case', ['in', CLASS, ['literal', MAJOR]], 0.8, 0.2], 13, ['case', ['in', CLASS, ['literal', MAJOR]], 2, 0.9], 17, ['case', ['in', CLASS, ['literal', MAJOR]], 9, 4])}})),
    ...known(ROAD_NAMES).map((l) => layer('road-name', l, {type: 'symbol', minzoom: 13, layout: {'symbol-placement': 'line', 'text-field': name(), 'text-font': ['Inter'], 'text-size': 11, 'symbol-spacing': 320},
      paint: {'text-color': token('map-place'), 'text-halo-color': token('map-halo'), 'text-halo-width': 1.3}})),
    ...known(PLACES).map((l) => layer('place', l, {type: 'symbol', minzoom: 9, layout: {'text-field': name(), 'text-font': ['Inter'], 'text-size': 12, 'text-padding': 8},
      paint: {'text-color': token('map-place'), 'text-halo-color': token('map-halo'), 'text-halo-width': 1.3}})),
  ];
}

const name = () => ['coalesce', ['get', 'name'], ['get', 'ref'], ''];

/** Lower map first: heights, then images, then lines. @param {MapFile[]} maps */
export const inOrder = (maps) => maps.toSorted((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
const ORDER = ['image', 'terrain', 'vector'];

export const areaId = (/** @type {MapFile} */ m) => `map-${m.name}`;
export const isRelief = (/** @type {MapFile} */ m) => m.kind === 'terrain';

/** Is a detailed map of this place there? @param {MapFile[]} maps @param {number} lon @param {number} lat */
export const covers = (maps, lon, lat) =>
  maps.some((m) => m.kind !== 'terrain' && lon >= m.west_deg && lon <= m.east_deg && lat >= m.south_deg && lat <= m.north_deg);
