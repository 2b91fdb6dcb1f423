/** The answer at a glance, just below the drawing area of a phone: the digit, its bars and how sure it is. */

import { find, make } from "./dom.js";
import { percent } from "./i18n.js";

/** @typedef {import("./digitserve.mjs").Prediction} Prediction */

/** Make its ten bars. */
export function makeGlance() {
  const bars = Array.from({ length: 10 }, (_, digit) =>
    make("span", {}, [make("i"), make("small", {}, [String(digit)])]),
  );
  find("glance-bars", HTMLElement).append(...bars);
}

/**
 * Show an answer, or none.
 * @param {string} digit as it is shown large
 * @param {Prediction | null} prediction
 */
export function showGlance(digit, prediction) {
  find("glance-digit", HTMLElement).textContent = digit;
  find("glance-sure", HTMLElement).textContent = prediction ? percent(prediction.confidence, 0) : "";
  for (const [at, bar] of [...find("glance-bars", HTMLElement).children].entries()) {
    const fill = /** @type {HTMLElement} */ (bar.firstElementChild);
    fill.style.blockSize = `${(prediction?.probabilities[at] ?? 0) * 100}%`;
  }
}
