/**
 * Client of a digitserve service, for browsers, Node (18 or newer) and Deno; it needs nothing else.
 *
 *     image (Blob, File, bytes, canvas) -> fetch, with retries -> the service's JSON, typed here
 *
 * Every method takes a `signal` (`AbortSignal.timeout(5000)` bounds its time), rejects with the signal's reason once that
 * is aborted, and otherwise with a `ClientError`: `ServiceError`, `NoAnswerError` or `NotDigitserveError`.
 */

/**
 * @typedef {Blob | ArrayBuffer | ArrayBufferView<ArrayBuffer> | HTMLCanvasElement | OffscreenCanvas} ImageSource
 * @typedef {{left: number, top: number, right: number, bottom: number}} Box
 * @typedef {{canonical: string, ink_box: Box, steps: string[]}} Detail
 * @typedef {{class: number, confidence: number, probabilities: number[],
 *   status: "ok" | "uncertain" | "not_a_digit", warnings: string[],
 *   model: {name: string, version: string}, detail?: Detail}} Answer
 * @typedef {Answer & {timing: Record<string, number>}} Prediction
 *   `timing`: steps in milliseconds, as far as the service tells them
 * @typedef {{name: string, kind: string, shape: number[], parameters: number,
 *   activations?: any, kernel?: any, bias?: number[]}} Layer
 * @typedef {{class: number, evidence: number[][]}} Saliency
 * @typedef {Answer & {detail: Detail, layers: Layer[], saliency?: Saliency[]}} Explanation
 * @typedef {{precision: number | null, recall: number | null, f1: number | null, support: number}} ClassScores
 * @typedef {{label: number, predicted: number, confidence: number, image: string}} Mistake
 * @typedef {{low: number, high: number, count: number, confidence: number | null,
 *   accuracy: number | null}} Bin
 * @typedef {{reliability: Bin[], labels: number[], predicted: number[], confidences: number[],
 *   names: string[], sheets: string[]}} DigitsDetail
 * @typedef {{n: number, accuracy: number, accuracy_interval: {low: number, high: number}, loss: number,
 *   calibration_error: number, confusion_matrix: number[][], worst_mistakes: Mistake[],
 *   per_class: ClassScores[], rejected: {name: string, detail: string}[], duration_s: number,
 *   model: {name: string, version: string}, detail?: DigitsDetail}} Evaluation
 * @typedef {{name: string, version: string, engine: string, device: string, self_test_age_s: number}} ServedModel
 * @typedef {{alive: boolean, ready: boolean, models: ServedModel[]}} Health
 * @typedef {{n: number, accuracy: number, loss: number}} Scores
 * @typedef {{name: string, version: string, recipe: string, seed: number, parameters: number,
 *   preprocessing_version: string, metrics: {validation: Scores, test: Scores},
 *   data: Record<string, string>, libraries: Record<string, string>, created_at: string,
 *   files: Record<string, string>}} Manifest
 * @typedef {{type: string, title: string, status: number, detail: string, instance: string}} Problem
 * @typedef {{attempts: number, firstDelayMs: number, maxDelayMs: number}} Retries
 *   at most so many attempts, the first counted; the wait before the second, each later one twice as long, less up
 *   to half by chance; the longest wait: a service that asks for more is not asked again
 * @typedef {{model?: string, version?: string, signal?: AbortSignal}} Options the service's defaults hold for what is left out
 */

const DEFAULT_URL = "http://127.0.0.1:8000";
const PROBLEM_PREFIX = "urn:problem-type:digitserve:";
const RETRIED_STATUSES = [429, 502, 503, 504]; // RFC 9110, section 15, and RFC 6585: not now
/** @type {Retries} */
const RETRIES = { attempts: 3, firstDelayMs: 250, maxDelayMs: 20_000 };

/** Whatever this module throws for a request; `status` is that of HTTP, 0 if no answer came. */
export class ClientError extends Error {
  status = 0;
  /** @type {number | null} how long the service asks to wait */
  retryAfterMs = null;
}

/** The service cannot be reached, or ended its answer early; `cause` is what `fetch` says. */
export class NoAnswerError extends ClientError {}

/** Something answered, but not as digitserve does: the URL is wrong, or a proxy spoke. */
export class NotDigitserveError extends ClientError {}

/** The service refused a request; `message` is its own sentence for people, `code` is for programs. */
export class ServiceError extends ClientError {
  /** @param {Problem} problem the problem document (RFC 9457) */
  constructor(problem) {
    super(problem.detail);
    this.status = problem.status;
    this.code = problem.type.slice(PROBLEM_PREFIX.length);
    this.requestId = problem.instance;
  }
}

/** A client of one service. */
export class Client {
  #base;
  #retries;

  /**
   * @param {string | URL} [url] where the service is; a path in front of its routes is kept
   * @param {{key?: string | null, retries?: Partial<Retries>}} [options]
   */
  constructor(url = DEFAULT_URL, { key = null, retries = {} } = {}) {
    this.#base = new URL(String(url).replace(/\/*$/, "/"));
    this.#retries = { ...RETRIES, ...retries };
    /** API key, if the service asks for one; it may change. */
    this.key = key;
  }

  /**
   * Recognise the digit on an image; `detail` adds what the model saw, and how long each step took.
   * @param {ImageSource} image
   * @param {Options & {detail?: boolean}} [options]
   * @returns {Promise<Prediction>}
   */
  async predict(image, { signal, ...params } = {}) {
    const response = await this.ask(`predict${query(params)}`, await post(image, signal));
    return { ...(await readObject(response, "probabilities", signal)), timing: readTiming(response) };
  }

  /**
   * Recognise many images by one request; an answer for each, in order, as it arrives.
   * @param {Iterable<ImageSource>} images
   * @param {Options & {detail?: boolean}} [options]
   * @returns {AsyncGenerator<Answer | ServiceError>} what is on an image, or why it could not be used
   */
  async *predictBatch(images, { signal, ...params } = {}) {
    const request = { method: "POST", body: await makeForm(images), signal };
    const response = await this.ask(`predict/batch${query(params)}`, request);
    for await (const line of readParts(response, "\n", signal)) {
      const answer = parse(line, response);
      yield answer.problem ? new ServiceError(answer.problem) : answer;
    }
  }

  /**
   * Show what happens inside a network: its layers, and which ink spoke for the answer.
   * @param {ImageSource} image
   * @param {Options & {layer?: string[], weights?: boolean, saliency?: boolean}} [options] `layer`: those
   *   whose activations are wanted, `["*"]` for all
   * @returns {Promise<Explanation>}
   */
  async explain(image, { signal, ...params } = {}) {
    const response = await this.ask(`explain${query(params)}`, await post(image, signal));
    return readObject(response, "layers", signal);
  }

  /**
   * Score a model on labelled digits, or on its bundle's own where no files are given.
   * @param {ImageSource[]} [files] a zip of `<label>/<any>.png`, an npz, or an IDX image file and its label file
   * @param {Options & {detail?: boolean, onProgress?: (done: number, total: number) => void}} [options]
   * @returns {Promise<Evaluation>}
   */
  async evaluate(files = [], { signal, onProgress = () => {}, ...params } = {}) {
    const body = files.length ? await makeForm(files) : null;
    const headers = { Accept: "text/event-stream" };
    const request = { method: "POST", body, headers, signal };
    const response = await this.ask(`evaluate${query(params)}`, request);
    for await (const { name, data } of readEvents(response, signal)) {
      if (name === "error") throw new ServiceError(data);
      if (name === "result") return data;
      onProgress(data.done, data.total);
    }
    throw new NoAnswerError("The service ended its answer before the result. Look at its log.");
  }

  /**
   * Tell who serves, and whether it works.
   * @param {{signal?: AbortSignal}} [options]
   * @returns {Promise<Health>}
   */
  async health({ signal } = {}) {
    return readObject(await this.ask("health", { signal }), "models", signal);
  }

  /**
   * Describe the models that are served, or one: the manifests of their bundles.
   * @param {{model?: string, signal?: AbortSignal}} [options]
   * @returns {Promise<Manifest[]>}
   */
  async models({ signal, ...params } = {}) {
    return readObject(await this.ask(`model${query(params)}`, { signal }), "length", signal);
  }

  /**
   * Send any request, with the key, and again where that may help.
   * @param {string} path relative to the service
   * @param {RequestInit} [request]
   * @returns {Promise<Response>} an answer of status 2xx
   */
  async ask(path, request = {}) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#askOnce(path, request);
      } catch (error) {
        const delay = delayMs(error, attempt, this.#retries);
        if (delay === null) throw error;
        await pause(delay, request.signal);
      }
    }
  }

  /**
   * @param {string} path
   * @param {RequestInit} request
   */
  async #askOnce(path, request) {
    const headers = new Headers(request.headers);
    if (this.key) headers.set("Authorization", `Bearer ${this.key}`);
    const url = new URL(path, this.#base);
    const response = await fetch(url, { ...request, headers }).catch((cause) => {
      throw request.signal?.aborted ? cause : noAnswer(cause);
    });
    if (!response.ok) throw await readProblem(response);
    return response;
  }
}

/**
 * Read the server-sent events of an answer; comments, which keep a connection open, are none.
 * @param {Response} response
 * @param {AbortSignal} [signal]
 * @returns {AsyncGenerator<{name: string, data: any}>}
 */
export async function* readEvents(response, signal) {
  for await (const part of readParts(response, "\n\n", signal)) {
    const name = /^event: ?(.*)$/m.exec(part)?.[1];
    const data = [...part.matchAll(/^data: ?(.*)$/gm)].map((line) => line[1]).join("\n");
    if (name && data) yield { name, data: parse(data, response) };
  }
}

/**
 * Read the parts of an answer as they arrive.
 * @param {Response} response
 * @param {string} separator
 * @param {AbortSignal} [signal]
 */
async function* readParts(response, separator, signal) {
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let last = ""; // character: a separator of two may come in two pieces
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause) => {
        throw signal?.aborted ? cause : noAnswer(cause);
      });
      const piece = value ?? separator;
      rest += piece;
      // A part may be megabytes long: look through what came last, not through all of it again.
      if ((last + piece).includes(separator)) {
        const parts = rest.split(separator);
        rest = parts.pop() ?? "";
        yield* parts.filter((part) => part.trim());
      }
      if (done) return;
      last = piece.slice(-1);
    }
  } finally {
    await reader.cancel().catch(() => {}); // who reads no further closes the connection
  }
}

/**
 * Read an answer of which at least one member is known.
 * @param {Response} response
 * @param {string} member
 * @param {AbortSignal} [signal]
 */
async function readObject(response, member, signal) {
  const body = await response.text().catch((cause) => {
    throw signal?.aborted ? cause : noAnswer(cause);
  });
  const answer = parse(body, response);
  if (answer[member] === undefined) throw notDigitserve(response);
  return answer;
}

/**
 * @param {string} json
 * @param {Response} response where it stands
 * @returns {any} neither null nor undefined
 */
function parse(json, response) {
  try {
    return JSON.parse(json) ?? {};
  } catch {
    throw notDigitserve(response);
  }
}

/**
 * Read a problem document; what is none comes from a proxy.
 * @param {Response} response
 * @returns {Promise<ClientError>}
 */
async function readProblem(response) {
  const problem = await response.json().catch(() => null);
  const isOurs = String(problem?.type).startsWith(PROBLEM_PREFIX) && problem.detail;
  const error = isOurs ? new ServiceError(problem) : notDigitserve(response);
  error.retryAfterMs = readRetryAfter(response);
  return error;
}

/**
 * Read `Retry-After`: seconds or a date (RFC 9110, section 10.2.3), in milliseconds.
 * @param {Response} response
 */
function readRetryAfter(response) {
  const value = response.headers.get("retry-after") ?? "";
  const delay = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(delay) ? null : Math.max(0, delay);
}

/**
 * Read `Server-Timing` (W3C): steps in milliseconds.
 * @param {Response} response
 */
function readTiming(response) {
  const header = response.headers.get("server-timing") ?? "";
  const steps = [...header.matchAll(/([\w-]+)[^,]*?;\s*dur=([\d.]+)/g)];
  return Object.fromEntries(steps.map(([, name, ms]) => [name, Number(ms)]));
}

/**
 * Tell how long to wait before the next attempt, or null if this failure stands.
 * @param {unknown} error
 * @param {number} attempt the one that ended so, from 1
 * @param {Retries} retries
 */
function delayMs(error, attempt, { attempts, firstDelayMs, maxDelayMs }) {
  const isPassing = error instanceof NoAnswerError
    || (error instanceof ClientError && RETRIED_STATUSES.includes(error.status));
  if (!isPassing || attempt >= attempts) return null;
  if (error.retryAfterMs !== null) return error.retryAfterMs <= maxDelayMs ? error.retryAfterMs : null;
  return Math.min(firstDelayMs * 2 ** (attempt - 1), maxDelayMs) * (0.5 + Math.random() / 2);
}

/**
 * @param {number} ms
 * @param {AbortSignal | null} [signal]
 * @returns {Promise<void>} rejected with the signal's reason
 */
function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const give = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", give);
      resolve();
    }, ms);
    if (signal?.aborted) give();
    signal?.addEventListener("abort", give, { once: true });
  });
}

/** @param {unknown} cause */
function noAnswer(cause) {
  return new NoAnswerError("The service does not answer. Is it running, and the URL right?", { cause });
}

/** @param {Response} response */
function notDigitserve({ url, status }) {
  const error = new NotDigitserveError(`${url} answered with status ${status}, but not as digitserve does.`);
  error.status = status;
  return error;
}

/**
 * @param {ImageSource} image
 * @param {AbortSignal} [signal]
 * @returns {Promise<RequestInit>}
 */
async function post(image, signal) {
  return { method: "POST", body: await toBlob(image), signal };
}

/**
 * Return an image as a file; a canvas becomes a PNG.
 * @param {ImageSource} image
 * @returns {Promise<Blob>}
 */
async function toBlob(image) {
  if (image instanceof Blob) return image;
  if ("convertToBlob" in image) return image.convertToBlob();
  if (!("toBlob" in image)) return new Blob([image]);
  return new Promise((resolve, reject) => {
    image.toBlob((blob) => (blob ? resolve(blob) : reject(new TypeError("The canvas is empty."))));
  });
}

/** @param {Iterable<ImageSource>} images */
async function makeForm(images) {
  const form = new FormData();
  for (const image of images) {
    const name = "name" in image ? String(image.name) : "image";
    form.append("file", await toBlob(image), name);
  }
  return form;
}

/**
 * Write the parameters of a request; a list repeats its name, and what is not given is left out.
 * @param {Record<string, string | string[] | boolean | undefined>} params
 */
function query(params) {
  const pairs = Object.entries(params).flatMap(([name, value]) =>
    [value || []].flat().map((one) => [name, String(one)]),
  );
  return pairs.length ? `?${new URLSearchParams(pairs)}` : "";
}
