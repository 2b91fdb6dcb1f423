/** One window of a layer's input, and what the layer makes of it: plain arithmetic, without a document. */

/** @typedef {import("./digitserve.mjs").Layer} Layer */

/**
 * @typedef {{top: number, left: number, side: number}} Frame in numbers of the input; parts may lie outside
 * @typedef {{frame: Frame, values: number[], weights: number[] | null, products: number[], shares: number[],
 *   sum: number, bias: number, value: number}} View
 *   `values`, `weights` and `products` of the one input map that is looked at, row by row; `shares`: what each
 *   input map adds to the sum; `value`: the layer's own, after its rectifier
 */

const PIXELS = 255; // the service folds the scaling to 0..1 into the first weights; shown is what was trained
const KINDS = ["convolution", "depthwise_convolution", "max_pool", "average_pool"];

/** @param {Layer} layer */
export function hasWindow({ kind, shape }) {
  return KINDS.includes(kind) && shape.length === 3;
}

/**
 * Tell whether each map of a layer is made of the one input map with its number.
 * @param {Layer} layer
 */
export function isOneToOne({ kind }) {
  return kind !== "convolution";
}

/**
 * Look at the window that one number of a map comes from.
 * @param {Layer} layer
 * @param {Layer} before the layer that it is computed from
 * @param {{row: number, column: number, map: number, channel: number}} place of the number; the input map
 * @returns {View}
 */
export function lookAt(layer, before, { row, column, map, channel }) {
  const frame = frameOf(layer, before, row, column);
  const scale = before.kind === "input" ? PIXELS : 1;
  /** @param {number} from */
  const see = (from) => places(frame).map(([r, c]) => (before.activations[r]?.[c]?.[from] ?? 0) / scale);
  /** @param {number} from */
  const weigh = (from) => (layer.kernel ? weightsOf(layer, from, map).map((weight) => weight * scale) : null);
  const shares = isOneToOne(layer) ? [] : sumsOf(before.shape[2], see, weigh);
  const from = isOneToOne(layer) ? map : channel;
  const [values, weights] = [see(from), weigh(from)];
  const products = weights ? values.map((value, at) => value * weights[at]) : values;
  const value = layer.activations[row][column][map];
  const sum = shares.length ? total(shares) : total(products);
  return { frame, values, weights, products, shares, sum, bias: layer.bias?.[map] ?? 0, value };
}

/**
 * Find where a window lies: TensorFlow pads as many zeros as the output needs, the odd one behind.
 * @param {Layer} layer
 * @param {Layer} before
 * @param {number} row
 * @param {number} column
 * @returns {Frame}
 */
function frameOf({ kernel, shape }, before, row, column) {
  const inputs = before.shape[0];
  const isWhole = shape[0] === 1;
  const stride = isWhole ? 1 : Math.round(inputs / shape[0]);
  const side = kernel ? kernel.length : isWhole ? inputs : stride;
  const padding = Math.max(0, (shape[0] - 1) * stride + side - inputs);
  const offset = Math.floor(padding / 2);
  return { top: row * stride - offset, left: column * stride - offset, side };
}

/** @param {Frame} frame */
function places({ top, left, side }) {
  return Array.from({ length: side * side }, (_, at) => [top + Math.floor(at / side), left + (at % side)]);
}

/**
 * Return the weights that an input map meets, row by row.
 * @param {Layer} layer
 * @param {number} from
 * @param {number} map
 * @returns {number[]}
 */
function weightsOf({ kind, kernel }, from, map) {
  const rows = /** @type {any[][]} */ (kernel);
  return rows.flatMap((line) => line.map((cell) => (kind === "convolution" ? cell[from][map] : cell[map])));
}

/**
 * @param {number} count of input maps
 * @param {(from: number) => number[]} see
 * @param {(from: number) => number[] | null} weigh
 */
function sumsOf(count, see, weigh) {
  return Array.from({ length: count }, (_, from) => {
    const weights = weigh(from) ?? [];
    return total(see(from).map((value, at) => value * weights[at]));
  });
}

/** @param {number[]} numbers */
function total(numbers) {
  return numbers.reduce((a, b) => a + b, 0);
}
