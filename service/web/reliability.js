/** The reliability diagram: how often answers of about the same confidence are right. */

import { make, svg } from "./dom.js";
import { number, percent, text } from "./i18n.js";

/** @typedef {import("./evaluation.js").Bin} Bin */

const SIDE = 260; // of the square, in units of the drawing
const LEFT = 52;
const TOP = 8;
const TICKS = [0, 0.25, 0.5, 0.75, 1];
const QUANTILE = 1.96; // two-sided 95 % of the normal distribution

/** @param {Bin[]} bins */
export function reliabilityOf(bins) {
  const drawing = svg("svg", { viewBox: `0 0 ${LEFT + SIDE + 16} ${TOP + SIDE + 44}`, role: "img", class: "reliability" }, [
    svg("title", {}, [text("reliabilityLabel")]),
    ...TICKS.flatMap(axes),
    line("diagonal", 0, 0, 1, 1),
    ...bins.filter(({ count }) => count).flatMap(column),
    svg("text", { x: x(0.5), y: TOP + SIDE + 38, class: "middle" }, [text("confidence")]),
    svg("text", { transform: `translate(12 ${y(0.5)}) rotate(-90)`, class: "middle" }, [text("accuracy")]),
  ]);
  const details = make("details", {}, [make("summary", {}, [text("asNumbers")]), table(bins)]);
  return make("div", {}, [drawing, details]);
}

/** @param {number} tick */
function axes(tick) {
  return [
    line("gridline", 0, tick, 1, tick),
    svg("text", { x: LEFT - 6, y: y(tick) + 4, class: "end" }, [percent(tick, 0)]),
    svg("text", { x: x(tick), y: TOP + SIDE + 17, class: "middle" }, [percent(tick, 0)]),
  ];
}

/**
 * Draw a bin: its accuracy as a bar with its interval, and its mean confidence as a mark.
 * @param {Bin} bin
 */
function column({ low, high, count, confidence, accuracy }) {
  const right = /** @type {number} */ (accuracy);
  const mean = /** @type {number} */ (confidence);
  const middle = (low + high) / 2;
  const interval = wilson(right, count);
  const width = (high - low) * SIDE - 2;
  return [
    svg("rect", { x: x(low) + 1, y: y(right), width, height: right * SIDE, class: "accuracy" }),
    line("interval", middle, interval.low, middle, interval.high),
    line("confidence", low, mean, high, mean),
  ];
}

/**
 * Find the 95 % Wilson interval of a share, as the service does.
 * @param {number} share
 * @param {number} count
 */
function wilson(share, count) {
  const square = QUANTILE ** 2;
  const centre = (share + square / (2 * count)) / (1 + square / count);
  const spread = Math.sqrt((share * (1 - share)) / count + square / (4 * count ** 2));
  const half = (QUANTILE * spread) / (1 + square / count);
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/** @param {Bin[]} bins */
function table(bins) {
  const names = [text("confidence"), text("digits"), text("meanConfidence"), text("accuracy")];
  const head = make("tr", {}, names.map((name) => make("th", { scope: "col" }, [name])));
  const rows = bins.map(({ low, high, count, confidence, accuracy }) => {
    const means = [confidence, accuracy].map((mean) => (mean === null ? "–" : percent(mean, 2)));
    const cells = [number(count), ...means].map((words) => make("td", {}, [words]));
    return make("tr", {}, [make("th", { scope: "row" }, [`${percent(low)}–${percent(high)}`]), ...cells]);
  });
  return make("table", { class: "numbers" }, [make("thead", {}, [head]), make("tbody", {}, rows)]);
}

/** @param {number} share */
function x(share) {
  return LEFT + share * SIDE;
}

/** @param {number} share */
function y(share) {
  return TOP + (1 - share) * SIDE;
}

/**
 * @param {string} name its class
 * @param {number} x1 0..1
 * @param {number} y1
 * @param {number} x2
 * @param {number} y2
 */
function line(name, x1, y1, x2, y2) {
  return svg("line", { x1: x(x1), y1: y(y1), x2: x(x2), y2: y(y2), class: name });
}
