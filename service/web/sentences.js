/** Sentences of the service, which speaks English, in the language of the person. */

import { language, text } from "./i18n.js";
import { WORDS as ENGLISH } from "./words.en.js";

/**
 * Translate a sentence, if it is a known one.
 *
 * Its English words stand among the page's own, by names that begin with `said-`: a sentence that fits one of
 * them is said by the other language's words of that name, with what stood in the places of `{}`.
 * @param {string} sentence
 * @returns {string}
 */
export function translate(sentence) {
  if (language() === "en") return sentence;
  for (const [name, words] of Object.entries(ENGLISH)) {
    if (!name.startsWith("said-")) continue;
    const places = [...words.matchAll(/\{(\w+)\}/g)].map(([, place]) => place);
    const pattern = words.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{\w+\}/g, "(.+?)");
    const found = new RegExp(`^${pattern}$`, "s").exec(sentence);
    if (!found) continue;
    const values = places.map((place, at) => [place, place === "detail" ? translate(found[at + 1]) : found[at + 1]]);
    return text(name, Object.fromEntries(values));
  }
  return sentence;
}
