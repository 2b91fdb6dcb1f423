/** The sliding window: a place of any map, what it is made of, and the way of the window over the whole input. */

import { context, find, make } from "./dom.js";
import { fixed, text } from "./i18n.js";
import { mapCanvas, mapOf, rangeOf } from "./maps.js";
import { cellsOf, sharesOf } from "./products.js";
import { hasWindow, isOneToOne, lookAt } from "./windows.js";

/** @typedef {import("./digitserve.mjs").Layer} Layer */
/** @typedef {import("./windows.js").View} View */

const SWEEP_MS = 15_000; // over a whole map
const LEAST_STEP_MS = 25;

export class Slide {
  /** @type {Layer[]} */
  #layers = [];
  #place = { row: 12, column: 14 }; // of the map
  #side = 28; // of the map that the place is of
  /** @type {ReturnType<typeof setInterval> | undefined} while the window slides by itself */
  #timer;
  #layer = find("slide-layer", HTMLSelectElement);
  #filter = find("filter", HTMLSelectElement);
  #channel = find("channel", HTMLSelectElement);
  #play = find("play", HTMLButtonElement);
  #canvas = find("slide-input", HTMLCanvasElement);

  constructor() {
    if (wantsNoMotion()) this.#play.dataset.text = "nextPlace";
    this.#layer.addEventListener("change", () => this.#choose());
    for (const select of [this.#filter, this.#channel]) select.addEventListener("change", () => this.#show());
    for (const name of /** @type {const} */ (["pointermove", "pointerdown"])) {
      this.#canvas.addEventListener(name, (event) => this.#point(event));
    }
    this.#canvas.addEventListener("keydown", (event) => this.#press(event));
    this.#play.addEventListener("click", () => this.#slide());
  }

  /**
   * Show a digit's way through layers.
   * @param {Layer[]} layers with activations and weights
   */
  use(layers) {
    const chosen = this.#layer.value;
    this.#layers = layers;
    const names = layers.slice(1).filter(hasWindow).map(({ name }) => name);
    this.#layer.replaceChildren(...names.map((name) => make("option", { value: name }, [name])));
    if (names.includes(chosen)) this.#layer.value = chosen;
    this.#choose();
  }

  /** The layer that is looked at, and the one that it is computed from. */
  get #pair() {
    const at = this.#layers.findIndex(({ name }) => name === this.#layer.value);
    return { layer: this.#layers[at], before: this.#layers[at - 1] };
  }

  /** Offer the maps of the chosen layer, and stay within them. */
  #choose() {
    const { layer, before } = this.#pair;
    offer(this.#filter, layer.shape[2]);
    offer(this.#channel, isOneToOne(layer) ? 1 : before.shape[2]);
    find("channel-label", HTMLElement).hidden = this.#channel.options.length === 1;
    find("weights-figure", HTMLElement).hidden = !layer.kernel;
    const scale = layer.shape[0] / this.#side; // about the same place of the picture
    this.#place = { row: Math.floor(this.#place.row * scale), column: Math.floor(this.#place.column * scale) };
    this.#side = layer.shape[0];
    this.#play.disabled = this.#side === 1;
    this.#move(0, 0);
  }

  /** @param {PointerEvent} event */
  #point(event) {
    if (!this.#layers.length) return;
    const box = this.#canvas.getBoundingClientRect();
    const [height, width] = this.#pair.layer.shape;
    this.#place = {
      row: Math.floor(((event.clientY - box.top) / box.height) * height),
      column: Math.floor(((event.clientX - box.left) / box.width) * width),
    };
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
   * Move as a person does, which ends the sliding.
   * @param {number} down
   * @param {number} right
   */
  #move(down, right) {
    this.#stop();
    const [height, width] = this.#pair.layer.shape;
    this.#place.row = Math.min(height - 1, Math.max(0, this.#place.row + down));
    this.#place.column = Math.min(width - 1, Math.max(0, this.#place.column + right));
    this.#show();
  }

  /** Slide over the whole input, from its first place; a step at a time for those who want no motion. */
  #slide() {
    if (this.#timer) return this.#stop();
    if (wantsNoMotion()) return void this.#step();
    const [height, width] = this.#pair.layer.shape;
    this.#place = { row: 0, column: 0 };
    const pause = Math.max(LEAST_STEP_MS, SWEEP_MS / (height * width));
    this.#timer = setInterval(() => {
      if (!this.#step() || !this.#canvas.offsetParent) this.#stop(); // at the end, or in another view
    }, pause);
    this.#play.textContent = text("pause");
    this.#show();
  }

  /**
   * Go to the next place, row by row.
   * @returns {boolean} whether there was one
   */
  #step() {
    const [height, width] = this.#pair.layer.shape;
    const next = this.#place.row * width + this.#place.column + 1;
    const isEnd = next >= height * width;
    this.#place = isEnd ? { row: 0, column: 0 } : { row: Math.floor(next / width), column: next % width };
    if (!isEnd || !this.#timer) this.#show();
    return !isEnd;
  }

  #stop() {
    if (!this.#timer) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#play.textContent = text("play");
    this.#show();
  }

  #show() {
    const { layer, before } = this.#pair;
    const [map, channel] = [Number(this.#filter.value), Number(this.#channel.value)];
    const view = lookAt(layer, before, { ...this.#place, map, channel });
    const shares = sharesOf(view.shares, channel, (chosen) => {
      this.#channel.value = String(chosen);
      this.#show();
    });
    find("slide-weights", HTMLElement).replaceChildren(cellsOf(view.weights ?? []));
    find("slide-products", HTMLElement).replaceChildren(cellsOf(view.products, layer.kernel ? null : view.value));
    find("products-caption", HTMLElement).textContent = text(layer.kernel ? "slideProducts" : `slide-${layer.kind}`);
    find("shares", HTMLElement).replaceChildren(...shares);
    this.#say(view, layer);
    this.#paint(view.frame, mapOf(before.activations, isOneToOne(layer) ? map : channel), layer, map);
  }

  /**
   * Draw the input and the map, of which no more is seen than the window has made while it slides.
   * @param {import("./windows.js").Frame} frame
   * @param {number[][]} input
   * @param {Layer} layer
   * @param {number} map
   */
  #paint(frame, input, layer, map) {
    const { row, column } = this.#place;
    const made = mapOf(layer.activations, map);
    const range = rangeOf(made.length > 1 ? made : layer.activations);
    const seen = this.#timer
      ? made.map((line, r) => line.map((value, c) => (r < row || (r === row && c <= column) ? value : 0)))
      : made;
    paint(this.#canvas, mapCanvas(input, rangeOf(input)), frame);
    paint(find("slide-output", HTMLCanvasElement), mapCanvas(seen, range), { top: row, left: column, side: 1 });
  }

  /**
   * @param {View} view
   * @param {Layer} layer
   */
  #say({ sum, bias, value, products }, layer) {
    const { row, column } = this.#place;
    const name = layer.kernel ? "slideSum" : `slideSum-${layer.kind}`;
    find("slide-sum", HTMLElement).textContent = text(name, {
      row: String(row + 1),
      column: String(column + 1),
      values: products.map((product) => fixed(product, 3)).join(", "),
      sum: fixed(sum, 3),
      bias: fixed(bias, 3),
      total: fixed(sum + bias, 3),
      value: fixed(value, 3),
    });
  }
}

function wantsNoMotion() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/**
 * Offer numbers from 1, and keep the one that is chosen.
 * @param {HTMLSelectElement} select
 * @param {number} count
 */
function offer(select, count) {
  if (select.options.length === count) return;
  const chosen = Number(select.value);
  const options = Array.from({ length: count }, (_, at) => make("option", { value: String(at) }, [String(at + 1)]));
  select.replaceChildren(...options);
  select.value = String(chosen < count ? chosen : 0);
}

/**
 * Draw pixels large, with a frame around a window.
 * @param {HTMLCanvasElement} canvas
 * @param {HTMLCanvasElement} pixels
 * @param {import("./windows.js").Frame} frame
 */
function paint(canvas, pixels, { top, left, side }) {
  const brush = context(canvas);
  const scale = canvas.width / pixels.width;
  brush.imageSmoothingEnabled = false;
  brush.drawImage(pixels, 0, 0, canvas.width, canvas.height);
  brush.strokeStyle = "#f59e0b";
  brush.lineWidth = 3;
  brush.strokeRect(left * scale, top * scale, side * scale, side * scale);
}
