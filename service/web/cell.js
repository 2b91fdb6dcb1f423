/** A cell of the confusion matrix, opened: all digits in it, a page at a time. */

import { find, make } from "./dom.js";
import { digitsOf, nameOf } from "./evaluation.js";
import { number, percent, text } from "./i18n.js";
import { describeCell } from "./matrix.js";
import { cutDigits } from "./sheets.js";
import { thumbnail } from "./thumbnails.js";

/** @typedef {import("./evaluation.js").Detail} Detail */

const PAGE = 60; // digits shown at a time

/**
 * Make the button of a cell.
 * @param {Detail} detail
 * @param {string} count
 * @param {number} label
 * @param {number} predicted
 */
export function cellButton(detail, count, label, predicted) {
  const words = describeCell(count, label, predicted);
  const button = make("button", { type: "button", "aria-label": words, title: words }, [count]);
  button.addEventListener("click", () => open(detail, words, digitsOf(detail, label, predicted)));
  return button;
}

/**
 * Make the pictures of digits, each with its confidence and its name.
 * @param {Detail} detail
 * @param {number[]} places
 */
export async function showDigits(detail, places) {
  const pictures = await cutDigits(detail.sheets, places);
  return places.map((at, shown) => {
    const sure = text("sure", { confidence: percent(detail.confidences[at]) });
    return thumbnail(pictures[shown], [sure, nameOf(detail, at)]);
  });
}

/**
 * @param {Detail} detail
 * @param {string} title
 * @param {number[]} places
 */
function open(detail, title, places) {
  const digits = make("div", { class: "mistakes" });
  const more = make("button", { type: "button" });
  const showMore = async () => {
    const from = digits.childElementCount;
    digits.append(...(await showDigits(detail, places.slice(from, from + PAGE))));
    const left = places.length - digits.childElementCount;
    more.hidden = left === 0;
    more.textContent = text("more", { left: number(left) });
  };
  more.addEventListener("click", () => void showMore());
  find("enlarged-title", HTMLElement).textContent = title;
  find("enlarged-body", HTMLElement).replaceChildren(digits, more);
  find("enlarged", HTMLDialogElement).showModal();
  void showMore();
}
