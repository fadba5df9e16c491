// i18n/{en,es}.json -> words in the chosen language; the same catalogue the Python channels read.

export const LANGS = ["en", "es"];
const KEY = "vigia.lang";

/** Words of one language with English behind it. A missing key shows as the key itself. */
export class Words {
  /** @param {Record<string, string>} words @param {Record<string, string>} fallback */
  constructor(words, fallback = {}) {
    this.words = words;
    this.fallback = fallback;
  }

  /** @param {string} key @param {Record<string, string|number>} [values] */
  say(key, values) {
    const text = this.words[key] ?? this.fallback[key] ?? key;
    return values
      ? text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole))
      : text;
  }

  has(key) {
    return key in this.words || key in this.fallback;
  }
}

let current = new Words({});
let lang = "en";
const listeners = new Set();

/** The short form used in templates: t("alert.from", {point}). */
export function t(key, values) {
  return current.say(key, values);
}

export function hasWord(key) {
  return current.has(key);
}

export function language() {
  return lang;
}

/**
 * Saved choice, else the person's language, else the browser's, else English. A person's "en" is
 * what an invitation says when nobody chose, so it does not overrule a browser in Spanish.
 */
export function preferredLanguage(personLang = null) {
  const chosen = personLang === "en" ? null : personLang;
  const wanted = [readChoice(), chosen, ...(globalThis.navigator?.languages ?? [])];
  for (const one of wanted) {
    const short = one?.slice(0, 2).toLowerCase();
    if (LANGS.includes(short)) return short;
  }
  return "en";
}

/** Loads a language and tells the listeners. keep: remember it as this device's choice. */
export async function setLanguage(next, { keep = true } = {}) {
  const [words, english] = await Promise.all([load(next), load("en")]);
  current = new Words(words, english);
  lang = next;
  if (keep) writeChoice(next);
  if (globalThis.document) document.documentElement.lang = next;
  for (const tell of listeners) tell(next);
}

/** Returns the function that stops listening. */
export function onLanguage(tell) {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

/** All words of one language, as in its file. */
export function wordsOf(one) {
  return load(one);
}

const loaded = new Map();

async function load(one) {
  if (!loaded.has(one)) {
    const url = new URL(`../i18n/${one}.json`, import.meta.url);
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(`words ${one}: got HTTP ${answer.status}, expected 200`);
    loaded.set(one, await answer.json());
  }
  return loaded.get(one);
}

function readChoice() {
  try {
    return globalThis.localStorage?.getItem(KEY) ?? null;
  } catch {
    return null; // storage can be switched off; the page must still speak
  }
}

function writeChoice(next) {
  try {
    globalThis.localStorage?.setItem(KEY, next);
  } catch {
    // as above
  }
}
