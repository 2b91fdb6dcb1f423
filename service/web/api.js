/** The service: requests with the tab's key, and failures in words. */

/**
 * @typedef {{left: number, top: number, right: number, bottom: number}} Box
 * @typedef {{canonical: string, ink_box: Box, steps: string[]}} Detail
 * @typedef {{class: number, confidence: number, probabilities: number[],
 *   status: "ok" | "uncertain" | "not_a_digit", warnings: string[],
 *   model: {name: string, version: string}, detail: Detail}} Prediction
 * @typedef {{name: string, kind: string, shape: number[], parameters: number,
 *   activations: any, kernel?: any, bias?: number[]}} Layer
 * @typedef {{class: number, evidence: number[][]}} Saliency
 * @typedef {Prediction & {layers: Layer[], saliency: Saliency[]}} Explanation
 */

const KEY = "digitserve-key";

/** A failure that the page can explain: `code` is the problem's, or `away` or `damaged`. */
export class ServiceError extends Error {
  /**
   * @param {string} code
   * @param {number} status 0 if no answer came
   * @param {string} detail
   */
  constructor(code, status, detail) {
    super(detail);
    this.code = code;
    this.status = status;
  }
}

/**
 * Keep a key until the tab is closed.
 * @param {string} key
 */
export function keepKey(key) {
  sessionStorage.setItem(KEY, key);
}

/**
 * Ask the service.
 * @param {string} path relative to the page
 * @param {RequestInit} [request]
 * @returns {Promise<Response>} a successful answer
 * @throws {ServiceError} if none came, or a problem
 */
export async function ask(path, request = {}) {
  const key = sessionStorage.getItem(KEY);
  const headers = new Headers(request.headers);
  if (key) headers.set("Authorization", `Bearer ${key}`);
  const response = await fetch(path, { ...request, headers }).catch((error) => {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ServiceError("away", 0, "");
  });
  if (!response.ok) throw await readProblem(response);
  return response;
}

/**
 * Read a problem document; what is none comes from a proxy.
 * @param {Response} response
 */
async function readProblem(response) {
  const problem = await response.json().catch(() => ({}));
  const code = String(problem.type ?? "away").replace(/^.*:/, "");
  return new ServiceError(code, response.status, String(problem.detail ?? ""));
}

/**
 * Tell whether a request was given up by the page itself.
 * @param {unknown} error
 */
export function isAborted(error) {
  return error instanceof DOMException && error.name === "AbortError";
}
