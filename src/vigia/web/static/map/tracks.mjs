// Track marks and clusters -> names, times and counts on the map, as MapLibre's text: it keeps labels
// from covering each other. The symbols and all else of a track: instances.mjs, tracklayer.mjs.
import {clusterRadius} from './instances.mjs';
import {point} from './overlays.mjs';

/** @typedef {import('./overlays.mjs').TrackMark} TrackMark */
/** @typedef {import('./style.mjs').Tokens} Tokens */

export const LABELS_MAX = 200;
const DANGER = 3;
const NAMES_ZOOM = 9; // names of what threatens nobody

/** @param {Tokens} token  identity word -> its colour in this theme */
export const identityColour = (token) =>
  ['match', ['get', 'identity'], 'suspect', token('suspect'), 'neutral', token('neutral'), 'hostile', token('hostile'),
    'friend', token('friend'), 'assumed_friend', token('assumed-friend'), token('unknown')];

export class TrackLabels {
  /** Sources and layers for the style; the track layer lies under them.
   * @param {Tokens} token */
  static style(token) {
    const empty = {type: 'FeatureCollection', features: []};
    const label = (/** @type {boolean} */ urgent) => ({
      id: urgent ? 'track-label-urgent' : 'track-label', type: 'symbol', source: 'track-labels',
      filter: ['==', ['get', 'what'], urgent ? 'urgent' : 'name'],
      layout: {
        'icon-image': 'plate', 'icon-text-fit': 'both', 'icon-text-fit-padding': [1, 3, 1, 3],
        'text-field': ['get', 'label'], 'text-font': ['Inter'], 'text-size': urgent ? 14 : 12.5,
        'text-variable-anchor': ['left', 'right', 'bottom', 'top'], 'text-radial-offset': 1.9, 'text-justify': 'auto',
        'text-allow-overlap': urgent, 'icon-allow-overlap': urgent, 'symbol-sort-key': ['get', 'sort'],
      },
      paint: {'text-color': ['case', ['==', ['get', 'tier'], DANGER], token('danger'), identityColour(token)], 'text-opacity': ['max', ['get', 'opacity'], 0.75]},
      ...(urgent ? {} : {minzoom: NAMES_ZOOM}),
    });
    return {
      sources: {'track-labels': {type: 'geojson', data: empty}},
      layers: [
        {id: 'cluster-count', type: 'symbol', source: 'track-labels', filter: ['==', ['get', 'what'], 'cluster'],
          layout: {'text-field': ['get', 'count'], 'text-font': ['Inter'], 'text-size': 12, 'text-allow-overlap': true, 'text-ignore-placement': true},
          paint: {'text-color': token('plate-text')}},
        {id: 'cluster-soonest', type: 'symbol', source: 'track-labels', filter: ['all', ['==', ['get', 'what'], 'cluster'], ['!=', ['get', 'soonest'], '']],
          layout: {'icon-image': 'plate', 'icon-text-fit': 'both', 'icon-text-fit-padding': [1, 3, 1, 3], 'text-field': ['get', 'soonest'], 'text-font': ['Inter'],
            'text-size': 12, 'text-anchor': 'top', 'text-offset': ['get', 'below']},
          paint: {'text-color': token('plate-text')}},
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

  /** One source for all of them: each that changes costs a round through a worker and a new placement.
   * @param {TrackMark[]} marks  the most urgent first @param {Uint8Array} identity @param {string[]} words
   * @param {Uint8Array} hidden  rows that a cluster stands for
   * @param {{at: [number, number], count: number, soonest: string}[]} clusters @param {number} zoom */
  show(marks, identity, words, hidden, clusters, zoom) {
    const seen = marks.filter((t) => t.at !== null && t.label !== '' && !hidden[t.row] && (t.urgent || zoom >= NAMES_ZOOM)).slice(0, LABELS_MAX);
    const features = seen.map((t, i) => point(/** @type {any} */ (t.at), {
      what: t.urgent ? 'urgent' : 'name', label: t.label, identity: words[identity[t.row]], tier: t.tier,
      opacity: t.freshness === 'faded' ? 0.5 : 1, sort: i,
    }));
    for (const c of clusters) features.push(point(c.at, {what: 'cluster', count: shortCount(c.count), soonest: c.soonest, below: [0, (clusterRadius(c.count) + 6) / 12]}));
    const text = JSON.stringify(features); // drawing again costs a hundred times more than comparing
    if (text === this.drawn) return;
    this.drawn = text;
    this.map.getSource('track-labels').setData({type: 'FeatureCollection', features});
  }
}

const shortCount = (/** @type {number} */ n) => (n < 1000 ? String(n) : `${(n / 1000).toFixed(n < 9950 ? 1 : 0)}k`);
