/** Numbers as grey or coloured pixels on a canvas. */

import { context, make } from "./dom.js";

const FOR = [0, 90, 181]; // blue and red that colour-blind people tell apart, as in the service's pictures
const AGAINST = [220, 50, 32];

/** @typedef {{low: number, high: number}} Range of numbers that are shown in the same scale */

/**
 * Make a canvas with a pixel for each number: from black for 0 to white for the highest; where numbers may be
 * negative, red for those, white for 0 and blue for positive ones.
 * @param {number[][]} rows
 * @param {Range} range
 */
export function mapCanvas(rows, range) {
  return canvasOf(rows, (value) => colourOf(value, range));
}

/**
 * Make a canvas of a digit whose ink is blue where it spoke for a class, red where against.
 * @param {number[][]} digit 0..255
 * @param {number[][]} evidence
 */
export function saliencyCanvas(digit, evidence) {
  const strongest = Math.max(...evidence.flat().map(Math.abs)) || 1;
  return canvasOf(digit, (ink, row, column) => {
    const strength = evidence[row][column] / strongest;
    const colour = strength >= 0 ? FOR : AGAINST;
    const cover = ink / 255;
    const share = Math.abs(strength);
    return colour.map((part) => cover * (share * part + (1 - share) * 128) + (1 - cover) * 255);
  });
}

/**
 * Make a canvas that shows the colours of a range, from its lowest number to its highest.
 * @param {Range} range
 */
export function scaleCanvas(range) {
  const low = Math.min(0, range.low);
  const steps = Array.from({ length: 128 }, (_, at) => low + ((range.high - low) * at) / 127);
  return mapCanvas([steps], range);
}

/**
 * Take one map out of activations [height, width, maps].
 * @param {number[][][]} activations
 * @param {number} map
 */
export function mapOf(activations, map) {
  return activations.map((row) => row.map((pixel) => pixel[map]));
}

/**
 * Find the range of nested numbers.
 * @param {any} numbers
 * @returns {Range}
 */
export function rangeOf(numbers) {
  /** @type {Range} */
  const none = { low: 0, high: 0 };
  return numbers.flat(Infinity).reduce(
    (/** @type {Range} */ range, /** @type {number} */ value) => ({
      low: Math.min(range.low, value),
      high: Math.max(range.high, value),
    }),
    none,
  );
}

/**
 * @param {number} value
 * @param {Range} range
 */
function colourOf(value, { low, high }) {
  if (low >= 0) {
    const grey = Math.round(255 * Math.min(1, Math.max(0, value / (high || 1))));
    return [grey, grey, grey];
  }
  const share = Math.min(1, Math.abs(value) / Math.max(high, -low));
  return (value < 0 ? AGAINST : FOR).map((part) => Math.round(255 + (part - 255) * share));
}

/**
 * @param {number[][]} rows
 * @param {(value: number, row: number, column: number) => number[]} colour
 */
function canvasOf(rows, colour) {
  const canvas = make("canvas", { class: "pixels", width: String(rows[0].length), height: String(rows.length) });
  const pixels = new ImageData(rows[0].length, rows.length);
  rows.forEach((line, row) =>
    line.forEach((value, column) => {
      pixels.data.set([...colour(value, row, column), 255], 4 * (row * line.length + column));
    }),
  );
  context(canvas).putImageData(pixels, 0, 0);
  return canvas;
}
