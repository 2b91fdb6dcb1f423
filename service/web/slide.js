/** The sliding filter: one window of the input, its products with one filter, and their sum. */

import { context, find, make } from "./dom.js";
import { fixed, text } from "./i18n.js";
import { greyCanvas, highestOf, mapOf } from "./maps.js";

/** @typedef {import("./digitserve.mjs").Layer} Layer */

const PIXELS = 255; // the service folds the scaling to 0..1 into the filters; shown is what was trained

export class Slide {
  /** @type {number[][]} */
  #input = [];
  /** @type {Layer | null} */
  #layer = null;
  #place = { row: 12, column: 14 }; // of the map
  #filter = find("filter", HTMLSelectElement);
  #canvas = find("slide-input", HTMLCanvasElement);

  constructor() {
    this.#filter.addEventListener("change", () => this.#show());
    this.#canvas.addEventListener("pointermove", (event) => this.#point(event));
    this.#canvas.addEventListener("pointerdown", (event) => this.#point(event));
    this.#canvas.addEventListener("keydown", (event) => this.#press(event));
  }

  /**
   * Show a digit's way through the first convolution.
   * @param {number[][]} input [28][28], 0..255
   * @param {Layer} layer a convolution over one channel, with its weights
   */
  use(input, layer) {
    this.#input = input;
    this.#layer = layer;
    const count = layer.shape[2];
    if (this.#filter.options.length !== count) {
      const options = Array.from({ length: count }, (_, at) => make("option", { value: String(at) }, [String(at + 1)]));
      this.#filter.replaceChildren(...options);
    }
    this.#move(0, 0);
  }

  /** Stride, side of the filter and pixels of zeros before the input, as TensorFlow pads. */
  get #geometry() {
    const { kernel, shape } = /** @type {Layer} */ (this.#layer);
    const inputs = this.#input.length;
    const stride = Math.round(inputs / shape[0]);
    const padding = Math.max(0, (shape[0] - 1) * stride + kernel.length - inputs);
    return { stride, side: kernel.length, before: Math.floor(padding / 2) };
  }

  /** @param {PointerEvent} event */
  #point(event) {
    if (!this.#layer) return;
    const box = this.#canvas.getBoundingClientRect();
    const count = this.#layer.shape[0];
    const row = Math.floor(((event.clientY - box.top) / box.height) * count);
    const column = Math.floor(((event.clientX - box.left) / box.width) * count);
    this.#place = { row, column };
    this.#move(0, 0);
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    /** @type {Record<string, [number, number]>} */
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    this.#move(...move);
  }

  /**
   * @param {number} down
   * @param {number} right
   */
  #move(down, right) {
    const most = /** @type {Layer} */ (this.#layer).shape[0] - 1;
    this.#place.row = Math.min(most, Math.max(0, this.#place.row + down));
    this.#place.column = Math.min(most, Math.max(0, this.#place.column + right));
    this.#show();
  }

  #show() {
    const layer = this.#layer;
    if (!layer) return;
    const filter = Number(this.#filter.value);
    const { stride, side, before } = this.#geometry;
    const { row, column } = this.#place;
    const top = row * stride - before;
    const left = column * stride - before;
    const products = Array.from({ length: side * side }, (_, at) => {
      const [down, right] = [Math.floor(at / side), at % side];
      const pixel = (this.#input[top + down]?.[left + right] ?? 0) / PIXELS;
      return pixel * layer.kernel[down][right][0][filter] * PIXELS;
    });
    this.#showProducts(products, side);
    this.#say(products.reduce((a, b) => a + b, 0), layer.bias?.[filter] ?? 0, layer.activations[row][column][filter]);
    const map = mapOf(layer.activations, filter);
    paint(this.#canvas, this.#input, PIXELS, { top, left, side });
    paint(find("slide-output", HTMLCanvasElement), map, highestOf(map), { top: row, left: column, side: 1 });
  }

  /**
   * @param {number[]} products
   * @param {number} side
   */
  #showProducts(products, side) {
    const strongest = Math.max(...products.map(Math.abs)) || 1;
    const cells = products.map((product) => {
      const name = product > 0 ? "plus" : product < 0 ? "minus" : "";
      const cell = make("span", { class: name }, [product ? fixed(product, 2) : "0"]);
      cell.style.setProperty("--share", `${Math.round((45 * Math.abs(product)) / strongest)}%`);
      return cell;
    });
    const box = find("slide-products", HTMLElement);
    box.style.gridTemplateColumns = `repeat(${side}, 1fr)`;
    box.replaceChildren(...cells);
  }

  /**
   * @param {number} sum
   * @param {number} bias
   * @param {number} value after the rectifier
   */
  #say(sum, bias, value) {
    const { row, column } = this.#place;
    find("slide-sum", HTMLElement).textContent = text("slideSum", {
      row: String(row + 1),
      column: String(column + 1),
      sum: fixed(sum, 3),
      bias: fixed(bias, 3),
      total: fixed(sum + bias, 3),
      value: fixed(value, 3),
    });
  }
}

/**
 * Draw numbers on a canvas, with a frame around a window.
 * @param {HTMLCanvasElement} canvas
 * @param {number[][]} rows
 * @param {number} highest
 * @param {{top: number, left: number, side: number}} window in numbers
 */
function paint(canvas, rows, highest, { top, left, side }) {
  const brush = context(canvas);
  const scale = canvas.width / rows.length;
  brush.imageSmoothingEnabled = false;
  brush.drawImage(greyCanvas(rows, highest), 0, 0, canvas.width, canvas.height);
  brush.strokeStyle = "#f59e0b";
  brush.lineWidth = 3;
  brush.strokeRect(left * scale, top * scale, side * scale, side * scale);
}
