// i18n/{en,es}.json -> words in the chosen language; the same catalogue the Python channels read.

/** @type {Wire.Lang[]} */
export const LANGS = ["en", "es"];
const KEY = "vigia.lang";

/** Words of one language with English behind it. A missing key shows as the key itself. */
export class Words {
  /** @param {Record<string, string>} words @param {Record<string, string>} fallback */
  constructor(words, fallback = {}) {
    this.words = words;
    this.fallback = fallback;
    /** @type {Wire.Lang} */
    this.lang = "en"; // which this.words is, where somebody asks
  }

  /** @param {string} key @param {Record<string, string|number>} [values] */
  say(key, values) {
    const text = this.words[key] ?? this.fallback[key] ?? key;
    return values
      ? text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole))
      : text;
  }

  /** @param {string} key */
  has(key) {
    return key in this.words || key in this.fallback;
  }
}

let current = new Words({});
/** @type {Wire.Lang} */
let lang = "en";
/** @type {Set<(lang: Wire.Lang) => void>} */
const listeners = new Set();

/**
 * The short form used in templates: t("alert.from", {point}).
 * @param {string} key @param {Record<string, string | number>} [values]
 */
export function t(key, values) {
  return current.say(key, values);
}

/** @param {string} key */
export function hasWord(key) {
  return current.has(key);
}

export function language() {
  return lang;
}

/**
 * Saved choice, else the person's language, else the browser's, else English. A person's "en" is
 * what an invitation says when nobody chose, so it does not overrule a browser in Spanish.
 * @param {string | null} [personLang] @returns {Wire.Lang}
 */
export function preferredLanguage(personLang = null) {
  const chosen = personLang === "en" ? null : personLang;
  const wanted = [readChoice(), chosen, ...(globalThis.navigator?.languages ?? [])];
  for (const one of wanted) {
    const short = one?.slice(0, 2).toLowerCase();
    const known = LANGS.find((l) => l === short);
    if (known) return known;
  }
  return "en";
}

/**
 * Loads a language and tells the listeners. keep: remember it as this device's choice.
 * @param {Wire.Lang} next
 */
export async function setLanguage(next, { keep = true } = {}) {
  const [words, english] = await Promise.all([load(next), load("en")]);
  current = new Words(words, english);
  lang = next;
  if (keep) writeChoice(next);
  if (globalThis.document) document.documentElement.lang = next;
  for (const tell of listeners) tell(next);
}

/** Returns the function that stops listening. @param {(lang: Wire.Lang) => void} tell */
export function onLanguage(tell) {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

/** All words of one language, as in its file. @param {Wire.Lang} one */
export function wordsOf(one) {
  return load(one);
}

/** @type {Map<Wire.Lang, Record<string, string>>} */
const loaded = new Map();

/** @param {Wire.Lang} one @returns {Promise<Record<string, string>>} */
async function load(one) {
  let words = loaded.get(one);
  if (!words) {
    const url = new URL(`../i18n/${one}.json`, import.meta.url);
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(`words ${one}: got HTTP ${answer.status}, expected 200`);
    words = /** @type {Record<string, string>} */ (await answer.json());
    loaded.set(one, words);
  }
  return words;
}

function readChoice() {
  try {
    return globalThis.localStorage?.getItem(KEY) ?? null;
  } catch {
    return null; // storage can be switched off; the page must still speak
  }
}

/** @param {Wire.Lang} next */
function writeChoice(next) {
  try {
    globalThis.localStorage?.setItem(KEY, next);
  } catch {
    // as above
  }
}
