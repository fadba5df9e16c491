// The keyboard of the watch floor: tabs by number, the list of tracks by arrows.
import {onMapKey} from './mapkeys.mjs';
import {trackRows} from './model.mjs';
import {DESK_TABS, tabsOf} from './tabs.mjs';

/** @param {any} app @param {KeyboardEvent} e */
export function onKey(app, e) {
  const {ui} = app;
  const typing = e.target instanceof HTMLElement && ['TEXTAREA', 'SELECT', 'INPUT'].includes(e.target.tagName);
  const desk = DESK_TABS.includes(ui.tab) && !ui.ask && !ui.invite;
  if (desk && app.desk?.key(e, ui.tab)) return;
  if (desk && typing && e.key === 'Escape') return /** @type {HTMLElement} */ (e.target).blur(); // what was written stays
  if (ui.keys) return e.key === 'Escape' || e.key === '?' ? app.act.closeDialog() : undefined;
  if (e.key === 'Escape' && ui.sound) return app.act.closeSound();
  if (e.key === 'Escape' && app.past.player && !ui.ask && !ui.invite) return app.past.end();
  if (e.key === 'Escape') return ui.ask || ui.invite ? app.act.closeDialog() : app.change({selected: null, byHand: false, tab: 'watch'});
  if (typing || ui.ask || ui.invite || e.ctrlKey || e.metaKey || e.altKey) return;
  if (e.key === '?') { app.change({keys: true}); return app.focusOn('.keys-card button'); }
  if (!desk && onMapKey(app, e)) return;
  if (e.key === 'w' || e.key === 'W') app.act.tab('watch');
  if (e.key === 'a' || e.key === 'A') app.act.tab('alerts');
  if (e.key === 'r' || e.key === 'R') app.act.tab('reach');
  const tab = tabsOf(app.state.person)[Number(e.key) - 1];
  if (tab) app.act.tab(tab);
  if (ui.tab === 'watch' && pastKey(app, e)) return e.preventDefault();
  if (!desk && (e.key === 'ArrowDown' || e.key === 'ArrowUp')) {
    e.preventDefault();
    step(app, e.key === 'ArrowDown' ? 1 : -1);
  }
}

/** Space plays and pauses, comma and full stop go ten seconds, < and > to the next mark. */
function pastKey(/** @type {any} */ app, /** @type {KeyboardEvent} */ e) {
  const {past} = app.act;
  const onButton = e.target instanceof HTMLElement && e.target.tagName === 'BUTTON';
  if (e.key === ' ' && app.past.player && !onButton) past.play();
  else if (e.key === ',' || e.key === '.') past.by(e.key === ',' ? -10 : 10);
  else if (e.key === '<' || e.key === '>') past.mark(e.key === '<' ? -1 : 1);
  else return false;
  return true;
}

function step(/** @type {any} */ app, /** @type {number} */ by) {
  const rows = trackRows(app.past.player?.state ?? app.state);
  if (rows.length === 0) return;
  const at = rows.findIndex((r) => r.track.track_id === app.ui.selected?.track_id);
  const next = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by))].track.track_id;
  app.act.selectTrack(next);
  app.updateComplete.then(() => app.querySelector(`[data-track="${CSS.escape(next)}"]`)?.scrollIntoView({block: 'nearest'}));
}
