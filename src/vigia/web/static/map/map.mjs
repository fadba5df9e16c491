// A scene -> the map on screen. Owns MapLibre: style, theme changes, pointer, camera.
import {Map as MapLibre} from '../vendor/maplibre/maplibre-gl.mjs';
import {readTokens} from '../theme/theme.mjs';
import {gridLines, mgrs, rangeBearing} from './geo.mjs';
import {drawImages, TARGET_PX} from './images.mjs';
import {overlays} from './overlays.mjs';
import {baseStyle, SKETCH_ZOOM} from './style.mjs';
import {identityColour, TrackSymbols} from './tracks.mjs';

/** @typedef {import('./style.mjs').Tokens} Tokens */
/** @typedef {import('./overlays.mjs').Scene} Scene */

const GRID_ZOOM = 11;
const GRID_1KM_ZOOM = 11.5; // 10 km lines before
const OWN_LABEL_ZOOM = 10;
const NEAR_ZOOM = 14; // people who stand at a post get a sign of their own
const FIT_ZOOM_MAX = 13.5;
const LAYERS_OF = { // what a chip on the map switches
  grid: ['grid', 'grid-label'],
  rings: ['rings', 'ring-label'],
  sightings: ['sightings', 'sighting-edge'],
  trails: ['trails'],
  own: ['own', 'own-label'],
};

const empty = () => ({type: 'geojson', data: {type: 'FeatureCollection', features: []}});

function overlayStyle(/** @type {Tokens} */ token) {
  const names = ['grid', 'rings', 'danger', 'targets', 'sightings', 'sectors', 'trails', 'spread', 'vectors', 'own'];
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
      {id: 'danger-fill', type: 'fill', source: 'danger', paint: {'fill-color': token('map-danger'), 'fill-opacity': 0.12}},
      {id: 'danger-hatch', type: 'fill', source: 'danger', paint: {'fill-pattern': 'hatch'}},
      line('danger', {'line-color': token('map-danger'), 'line-width': 2.5}),
      {id: 'targets', type: 'symbol', source: 'targets', layout: {'icon-image': 'target', 'icon-allow-overlap': true, 'icon-ignore-placement': true}},
      line('trails', {'line-color': colour, 'line-width': 2, 'line-opacity': ['*', 0.6, ['get', 'opacity']], 'line-dasharray': [1, 1.6]}),
      line('spread', {'line-color': colour, 'line-width': 1.2, 'line-opacity': ['*', 0.8, ['get', 'opacity']]}),
      line('vectors', {'line-color': colour, 'line-width': 2.5, 'line-opacity': ['get', 'opacity']}),
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
function wholeStyle(/** @type {Tokens} */ token) {
  const style = baseStyle(token, location.origin);
  const over = overlayStyle(token);
  const tracks = TrackSymbols.style(token);
  const grid = [
    {id: 'grid', type: 'line', source: 'grid', minzoom: GRID_ZOOM, paint: {'line-color': token('map-grid'), 'line-width': 0.8}},
    {id: 'grid-label', type: 'symbol', source: 'grid', minzoom: GRID_1KM_ZOOM,
      layout: {'text-font': ['Inter'], 'text-size': 10.5, 'symbol-placement': 'line', 'text-field': ['get', 'label'], 'symbol-spacing': 500},
      paint: {'text-color': token('map-grid-text'), 'text-halo-color': token('map-halo'), 'text-halo-width': 1.5}},
  ];
  const at = style.layers.findIndex((l) => l.id === 'place');
  const layers = [...style.layers.slice(0, at), ...grid, ...style.layers.slice(at), ...over.layers, ...tracks.layers];
  return {...style, sources: {...style.sources, ...over.sources, ...tracks.sources}, layers};
}

/** Events: "select" (track_id or null), "pointer" (text), "view" ({zoom, scale, sketch}), "idle". */
export class SituationMap extends EventTarget {
  /** @param {HTMLElement} container @param {{center: [number, number], zoom: number}} start */
  constructor(container, start) {
    super();
    this.ready = false;
    /** @type {Scene | null} */
    this.scene = null;
    /** @type {Map<string, string>} */
    this.drawn = new Map(); // source -> what it holds
    this.map = new MapLibre({
      container, style: /** @type {any} */ (wholeStyle(readTokens())), center: start.center, zoom: start.zoom,
      attributionControl: false, fadeDuration: 0, dragRotate: false, pitchWithRotate: false, maxZoom: 17, minZoom: 2,
      keyboard: false, // the console's keys are its own
      pixelRatio: devicePixelRatio * scaleOf(container),
    });
    this.map.touchZoomRotate.disableRotation();
    this.tracks = new TrackSymbols(this.map);
    this.map.on('load', () => this.#loaded());
    globalThis.addEventListener('vigia-theme', () => this.restyle());
    this.#listen();
  }

  async #loaded() {
    await drawImages(this.map, readTokens());
    this.ready = true;
    this.#drawGrid();
    this.#draw();
    this.map.once('idle', () => this.dispatchEvent(new Event('idle')));
  }

  /** @param {Scene} scene */
  show(scene) {
    this.scene = scene;
    if (this.ready) this.#draw();
  }

  #draw() {
    if (!this.scene) return;
    for (const [name, data] of Object.entries(overlays(this.scene))) {
      const text = JSON.stringify(data); // drawing again costs a hundred times more than comparing
      if (this.drawn.get(name) === text) continue;
      this.drawn.set(name, text);
      /** @type {any} */ (this.map.getSource(name)).setData(data);
    }
    this.tracks.show(this.scene.tracks, this.scene.selected);
    this.#sizeTargets();
  }

  /** The danger area in its true size; the target sign while that would be too small to see. */
  #sizeTargets() {
    const radius = this.scene?.dangers[0]?.radius_m ?? 0;
    const small = (radius / this.#metresPerPixel()) * 2 < TARGET_PX;
    this.map.setLayoutProperty('targets', 'visibility', small ? 'visible' : 'none');
    for (const id of ['danger', 'danger-fill', 'danger-hatch'])
      this.map.setLayoutProperty(id, 'visibility', small ? 'none' : 'visible');
  }

  async restyle() {
    if (!this.ready) return;
    const token = readTokens();
    const style = wholeStyle(token);
    for (const layer of style.layers)
      for (const [name, value] of Object.entries(layer.paint ?? {})) this.map.setPaintProperty(layer.id, /** @type {any} */ (name), value);
    await drawImages(this.map, token);
    this.#draw();
  }

  /** @param {keyof typeof LAYERS_OF} what @param {boolean} shown */
  toggle(what, shown) {
    for (const id of LAYERS_OF[what]) this.map.setLayoutProperty(id, 'visibility', shown ? 'visible' : 'none');
  }

  /** @param {[number, number][]} points */
  fit(points) {
    if (points.length === 0) return;
    const lon = points.map((p) => p[0]);
    const lat = points.map((p) => p[1]);
    /** @type {[[number, number], [number, number]]} */
    const box = [[Math.min(...lon), Math.min(...lat)], [Math.max(...lon), Math.max(...lat)]];
    this.map.fitBounds(box, {padding: 70, maxZoom: FIT_ZOOM_MAX, duration: 0});
  }

  /** Brings a point into view without changing the zoom; does nothing when it is in view.
   * @param {[number, number]} at */
  reveal(at) {
    if (!this.map.getBounds().contains(at)) this.map.easeTo({center: at, duration: 300});
  }

  zoomBy(/** @type {number} */ step) {
    this.map.easeTo({zoom: this.map.getZoom() + step, duration: 150});
  }

  #metresPerPixel() {
    const {lng, lat} = this.map.getCenter();
    const at = this.map.project([lng, lat]);
    const beside = this.map.unproject([at.x + 100, at.y]);
    return rangeBearing([lng, lat], [beside.lng, beside.lat]).range_m / 100;
  }

  #drawGrid() {
    const bounds = this.map.getBounds();
    const zoom = this.map.getZoom();
    const view = {west: bounds.getWest(), south: bounds.getSouth(), east: bounds.getEast(), north: bounds.getNorth()};
    const lines = zoom < GRID_ZOOM ? [] : gridLines(view, zoom < GRID_1KM_ZOOM ? 10_000 : 1_000);
    /** @type {any} */ (this.map.getSource('grid')).setData({type: 'FeatureCollection', features: lines.map((l) =>
      ({type: 'Feature', geometry: {type: 'LineString', coordinates: l.points}, properties: {label: l.label}}))});
  }

  #view() {
    const zoom = this.map.getZoom();
    const detail = {zoom, scale: niceScale(this.#metresPerPixel()), sketch: zoom >= SKETCH_ZOOM};
    this.dispatchEvent(new CustomEvent('view', {detail}));
  }

  #listen() {
    const map = this.map;
    map.on('moveend', () => {
      if (!this.ready) return;
      this.#drawGrid();
      this.#sizeTargets();
      this.#view();
    });
    map.on('load', () => this.#view());
    map.on('mousemove', (/** @type {any} */ e) => {
      const detail = {at: [e.lngLat.lng, e.lngLat.lat], mgrs: mgrs([e.lngLat.lng, e.lngLat.lat])};
      this.dispatchEvent(new CustomEvent('pointer', {detail}));
    });
    map.on('click', (/** @type {any} */ e) => {
      if (!this.ready) return;
      const {x, y} = e.point;
      const hits = map.queryRenderedFeatures([[x - 8, y - 8], [x + 8, y + 8]], {layers: ['track-symbol']});
      this.dispatchEvent(new CustomEvent('select', {detail: hits[0]?.properties.track_id ?? null}));
    });
  }
}

/** Big screens show the map enlarged (console.css: --map-scale); it stays sharp.
 * @param {HTMLElement} container */
const scaleOf = (container) => Number(getComputedStyle(container).getPropertyValue('--map-scale')) || 1;

/** A round length between 60 and 150 pixels. @param {number} m_per_px */
export function niceScale(m_per_px) {
  const most_m = m_per_px * 150;
  const power = 10 ** Math.floor(Math.log10(most_m));
  const m = [5, 2, 1].map((n) => n * power).find((n) => n <= most_m) ?? power;
  return {px: m / m_per_px, m};
}
