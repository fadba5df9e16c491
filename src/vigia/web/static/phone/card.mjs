// The first-aid card's text in both languages -> its SHA-256, which a medical officer approves.
// The same as src/vigia/records/card.py; a test compares the two.

/** @type {Wire.Lang[]} */
const LANGS = ["en", "es"];
const PREFIXES = ["card.step.", "card.march."];

/** One line for each text: language, key, text; English first, keys in order. @param {Record<Wire.Lang, Record<string, string>>} words */
export function canonicalCard(words) {
  return LANGS
    .flatMap((lang) =>
      Object.keys(words[lang])
        .filter((key) => PREFIXES.some((p) => key.startsWith(p)))
        .sort()
        .map((key) => `${lang}\t${key}\t${words[lang][key]}\n`),
    )
    .join("");
}

/** null where the browser has no WebCrypto (a page that did not come over TLS).
 * @param {Record<Wire.Lang, Record<string, string>>} words */
export async function cardSha256(words) {
  if (!globalThis.crypto?.subtle) return null;
  const bytes = new TextEncoder().encode(canonicalCard(words));
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return [...new Uint8Array(digest)].map((b) => b.toString(16).padStart(2, "0")).join("");
}
