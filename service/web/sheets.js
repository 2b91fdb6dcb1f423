/** Digits cut out of the sheets that the service draws them on: a hundred on each, in rows of ten. */

import { context, make } from "./dom.js";

const SIDE = 28; // pixels of a digit
const ROW = 10; // digits in a row of a sheet, and rows

/**
 * Cut digits out.
 * @param {string[]} sheets data URLs
 * @param {number[]} places of the digits in the scored set
 * @returns {Promise<string[]>} their pictures as data URLs
 */
export async function cutDigits(sheets, places) {
  const needed = [...new Set(places.map((at) => Math.floor(at / ROW ** 2)))];
  const loaded = new Map(await Promise.all(needed.map(async (at) => /** @type {const} */ ([at, await load(sheets[at])]))));
  const canvas = make("canvas", { width: String(SIDE), height: String(SIDE) });
  return places.map((at) => {
    const sheet = /** @type {HTMLImageElement} */ (loaded.get(Math.floor(at / ROW ** 2)));
    const [row, column] = [Math.floor((at % ROW ** 2) / ROW), at % ROW];
    context(canvas).drawImage(sheet, column * SIDE, row * SIDE, SIDE, SIDE, 0, 0, SIDE, SIDE);
    return canvas.toDataURL();
  });
}

/** @param {string} url */
async function load(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}
