/** The view "evaluate": a model scored on its test digits, or on labelled pictures of one's own. */

import { client, isAborted } from "./api.js";
import { writeCsv } from "./csv.js";
import { find, save } from "./dom.js";
import { number, percent, text } from "./i18n.js";
import { ServiceError } from "./digitserve.mjs";
import { describeError } from "./notice.js";
import { takeDrops } from "./pictures.js";
import { writeReport } from "./report.js";
import { Retry } from "./retry.js";
import { showScores } from "./scores.js";

/** @typedef {import("./evaluation.js").Evaluation} Evaluation */

export class Evaluate {
  /** @type {Evaluation | null} */
  #result = null;
  /** @type {string | null} the file that was scored; null: the test digits */
  #source = null;
  /** @type {File | null} what is scored now */
  #data = null;
  #words = () => "";
  #asked = new AbortController();
  #retry = new Retry(() => void this.#evaluate(this.#data));
  #choice = find("evaluate-model", HTMLSelectElement);
  #run = find("evaluate-run", HTMLButtonElement);
  #cancel = find("evaluate-cancel", HTMLButtonElement);
  #progress = find("evaluate-progress", HTMLProgressElement);

  constructor() {
    this.#run.addEventListener("click", () => void this.#evaluate(null));
    this.#cancel.addEventListener("click", () => this.#giveUp());
    this.#choice.addEventListener("change", () => this.#compare());
    const input = find("evaluate-file", HTMLInputElement);
    input.addEventListener("change", () => {
      if (input.files?.[0]) void this.#evaluate(input.files[0]);
      input.value = "";
    });
    const card = find("evaluate-card", HTMLElement);
    takeDrops(card, card, (file) => void this.#evaluate(file));
    this.#offer("download-json", "evaluation.json", "application/json", (result) => JSON.stringify(result, null, 2));
    this.#offer("download-csv", "evaluation.csv", "text/csv", ({ detail }) => writeCsv(detail));
    this.#offer("download-report", "evaluation.html", "text/html", (result) =>
      writeReport(result, this.#sourceInWords),
    );
  }

  get #sourceInWords() {
    return this.#source ?? text("testDigits");
  }

  /** Show status and scores, in the language of now. */
  show() {
    this.#say(this.#words);
    if (!this.#result) return;
    showScores(this.#result, this.#sourceInWords);
    find("evaluate-result", HTMLElement).hidden = false;
  }

  /**
   * Have a button save the result as a file.
   * @param {string} id of the button
   * @param {string} name of the file
   * @param {string} type
   * @param {(result: Evaluation) => string | Promise<string>} write
   */
  #offer(id, name, type, write) {
    find(id, HTMLButtonElement).addEventListener("click", async () => {
      if (this.#result) save(new Blob([await write(this.#result)], { type }), name);
    });
  }

  /** @param {File | null} data null: the model's own test digits */
  async #evaluate(data) {
    this.#asked.abort();
    this.#asked = new AbortController();
    this.#data = data;
    this.#begin();
    const { signal } = this.#asked;
    try {
      const options = { model: this.#choice.value, detail: true, onProgress: this.#showProgress, signal };
      const result = await client.evaluate(data ? [data] : [], options);
      this.#retry.settle();
      this.#take(/** @type {Evaluation} */ (result), data);
    } catch (error) {
      if (!isAborted(error)) this.#fail(error);
    }
  }

  /** @param {unknown} error */
  #fail(error) {
    this.#retry.take(error);
    if (this.#retry.isWaiting) {
      this.#progress.removeAttribute("value");
      this.#say(() => text("unanswered"));
    } else this.#end(() => describe(error));
  }

  #giveUp() {
    this.#asked.abort();
    this.#retry.settle();
    this.#end(() => text("evaluateCancelled"));
  }

  #begin() {
    this.#progress.removeAttribute("value");
    this.#progress.hidden = this.#cancel.disabled = false;
    if (!this.#retry.isWaiting) this.#say(() => text("evaluateWaiting"));
  }

  /** @param {() => string} words what came of it */
  #end(words) {
    this.#progress.hidden = this.#cancel.disabled = true;
    this.#say(words);
  }

  /**
   * @param {number} done
   * @param {number} total
   */
  #showProgress = (done, total) => {
    this.#retry.settle();
    this.#progress.max = total;
    this.#progress.value = done;
    this.#say(() => text("evaluateProgress", { done: number(done), total: number(total) }));
  };

  /**
   * @param {Evaluation} result
   * @param {File | null} scored
   */
  #take(result, scored) {
    this.#result = result;
    this.#source = scored?.name ?? null;
    this.#end(() => text("evaluateDone", { accuracy: percent(result.accuracy) }));
    this.show();
  }

  /** Say whose scores are shown, where another model is chosen by now. */
  #compare() {
    const shown = this.#result?.model.name;
    const chosen = this.#choice.value;
    if (!shown || !this.#cancel.disabled) return;
    this.#say(() => (shown === chosen ? "" : text("evaluateOther", { shown, chosen })));
  }

  /** @param {() => string} words in the language of now */
  #say(words) {
    this.#words = words;
    find("evaluate-status", HTMLElement).textContent = words();
  }
}

/**
 * Say why labelled data cannot be used; what is no picture may still be data.
 * @param {unknown} error
 */
function describe(error) {
  const isOfAnotherKind = error instanceof ServiceError && error.code === "unsupported-media";
  return isOfAnotherKind ? text("error-unsupported-data") : describeError(error);
}
