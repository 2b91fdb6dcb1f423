/** What `/evaluate?detail=true` answers, and the digits of a cell of its confusion matrix. */

/**
 * @typedef {{label: number, predicted: number, confidence: number, image: string}} Mistake
 * @typedef {{low: number, high: number, count: number, confidence: number | null,
 *   accuracy: number | null}} Bin
 * @typedef {{precision: number | null, recall: number | null, f1: number | null, support: number}} ClassScores
 * @typedef {{reliability: Bin[], labels: number[], predicted: number[], confidences: number[],
 *   names: string[], sheets: string[]}} Detail
 * @typedef {{n: number, accuracy: number, accuracy_interval: {low: number, high: number}, loss: number,
 *   calibration_error: number, confusion_matrix: number[][], worst_mistakes: Mistake[],
 *   per_class: ClassScores[], rejected: {name: string, detail: string}[], duration_s: number,
 *   model: {name: string, version: string}, detail: Detail}} Evaluation
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
