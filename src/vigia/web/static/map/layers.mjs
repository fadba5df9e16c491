// Tokens -> every layer of the map in its order, and which of them one switch shows or hides.
import {baseStyle} from './style.mjs';
import {identityColour, TrackLabels} from './tracks.mjs';

/** @typedef {import('./style.mjs').Tokens} Tokens */

const GRID_ZOOM = 6.5; // grid.mjs draws none before
const OWN_LABEL_ZOOM = 10;
const NEAR_ZOOM = 14; // people who stand at a post get a sign of their own

/** Switches, in their order: Shift and its number is its key. Those without layers of MapLibre's are
 * parts of the track layer, or of the maps that the operator added. */
export const SWITCHES = {
  sightings: ['sightings', 'sighting-edge'],
  trails: [],
  cones: [],
  spread: [],
  own: ['own', 'own-label'],
  rings: ['rings', 'ring-label'],
  grid: ['grid', 'grid-label'],
  area: [],
  relief: [],
};
export const TRACK_PARTS = ['trails', 'cones', 'spread'];

const empty = () => ({type: 'geojson', data: {type: 'FeatureCollection', features: []}});

function overlayStyle(/** @type {Tokens} */ token) {
  const names = ['grid', 'rings', 'reach', 'danger', 'targets', 'sightings', 'sectors', 'own'];
  const colour = identityColour(token);
  const text = (/** @type {number} */ size) => ({'text-font': ['Inter'], 'text-size': size});
  const line = (/** @type {string} */ id, /** @type {object} */ paint, more = {}) => ({id, type: 'line', source: id, paint, ...more});
  return {
    sources: Object.fromEntries(names.map((name) => [name, empty()])),
    layers: [
      line('rings', {'line-color': token('map-ring'), 'line-width': 1}, {minzoom: 9}),
      {id: 'ring-label', type: 'symbol', source: 'rings', minzoom: 10.5,
        layout: {...text(11), 'symbol-placement': 'line', 'text-field': ['get', 'label'], 'symbol-spacing': 420},
        paint: {'text-color': token('map-ring-text'), 'text-halo-color': token('map-halo'), 'text-halo-width': 2}},
      {id: 'sightings', type: 'fill', source: 'sightings', paint: {'fill-color': token('sighting'), 'fill-opacity': ['*', 0.15, ['get', 'opacity']]}},
      {id: 'sighting-edge', type: 'line', source: 'sightings', paint: {'line-color': token('sighting'), 'line-width': 1, 'line-opacity': ['*', 0.6, ['get', 'opacity']]}},
      {id: 'sectors', type: 'fill', source: 'sectors', paint: {'fill-color': colour, 'fill-opacity': ['*', 0.16, ['get', 'opacity']]}},
      {id: 'sector-edge', type: 'line', source: 'sectors', paint: {'line-color': colour, 'line-width': 1.5, 'line-dasharray': [3, 2], 'line-opacity': ['get', 'opacity']}},
      line('reach', {'line-color': token('own'), 'line-width': 1.5, 'line-dasharray': [4, 2.5]}),
      {id: 'danger-fill', type: 'fill', source: 'danger', paint: {'fill-color': token('map-danger'), 'fill-opacity': 0.12}},
      {id: 'danger-hatch', type: 'fill', source: 'danger', paint: {'fill-pattern': 'hatch'}},
      line('danger', {'line-color': token('map-danger'), 'line-width': 2.5}),
      {id: 'targets', type: 'symbol', source: 'targets', layout: {'icon-image': 'target', 'icon-allow-overlap': true, 'icon-ignore-placement': true}},
      {id: 'own', type: 'symbol', source: 'own', minzoom: 7, filter: ['any', ['get', 'close'], ['>=', ['zoom'], NEAR_ZOOM]],
        layout: {'icon-image': ['get', 'icon'], 'icon-allow-overlap': true, 'icon-ignore-placement': true,
          'icon-size': ['interpolate', ['linear'], ['zoom'], 7, 0.5, 10, 0.8, 12, 1], 'symbol-sort-key': ['case', ['==', ['get', 'icon'], 'post'], 1, 0]}},
      {id: 'own-label', type: 'symbol', source: 'own', minzoom: OWN_LABEL_ZOOM, filter: ['!=', ['get', 'name'], ''],
        layout: {...text(13), 'icon-image': 'plate', 'icon-text-fit': 'both', 'text-field': ['get', 'name'], 'symbol-sort-key': ['case', ['==', ['get', 'icon'], 'post'], 0, 1],
          'text-variable-anchor': ['left', 'right', 'top', 'bottom'], 'text-radial-offset': 1.15, 'text-justify': 'auto', 'text-optional': true},
        paint: {'text-color': token('own-text')}},
    ],
  };
}

/** The grid lies under the names, everything else over them. */
export function wholeStyle(/** @type {Tokens} */ token) {
  const style = baseStyle(token, location.origin);
  const over = overlayStyle(token);
  const tracks = TrackLabels.style(token);
  const grid = [
    {id: 'grid', type: 'line', source: 'grid', minzoom: GRID_ZOOM, paint: {'line-color': token('map-grid'), 'line-width': ['case', ['get', 'bold'], 1.6, 0.8]}},
    {id: 'grid-label', type: 'symbol', source: 'grid', minzoom: GRID_ZOOM,
      layout: {'text-font': ['Inter'], 'text-size': 10.5, 'symbol-placement': 'line', 'text-field': ['get', 'label'], 'symbol-spacing': 500},
      paint: {'text-color': token('map-grid-text'), 'text-halo-color': token('map-halo'), 'text-halo-width': 1.5}},
  ];
  const at = style.layers.findIndex((l) => l.id === 'place');
  const layers = [...style.layers.slice(0, at), ...grid, ...style.layers.slice(at), ...over.layers, ...tracks.layers];
  return {...style, sources: {...style.sources, ...over.sources, ...tracks.sources}, layers};
}
