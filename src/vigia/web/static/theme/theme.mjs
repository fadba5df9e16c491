// The chosen theme and its colours, for whatever cannot read CSS by itself (canvas, WebGL).

export const THEMES = ['dark', 'light', 'night-red', 'nvg'];
const KEY = 'vigia.theme';

/** @returns {string} */
export function currentTheme() {
  return document.documentElement.dataset.theme ?? 'dark';
}

/** Applies the saved choice; call before the first paint. @param {string} [fallback] */
export function restoreTheme(fallback = 'dark') {
  let saved = null;
  try {
    saved = localStorage.getItem(KEY);
  } catch {
    // storage can be switched off; the page must still show
  }
  document.documentElement.dataset.theme = saved && THEMES.includes(saved) ? saved : fallback;
}

/** @param {string} theme */
export function setTheme(theme) {
  if (!THEMES.includes(theme)) throw new Error(`theme: got ${theme}, expected one of ${THEMES.join(', ')}`);
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // as above
  }
  globalThis.dispatchEvent(new CustomEvent('vigia-theme', {detail: theme}));
}

/** Reads tokens.css: token('map-land'). A name that is not there is our mistake. */
export function readTokens() {
  const style = getComputedStyle(document.documentElement);
  return (/** @type {string} */ name) => {
    const value = style.getPropertyValue(`--${name}`).trim();
    if (!value) throw new Error(`theme: no token --${name} in tokens.css`);
    return value;
  };
}
