/** The service, asked with the tab's key. The page shows at once what goes wrong, and asks again by itself. */

import { Client } from "./digitserve.mjs";

const KEY = "digitserve-key";

export const client = new Client(new URL(".", document.baseURI), {
  key: sessionStorage.getItem(KEY),
  retries: { attempts: 1 },
});

/**
 * Keep a key until the tab is closed.
 * @param {string} key
 */
export function keepKey(key) {
  sessionStorage.setItem(KEY, key);
  client.key = key;
}

/**
 * Tell whether a request was given up by the page itself.
 * @param {unknown} error
 */
export function isAborted(error) {
  return error instanceof DOMException && error.name === "AbortError";
}
