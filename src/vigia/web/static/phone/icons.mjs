// Own line drawings, 24 × 24 unless said; colour and size come from the page.

import { html, svg } from "../vendor/lit/lit.mjs";

/** @param {unknown} paths */
const icon = (paths) =>
  html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">${paths}</svg>`;

export const quad = html`<svg class="quad" viewBox="0 0 96 96" aria-hidden="true">
  <circle cx="22" cy="24" r="14" /><circle cx="74" cy="24" r="14" />
  <circle cx="22" cy="72" r="14" /><circle cx="74" cy="72" r="14" />
  <path d="M32 34l9 8M64 34l-9 8M32 62l9-8M64 62l-9-8" />
  <rect class="fill" x="38" y="38" width="20" height="20" rx="5" />
</svg>`;
export const ear = icon(
  svg`<path d="M6 9a6 6 0 1112 0c0 4-4 4-4 8a3 3 0 01-5 2" /><path d="M9.5 9a2.5 2.5 0 015 0" />`,
);
export const eye = icon(
  svg`<path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z" /><circle cx="12" cy="12" r="3" />`,
);
export const lost = icon(
  svg`<path d="M3 3l18 18" /><path d="M5 12a10 10 0 013.5-2.3M2 8.5A15 15 0 016 6M12.5 9a10 10 0 016.5 3M11 5a15 15 0 0111 3.5M8.5 15.5a5 5 0 015-1.2" /><circle class="fill" cx="12" cy="19" r="1" />`,
);
export const bell = icon(svg`<path d="M6 16v-6a6 6 0 1112 0v6l2 2H4z" /><path d="M10 21h4" />`);
export const soundOn = icon(
  svg`<path d="M4 9.500v5h3.500L12 19V5L7.5 9.500z" /><path d="M15.5 9a4 4 0 010 6M18.2 6.300a8 8 0 010 11.4" />`,
);
export const shake = icon(
  svg`<rect x="8" y="4" width="8" height="16" rx="2" /><path d="M4.500 8v8M1.500 10v4M19.500 8v8M22.500 10v4" />`,
);
export const map = icon(
  svg`<path d="M3 6.500l6-2.500 6 2.500 6-2.500v14l-6 2.500-6-2.500-6 2.500z" /><path d="M9 4v14M15 6.500v14" />`,
);
export const fallen = icon(
  svg`<path d="M7 8l10 6M17 8L7 14" /><circle cx="5.500" cy="7" r="2.500" /><circle cx="18.500" cy="7" r="2.500" /><path d="M2 20h20M5 15.500l-1.500 1.500M19 15.500l1.500 1.500" />`,
);
export const soundOff = icon(
  svg`<path d="M4 9.500v5h3.500L12 19V5L7.5 9.500z" /><path d="M16 9.500l5 5M21 9.500l-5 5" />`,
);
export const chevrons = icon(svg`<path d="M3 20L12 4l9 16" /><path d="M8 20l4-7 4 7" />`);
export const list = icon(
  svg`<path d="M9 6h12M9 12h12M9 18h12" /><path d="M4 6h.01M4 12h.01M4 18h.01" />`,
);
export const gear = icon(
  svg`<path d="M4 7h9M19 7h1M4 17h1M11 17h9" /><circle cx="16" cy="7" r="2.6" /><circle cx="8" cy="17" r="2.6" />`,
);
export const tick = icon(svg`<circle cx="12" cy="12" r="10" /><path d="M7.5 12.500l3 3 6-7" />`);
export const clock = icon(svg`<circle cx="12" cy="12" r="10" /><path d="M12 6.500V12l4 2.5" />`);
export const stop = icon(
  svg`<circle cx="12" cy="12" r="10" /><path d="M8.5 8.500l7 7M15.5 8.500l-7 7" />`,
);
export const warn = icon(
  svg`<path d="M12 3.500L22 20H2z" /><path d="M12 10v4.500M12 17.500v.01" />`,
);
export const cross = icon(
  svg`<path class="fill" d="M9.500 3h5v6.500H21v5h-6.500V21h-5v-6.500H3v-5h6.500z" />`,
);
export const aid = icon(
  svg`<rect x="3" y="7.500" width="18" height="13" rx="2" /><path d="M9 7.500V4.500h6v3M12 11v6M9 14h6" />`,
);
export const sheet = icon(
  svg`<path d="M6 3h8.500L19 7.500V21H6z" /><path d="M14 3v5h5M9 12.500h7M9 16.500h7" />`,
);
export const arrow = icon(svg`<path d="M12 21V4M5.500 10.500L12 4l6.500 6.500" />`);
export const next = icon(svg`<path d="M9 5l7 7-7 7" />`);
export const back = icon(svg`<path d="M15 5l-7 7 7 7" />`);
