/** The view "recognise": knows which picture is asked about, and what is known of it. */

import { makeBars, showAnswer, showNoAnswer, showPictures, showTiming } from "./answer.js";
import { client, isAborted } from "./api.js";
import { find } from "./dom.js";
import { text } from "./i18n.js";
import { newestOnly } from "./live.js";
import { describeError } from "./notice.js";
import { Pad } from "./pad.js";
import { takePictures } from "./pictures.js";
import { Retry } from "./retry.js";
import { SAMPLE } from "./sample.js";
import { enableCopying, nameOf, showSnippets } from "./snippets.js";

/** @typedef {import("./digitserve.mjs").Prediction} Prediction */

export class Recognise {
  /** @type {Blob | null} null: the drawing */
  #given = null;
  /** @type {Blob | null} */
  #picture = null;
  /** @type {{prediction: Prediction, duration: number} | null} */
  #answer = null;
  #isStale = false;
  /** @type {unknown} why the picture cannot be read */
  #failure = null;
  #choice = find("model-choice", HTMLSelectElement);
  #hint = find("pad-hint", HTMLElement);
  #live = newestOnly((signal) => this.#recognise(signal));
  #retry = new Retry(() => this.#live.run());
  #pad = new Pad(find("pad", HTMLCanvasElement), () => this.#draw());

  constructor() {
    makeBars();
    takePictures((picture) => void this.#use(picture));
    enableCopying(() => this.#picture);
    this.#choice.addEventListener("change", () => {
      this.showSnippets();
      this.#live.run();
    });
    find("undo", HTMLButtonElement).addEventListener("click", () => this.#pad.undo());
    find("clear", HTMLButtonElement).addEventListener("click", () => this.#pad.clear());
    find("thickness", HTMLInputElement).addEventListener("input", (event) => {
      this.#pad.thickness = Number(/** @type {HTMLInputElement} */ (event.target).value);
    });
  }

  /** The picture that was asked about last, if it can be read. */
  get picture() {
    return this.#picture;
  }

  /** Draw a seven, for who wants to see one first. */
  async drawSample() {
    this.#pad.use(SAMPLE);
    this.#picture = await this.#pad.toBlob();
  }

  /** Show what is known, in the language of now. */
  show() {
    this.#hint.textContent = this.#given ? nameOf(this.#given) : text("padHint");
    if (this.#failure) showNoAnswer(describeError(this.#failure), "failed");
    else if (!this.#answer) {
      showNoAnswer(text(this.#retry.isWaiting ? "statusUnanswered" : "statusWaiting"), "waiting");
    } else {
      showAnswer(this.#answer.prediction, this.#isStale);
      showTiming(this.#answer.prediction.timing, this.#answer.duration);
    }
  }

  /** Write the lines that repeat the request. */
  showSnippets() {
    showSnippets(this.#choice.value, this.#picture);
  }

  /**
   * Ask for the picture of now, unless the service wants a pause.
   * @param {AbortSignal} signal
   */
  async #recognise(signal) {
    if (this.#given === null && !this.#pad.isReadable) return this.#forget();
    const picture = this.#given ?? (await this.#pad.toBlob());
    if (signal.aborted) return;
    this.#picture = picture; // known to the other views while the answer is on its way
    if (this.#retry.isResting) return;
    const started = performance.now();
    try {
      const prediction = await client.predict(picture, { detail: true, model: this.#choice.value, signal });
      if (signal.aborted) return;
      this.#retry.settle();
      this.#take({ prediction, duration: performance.now() - started });
      await showPictures(picture, prediction.detail);
    } catch (error) {
      if (!isAborted(error)) this.#fail(error);
    }
  }

  /** @param {{prediction: Prediction, duration: number}} answer */
  #take(answer) {
    this.#answer = answer;
    this.#isStale = false;
    this.#failure = null;
    this.show();
    this.showSnippets();
  }

  /** @param {unknown} error */
  #fail(error) {
    const isOfService = this.#retry.take(error);
    this.#isStale = true;
    this.#failure = isOfService ? null : error;
    if (!isOfService) this.#picture = this.#answer = null;
    this.show();
  }

  /** There is no picture any more. */
  #forget() {
    this.#retry.settle();
    this.#picture = this.#answer = this.#failure = null;
    this.show();
  }

  /** The drawing has changed. */
  #draw() {
    this.#given = null;
    this.#hint.hidden = !this.#pad.isEmpty;
    if (this.#pad.isReadable) return this.#live.run();
    this.#live.cancel();
    this.#forget();
  }

  /**
   * Ask about a picture, and show it where the drawing would be.
   * @param {Blob} picture
   */
  async #use(picture) {
    this.#pad.clear();
    this.#given = picture;
    this.#live.run();
    this.#hint.textContent = nameOf(picture); // for those that the browser cannot show
    const image = await createImageBitmap(picture).catch(() => null);
    if (!image || this.#given !== picture) return;
    this.#hint.hidden = true;
    this.#pad.show(image);
  }
}
