/** Training curves: a score of every epoch, on the digits of the training and on those of the validation. */

import { make, svg } from "./dom.js";
import { text } from "./i18n.js";

/** @typedef {Record<string, number>} Epoch a line of `history.csv`: `epoch`, `accuracy`, `val_accuracy` and so on */

const WIDTH = 320;
const HEIGHT = 200;
const LEFT = 54;
const TOP = 10;
const MAX_TICKS = 5;

/**
 * Read `history.csv`.
 * @param {string} csv
 * @returns {Epoch[]}
 */
export function readHistory(csv) {
  const [head, ...lines] = csv.trim().split(/\r?\n/).map((line) => line.split(","));
  return lines.map((values) => Object.fromEntries(head.map((name, at) => [name, Number(values[at])])));
}

/**
 * Draw a score over the epochs.
 * @param {Epoch[]} history
 * @param {string} score `accuracy` or `loss`
 * @param {(value: number) => string} write how a number of it is written
 */
export function curvesOf(history, score, write) {
  const names = [score, `val_${score}`];
  const values = history.flatMap((epoch) => names.map((name) => epoch[name]));
  const ticks = ticksOf(Math.min(...values), Math.max(...values));
  const [low, high] = [ticks[0], ticks[ticks.length - 1]];
  /** @param {number} value */
  const y = (value) => TOP + ((high - value) / (high - low)) * HEIGHT;
  /** @param {number} at */
  const x = (at) => LEFT + (at / Math.max(1, history.length - 1)) * WIDTH;
  const size = `0 0 ${LEFT + WIDTH + 12} ${TOP + HEIGHT + 42}`;
  return svg("svg", { viewBox: size, role: "img", class: "curves" }, [
    svg("title", {}, [text("curvesLabel", { score: text(score) })]),
    ...ticks.flatMap((tick) => [
      svg("line", { x1: LEFT, x2: LEFT + WIDTH, y1: y(tick), y2: y(tick), class: "gridline" }),
      svg("text", { x: LEFT - 6, y: y(tick) + 4, class: "end" }, [write(tick)]),
    ]),
    ...names.map((name, at) => {
      const points = history.map((epoch, place) => `${x(place)},${y(epoch[name])}`).join(" ");
      return svg("polyline", { points, class: at ? "validation" : "training" });
    }),
    svg("text", { x: LEFT, y: TOP + HEIGHT + 17, class: "middle" }, [String(history[0].epoch)]),
    svg("text", { x: LEFT + WIDTH, y: TOP + HEIGHT + 17, class: "end" }, [String(history.at(-1)?.epoch)]),
    svg("text", { x: LEFT + WIDTH / 2, y: TOP + HEIGHT + 36, class: "middle" }, [text("epoch")]),
  ]);
}

/**
 * Choose round numbers around what is drawn.
 * @param {number} least
 * @param {number} most
 * @returns {number[]} at least two
 */
function ticksOf(least, most) {
  const span = most - least || 1;
  const power = 10 ** Math.floor(Math.log10(span / MAX_TICKS));
  const step = power * ([1, 2, 5].find((round) => span / (power * round) <= MAX_TICKS - 1) ?? 10);
  const first = Math.floor(least / step);
  const last = Math.max(first + 1, Math.ceil(most / step));
  return Array.from({ length: last - first + 1 }, (_, at) => (first + at) * step);
}

/**
 * Write every epoch as a line of a table.
 * @param {Epoch[]} history
 * @param {Record<string, (value: number) => string>} writers how each score is written
 */
export function tableOf(history, writers) {
  const columns = Object.keys(writers).flatMap((score) => [score, `val_${score}`]);
  const names = [text("epoch"), ...columns.map((name) => nameOf(name))];
  const head = make("tr", {}, names.map((name) => make("th", { scope: "col" }, [name])));
  const rows = history.map((epoch) => {
    const cells = columns.map((name) => writers[name.replace("val_", "")](epoch[name]));
    const first = make("th", { scope: "row" }, [String(epoch.epoch)]);
    return make("tr", {}, [first, ...cells.map((words) => make("td", {}, [words]))]);
  });
  return make("table", { class: "numbers" }, [make("thead", {}, [head]), make("tbody", {}, rows)]);
}

/** @param {string} column */
function nameOf(column) {
  const split = column.startsWith("val_") ? text("validation") : text("training");
  return `${text(column.replace("val_", ""))} · ${split}`;
}
