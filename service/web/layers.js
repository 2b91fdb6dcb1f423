/** The layers of a network, one below the other: what each is, and what it made of the digit. */

import { make } from "./dom.js";
import { enlarge } from "./enlarge.js";
import { fixed, number, percent, text } from "./i18n.js";
import { mapCanvas, mapOf, rangeOf } from "./maps.js";

/** @typedef {import("./digitserve.mjs").Layer} Layer */

const FEW = 16; // outputs that are shown as bars, each with its number
const DIGITS = 10;

/**
 * Make the entry of a layer: its facts, a sentence on its kind, and its numbers.
 * @param {Layer} layer
 * @param {number} at
 * @param {Layer[]} layers
 */
export function layerOf(layer, at, layers) {
  const facts = text("layerFacts", { shape: layer.shape.join("×"), parameters: number(layer.parameters) });
  const kind = text(layer.kind === "dense" && isLastDense(at, layers) ? "kind-logits" : `kind-${layer.kind}`);
  const content = layer.shape.length === 3 ? [mapsOf(layer)] : vectorOf(layer, layers[at - 1]);
  return make("li", { class: "layer" }, [
    make("h4", {}, [layer.name, " ", make("span", { class: "quiet" }, [facts])]),
    make("p", { class: "quiet" }, [kind]),
    ...content,
  ]);
}

/**
 * @param {number} at
 * @param {Layer[]} layers
 */
function isLastDense(at, layers) {
  return layers.slice(at + 1).every(({ kind }) => kind !== "dense");
}

/** @param {Layer} layer */
function mapsOf(layer) {
  const range = rangeOf(layer.activations);
  const maps = Array.from({ length: layer.shape[2] }, (_, at) => {
    const words = text("mapNumber", { layer: layer.name, number: String(at + 1) });
    const map = mapOf(layer.activations, at);
    const button = make("button", { type: "button", "aria-label": words }, [mapCanvas(map, range)]);
    button.addEventListener("click", () => enlarge(words, map, range));
    return button;
  });
  return make("div", { class: `maps by-${maps.length % 16 ? 12 : 16}` }, maps);
}

/**
 * @param {Layer} layer
 * @param {Layer} before
 * @returns {Node[]}
 */
function vectorOf(layer, before) {
  /** @type {number[]} */
  const values = layer.activations;
  if (values.length > FEW) return [stripOf(layer.name, values)];
  const hints = [
    ...(values.length > DIGITS && layer.kind === "dense" ? [text("noDigitHelp")] : []),
    ...(layer.kind === "softmax" ? [describeSoftmax(before.activations)] : []),
  ];
  return [outputsOf(values, layer.kind), ...hints.map((words) => make("p", { class: "quiet" }, [words]))];
}

/**
 * Make the strip of many numbers, which opens large as a square of rows.
 * @param {string} name
 * @param {number[]} values
 */
function stripOf(name, values) {
  const range = rangeOf(values);
  const words = text("vector", { layer: name, count: number(values.length) });
  const width = Math.ceil(Math.sqrt(values.length));
  const rows = Array.from({ length: Math.ceil(values.length / width) }, (_, row) =>
    Array.from({ length: width }, (_, column) => values[row * width + column] ?? 0),
  );
  const button = make("button", { type: "button", class: "strip", "aria-label": words }, [mapCanvas([values], range)]);
  button.addEventListener("click", () => enlarge(words, rows, range));
  return button;
}

/**
 * Make a bar for each output, from 0 to the right where it is positive and to the left where negative.
 * @param {number[]} values
 * @param {string} kind of the layer
 */
function outputsOf(values, kind) {
  const { low, high } = rangeOf(values);
  const span = high - low || 1;
  const best = Math.max(...values);
  const bars = values.map((value, at) => {
    const fill = make("span", { class: value < 0 ? "fill minus" : "fill" });
    fill.style.insetInlineStart = `${(100 * (Math.min(0, value) - low)) / span}%`;
    fill.style.inlineSize = `${(100 * Math.abs(value)) / span}%`;
    const name = at < DIGITS ? String(at) : text("noDigit");
    const words = kind === "dense" ? fixed(value, 2) : percent(value);
    return make("li", value === best ? { class: "best" } : {}, [
      make("span", { class: "name" }, [name]),
      make("span", { class: "track", "aria-hidden": "true" }, [fill]),
      make("span", { class: "value" }, [words]),
    ]);
  });
  return make("ol", { class: "bars outputs" }, bars);
}

/**
 * Write the softmax of the highest output with its numbers.
 * @param {number[]} logits
 */
function describeSoftmax(logits) {
  const highest = Math.max(...logits);
  const digit = logits.indexOf(highest);
  const sum = logits.reduce((all, logit) => all + Math.exp(logit - highest), 0);
  return text("softmax", {
    digit: digit < DIGITS ? String(digit) : text("noDigit"),
    logit: fixed(highest, 2),
    share: percent(1 / sum, 2),
  });
}
