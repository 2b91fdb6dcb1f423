/** Numbers as grey or coloured pixels on a canvas. */

import { context, make } from "./dom.js";

const FOR = [0, 90, 181]; // blue and red that colour-blind people tell apart, as in the service's pictures
const AGAINST = [220, 50, 32];

/**
 * Make a canvas with a pixel for each number, from black for 0 or less to white for the highest.
 * @param {number[][]} rows
 * @param {number} highest
 */
export function greyCanvas(rows, highest) {
  return canvasOf(rows, (value) => {
    const grey = Math.round(255 * Math.min(1, Math.max(0, value / (highest || 1))));
    return [grey, grey, grey];
  });
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
 * Take one map out of activations [height, width, maps].
 * @param {number[][][]} activations
 * @param {number} map
 */
export function mapOf(activations, map) {
  return activations.map((row) => row.map((pixel) => pixel[map]));
}

/**
 * Find the highest of nested numbers.
 * @param {any} numbers
 * @returns {number}
 */
export function highestOf(numbers) {
  return numbers.flat(Infinity).reduce((/** @type {number} */ a, /** @type {number} */ b) => Math.max(a, b), 0);
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
