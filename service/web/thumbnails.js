/** Small pictures of digits, each with what is to be said of it. */

import { make } from "./dom.js";
import { percent, text } from "./i18n.js";

/** @typedef {import("./evaluation.js").Mistake} Mistake */

/**
 * Make a picture with lines below it.
 * @param {string} image data URL
 * @param {string[]} lines
 */
export function thumbnail(image, lines) {
  const picture = make("img", { src: image, alt: "", width: "56", height: "56", class: "pixels" });
  const words = lines.map((line) => make("span", {}, [line]));
  return make("figure", {}, [picture, make("figcaption", {}, words)]);
}

/** @param {Mistake[]} mistakes */
export function mistakesOf(mistakes) {
  const figures = mistakes.map(({ image, label, predicted, confidence }) =>
    thumbnail(image, [
      text("readAs", { label: String(label), digit: String(predicted) }),
      text("sure", { confidence: percent(confidence) }),
    ]),
  );
  return make("div", { class: "mistakes" }, figures);
}
