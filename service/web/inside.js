/** The view "look inside": the person's own digit on its way through a network. */

import { client, isAborted } from "./api.js";
import { find, make } from "./dom.js";
import { number, percent, text } from "./i18n.js";
import { greyCanvas, highestOf, mapOf, saliencyCanvas } from "./maps.js";
import { clearNotice, describeError, showFailure } from "./notice.js";
import { Slide } from "./slide.js";

/** @typedef {import("./digitserve.mjs").Explanation} Explanation */
/** @typedef {import("./digitserve.mjs").Layer} Layer */

const ASKED = { layer: ["*"], weights: true, saliency: true };

export class Inside {
  #slide = new Slide();
  #model = find("inside-model", HTMLSelectElement);
  /** @type {Explanation | null} */
  #explanation = null;
  /** @type {Blob | null} what is explained already */
  #explained = null;
  #asked = new AbortController();

  /** @param {() => Blob | null} picture the one that was recognised last */
  constructor(picture) {
    this.picture = picture;
    this.#model.addEventListener("change", () => void this.open(true));
    find("enlarged-close", HTMLButtonElement).addEventListener("click", () => {
      find("enlarged", HTMLDialogElement).close();
    });
  }

  /**
   * Show the picture of now.
   * @param {boolean} isAnew whether to ask again for one that is shown already
   */
  async open(isAnew = false) {
    const picture = this.picture();
    if (!picture) {
      find("inside-verdict", HTMLElement).textContent = text("ownNone");
      find("inside-body", HTMLElement).hidden = true;
      return;
    }
    if (picture === this.#explained && !isAnew) return;
    this.#asked.abort();
    this.#asked = new AbortController();
    const { signal } = this.#asked;
    try {
      this.#explanation = await client.explain(picture, { model: this.#model.value, signal, ...ASKED });
      this.#explained = picture;
      clearNotice();
      this.show();
    } catch (error) {
      if (!isAborted(error) && !showFailure(error)) {
        find("inside-verdict", HTMLElement).textContent = describeError(error);
      }
    }
  }

  /** Show the explanation, in the language of now. */
  show() {
    const explanation = this.#explanation;
    if (!explanation) return void this.open();
    find("inside-verdict", HTMLElement).textContent = text("ownVerdict", {
      model: explanation.model.name,
      digit: String(explanation.class),
      confidence: percent(explanation.confidence),
    });
    const input = mapOf(explanation.layers[0].activations, 0);
    const first = explanation.layers.find((layer) => layer.kind === "convolution");
    if (first) this.#slide.use(input, first);
    showSaliency(input, explanation);
    find("layers", HTMLOListElement).replaceChildren(...explanation.layers.map(showLayer));
    find("inside-body", HTMLElement).hidden = false;
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

/**
 * Make the entry of a layer: its facts, and its maps or its row of numbers.
 * @param {Layer} layer
 */
function showLayer(layer) {
  const facts = text("layerFacts", { shape: layer.shape.join("×"), parameters: number(layer.parameters) });
  const children = [make("h4", {}, [layer.name]), make("p", { class: "quiet" }, [facts])];
  const content = layer.shape.length === 3 ? showMaps(layer) : showNumbers(layer);
  return make("li", { class: "layer" }, [...children, content]);
}

/** @param {Layer} layer */
function showMaps(layer) {
  const highest = highestOf(layer.activations);
  const maps = Array.from({ length: layer.shape[2] }, (_, at) => {
    const words = text("mapNumber", { layer: layer.name, number: String(at + 1) });
    const button = make("button", { type: "button", "aria-label": words }, [
      greyCanvas(mapOf(layer.activations, at), highest),
    ]);
    button.addEventListener("click", () => enlarge(words, mapOf(layer.activations, at), highest));
    return button;
  });
  return make("div", { class: "maps" }, maps);
}

/** @param {Layer} layer */
function showNumbers(layer) {
  const canvas = greyCanvas([layer.activations], highestOf(layer.activations));
  canvas.classList.add("cells");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${layer.name}: ${layer.shape[0]}`);
  return canvas;
}

/**
 * Show a map large.
 * @param {string} title
 * @param {number[][]} map
 * @param {number} highest
 */
function enlarge(title, map, highest) {
  find("enlarged-title", HTMLElement).textContent = title;
  find("enlarged-body", HTMLElement).replaceChildren(greyCanvas(map, highest));
  find("enlarged", HTMLDialogElement).showModal();
}
