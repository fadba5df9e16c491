// Track marks -> symbols and labels on the map. The only place that knows how tracks are drawn:
// show(marks, selected) and restyle(token) can later be an instanced WebGL layer (needed beyond
// about a thousand tracks) without anybody else noticing.
import {point} from './overlays.mjs';

/** @typedef {import('./overlays.mjs').TrackMark} TrackMark */
/** @typedef {import('./style.mjs').Tokens} Tokens */

export const LABELS_MAX = 200;
const DANGER = 3;

/** @param {Tokens} token  identity word -> its colour in this theme */
export const identityColour = (token) =>
  ['match', ['get', 'identity'], 'suspect', token('suspect'), 'neutral', token('neutral'), token('unknown')];

export class TrackSymbols {
  /** Sources and layers for the style, below everything that must stay on top.
   * @param {Tokens} token */
  static style(token) {
    const empty = {type: 'FeatureCollection', features: []};
    const label = (/** @type {boolean} */ urgent) => ({
      id: urgent ? 'track-label-urgent' : 'track-label', type: 'symbol', source: 'tracks',
      filter: ['all', ['==', ['get', 'urgent'], urgent], ['!=', ['get', 'label'], '']],
      layout: {
        'icon-image': 'plate', 'icon-text-fit': 'both', 'icon-text-fit-padding': [1, 3, 1, 3],
        'text-field': ['get', 'label'], 'text-font': ['Inter'], 'text-size': urgent ? 14 : 12.5,
        'text-variable-anchor': ['left', 'right', 'bottom', 'top'], 'text-radial-offset': 1.9, 'text-justify': 'auto',
        'text-allow-overlap': urgent, 'icon-allow-overlap': urgent, 'symbol-sort-key': ['get', 'sort'],
      },
      paint: {'text-color': ['case', ['==', ['get', 'tier'], DANGER], token('danger'), identityColour(token)], 'text-opacity': ['max', ['get', 'opacity'], 0.75]},
      ...(urgent ? {} : {minzoom: 9}),
    });
    return {
      sources: {tracks: {type: 'geojson', data: empty}},
      layers: [
        {id: 'track-selected', type: 'circle', source: 'tracks', filter: ['get', 'selected'],
          paint: {'circle-radius': 25, 'circle-color': token('map-selection'), 'circle-opacity': 0,
            'circle-stroke-color': token('map-selection'), 'circle-stroke-width': 2}},
        {id: 'track-symbol', type: 'symbol', source: 'tracks',
          layout: {'icon-image': ['get', 'icon'], 'icon-allow-overlap': true, 'icon-ignore-placement': true,
            'symbol-sort-key': ['-', 0, ['get', 'sort']],
            'icon-size': ['interpolate', ['linear'], ['zoom'], 6, 0.55, 10, 0.85, 12, 1]},
          paint: {'icon-opacity': ['get', 'opacity']}},
        label(false),
        label(true),
      ],
    };
  }

  /** @param {any} map  a MapLibre map whose style holds style() */
  constructor(map) {
    this.map = map;
    this.drawn = '';
  }

  /** @param {TrackMark[]} marks  the most urgent first @param {string | null} selected */
  show(marks, selected) {
    const features = marks.filter((t) => t.at !== null).map((t, i) => point(/** @type {any} */ (t.at), {
      track_id: t.track_id,
      icon: `${t.identity}-${t.entity}${t.freshness === 'stale' ? '-stale' : ''}`,
      identity: t.identity,
      label: i < LABELS_MAX ? t.label : '',
      urgent: t.urgent,
      tier: t.tier,
      selected: t.track_id === selected,
      opacity: t.freshness === 'faded' ? 0.5 : 1,
      sort: i,
    }));
    const text = JSON.stringify(features);
    if (text === this.drawn) return;
    this.drawn = text;
    this.map.getSource('tracks').setData({type: 'FeatureCollection', features});
  }
}
