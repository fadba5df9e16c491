// What each level sounds like: [hertz, seconds] one after the other, 0 Hz is silence. Pure.
// Levels differ in rhythm, direction and colour of the tone, not in loudness alone: a tired ear, a
// bad loudspeaker or somebody who hears no high tones still tells them apart.

/** @typedef {{wave: OscillatorType, tones: [number, number][]}} Pattern */

const times = (/** @type {number} */ n, /** @type {[number, number][]} */ tones) => Array.from({length: n}, () => tones).flat();

/** @type {[number, number][]} */
const BELLS = [[784, 0.4], [0, 0.08], [587, 0.6], [0, 0.3]];

/** @type {Record<string, Pattern>} */
export const PATTERNS = {
  // one soft low knock, twice
  watch: {wave: 'sine', tones: [[440, 0.16], [0, 0.14], [440, 0.16]]},
  // rises, three times
  warning: {wave: 'triangle', tones: times(3, [[520, 0.14], [700, 0.14], [940, 0.2], [0, 0.2]])},
  // hard, fast, falling, in bursts: the only one that hurries
  danger: {wave: 'square', tones: times(3, [...times(3, [[1050, 0.09], [0, 0.04], [780, 0.09], [0, 0.04]]), [0, 0.22]])},
  // two bells before all else, then the level in a round tone: nothing real begins so
  drill: {wave: 'sine', tones: [...BELLS, [520, 0.14], [700, 0.14], [940, 0.2]]},
  // slow and low: somebody is hurt
  hurt: {wave: 'triangle', tones: [[392, 0.35], [0, 0.1], [392, 0.35], [0, 0.1], [523, 0.6]]},
};

export const LEVELS = ['', 'watch', 'warning', 'danger'];

/** Exercise, drill or demo: nobody is in danger. @param {any} alert */
export const isDrill = (alert) => alert.mark !== 'actual';

/** What an alert sounds like: a drill rings its bells, then its level's rhythm, round and slower to hurry.
 * @param {any} alert @returns {Pattern} */
export function soundOf(alert) {
  const level = PATTERNS[LEVELS[alert.tier] ?? 'watch'];
  return isDrill(alert) ? {wave: 'sine', tones: [...BELLS, ...level.tones]} : level;
}

/** @param {Pattern} pattern  seconds */
export const lengthOf = ({tones}) => tones.reduce((sum, [, s]) => sum + s, 0);

/** Beginnings of a sound in any second, at most: a rhythm, not a flicker. @param {Pattern} pattern */
export function onsets({tones}) {
  let at = 0;
  const found = [];
  for (const [hertz, s] of tones) { if (hertz) found.push(at); at += s; }
  return found;
}
