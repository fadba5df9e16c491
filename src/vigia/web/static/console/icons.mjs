// Small line drawings and the 2525D symbols as page content. Colours come from CSS (currentColor).
import {svg} from '../vendor/lit/lit.mjs';
import {SYMBOLS} from '../vendor/symbols/symbols.mjs';

export const BRAND = svg`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M3 20 12 4l9 16"/><path d="M8 20l4-7 4 7"/></svg>`;
export const TRIANGLE = svg`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M12 3 22 20.5H2Z"/><path d="M12 10v5M12 17.4v.4"/></svg>`;
export const DIAMOND = svg`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M12 2 22 12 12 22 2 12Z"/><path d="M12 7.5v5.5M12 16v.4"/></svg>`;
export const EYE = svg`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M2 12s3.6-6.5 10-6.5S22 12 22 12s-3.6 6.5-10 6.5S2 12 2 12Z"/><circle cx="12" cy="12" r="2.8"/></svg>`;
export const CROSS = svg`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M9 3h6v6h6v6h-6v6H9v-6H3V9h6Z"/></svg>`;
export const LAYERS = svg`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M12 3 3 8l9 5 9-5-9-5Z"/><path d="m3 12.5 9 5 9-5"/><path d="m3 17 9 5 9-5"/></svg>`;
export const FIT = svg`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5"/><circle cx="12" cy="12" r="2.4"/></svg>`;
export const NO_LINK = svg`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M3 3l18 18M8.5 16.5a5 5 0 0 1 7 0M5 13a10 10 0 0 1 4.2-2.5M2 9a15 15 0 0 1 4.6-2.9M19 13a10 10 0 0 0-3.2-2.1M22 9a15 15 0 0 0-10.6-4"/></svg>`;
export const SPEAKER = svg`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M4 9v6h4l5 4V5L8 9Z"/><path d="M16.5 8.5a5 5 0 0 1 0 7M19 6a8.5 8.5 0 0 1 0 12"/></svg>`;
export const PERSON = svg`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8M5 20c0-3.5 3-6 7-6s7 2.5 7 6"/></svg>`;
export const PHONE = svg`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M7 3h8a1.5 1.5 0 0 1 1.5 1.5v6M16.5 20a1.5 1.5 0 0 1-1.5 1H7a1.5 1.5 0 0 1-1.5-1.5v-15A1.5 1.5 0 0 1 7 3M10 18h2"/><path d="M19 12.5v6M16 15.5h6"/></svg>`;
export const SPEAKER_OFF = svg`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M4 9v6h4l5 4V5L8 9Z"/><path d="M16 9.5l5 5M21 9.5l-5 5"/></svg>`;

const parser = new DOMParser();
/** @type {Map<string, SVGElement>} */
const parsed = new Map();

/** A fresh node of a 2525D symbol; its frame is currentColor. @param {string} name */
export function symbolNode(name) {
  if (!parsed.has(name)) {
    const text = SYMBOLS[/** @type {keyof typeof SYMBOLS} */ (name)];
    parsed.set(name, /** @type {any} */ (parser.parseFromString(text, 'image/svg+xml').documentElement));
  }
  const node = /** @type {SVGElement} */ (/** @type {SVGElement} */ (parsed.get(name)).cloneNode(true));
  node.setAttribute('class', 'symbol');
  node.setAttribute('aria-hidden', 'true');
  return node;
}

/** <vigia-symbol name="suspect-uas">: redraws only when the name changes. */
class SymbolElement extends HTMLElement {
  static observedAttributes = ['name'];
  attributeChangedCallback(/** @type {string} */ _, /** @type {string} */ old, /** @type {string} */ name) {
    if (old !== name) this.replaceChildren(symbolNode(name));
  }
}
customElements.define('vigia-symbol', SymbolElement);
