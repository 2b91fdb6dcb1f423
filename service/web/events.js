/** Server-sent events of an answer that is read with `fetch`, which can send a body and a key. */

/**
 * Read the events of an answer.
 * @param {Response} response
 * @returns {AsyncGenerator<{name: string, data: any}>}
 */
export async function* readEvents(response) {
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop() ?? "";
    for (const part of parts) {
      const event = readEvent(part);
      if (event) yield event;
    }
  }
}

/**
 * Read one event; comments, which keep a connection open, are none.
 * @param {string} part
 */
function readEvent(part) {
  const name = /^event: ?(.*)$/m.exec(part)?.[1];
  const data = [...part.matchAll(/^data: ?(.*)$/gm)].map((line) => line[1]).join("\n");
  return name && data ? { name, data: JSON.parse(data) } : null;
}
