// Context -> the sound's button, which tells the truth, and its panel: try it, mute it for a while.
import {html, nothing} from '../../vendor/lit/lit.mjs';
import {t} from '../../core/i18n.mjs';
import {SPEAKER, SPEAKER_OFF} from '../icons.mjs';
import {PATTERNS} from '../sound/patterns.mjs';

/** @typedef {import('../app.mjs').Context} Context */

const left = (/** @type {number} */ ms) => `${Math.floor(Math.ceil(ms / 1000) / 60)}:${String(Math.ceil(ms / 1000) % 60).padStart(2, '0')}`;

/** @param {Context} c */
export function soundButton(c) {
  const {state, mute_left_ms} = c.horn;
  const word = state === 'muted' ? t('console.sound.muted', {left: left(mute_left_ms)}) : t(`console.sound.${state}`);
  return html`<button class="quiet sound ${state}" data-sound=${state} aria-haspopup="dialog" aria-expanded=${c.ui.sound} title=${t('console.sound.hint')} @click=${c.act.sound}>
    ${state === 'on' ? SPEAKER : SPEAKER_OFF}<span>${word}</span></button>`;
}

/** @param {Context} c */
export function soundPanel(c) {
  if (!c.ui.sound) return nothing;
  const {state, mute_left_ms} = c.horn;
  const voice = c.horn.voice.has(c.ui.lang);
  return html`<section class="sound-panel" role="dialog" aria-label=${t('console.sound.title')}>
    <h3>${t('console.sound.title')}</h3>
    <p>${t(`console.sound.is_${state}`, {left: left(mute_left_ms)})}</p>
    <p>${t(voice ? 'console.sound.voice' : 'console.sound.no_voice')}</p>
    <div class="tests" role="group" aria-label=${t('console.sound.test')}>
      ${Object.keys(PATTERNS).map((name) => html`<button class="ghost small" data-test=${name} @click=${() => c.act.testSound(name)}>${t(`console.sound.test.${name}`)}</button>`)}</div>
    <footer><button class="ghost small" data-act="mute" ?disabled=${state !== 'on' && state !== 'muted'} @click=${() => c.act.mute(state !== 'muted')}>${t(state === 'muted' ? 'console.sound.unmute' : 'console.sound.mute')}</button>
      <button class="ghost small" data-act="sound-off" @click=${c.act.soundOff}>${t('console.sound.turn_off')}</button>
      <button class="primary small" @click=${c.act.closeSound}>${t('console.sound.close')}</button></footer></section>`;
}

/** What is said aloud: the level, the sentence, how soon. @param {any} alert @param {string} sentence @param {string | null} left_text */
export const spoken = (alert, sentence, left_text) =>
  [alert.mark !== 'actual' ? t(`alert.mark.${alert.mark}`) : '', t(`alert.tier.${alert.tier}`), sentence, left_text ? `${t('alert.as_soon_as')} ${left_text}` : '']
    .filter(Boolean).join('. ').replace(/T-0*(\d+)/g, '$1');
