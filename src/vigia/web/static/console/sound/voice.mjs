// A sentence -> spoken by this machine's own voice. A voice that asks a server is never used: it would
// carry the words away, and fall silent with the network.

const OLD_MS = 8_000; // said later than this it misleads

/** The best voice that lives on this machine, or null. @param {SpeechSynthesisVoice[]} voices @param {string} lang */
export const localVoice = (voices, lang) =>
  voices.filter((v) => v.localService && v.lang.toLowerCase().startsWith(lang)).toSorted((a, b) => Number(b.default) - Number(a.default))[0] ?? null;

export class Voice {
  constructor({synth = globalThis.speechSynthesis ?? null, now = () => performance.now()} = {}) {
    this.synth = synth;
    this.now = now;
    this.tier = 0;
    this.until_ms = 0;
  }

  /** @param {string} lang  en or es */
  has(lang) {
    return this.synth !== null && localVoice(this.synth.getVoices(), lang) !== null;
  }

  /** A higher level cuts a lower one short; the same waits for its end, and is dropped when old.
   * @param {string} text @param {string} lang @param {number} tier @param {number} after_ms  the tones first */
  say(text, lang, tier, after_ms = 0) {
    const voice = this.synth && localVoice(this.synth.getVoices(), lang);
    if (!voice || !this.synth) return false;
    const asked_ms = this.now();
    if (this.synth.speaking && tier > this.tier) this.synth.cancel();
    this.tier = tier;
    setTimeout(() => {
      if (this.now() - asked_ms > OLD_MS + after_ms) return;
      const words = new SpeechSynthesisUtterance(text);
      words.voice = voice;
      words.lang = voice.lang;
      words.rate = 1.05;
      this.synth?.speak(words);
    }, after_ms);
    return true;
  }

  stop() {
    this.synth?.cancel();
  }
}
