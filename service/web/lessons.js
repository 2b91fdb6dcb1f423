/** The chapter's worked examples: the 3x3 product that gives 7, and the max-pool of 4x4 numbers. */

import { find, make } from "./dom.js";
import { text } from "./i18n.js";

// Section 8.1 of the chapter; the same numbers as in training/worked_examples.py.
const IMAGE = [
  [1, 2, 3, 1, 1, 1, 1],
  [4, 5, 6, 1, 1, 1, 1],
  [7, 8, 9, 2, 3, 4, 1],
  [1, 1, 1, 1, 1, 0, 2],
  [1, 2, 1, 0, 1, 1, 1],
  [1, 3, 4, 2, 1, 1, 1],
  [1, 1, 3, 4, 4, 1, 2],
];
const FILTER = [
  [0, 1, 0],
  [1, 1, 1],
  [0, 1, 0],
];
const POOLED = [
  [5, 2, 3, 1],
  [4, 1, 1, 6],
  [7, 8, 2, 9],
  [1, 1, 1, 1],
];

/** Show both examples, each at its first number. */
export function showLessons() {
  showConvolution(0, 0);
  showPool(0, 0);
}

/**
 * Show the product at one place of the picture.
 * @param {number} row
 * @param {number} column
 */
function showConvolution(row, column) {
  const terms = FILTER.flatMap((weights, down) =>
    weights.map((weight, right) => /** @type {const} */ ([at(IMAGE, row + down - 1, column + right - 1), weight])),
  );
  const sum = terms.reduce((total, [pixel, weight]) => total + pixel * weight, 0);
  const products = terms.map(([pixel, weight]) => `(${pixel}×${weight})`).join(" + ");
  find("lesson-convolution-sum", HTMLElement).textContent = `${products} = ${sum}`;
  find("lesson-convolution", HTMLElement).replaceChildren(
    table(padded(), text("picture"), (r, c) => near(r - 1 - row, 1) && near(c - 1 - column, 1)),
    table(FILTER, text("weights"), () => true),
    chooser(IMAGE.map((line, r) => line.map((_, c) => convolve(r, c))), text("result"), row, column, showConvolution),
  );
}

/**
 * Show the four numbers that one number of the pooled picture comes from.
 * @param {number} row
 * @param {number} column
 */
function showPool(row, column) {
  const four = pool(row, column);
  find("lesson-pool-sum", HTMLElement).textContent = `max(${four.join(", ")}) = ${Math.max(...four)}`;
  const results = [0, 1].map((r) => [0, 1].map((c) => Math.max(...pool(r, c))));
  find("lesson-pool", HTMLElement).replaceChildren(
    table(POOLED, text("picture"), (r, c) => r >> 1 === row && c >> 1 === column),
    chooser(results, text("result"), row, column, showPool),
  );
}

/**
 * Return a number of a picture, 0 outside.
 * @param {number[][]} image
 * @param {number} row
 * @param {number} column
 */
function at(image, row, column) {
  return image[row]?.[column] ?? 0;
}

/**
 * @param {number} distance
 * @param {number} most
 */
function near(distance, most) {
  return Math.abs(distance) <= most;
}

/** Return the picture with the zeros around it. */
function padded() {
  const side = IMAGE.length + 2;
  return Array.from({ length: side }, (_, r) => Array.from({ length: side }, (_, c) => at(IMAGE, r - 1, c - 1)));
}

/**
 * @param {number} row
 * @param {number} column
 */
function convolve(row, column) {
  let sum = 0;
  FILTER.forEach((weights, down) =>
    weights.forEach((weight, right) => (sum += weight * at(IMAGE, row + down - 1, column + right - 1))),
  );
  return sum;
}

/**
 * Return the four numbers of a block.
 * @param {number} row
 * @param {number} column
 */
function pool(row, column) {
  return [0, 1, 2, 3].map((it) => POOLED[row * 2 + (it >> 1)][column * 2 + (it & 1)]);
}

/**
 * Make a table of numbers.
 * @param {number[][]} numbers
 * @param {string} caption
 * @param {(row: number, column: number) => boolean} isInWindow
 */
function table(numbers, caption, isInWindow) {
  const isPadded = numbers.length === IMAGE.length + 2;
  const rows = numbers.map((line, row) => {
    const cells = line.map((value, column) => {
      const isOutside = isPadded && IMAGE[row - 1]?.[column - 1] === undefined;
      const names = [isInWindow(row, column) ? "window" : "", isOutside ? "outside" : ""];
      return make("td", { class: names.join(" ").trim() }, [String(value)]);
    });
    return make("tr", {}, cells);
  });
  return make("table", { class: "grid" }, [make("caption", {}, [caption]), make("tbody", {}, rows)]);
}

/**
 * Make a table of numbers that can be chosen.
 * @param {number[][]} numbers
 * @param {string} caption
 * @param {number} row of the chosen one
 * @param {number} column
 * @param {(row: number, column: number) => void} onChoice
 */
function chooser(numbers, caption, row, column, onChoice) {
  const made = table(numbers, caption, () => false);
  for (const [r, line] of [...made.rows].entries()) {
    for (const [c, cell] of [...line.cells].entries()) {
      const button = make("button", { type: "button", "aria-pressed": String(r === row && c === column) }, [
        cell.textContent ?? "",
      ]);
      button.addEventListener("click", () => {
        onChoice(r, c);
        const chosen = document.querySelectorAll(`#${made.dataset.of} [aria-pressed=true]`)[0];
        if (chosen instanceof HTMLElement) chosen.focus();
      });
      cell.replaceChildren(button);
    }
  }
  made.dataset.of = onChoice === showPool ? "lesson-pool" : "lesson-convolution";
  return made;
}
