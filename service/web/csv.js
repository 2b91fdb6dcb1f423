/** An evaluation as CSV (RFC 4180): a row for every digit. */

/** @typedef {import("./evaluation.js").Detail} Detail */

/**
 * Write the table.
 * @param {Detail} detail
 */
export function writeCsv({ labels, predicted, confidences, names }) {
  const head = ["index", "name", "label", "predicted", "confidence"];
  const rows = labels.map((label, at) => [at, quote(names[at] ?? ""), label, predicted[at], confidences[at]]);
  return [head, ...rows].map((row) => `${row.join(",")}\r\n`).join("");
}

/**
 * Quote what would break a row.
 * @param {string} name
 */
function quote(name) {
  return /[",\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}
