/** The page: connects its parts, and knows which picture is asked about. */

import { makeBars, showAnswer, showNoAnswer, showPictures, showTiming } from "./answer.js";
import { client, isAborted } from "./api.js";
import { find, make } from "./dom.js";
import { connectLanguage, text } from "./i18n.js";
import { Evaluate } from "./evaluate.js";
import { Inside } from "./inside.js";
import { showLessons } from "./lessons.js";
import { newestOnly } from "./live.js";
import { Model } from "./model.js";
import { clearNotice, describeError, isOfStatus, showFailure, takeKey } from "./notice.js";
import { Pad } from "./pad.js";
import { takePictures } from "./pictures.js";
import { enableCopying, showSnippets } from "./snippets.js";
import { connectTabs } from "./tabs.js";
import { connectTheme } from "./theme.js";

const RETRY_MS = 2000;

/** @typedef {import("./digitserve.mjs").Prediction} Prediction */

/** @type {Blob | null} null: the drawing */
let given = null;
/** @type {Blob | null} */
let recognised = null;
/** @type {Prediction | null} */
let prediction = null;
let isBlank = true;

const choice = find("model-choice", HTMLSelectElement);
const recognition = newestOnly(recognise);
const pad = new Pad(find("pad", HTMLCanvasElement), draw);
const evaluation = new Evaluate();
const about = new Model();
const inside = new Inside(() => recognised);

/**
 * Ask for the picture of now.
 * @param {AbortSignal} signal
 */
async function recognise(signal) {
  if (given === null && !pad.isReadable) return forget();
  const picture = given ?? (await pad.toBlob());
  const started = performance.now();
  try {
    const answer = await client.predict(picture, { detail: true, model: choice.value, signal });
    if (signal.aborted) return;
    prediction = answer;
    recognised = picture;
    isBlank = false;
    clearNotice();
    showAnswer(prediction);
    showTiming(answer.timing, performance.now() - started);
    await showPictures(picture, answer.detail);
  } catch (error) {
    if (!isAborted(error)) fail(error);
  }
}

/** @param {unknown} error */
function fail(error) {
  prediction = null;
  if (showFailure(error)) {
    if (isOfStatus(error, 0, 503)) setTimeout(recognition.run, RETRY_MS);
    return;
  }
  recognised = null;
  showNoAnswer(describeError(error), "failed");
}

/** There is no picture any more. */
function forget() {
  prediction = null;
  recognised = null;
  isBlank = true;
  showNoAnswer(text("statusWaiting"), "waiting");
}

/** The drawing has changed. */
function draw() {
  given = null;
  find("pad-hint", HTMLElement).hidden = !pad.isEmpty;
  if (pad.isReadable) recognition.run();
  else {
    recognition.cancel();
    forget();
  }
}

/** @param {Blob} picture */
function use(picture) {
  pad.clear();
  given = picture;
  recognition.run();
}

/** Fill the choices of models; those of a service that asks for a key come with the key. */
async function listModels() {
  try {
    const names = (await client.health()).models.map((model) => model.name);
    fill(choice, names, "digits");
    fill(find("inside-model", HTMLSelectElement), names, "textbook");
    fill(find("evaluate-model", HTMLSelectElement), names, "digits");
    fill(find("about-model", HTMLSelectElement), names, "digits");
    if (!find("view-model", HTMLElement).hidden) void about.open();
    showSnippets(choice.value);
    clearNotice();
  } catch (error) {
    showFailure(error);
    if (!isOfStatus(error, 401)) setTimeout(listModels, RETRY_MS);
  }
}

/**
 * @param {HTMLSelectElement} select
 * @param {string[]} names
 * @param {string} preferred
 */
function fill(select, names, preferred) {
  select.replaceChildren(...names.map((name) => make("option", { value: name }, [name])));
  if (names.includes(preferred)) select.value = preferred;
}

/** Say everything anew, in another language. */
function retell() {
  if (prediction) showAnswer(prediction);
  else if (isBlank) showNoAnswer(text("statusWaiting"), "waiting");
  showLessons();
  inside.show();
  evaluation.show();
  about.show();
}

makeBars();
connectTheme(find("theme", HTMLButtonElement), () => {
  const button = find("theme", HTMLButtonElement);
  button.textContent = text(button.dataset.text ?? "");
});
connectLanguage(find("language", HTMLButtonElement), retell);
showLessons();
showSnippets(null);
enableCopying(() => recognised);
takePictures(use);
takeKey(() => {
  void listModels();
  recognition.run();
});
connectTabs((name) => {
  if (name === "inside") void inside.open();
  if (name === "model") void about.open();
});
choice.addEventListener("change", () => {
  showSnippets(choice.value);
  recognition.run();
});
find("undo", HTMLButtonElement).addEventListener("click", () => pad.undo());
find("clear", HTMLButtonElement).addEventListener("click", () => pad.clear());
find("thickness", HTMLInputElement).addEventListener("input", (event) => {
  pad.thickness = Number(/** @type {HTMLInputElement} */ (event.target).value);
});
void listModels();
