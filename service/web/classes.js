/** Precision, recall and F1 of every digit, as bars with their numbers. */

import { make } from "./dom.js";
import { number, percent, text } from "./i18n.js";

/** @typedef {import("./evaluation.js").ClassScores} ClassScores */

const MEASURES = /** @type {const} */ (["precision", "recall", "f1"]);
const STARTS = [0.99, 0.98, 0.95, 0.9, 0.8, 0.5]; // where bars may begin, so that they differ

/** @param {ClassScores[]} classes */
export function classesOf(classes) {
  const start = startOf(classes.flatMap((one) => MEASURES.map((measure) => one[measure] ?? 1)));
  const names = [text("digit"), ...MEASURES.map((measure) => text(measure)), text("support")];
  const head = make("tr", {}, names.map((name) => make("th", { scope: "col" }, [name])));
  const rows = classes.map((one, digit) => {
    const cells = MEASURES.map((measure) => make("td", {}, bar(one[measure], start)));
    const support = make("td", { class: "support" }, [number(one.support)]);
    return make("tr", {}, [make("th", { scope: "row" }, [String(digit)]), ...cells, support]);
  });
  const caption = make("caption", {}, [text("classesHelp", { start: percent(start, 0) })]);
  return make("table", { class: "classes" }, [caption, make("thead", {}, [head]), make("tbody", {}, rows)]);
}

/**
 * Find where bars begin: below all of them, and as far up as that allows.
 * @param {number[]} values
 */
function startOf(values) {
  const lowest = Math.min(...values);
  return STARTS.find((start) => start < lowest) ?? 0;
}

/**
 * Make a number with its bar.
 * @param {number | null} value
 * @param {number} start
 */
function bar(value, start) {
  if (value === null) return ["–"];
  const fill = make("span", { class: "fill" });
  fill.style.inlineSize = `${(100 * (value - start)) / (1 - start)}%`;
  return [percent(value), make("span", { class: "track", "aria-hidden": "true" }, [fill])];
}
