/** Scores of a model: its measures, the confusion matrix, every class, the reliability diagram, the worst mistakes. */

import { cellButton } from "./cell.js";
import { classesOf } from "./classes.js";
import { find, make } from "./dom.js";
import { fixed, number, percent, text } from "./i18n.js";
import { matrixOf } from "./matrix.js";
import { reliabilityOf } from "./reliability.js";
import { translate } from "./sentences.js";
import { mistakesOf } from "./thumbnails.js";

/** @typedef {import("./evaluation.js").Evaluation} Evaluation */

/**
 * Show them all.
 * @param {Evaluation} evaluation
 * @param {string} source what was scored, in words
 */
export function showScores(evaluation, source) {
  find("scores-title", HTMLElement).textContent = `${titleOf(evaluation)} · ${source}`;
  find("scores", HTMLElement).replaceChildren(measuresOf(evaluation));
  find("rejected", HTMLElement).textContent = describeRejected(evaluation);
  find("rejected", HTMLElement).hidden = !evaluation.rejected.length;
  const matrix = matrixOf(evaluation.confusion_matrix, (...cell) => cellButton(evaluation.detail, ...cell));
  find("matrix", HTMLElement).replaceChildren(matrix);
  find("classes", HTMLElement).replaceChildren(classesOf(evaluation.per_class));
  find("reliability", HTMLElement).replaceChildren(reliabilityOf(evaluation.detail.reliability));
  find("mistakes", HTMLElement).replaceChildren(mistakesOf(evaluation.worst_mistakes));
  find("mistakes-none", HTMLElement).hidden = evaluation.worst_mistakes.length > 0;
}

/**
 * Name the model that was scored.
 * @param {Evaluation} evaluation
 */
export function titleOf({ model: { name, version } }) {
  return text("reportTitle", { model: `${name} ${version}` });
}

/**
 * Make the list of the measures.
 * @param {Evaluation} evaluation
 */
export function measuresOf({ n, accuracy, accuracy_interval: interval, loss, calibration_error: error, duration_s: seconds }) {
  const bounds = { low: percent(interval.low, 2), high: percent(interval.high, 2) };
  return make("dl", { class: "measures" }, [
    measure("accuracy", percent(accuracy, 2), text("interval", bounds)),
    measure("digits", number(n), text("seconds", { seconds: fixed(seconds, 1) })),
    measure("loss", fixed(loss, 4), text("lossUnit")),
    measure("calibrationError", percent(error, 2), text("calibrationHelp")),
  ]);
}

/**
 * @param {string} name
 * @param {string} value
 * @param {string} remark
 */
function measure(name, value, remark) {
  return make("div", {}, [
    make("dt", {}, [text(name)]),
    make("dd", { class: "value" }, [value]),
    make("dd", { class: "quiet" }, [remark]),
  ]);
}

/** @param {Evaluation} evaluation */
function describeRejected({ rejected }) {
  if (!rejected.length) return "";
  const [{ name, detail }] = rejected;
  return text("rejected", { count: number(rejected.length), first: `${name}: ${translate(detail)}` });
}
