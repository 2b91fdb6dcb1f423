/** An evaluation as a report: one HTML file that asks for nothing else. */

import { showDigits } from "./cell.js";
import { classesOf } from "./classes.js";
import { make } from "./dom.js";
import { digitsOf } from "./evaluation.js";
import { language, number, text } from "./i18n.js";
import { describeCell, matrixOf } from "./matrix.js";
import { reliabilityOf } from "./reliability.js";
import { translate } from "./sentences.js";
import { measuresOf, titleOf } from "./scores.js";

/** @typedef {import("./evaluation.js").Evaluation} Evaluation */
/** @typedef {{label: number, digit: number, count: number}} Cell */

const MOST = 500; // pictures in a report
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

/**
 * Write the report, in the language of now.
 * @param {Evaluation} evaluation
 * @param {string} source what was scored, in words
 */
export async function writeReport(evaluation, source) {
  const style = await (await fetch(new URL("style.css", import.meta.url))).text();
  const title = titleOf(evaluation);
  const head = [
    make("meta", { charset: "utf-8" }),
    make("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }),
    make("meta", { "http-equiv": "Content-Security-Policy", content: POLICY }),
    make("title", {}, [title]),
  ].map((element) => element.outerHTML);
  const body = await bodyOf(evaluation, title, source);
  return (
    `<!doctype html>\n<html lang="${language()}"><head>${head.join("\n")}\n<style>\n${style}</style></head>\n` +
    `<body>${body.outerHTML}</body></html>\n`
  );
}

/**
 * @param {Evaluation} evaluation
 * @param {string} title
 * @param {string} source
 */
async function bodyOf(evaluation, title, source) {
  const when = new Date().toLocaleString(language(), { dateStyle: "long", timeStyle: "short" });
  const cells = listMistakes(evaluation.confusion_matrix);
  const matrix = matrixOf(evaluation.confusion_matrix, (count, label, digit) =>
    label === digit ? count : make("a", { href: `#${idOf(label, digit)}` }, [count]),
  );
  return make("main", { class: "results" }, [
    make("h1", {}, [title]),
    make("p", { class: "quiet" }, [`${source} · ${when}`]),
    card([measuresOf(evaluation)]),
    card([heading("matrixTitle"), make("p", { class: "quiet" }, [text("reportMatrix")]), scrolling(matrix)]),
    card([heading("classesTitle"), scrolling(classesOf(evaluation.per_class))]),
    card([heading("reliabilityTitle"), help("reliabilityHelp"), reliabilityOf(evaluation.detail.reliability)]),
    card([heading("allMistakes"), cells.length ? await showCells(evaluation, cells) : help("mistakesNone")]),
    ...(evaluation.rejected.length ? [card([heading("reportRejected"), listRejected(evaluation)])] : []),
  ]);
}

/**
 * List the cells of mistakes, the most frequent first.
 * @param {number[][]} matrix
 * @returns {Cell[]}
 */
function listMistakes(matrix) {
  const cells = matrix.flatMap((row, label) => row.map((count, digit) => ({ label, digit, count })));
  return cells.filter(({ label, digit, count }) => count && label !== digit).sort((a, b) => b.count - a.count);
}

/**
 * Show the digits of each cell, as many as a report holds.
 * @param {Evaluation} evaluation
 * @param {Cell[]} cells
 */
async function showCells({ detail }, cells) {
  const share = Math.max(1, Math.floor(MOST / cells.length));
  const sections = await Promise.all(
    cells.map(async ({ label, digit, count }) => {
      const words = describeCell(String(count), label, digit);
      const shown = digitsOf(detail, label, digit).slice(0, share);
      const left = count - shown.length;
      return make("section", { id: idOf(label, digit) }, [
        make("h3", {}, [words]),
        make("div", { class: "mistakes" }, await showDigits(detail, shown)),
        ...(left ? [make("p", { class: "quiet" }, [text("reportLeft", { left: number(left) })])] : []),
      ]);
    }),
  );
  return make("div", { class: "by-cell" }, sections);
}

/** @param {Evaluation} evaluation */
function listRejected({ rejected }) {
  return make("ul", {}, rejected.map(({ name, detail }) => make("li", {}, [`${name}: ${translate(detail)}`])));
}

/**
 * @param {number} label
 * @param {number} digit
 */
function idOf(label, digit) {
  return `cell-${label}-${digit}`;
}

/** @param {Node[]} children */
function card(children) {
  return make("div", { class: "card" }, children);
}

/** @param {string} name of the words */
function heading(name) {
  return make("h2", {}, [text(name)]);
}

/** @param {string} name of the words */
function help(name) {
  return make("p", { class: "quiet" }, [text(name)]);
}

/** @param {Node} table */
function scrolling(table) {
  return make("div", { class: "wide" }, [table]);
}
