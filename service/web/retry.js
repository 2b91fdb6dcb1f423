/** Asking again: a request that failed for a while waits here, until the service has answered it. */

import { hideNotice, isOfStatus, pauseMs, showFailure } from "./notice.js";

const PASSING = [0, 429, 502, 503, 504]; // 0: no answer came

/** @type {Set<Retry>} requests that wait for an answer; while there are any, the notice stays */
const waiting = new Set();

export class Retry {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #isResting = false;

  /**
   * @param {() => void} ask asks anew, for whatever is wanted then
   * @param {HTMLElement} [shown] shows the answer before; dimmed while there is no newer one
   */
  constructor(ask, shown) {
    this.ask = ask;
    this.shown = shown;
  }

  /** Whether to ask nothing yet: the service wants a pause, or a key. */
  get isResting() {
    return this.#isResting;
  }

  /** Whether it will be asked again, or is asked now, after a failure. */
  get isWaiting() {
    return waiting.has(this);
  }

  /**
   * Take a failure: show what is the service's, and ask again once it may help.
   * @param {unknown} error
   * @returns {boolean} whether it was the service's, not the picture's
   */
  take(error) {
    const isOfService = showFailure(error);
    clearTimeout(this.#timer);
    this.#isResting = isOfService && isOfStatus(error, 401, ...PASSING);
    this.shown?.toggleAttribute("data-stale", isOfService);
    if (!this.#isResting) waiting.delete(this);
    else {
      waiting.add(this);
      if (!isOfStatus(error, 401)) this.#timer = setTimeout(() => this.now(), pauseMs(error));
    }
    if (!isOfService) hideNoticeOfNobody();
    return isOfService;
  }

  /** Ask now. */
  now() {
    clearTimeout(this.#timer);
    this.#isResting = false;
    this.ask();
  }

  /** It was answered, or is wanted no more. */
  settle() {
    clearTimeout(this.#timer);
    this.#isResting = false;
    waiting.delete(this);
    this.shown?.removeAttribute("data-stale");
    hideNoticeOfNobody();
  }
}

/** Ask everything again that waits: there is a new key. */
export function askAgain() {
  for (const retry of [...waiting]) retry.now();
}

function hideNoticeOfNobody() {
  if (!waiting.size) hideNotice();
}
