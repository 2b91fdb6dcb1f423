/** The notice: what is wrong with the service, and the form for its key. */

import { keepKey } from "./api.js";
import { ClientError, ServiceError } from "./digitserve.mjs";
import { find } from "./dom.js";
import { text } from "./i18n.js";

/** Codes of problems that are the picture's, not the service's. */
const OF_PICTURES = new Set([
  ..."unsupported-media empty-upload broken-image image-too-large blank-image".split(" "),
  ..."upload-too-large unusable-labelled-data".split(" "),
]);

/**
 * Say in words what went wrong.
 * @param {unknown} error
 * @returns {string}
 */
export function describeError(error) {
  if (!(error instanceof ClientError)) throw error;
  if (error.status === 401) return text("errorKey");
  if (error.status === 429) return text("errorRate");
  if (error.status === 503) return text("errorOverloaded");
  if (!(error instanceof ServiceError)) return text("errorAway");
  return OF_PICTURES.has(error.code) ? text(`error-${error.code}`) : error.message;
}

/**
 * Show a failure of the service; one of a picture is shown with the answer.
 * @param {unknown} error
 * @returns {boolean} whether it was the service's
 */
export function showFailure(error) {
  const words = describeError(error);
  if (error instanceof ServiceError && OF_PICTURES.has(error.code)) return false;
  find("notice-text", HTMLElement).textContent = words;
  find("key-form", HTMLFormElement).hidden = !isOfStatus(error, 401);
  find("notice", HTMLElement).hidden = false;
  return true;
}

/**
 * Tell whether a failure is of one of these statuses; 0: no answer came.
 * @param {unknown} error
 * @param {...number} statuses
 */
export function isOfStatus(error, ...statuses) {
  return error instanceof ClientError && statuses.includes(error.status);
}

/** Hide the notice: the service has answered. */
export function clearNotice() {
  find("notice", HTMLElement).hidden = true;
}

/**
 * Take a key, keep it for the tab, and try again.
 * @param {() => void} onKey
 */
export function takeKey(onKey) {
  const input = find("key", HTMLInputElement);
  find("key-form", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    keepKey(input.value.trim());
    input.value = "";
    clearNotice();
    onKey();
  });
}
