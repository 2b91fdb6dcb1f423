/** The view "look inside": the person's own digit on its way through a network. */

import { client, isAborted } from "./api.js";
import { find, make } from "./dom.js";
import { percent, text } from "./i18n.js";
import { layerOf } from "./layers.js";
import { mapOf, saliencyCanvas } from "./maps.js";
import { describeError } from "./notice.js";
import { Retry } from "./retry.js";
import { Slide } from "./slide.js";

/** @typedef {import("./digitserve.mjs").Explanation} Explanation */

const ASKED = { layer: ["*"], weights: true, saliency: true };

export class Inside {
  #slide = new Slide();
  #model = find("inside-model", HTMLSelectElement);
  #body = find("inside-body", HTMLElement);
  #sample = find("sample", HTMLButtonElement);
  /** @type {Explanation | null} */
  #explanation = null;
  /** @type {Blob | null} what is explained already */
  #explained = null;
  /** @type {unknown} why the picture cannot be explained */
  #failure = null;
  #asked = new AbortController();
  #retry = new Retry(() => void this.open(true), this.#body);

  /** @param {{picture: Blob | null, drawSample: () => Promise<void>}} source of the picture that is explained */
  constructor(source) {
    this.source = source;
    this.#model.addEventListener("change", () => void this.open(true));
    this.#sample.addEventListener("click", async () => {
      await source.drawSample();
      void this.open();
    });
    find("enlarged-close", HTMLButtonElement).addEventListener("click", () => {
      find("enlarged", HTMLDialogElement).close();
    });
  }

  /**
   * Show the picture of now.
   * @param {boolean} isAnew whether to ask again for one that is shown already
   */
  async open(isAnew = false) {
    const { picture } = this.source;
    if (picture && picture === this.#explained && !isAnew) return;
    this.#asked.abort();
    this.#asked = new AbortController();
    const { signal } = this.#asked;
    this.#failure = null;
    if (!picture) return this.#forget();
    this.#sample.hidden = true;
    try {
      this.#explanation = await client.explain(picture, { model: this.#model.value, signal, ...ASKED });
      this.#explained = picture;
      this.#retry.settle();
    } catch (error) {
      if (isAborted(error)) return;
      if (!this.#retry.take(error)) this.#failure = error;
    }
    this.show();
  }

  /** There is no picture. */
  #forget() {
    this.#retry.settle();
    this.#explanation = this.#explained = null;
    this.#sample.hidden = false;
    this.show();
  }

  /** Show the explanation, in the language of now. */
  show() {
    find("inside-verdict", HTMLElement).textContent = this.#describe();
    const explanation = this.#failure ? null : this.#explanation;
    this.#body.hidden = !explanation;
    if (!explanation) return;
    this.#slide.use(explanation.layers);
    showSaliency(mapOf(explanation.layers[0].activations, 0), explanation);
    find("layers", HTMLOListElement).replaceChildren(...explanation.layers.map(layerOf));
  }

  #describe() {
    if (this.#failure) return describeError(this.#failure);
    if (this.#retry.isWaiting) return text("unanswered");
    if (!this.#explanation) return text("ownNone");
    const { model, class: digit, confidence, status } = this.#explanation;
    const name = status === "not_a_digit" ? "ownNotADigit" : "ownVerdict";
    return text(name, { model: model.name, digit: String(digit), confidence: percent(confidence) });
  }
}

/**
 * @param {number[][]} digit
 * @param {Explanation} explanation
 */
function showSaliency(digit, { saliency = [] }) {
  const figures = saliency.map((one) => {
    const words = text("saliencyOf", { digit: String(one.class) });
    const canvas = saliencyCanvas(digit, one.evidence);
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", words);
    return make("figure", {}, [canvas, make("figcaption", {}, [words])]);
  });
  find("saliency", HTMLElement).replaceChildren(...figures);
}
