/** Words in the language of the person, and numbers in its way. */

import { WORDS as ENGLISH } from "./words.en.js";
import { WORDS as CHINESE } from "./words.zh.js";

/** @typedef {"en" | "zh-Hant"} Language */

const KEY = "digitserve-language";

/** @returns {Language} */
export function language() {
  return document.documentElement.lang === "en" ? "en" : "zh-Hant";
}

/**
 * Say something.
 * @param {string} name of the words
 * @param {Record<string, string>} [values] put into `{}`
 */
export function text(name, values = {}) {
  /** @type {Record<string, string>} */
  const words = language() === "en" ? ENGLISH : CHINESE;
  const found = words[name] ?? name;
  return found.replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
}

/**
 * Write a share as per cent.
 * @param {number} share 0..1
 * @param {number} [digits] after the point
 */
export function percent(share, digits = 1) {
  return new Intl.NumberFormat(language(), {
    style: "percent",
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(share);
}

/**
 * Write a count.
 * @param {number} count
 */
export function number(count) {
  return new Intl.NumberFormat(language()).format(count);
}

/**
 * Write a number with digits after the point; what rounds to nothing has no sign.
 * @param {number} value
 * @param {number} digits
 */
export function fixed(value, digits) {
  return (Number(value.toFixed(digits)) || 0).toFixed(digits);
}

/**
 * Start in the language that was chosen last, or in the browser's; let the button change it.
 * @param {HTMLButtonElement} button
 * @param {() => void} onChange
 */
export function connectLanguage(button, onChange) {
  const kept = localStorage.getItem(KEY);
  use(kept === "en" || kept === "zh-Hant" ? kept : preferred(), button);
  button.addEventListener("click", () => {
    use(language() === "en" ? "zh-Hant" : "en", button);
    localStorage.setItem(KEY, language());
    onChange();
  });
}

/** @returns {Language} */
function preferred() {
  return navigator.language.toLowerCase().startsWith("zh") ? "zh-Hant" : "en";
}

/**
 * @param {Language} chosen
 * @param {HTMLButtonElement} button shows the other language
 */
function use(chosen, button) {
  document.documentElement.lang = chosen;
  button.textContent = chosen === "en" ? "中文" : "EN";
  button.setAttribute("aria-label", chosen === "en" ? "中文" : "English");
  button.lang = chosen === "en" ? "zh-Hant" : "en";
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = text(element.getAttribute("data-text") ?? "");
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", text(element.getAttribute("data-label") ?? ""));
  }
}
