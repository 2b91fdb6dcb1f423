/** Light or dark: the system's, until the person chooses. */

const KEY = "digitserve-theme";

/**
 * Use the theme that was chosen last; let the button change it.
 * @param {HTMLButtonElement} button
 * @param {() => void} onChange
 */
export function connectTheme(button, onChange) {
  const root = document.documentElement;
  const kept = localStorage.getItem(KEY);
  if (kept) root.dataset.theme = kept;
  label(button);
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    localStorage.setItem(KEY, root.dataset.theme);
    label(button);
    onChange();
  });
}

/** @returns {boolean} */
function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

/** @param {HTMLButtonElement} button names the theme that it changes to */
function label(button) {
  button.dataset.label = isDark() ? "themeLight" : "themeDark";
}
