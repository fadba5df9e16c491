// The chosen screen (dark, sunlight, night red, goggles) -> data-theme on the page, kept on the device.

/** @type {string[]} */
export const THEMES = ["dark", "light", "night-red", "nvg"];
const KEY = "vigia.theme";

export function theme() {
  const now = document.documentElement.dataset.theme ?? "dark";
  return THEMES.includes(now) ? now : "dark";
}

/** @param {string} name */
export function setTheme(name) {
  document.documentElement.dataset.theme = name;
  const colour = getComputedStyle(document.documentElement).getPropertyValue("--app").trim();
  document.querySelector('meta[name="theme-color"]')?.setAttribute("content", colour);
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // switched off: the choice lasts as long as the page
  }
}

/** Before the first paint of the views. */
export function restoreTheme() {
  try {
    const kept = localStorage.getItem(KEY);
    if (kept && THEMES.includes(kept)) document.documentElement.dataset.theme = kept;
  } catch {
    // dark
  }
}
