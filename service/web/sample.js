/** A seven as a hand drew it, in shares of the drawing area. */

export const SAMPLE = [
  [[0.28, 0.2], [0.5, 0.19], [0.72, 0.18], [0.62, 0.42], [0.53, 0.64], [0.46, 0.86]],
];
