// The list of shortcuts, on ?. And the link that skips the bar, first for whoever uses the keyboard.
import {html, nothing} from '../../vendor/lit/lit.mjs';
import {t} from '../../core/i18n.mjs';
import {tabsOf} from '../tabs.mjs';

/** @typedef {import('../app.mjs').Context} Context */

const KEYS = /** @type {[string, string][]} */ ([
  ['↑ ↓', 'tracks'], ['Esc', 'escape'], ['W A R', 'letters'], ['Ctrl S', 'save'], ['?', 'help'],
  [', .', 'past'], ['< >', 'marks'], ['␣', 'pause'],
]);

/** @param {Context} c */
export function keysCard(c) {
  if (!c.ui.keys) return nothing;
  return html`<div class="over" @click=${(/** @type {Event} */ e) => e.target === e.currentTarget && c.act.closeDialog()}>
    <div class="card keys-card" role="dialog" aria-modal="true" aria-label=${t('console.keys.title')}>
      <h1>${t('console.keys.title')}</h1>
      <dl>${tabsOf(c.state.person).map((tab, n) => html`<dt><kbd>${n + 1}</kbd></dt><dd>${t(`console.tab.${tab}`)}</dd>`)}
        ${KEYS.map(([key, what]) => html`<dt><kbd>${key}</kbd></dt><dd>${t(`console.keys.${what}`)}</dd>`)}</dl>
      <p class="small">${t('console.keys.none')}</p>
      <footer><button class="primary" @click=${c.act.closeDialog}>${t('console.sound.close')}</button></footer></div></div>`;
}

/** @param {Context} c */
export const skipLink = (c) =>
  html`<a class="skip" href="#floor" @click=${(/** @type {Event} */ e) => { e.preventDefault(); c.act.skip(); }}>${t('console.keys.skip')}</a>`;
