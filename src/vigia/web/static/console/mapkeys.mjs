// The keyboard of the map: layers by Shift and number, zoom, all in view.
import {SWITCHES} from '../map/layers.mjs';

/** @param {any} app @param {KeyboardEvent} e @returns {boolean} true: it was the map's */
export function onMapKey(app, e) {
  const number = e.shiftKey ? /^Digit([1-9])$/.exec(e.code) : null;
  const layer = number ? Object.keys(SWITCHES)[Number(number[1]) - 1] : undefined;
  if (layer) app.act.chip(layer);
  else if (e.key === 'l' || e.key === 'L') app.act.layers();
  else if (e.key === '+' || e.key === '=') app.act.zoom(1);
  else if (e.key === '-') app.act.zoom(-1);
  else if (e.key === 'Home') app.act.fit();
  else return false;
  return true;
}
