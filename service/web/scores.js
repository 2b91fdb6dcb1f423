/** Scores of a model: accuracy, confusion matrix as a heat map, every class, the worst mistakes. */

import { find, make } from "./dom.js";
import { number, percent, text } from "./i18n.js";

/**
 * @typedef {{label: number, predicted: number, confidence: number, image: string}} Mistake
 * @typedef {{n: number, accuracy: number, accuracy_interval: {low: number, high: number}, loss: number,
 *   calibration_error: number, confusion_matrix: number[][], worst_mistakes: Mistake[],
 *   per_class: {recall: number | null, precision: number | null, support: number}[],
 *   rejected: {name: string, detail: string}[], duration_s: number}} Evaluation
 */

/** @param {Evaluation} evaluation */
export function showScores(evaluation) {
  const { accuracy_interval: interval } = evaluation;
  find("scores", HTMLElement).textContent = text("scores", {
    accuracy: percent(evaluation.accuracy, 2),
    low: percent(interval.low, 2),
    high: percent(interval.high, 2),
    n: number(evaluation.n),
    loss: evaluation.loss.toFixed(4),
    calibration: percent(evaluation.calibration_error, 2),
    seconds: evaluation.duration_s.toFixed(1),
  });
  find("rejected", HTMLElement).textContent = evaluation.rejected.length
    ? text("rejected", { count: number(evaluation.rejected.length), first: evaluation.rejected[0].detail })
    : "";
  showMatrix(evaluation);
  showClasses(evaluation);
  showMistakes(evaluation.worst_mistakes);
}

/** @param {Evaluation} evaluation */
function showMatrix({ confusion_matrix: matrix, worst_mistakes: mistakes }) {
  const most = Math.max(1, ...matrix.flatMap((row, label) => row.filter((_, digit) => digit !== label)));
  const digits = matrix.map((_, digit) => make("th", { scope: "col" }, [String(digit)]));
  const head = make("tr", {}, [make("th", { scope: "col" }, [text("label")]), ...digits]);
  const rows = matrix.map((row, label) => {
    const cells = row.map((count, digit) => {
      const cell = make("td", { class: label === digit ? "right" : "wrong" });
      const share = label === digit ? count / Math.max(1, row.reduce((a, b) => a + b)) : count / most;
      cell.style.setProperty("--share", `${Math.round(share * 60)}%`);
      const shown = mistakes.filter((one) => one.label === label && one.predicted === digit);
      cell.append(shown.length ? opener(count, label, digit, shown) : String(count));
      return cell;
    });
    return make("tr", {}, [make("th", { scope: "row" }, [String(label)]), ...cells]);
  });
  const caption = make("caption", {}, [text("matrixHelp")]);
  find("matrix", HTMLTableElement).replaceChildren(caption, make("thead", {}, [head]), make("tbody", {}, rows));
}

/**
 * Make the button of a cell, which shows its digits alone.
 * @param {number} count
 * @param {number} label
 * @param {number} digit
 * @param {Mistake[]} shown
 */
function opener(count, label, digit, shown) {
  const words = text("cell", { count: number(count), label: String(label), digit: String(digit) });
  const button = make("button", { type: "button", "aria-label": words }, [String(count)]);
  button.addEventListener("click", () => {
    find("enlarged-title", HTMLElement).textContent = words;
    find("enlarged-body", HTMLElement).replaceChildren(make("div", { class: "mistakes" }, shown.map(thumbnail)));
    find("enlarged", HTMLDialogElement).showModal();
  });
  return button;
}

/** @param {Evaluation} evaluation */
function showClasses({ per_class: classes }) {
  const items = classes.map(({ recall }, digit) => {
    const fill = make("span", { class: "fill" });
    fill.style.inlineSize = `${(recall ?? 0) * 100}%`;
    const track = make("span", { class: "track", "aria-hidden": "true" }, [fill]);
    const value = make("span", { class: "value" }, [recall === null ? "–" : percent(recall, 2)]);
    return make("li", {}, [make("span", { class: "name" }, [String(digit)]), track, value]);
  });
  find("classes", HTMLOListElement).replaceChildren(...items);
}

/** @param {Mistake[]} mistakes */
function showMistakes(mistakes) {
  find("mistakes", HTMLElement).replaceChildren(...mistakes.map(thumbnail));
}

/** @param {Mistake} mistake */
function thumbnail({ label, predicted, confidence, image }) {
  const words = text("mistake", {
    label: String(label),
    predicted: String(predicted),
    confidence: percent(confidence),
  });
  const picture = make("img", { src: image, alt: "", width: "56", height: "56", class: "pixels" });
  return make("figure", {}, [picture, make("figcaption", {}, [words])]);
}
