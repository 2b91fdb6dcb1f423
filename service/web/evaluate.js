/** The view "evaluate": a model scored on its test digits, or on labelled pictures of one's own. */

import { ask, isAborted, ServiceError } from "./api.js";
import { find, save } from "./dom.js";
import { readEvents } from "./events.js";
import { number, percent, text } from "./i18n.js";
import { clearNotice, describeError, showFailure } from "./notice.js";
import { takeDrops } from "./pictures.js";
import { showScores } from "./scores.js";

const RETRY_MS = 2000;

/** @typedef {import("./scores.js").Evaluation} Evaluation */

export class Evaluate {
  /** @type {Evaluation | null} */
  #result = null;
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
    find("download-json", HTMLButtonElement).addEventListener("click", () => this.#saveJson());
    find("download-csv", HTMLButtonElement).addEventListener("click", () => this.#saveCsv());
  }

  /** Show the scores, in the language of now. */
  show() {
    if (!this.#result) return;
    showScores(this.#result);
    find("evaluate-result", HTMLElement).hidden = false;
  }

  /** @param {Blob | null} data null: the model's own test digits */
  async #evaluate(data) {
    this.#asked.abort();
    this.#asked = new AbortController();
    this.#begin();
    try {
      const model = find("evaluate-model", HTMLSelectElement).value;
      const response = await ask(`evaluate?model=${model}`, {
        method: "POST",
        body: data,
        headers: { Accept: "text/event-stream" },
        signal: this.#asked.signal,
      });
      for await (const event of readEvents(response)) this.#take(event);
      clearNotice();
    } catch (error) {
      if (isAborted(error)) this.#say(text("evaluateCancelled"));
      else if (!showFailure(error)) this.#say(describeError(error));
      else if (error instanceof ServiceError && error.status === 503) return this.#retry(data);
    }
    this.#progress.hidden = this.#cancel.disabled = true;
  }

  /**
   * Try again in a moment: the service scores one model at a time.
   * @param {Blob | null} data
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

  /** @param {{name: string, data: any}} event */
  #take({ name, data }) {
    if (name === "error") {
      throw new ServiceError(String(data.type).replace(/^.*:/, ""), data.status, data.detail);
    }
    if (name === "progress") {
      this.#progress.max = data.total;
      this.#progress.value = data.done;
      this.#say(text("evaluateProgress", { done: number(data.done), total: number(data.total) }));
      return;
    }
    this.#result = data;
    this.#say(text("evaluateDone", { accuracy: percent(data.accuracy) }));
    this.show();
  }

  /** @param {string} words */
  #say(words) {
    find("evaluate-status", HTMLElement).textContent = words;
  }

  #saveJson() {
    save(new Blob([JSON.stringify(this.#result, null, 2)], { type: "application/json" }), "evaluation.json");
  }

  #saveCsv() {
    const matrix = this.#result?.confusion_matrix ?? [];
    const head = ["label", ...matrix.map((_, digit) => `predicted_${digit}`)];
    const lines = [head, ...matrix.map((row, digit) => [digit, ...row])].map((line) => line.join(","));
    save(new Blob([lines.join("\r\n") + "\r\n"], { type: "text/csv" }), "confusion_matrix.csv");
  }
}
