/** What `/evaluate?detail=true` answers, and the digits of a cell of its confusion matrix. */

/**
 * @typedef {import("./digitserve.mjs").Mistake} Mistake
 * @typedef {import("./digitserve.mjs").Bin} Bin
 * @typedef {import("./digitserve.mjs").ClassScores} ClassScores
 * @typedef {import("./digitserve.mjs").DigitsDetail} Detail
 * @typedef {import("./digitserve.mjs").Evaluation & {detail: Detail}} Evaluation
 */

/**
 * List the digits of a cell: the most confident mistakes first, of right answers the least confident.
 * @param {Detail} detail
 * @param {number} label
 * @param {number} predicted
 * @returns {number[]} their places in the scored set
 */
export function digitsOf(detail, label, predicted) {
  const { labels, confidences } = detail;
  const places = [...labels.keys()].filter((at) => labels[at] === label && detail.predicted[at] === predicted);
  const sign = label === predicted ? 1 : -1;
  return places.sort((a, b) => sign * (confidences[a] - confidences[b]));
}

/**
 * Name a digit: as it was uploaded, or by its place.
 * @param {Detail} detail
 * @param {number} at
 */
export function nameOf({ names }, at) {
  return names[at] ?? `#${at}`;
}
