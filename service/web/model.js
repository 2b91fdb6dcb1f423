/** The view "model": what a bundle says of itself, how it was trained, and the pictures of its report. */

import { client, isAborted } from "./api.js";
import { curvesOf, readHistory, tableOf } from "./curves.js";
import { find, make } from "./dom.js";
import { language, number, percent, text } from "./i18n.js";
import { Retry } from "./retry.js";

/** @typedef {import("./digitserve.mjs").Manifest} Manifest */

const REPORT = "assets.extra/report/";
const FIRST = ["predictions", "mistakes", "confusion_matrix", "filters"]; // then the layers' maps
const LEFT_OUT = /^(accuracy|loss|example-.*|.*_chapter)$/; // drawn as curves, or shown elsewhere on the page
const SCORES = { accuracy: (/** @type {number} */ share) => percent(share, 2), loss: writeLoss };
const TICKS = { accuracy: percent, loss: (/** @type {number} */ loss) => loss.toFixed(2) };

export class Model {
  #choice = find("about-model", HTMLSelectElement);
  /** @type {Manifest | null} */
  #manifest = null;
  /** @type {import("./curves.js").Epoch[]} */
  #history = [];
  /** @type {Map<string, string>} addresses of the pictures by name */
  #pictures = new Map();
  #asked = new AbortController();
  #retry = new Retry(() => void this.open(), find("view-model", HTMLElement));

  constructor() {
    this.#choice.addEventListener("change", () => void this.open());
  }

  /** Ask for the chosen model; its version may have changed since. */
  async open() {
    const model = this.#choice.value;
    this.#asked.abort();
    this.#asked = new AbortController();
    const { signal } = this.#asked;
    try {
      const [manifest] = await client.models({ model, signal });
      const history = await readReport(manifest, "history.csv", signal);
      const pictures = await readPictures(manifest, signal);
      this.#forget();
      this.#manifest = manifest;
      this.#history = history ? readHistory(await history.text()) : [];
      this.#pictures = pictures;
      this.#retry.settle();
      this.show();
    } catch (error) {
      if (!isAborted(error)) this.#retry.take(error);
    }
  }

  /** Show the model, in the language of now. */
  show() {
    const manifest = this.#manifest;
    if (!manifest) return;
    find("about-facts", HTMLElement).replaceChildren(...listOf(factsOf(manifest)));
    find("about-results", HTMLElement).replaceChildren(resultsOf(manifest));
    find("about-libraries", HTMLElement).replaceChildren(...listOf(Object.entries(manifest.libraries)));
    find("about-data", HTMLElement).replaceChildren(...listOf(Object.entries(manifest.data)));
    this.#showHistory();
    find("about-pictures", HTMLElement).replaceChildren(...[...this.#pictures].map(figureOf));
    find("about-pictures-card", HTMLElement).hidden = this.#pictures.size === 0;
    find("about-body", HTMLElement).hidden = false;
  }

  #showHistory() {
    const history = this.#history;
    find("about-curves-card", HTMLElement).hidden = history.length === 0;
    if (!history.length) return;
    const figures = Object.entries(TICKS).map(([score, write]) =>
      make("figure", {}, [make("figcaption", {}, [text(score)]), curvesOf(history, score, write)]),
    );
    find("about-curves", HTMLElement).replaceChildren(...figures);
    const details = [make("summary", {}, [text("asNumbers")]), tableIn(tableOf(history, SCORES))];
    find("about-history", HTMLElement).replaceChildren(...details);
  }

  #forget() {
    for (const url of this.#pictures.values()) URL.revokeObjectURL(url);
  }
}

/** @param {number} loss in nats */
function writeLoss(loss) {
  return loss.toFixed(4);
}

/**
 * Read a file of the report, if the bundle has it.
 * @param {Manifest} manifest
 * @param {string} file
 * @param {AbortSignal} signal
 * @returns {Promise<Blob | null>}
 */
async function readReport({ name, files }, file, signal) {
  if (!(REPORT + file in files)) return null;
  const path = `model/report/${encodeURIComponent(file)}?model=${name}`;
  return (await client.ask(path, { signal })).blob();
}

/**
 * Read the pictures of the report; with `fetch`, which can send the key.
 * @param {Manifest} manifest
 * @param {AbortSignal} signal
 */
async function readPictures(manifest, signal) {
  /** @param {string} name */
  const rank = (name) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  const names = Object.keys(manifest.files)
    .filter((file) => file.startsWith(REPORT) && file.endsWith(".png"))
    .map((file) => file.slice(REPORT.length, -".png".length))
    .filter((name) => !LEFT_OUT.test(name))
    .sort((a, b) => rank(a) - rank(b));
  const read = names.map(async (name) => {
    const picture = /** @type {Blob} */ (await readReport(manifest, `${name}.png`, signal));
    return /** @type {[string, string]} */ ([name, URL.createObjectURL(picture)]);
  });
  return new Map(await Promise.all(read));
}

/**
 * @param {Manifest} manifest
 * @returns {[string, string][]}
 */
function factsOf(manifest) {
  const created = new Intl.DateTimeFormat(language(), { dateStyle: "long" });
  return [
    [text("name"), `${manifest.name} / ${manifest.version}`],
    [text("recipe"), manifest.recipe],
    [text("seed"), String(manifest.seed)],
    [text("parameters"), number(manifest.parameters)],
    [text("preprocessingVersion"), manifest.preprocessing_version],
    [text("created"), created.format(new Date(manifest.created_at))],
  ];
}

/** @param {[string, string][]} entries */
function listOf(entries) {
  return entries.map(([name, value]) =>
    make("div", {}, [make("dt", {}, [name]), make("dd", {}, [value])]),
  );
}

/** @param {Manifest} manifest */
function resultsOf({ metrics }) {
  const names = [text("digits"), text("accuracy"), text("loss")];
  const head = ["", ...names].map((name) => make(name ? "th" : "td", {}, [name]));
  const splits = Object.entries({ splitTest: metrics.test, splitValidation: metrics.validation });
  const rows = splits.map(([split, { n, accuracy, loss }]) => {
    const cells = [number(n), percent(accuracy, 2), writeLoss(loss)];
    const first = make("th", { scope: "row" }, [text(split)]);
    return make("tr", {}, [first, ...cells.map((words) => make("td", {}, [words]))]);
  });
  return make("table", { class: "numbers" }, [
    make("thead", {}, [make("tr", {}, head)]),
    make("tbody", {}, rows),
  ]);
}

/** @param {HTMLTableElement} table */
function tableIn(table) {
  const label = text("curvesTitle");
  return make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": label }, [table]);
}

/** @param {[string, string]} picture its name and its address */
function figureOf([name, url]) {
  const caption = FIRST.includes(name) ? text(`picture-${name}`) : text("pictureMaps", { layer: name });
  const image = make("img", { src: url, alt: caption });
  const button = make("button", { type: "button", "aria-label": text("enlarge", { name: caption }) }, [image]);
  button.addEventListener("click", () => {
    find("enlarged-title", HTMLElement).textContent = caption;
    find("enlarged-body", HTMLElement).replaceChildren(make("img", { src: url, alt: caption, class: "large" }));
    find("enlarged", HTMLDialogElement).showModal();
  });
  return make("figure", {}, [button, make("figcaption", {}, [caption])]);
}
