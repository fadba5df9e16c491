// Tokens -> the MapLibre style of the base map: tiles from our own server, fonts as WOFF2.

/** @typedef {(name: string) => string} Tokens */

export const SKETCH_ZOOM = 11; // nearer than this the base map is only a sketch
const CREDIT = 'Natural Earth · US Census Bureau · GeoNames (CC BY 4.0)';

const byZoom = (/** @type {number[]} */ ...stops) => ['interpolate', ['linear'], ['zoom'], ...stops];

/** @param {Tokens} token @param {string} origin  of the page, for absolute addresses */
export function baseStyle(token, origin) {
  return {
    version: 8,
    'font-faces': {
      Inter: [
        {url: `${origin}/static/vendor/fonts/inter-latin-wght-normal.woff2`, 'unicode-range': ['U+0000-00FF', 'U+2000-206F', 'U+2190-21FF']},
        {url: `${origin}/static/vendor/fonts/inter-latin-ext-wght-normal.woff2`, 'unicode-range': ['U+0100-02BA', 'U+1E00-1EFF']},
      ],
    },
    sources: {
      base: {type: 'vector', tiles: [`${origin}/tiles/base/{z}/{x}/{y}`], minzoom: 0, maxzoom: 10, attribution: CREDIT},
    },
    layers: [
      {id: 'sea', type: 'background', paint: {'background-color': token('map-sea')}},
      {id: 'earth', type: 'fill', source: 'base', 'source-layer': 'earth', paint: {'fill-color': token('map-land')}},
      {id: 'lake', type: 'fill', source: 'base', 'source-layer': 'lake', paint: {'fill-color': token('map-lake')}},
      {id: 'river', type: 'line', source: 'base', 'source-layer': 'river',
        paint: {'line-color': token('map-river'), 'line-width': byZoom(3, 0.5, 10, 1.6, 14, 3)}},
      ...boundaries(token),
      ...names(token),
    ],
  };
}

function boundaries(/** @type {Tokens} */ token) {
  const line = (/** @type {string} */ id, /** @type {string} */ kind, /** @type {object} */ paint, more = {}) =>
    ({id, type: 'line', source: 'base', 'source-layer': 'boundary', filter: ['==', ['get', 'kind'], kind], paint, ...more});
  return [
    line('county', 'county', {'line-color': token('map-county'), 'line-width': 1}, {minzoom: 6.5}),
    line('state', 'region', {'line-color': token('map-state'), 'line-width': byZoom(3, 0.5, 9, 1.4), 'line-dasharray': [4, 2]}),
    line('country-casing', 'country', {'line-color': token('map-casing'), 'line-opacity': 0.35, 'line-width': byZoom(3, 2, 9, 6)}),
    line('country', 'country', {'line-color': token('map-country'), 'line-width': byZoom(3, 0.8, 9, 1.8)}),
  ];
}

function names(/** @type {Tokens} */ token) {
  const isCity = ['==', ['get', 'kind'], 'city'];
  return [
    {id: 'place', type: 'symbol', source: 'base', 'source-layer': 'place',
      filter: ['!=', ['get', 'kind'], 'country'],
      layout: {
        'text-field': ['get', 'name'], 'text-font': ['Inter'],
        'text-size': byZoom(4, /** @type {any} */ (['case', isCity, 11, 10]), 11, /** @type {any} */ (['case', isCity, 15, 12])),
        'symbol-sort-key': ['get', 'rank'], 'text-max-width': 8, 'text-padding': 6,
      },
      paint: {'text-color': ['match', ['get', 'kind'], 'city', token('map-city'), token('map-place')],
        'text-halo-color': token('map-halo'), 'text-halo-width': 1.3}},
    {id: 'country-name', type: 'symbol', source: 'base', 'source-layer': 'place',
      filter: ['==', ['get', 'kind'], 'country'], maxzoom: 7,
      layout: {'text-field': ['upcase', ['get', 'name']], 'text-font': ['Inter'], 'text-size': 12, 'text-letter-spacing': 0.18},
      paint: {'text-color': token('map-place'), 'text-halo-color': token('map-halo'), 'text-halo-width': 1.2}},
  ];
}
