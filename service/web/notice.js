/** The notice: what is wrong with the service, and the form for its key. */

import { keepKey } from "./api.js";
import { ClientError, ServiceError } from "./digitserve.mjs";
import { find } from "./dom.js";
import { number, text } from "./i18n.js";
import { translate } from "./sentences.js";

/** Codes of problems that are the upload's, not the service's. */
const OF_UPLOADS = new Set([
  ..."unsupported-media empty-upload broken-image image-too-large blank-image".split(" "),
  ..."upload-too-large unusable-labelled-data too-many-files".split(" "),
]);

const PAUSE_MS = 2000; // before it is asked again, where the service does not say how long
const LEAST_MS = 500; // whatever it says

/** @type {unknown} what the notice shows */
let shown = null;

/**
 * Say in words what went wrong.
 * @param {unknown} error
 * @returns {string}
 */
export function describeError(error) {
  if (!(error instanceof ClientError)) throw error;
  if (error.status === 401) return text("errorKey");
  if (error.status === 429) {
    return text("errorRate", { seconds: number(Math.ceil(pauseMs(error) / 1000)) });
  }
  if (error.status === 503) return text("errorOverloaded");
  if (!(error instanceof ServiceError)) return text("errorAway");
  const name = `error-${error.code}`;
  const words = text(name);
  return words === name ? translate(error.message) : words;
}

/**
 * Show a failure of the service; one of an upload is shown where its answer would be.
 * @param {unknown} error
 * @returns {boolean} whether it was the service's
 */
export function showFailure(error) {
  const words = describeError(error);
  if (error instanceof ServiceError && OF_UPLOADS.has(error.code)) return false;
  shown = error;
  find("notice-text", HTMLElement).textContent = words;
  find("key-form", HTMLFormElement).hidden = !isOfStatus(error, 401);
  find("notice", HTMLElement).hidden = false;
  return true;
}

/** Say the notice anew, in another language. */
export function retellNotice() {
  if (shown) showFailure(shown);
}

/**
 * Tell whether a failure is of one of these statuses; 0: no answer came.
 * @param {unknown} error
 * @param {...number} statuses
 */
export function isOfStatus(error, ...statuses) {
  return error instanceof ClientError && statuses.includes(error.status);
}

/**
 * Tell how long to wait before asking again: as the service says, or a moment.
 * @param {unknown} error
 */
export function pauseMs(error) {
  const asked = error instanceof ClientError ? error.retryAfterMs : null;
  return Math.max(LEAST_MS, asked ?? PAUSE_MS);
}

/** Hide the notice: nothing is wrong any more. */
export function hideNotice() {
  shown = null;
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
    hideNotice();
    onKey();
  });
}
