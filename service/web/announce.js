/** What a screen reader says: the answer, once it has stayed the same for a moment. */

import { find } from "./dom.js";

const SETTLED_MS = 700; // answers change about ten times a second while a person draws

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/**
 * Have words read out, unless others follow at once.
 * @param {string} words
 */
export function announce(words) {
  clearTimeout(timer);
  timer = setTimeout(() => (find("announcement", HTMLElement).textContent = words), SETTLED_MS);
}
