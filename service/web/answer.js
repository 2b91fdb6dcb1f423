/** The answer: digit, bars, status in words, what the model saw. */

import { announce } from "./announce.js";
import { context, find, make } from "./dom.js";
import { makeGlance, showGlance } from "./glance.js";
import { percent, text } from "./i18n.js";
import { translate } from "./sentences.js";

/** @typedef {import("./digitserve.mjs").Prediction} Prediction */

const CLOSE = 0.1; // of the runner-up's probability: worth naming

/** Make the ten bars, here and at a glance. */
export function makeBars() {
  makeGlance();
  const bars = find("bars", HTMLOListElement);
  for (let digit = 0; digit < 10; digit += 1) {
    const fill = make("span", { class: "fill" });
    const track = make("span", { class: "track", "aria-hidden": "true" }, [fill]);
    const value = make("span", { class: "value" }, ["–"]);
    bars.append(make("li", {}, [make("span", { class: "name" }, [String(digit)]), track, value]));
  }
}

/**
 * Show an answer.
 * @param {Prediction} prediction
 * @param {boolean} isStale whether it is that of an earlier picture, for the service has not answered this one
 */
export function showAnswer(prediction, isStale) {
  mark(prediction.status, isStale);
  const digit = prediction.status === "not_a_digit" ? "?" : String(prediction.class);
  find("digit", HTMLElement).textContent = digit;
  showGlance(digit, prediction);
  say(isStale ? text("statusUnanswered") : describe(prediction));
  showBars(prediction.probabilities);
  const warnings = prediction.warnings.map((warning) => make("li", {}, [translate(warning)]));
  find("warnings", HTMLUListElement).replaceChildren(...warnings);
  const steps = (prediction.detail?.steps ?? []).map((step) => text(`step-${step}`));
  find("steps", HTMLElement).textContent = steps.length
    ? text("steps", { steps: steps.join(text("comma")) })
    : text("stepsNone");
}

/**
 * Say in words what there is instead of an answer.
 * @param {string} words
 * @param {string} status `waiting`, `blank` or `failed`
 */
export function showNoAnswer(words, status) {
  mark(status, false);
  find("digit", HTMLElement).textContent = "–";
  showGlance("–", null);
  say(words);
  showBars([]);
  find("warnings", HTMLUListElement).replaceChildren();
  find("steps", HTMLElement).textContent = "";
  find("timing", HTMLElement).textContent = "";
  for (const id of ["upload", "seen"]) {
    const canvas = find(id, HTMLCanvasElement);
    context(canvas).clearRect(0, 0, canvas.width, canvas.height);
  }
}

/**
 * Describe a prediction in a sentence.
 * @param {Prediction} prediction
 */
function describe({ status, class: digit, confidence, probabilities }) {
  const order = probabilities.map((_, at) => at).sort((a, b) => probabilities[b] - probabilities[a]);
  const second = order[1];
  if (status === "not_a_digit") return text("statusNotADigit");
  if (status === "uncertain" || probabilities[second] > CLOSE) {
    return text("statusUncertain", { digit: String(digit), second: String(second) });
  }
  return text("statusOk", { digit: String(digit), confidence: percent(confidence) });
}

/**
 * Mark the answer, here and at a glance, for its colours.
 * @param {string} status
 * @param {boolean} isStale
 */
function mark(status, isStale) {
  for (const id of ["answer", "glance"]) {
    const element = find(id, HTMLElement);
    element.dataset.status = status;
    element.toggleAttribute("data-stale", isStale);
  }
}

/** @param {string} words */
function say(words) {
  find("status", HTMLElement).textContent = words;
  announce(words);
}

/** @param {number[]} probabilities ten, or none */
function showBars(probabilities) {
  const highest = Math.max(...probabilities);
  for (const [digit, item] of [...find("bars", HTMLOListElement).children].entries()) {
    const value = probabilities[digit] ?? 0;
    item.classList.toggle("best", value > 0 && value === highest);
    const fill = /** @type {HTMLElement} */ (item.querySelector(".fill"));
    fill.style.inlineSize = `${value * 100}%`;
    const label = /** @type {HTMLElement} */ (item.querySelector(".value"));
    label.textContent = probabilities.length ? percent(value) : "–";
  }
}

/**
 * Show the upload with its ink box, and the 28x28 pixels that the model saw.
 * @param {Blob} upload
 * @param {import("./digitserve.mjs").Detail} [detail]
 */
export async function showPictures(upload, detail) {
  if (!detail) return;
  const seen = new Image();
  seen.src = detail.canonical;
  await seen.decode();
  context(find("seen", HTMLCanvasElement)).drawImage(seen, 0, 0);
  const canvas = find("upload", HTMLCanvasElement);
  const brush = context(canvas);
  brush.clearRect(0, 0, canvas.width, canvas.height);
  const image = await createImageBitmap(upload).catch(() => null); // browsers show no TIFF
  if (!image) return;
  const scale = Math.min(canvas.width / image.width, canvas.height / image.height);
  const left = (canvas.width - image.width * scale) / 2;
  const top = (canvas.height - image.height * scale) / 2;
  brush.drawImage(image, left, top, image.width * scale, image.height * scale);
  const box = detail.ink_box;
  brush.strokeStyle = "#2563eb";
  brush.lineWidth = 2;
  brush.strokeRect(
    left + box.left * scale,
    top + box.top * scale,
    (box.right - box.left) * scale,
    (box.bottom - box.top) * scale,
  );
}

/**
 * Show how long the answer took, and its steps as the service tells them.
 * @param {Record<string, number>} timing milliseconds of each step
 * @param {number} duration milliseconds, as the page has seen it
 */
export function showTiming(timing, duration) {
  const parts = Object.entries(timing).map(([step, ms]) => text(`took-${step}`, { ms: ms.toFixed(2) }));
  const whole = text("timing", { ms: duration.toFixed(0) });
  find("timing", HTMLElement).textContent = [whole, ...parts].join(" · ");
}
