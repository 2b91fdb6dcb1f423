/** A map, large: its scale, and the value under the pointer or the arrow keys. */

import { find, make } from "./dom.js";
import { fixed, text } from "./i18n.js";
import { mapCanvas, scaleCanvas } from "./maps.js";

/** @typedef {import("./maps.js").Range} Range */

/**
 * Show numbers large.
 * @param {string} title
 * @param {number[][]} rows
 * @param {Range} range
 */
export function enlarge(title, rows, range) {
  const value = make("p", { class: "sum", role: "status" }, [text("enlargedHelp")]);
  const canvas = mapCanvas(rows, range);
  for (const [name, words] of Object.entries({ tabindex: "0", role: "application", "aria-label": title })) {
    canvas.setAttribute(name, words);
  }
  const place = { row: 0, column: 0 };
  /**
   * @param {number} row
   * @param {number} column
   */
  const tell = (row, column) => {
    place.row = Math.min(rows.length - 1, Math.max(0, row));
    place.column = Math.min(rows[0].length - 1, Math.max(0, column));
    const number = rows[place.row][place.column];
    const [r, c] = [place.row + 1, place.column + 1].map(String);
    value.textContent = text("valueAt", { row: r, column: c, value: fixed(number, 3) });
  };
  canvas.addEventListener("pointermove", ({ offsetX, offsetY }) => {
    const { clientWidth, clientHeight } = canvas;
    tell(Math.floor((offsetY / clientHeight) * rows.length), Math.floor((offsetX / clientWidth) * rows[0].length));
  });
  canvas.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!move) return;
    event.preventDefault();
    tell(place.row + move[0], place.column + move[1]);
  });
  find("enlarged-title", HTMLElement).textContent = title;
  find("enlarged-body", HTMLElement).replaceChildren(canvas, value, scaleOf(range));
  find("enlarged", HTMLDialogElement).showModal();
}

/**
 * Make the scale of colours, with the numbers at its ends.
 * @param {Range} range
 */
function scaleOf(range) {
  const ends = [Math.min(0, range.low), range.high].map((end) => make("span", {}, [fixed(end, 2)]));
  return make("div", { class: "scale", "aria-hidden": "true" }, [ends[0], scaleCanvas(range), ends[1]]);
}
