/** The numbers of a window as coloured cells, and what each input map adds to their sum. */

import { make } from "./dom.js";
import { fixed, text } from "./i18n.js";

/**
 * Make the cells of a window, blue for positive numbers and red for negative ones.
 * @param {number[]} numbers row by row
 * @param {number | null} [chosen] the number that is taken from them
 */
export function cellsOf(numbers, chosen = null) {
  const strongest = Math.max(...numbers.map(Math.abs)) || 1;
  const side = Math.sqrt(numbers.length);
  const digits = strongest < 0.1 ? 3 : 2;
  const cells = numbers.map((number) => {
    const name = number > 0 ? "plus" : number < 0 ? "minus" : "";
    const taken = chosen !== null && Math.abs(number - chosen) < 1e-4 ? " taken" : "";
    const cell = make("span", { class: name + taken }, [number ? fixed(number, digits) : "0"]);
    cell.style.setProperty("--share", `${Math.round((45 * Math.abs(number)) / strongest)}%`);
    return cell;
  });
  const made = make("div", { class: "products" }, cells);
  made.style.gridTemplateColumns = `repeat(${side}, 1fr)`;
  made.style.setProperty("--side", String(side));
  return made;
}

/**
 * Make a column for each input map, up for what it adds and down for what it takes away; press one to see it.
 * @param {number[]} shares
 * @param {number} chosen
 * @param {(channel: number) => void} onChoice
 */
export function sharesOf(shares, chosen, onChoice) {
  if (shares.length < 2) return [];
  const strongest = Math.max(...shares.map(Math.abs)) || 1;
  const columns = shares.map((share, at) => {
    const fill = make("i", { class: share < 0 ? "minus" : "plus" });
    fill.style.blockSize = `${(50 * Math.abs(share)) / strongest}%`;
    const words = text("share", { map: String(at + 1), share: fixed(share, 3) });
    const button = make("button", { type: "button", title: words, "aria-label": words, "aria-pressed": String(at === chosen) }, [fill]);
    button.addEventListener("click", () => {
      onChoice(at);
      const now = document.querySelector("#shares [aria-pressed=true]");
      if (now instanceof HTMLElement) now.focus({ preventScroll: true });
    });
    return button;
  });
  const caption = text("sharesHelp", { map: String(chosen + 1), share: fixed(shares[chosen], 3) });
  return [make("div", { class: "shares" }, columns), make("p", { class: "quiet" }, [caption])];
}
