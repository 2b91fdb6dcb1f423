/** Live requests: at most one under way and about ten a second, of which only the newest counts. */

const PAUSE_MS = 100;

/**
 * Make a function that runs the newest task, and gives up the ones before it.
 * @param {(signal: AbortSignal) => Promise<void>} task
 * @param {number} [pause] least time between two runs, in milliseconds
 * @returns {{run: () => void, cancel: () => void}}
 */
export function newestOnly(task, pause = PAUSE_MS) {
  let isWanted = false;
  let isRunning = false;
  let abort = new AbortController();

  const loop = async () => {
    isRunning = true;
    while (isWanted) {
      isWanted = false;
      abort = new AbortController();
      const rest = new Promise((resolve) => setTimeout(resolve, pause));
      await task(abort.signal);
      await rest;
    }
    isRunning = false;
  };
  return {
    run() {
      isWanted = true;
      if (!isRunning) void loop();
    },
    cancel() {
      isWanted = false;
      abort.abort();
    },
  };
}
