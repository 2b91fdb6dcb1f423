/** The view "evaluate": a model scored on its test digits, or on labelled pictures of one's own. */

import { client, isAborted } from "./api.js";
import { writeCsv } from "./csv.js";
import { find, save } from "./dom.js";
import { number, percent, text } from "./i18n.js";
import { clearNotice, describeError, isOfStatus, showFailure } from "./notice.js";
import { takeDrops } from "./pictures.js";
import { writeReport } from "./report.js";
import { showScores } from "./scores.js";

const RETRY_MS = 2000;

/** @typedef {import("./evaluation.js").Evaluation} Evaluation */

export class Evaluate {
  /** @type {Evaluation | null} */
  #result = null;
  /** @type {string | null} the file that was scored; null: the test digits */
  #source = null;
  #asked = new AbortController();
  #run = find("evaluate-run", HTMLButtonElement);
  #cancel = find("evaluate-cancel", HTMLButtonElement);
  #progress = find("evaluate-progress", HTMLProgressElement);

  constructor() {
    this.#run.addEventListener("click", () => void this.#evaluate(null));
    this.#cancel.addEventListener("click", () => this.#asked.abort());
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
      writeReport(result, this.#source ?? text("testDigits")),
    );
  }

  /** Show the scores, in the language of now. */
  show() {
    if (!this.#result) return;
    showScores(this.#result);
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
    this.#begin();
    try {
      const model = find("evaluate-model", HTMLSelectElement).value;
      const { signal } = this.#asked;
      const options = { model, detail: true, onProgress: this.#showProgress, signal };
      const result = await client.evaluate(data ? [data] : [], options);
      this.#take(/** @type {Evaluation} */ (result), data);
      clearNotice();
    } catch (error) {
      if (isAborted(error)) this.#say(text("evaluateCancelled"));
      else if (!showFailure(error)) this.#say(describeError(error));
      else if (isOfStatus(error, 503)) return this.#retry(data);
    }
    this.#progress.hidden = this.#cancel.disabled = true;
  }

  /**
   * Try again in a moment: the service scores one model at a time.
   * @param {File | null} data
   */
  #retry(data) {
    const { signal } = this.#asked;
    signal.addEventListener("abort", () => this.#say(text("evaluateCancelled")));
    setTimeout(() => {
      if (!signal.aborted) void this.#evaluate(data);
    }, RETRY_MS);
  }

  #begin() {
    this.#progress.removeAttribute("value");
    this.#progress.hidden = this.#cancel.disabled = false;
    this.#say(text("evaluateWaiting"));
  }

  /**
   * @param {number} done
   * @param {number} total
   */
  #showProgress = (done, total) => {
    this.#progress.max = total;
    this.#progress.value = done;
    this.#say(text("evaluateProgress", { done: number(done), total: number(total) }));
  };

  /**
   * @param {Evaluation} result
   * @param {File | null} scored
   */
  #take(result, scored) {
    this.#result = result;
    this.#source = scored?.name ?? null;
    this.#say(text("evaluateDone", { accuracy: percent(result.accuracy) }));
    this.show();
  }

  /** @param {string} words */
  #say(words) {
    find("evaluate-status", HTMLElement).textContent = words;
  }
}
