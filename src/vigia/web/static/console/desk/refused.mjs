// What the server refused -> words of the catalogue; the server's own, in English, only where it has none.
import {hasWord, language, t} from '../../core/i18n.mjs';

/** "release: two persons: whoever …" -> "release_two_persons_whoever_wrote_it_cannot". @param {string} what */
export const slugOf = (what) => what.toLowerCase().replace(/[^a-z]+/g, '_').replace(/^_|_$/g, '').split('_').slice(0, 7).join('_');

/** @param {any} error  of a call */
export function refusedWords(error) {
  if (!error.status) return t('console.refused.unreachable');
  const {what = '', got = '', expected = ''} = error.body?.error ?? {};
  const key = `console.refused.${slugOf(what)}`;
  if (hasWord(key)) return t(key, {got, expected});
  const general = t(`console.refused.${[400, 403, 404, 409, 413, 503].includes(error.status) ? error.status : 'other'}`);
  const own = [what, got].filter(Boolean).join(': ');
  return language() === 'en' ? `${general} ${own}`.trim() : `${general} (${own})`;
}
