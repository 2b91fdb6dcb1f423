/** The confusion matrix as a heat map. */

import { make } from "./dom.js";
import { number, text } from "./i18n.js";

/**
 * Make the table; right answers are blue by their share of the row, mistakes red beside the most frequent.
 * @param {number[][]} matrix rows are labels, columns answers
 * @param {(count: string, label: number, predicted: number) => Node | string} fill what stands in a cell that counts any
 */
export function matrixOf(matrix, fill) {
  const most = Math.max(1, ...matrix.flatMap((row, label) => row.filter((_, digit) => digit !== label)));
  const digits = matrix.map((_, digit) => make("th", { scope: "col" }, [String(digit)]));
  const corner = make("th", { class: "corner" }, [text("labelAndAnswer")]);
  const rows = matrix.map((row, label) => {
    const support = Math.max(1, row.reduce((a, b) => a + b));
    const cells = row.map((count, digit) => {
      const share = count / (label === digit ? support : most);
      const cell = make("td", { class: label === digit ? "right" : "wrong" });
      cell.style.setProperty("--share", `${Math.round(share * 60)}%`);
      cell.append(count ? fill(String(count), label, digit) : make("span", { class: "none" }, ["0"]));
      return cell;
    });
    return make("tr", {}, [make("th", { scope: "row" }, [String(label)]), ...cells]);
  });
  const head = make("thead", {}, [make("tr", {}, [corner, ...digits])]);
  return make("table", { class: "matrix" }, [head, make("tbody", {}, rows)]);
}

/**
 * Say which cell it is, and how many digits are in it.
 * @param {string} count
 * @param {number} label
 * @param {number} digit
 */
export function describeCell(count, label, digit) {
  return text("cell", { label: String(label), digit: String(digit), count: number(Number(count)) });
}
