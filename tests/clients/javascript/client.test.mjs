/** Tests of the JavaScript client, against the service at DIGITSERVE_URL and servers that misbehave. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { test } from "node:test";

import {
  Client,
  NoAnswerError,
  NotDigitserveError,
  ServiceError,
  readEvents,
} from "../../../service/web/digitserve.mjs";

const seven = await readFile(new URL("../../../docs/images/seven.png", import.meta.url));
const client = new Client(process.env.DIGITSERVE_URL);
const AT_ONCE = { attempts: 3, firstDelayMs: 0 };
const ANSWER = JSON.stringify({ class: 7, probabilities: [] });
const OVERLOADED = JSON.stringify({
  type: "urn:problem-type:digitserve:overloaded",
  status: 503,
  detail: "Come back later.",
  instance: "abc",
});

/**
 * Run a test against a server that gives these answers in turn.
 * @param {[number, Record<string, string>, string][]} answers status, headers and body
 * @param {(url: string, asked: import("node:http").IncomingMessage[]) => Promise<void>} run
 */
async function answering(answers, run) {
  const asked = [];
  const server = createServer((request, response) => {
    const [status, headers, body] = answers[asked.push(request) - 1];
    request.resume();
    request.on("end", () => response.writeHead(status, headers).end(body));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(null)));
  try {
    const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
    await run(`http://127.0.0.1:${port}`, asked);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("every kind of image gives the same answer", async () => {
  const bytes = seven.buffer.slice(seven.byteOffset, seven.byteOffset + seven.byteLength);
  const canvas = { convertToBlob: async () => new Blob([seven]) };
  for (const image of [seven, bytes, new Blob([seven]), canvas]) {
    const prediction = await client.predict(/** @type {any} */ (image));

    assert.equal(prediction.class, 7);
    assert.equal(prediction.status, "ok");
    assert.deepEqual(prediction.timing, {});
  }
});

test("detail tells what the model saw, and how long the steps took", async () => {
  const { detail, timing, model } = await client.predict(seven, { model: "textbook", detail: true });

  assert.equal(model.name, "textbook");
  assert.match(detail?.canonical ?? "", /^data:image\/png/);
  assert.deepEqual(Object.keys(timing), ["decode", "preprocess", "queue", "model"]);
});

test("a batch has an answer for each image, in order", async () => {
  const answers = [];
  for await (const answer of client.predictBatch([seven, new Blob(["no image"]), seven])) {
    answers.push(answer);
  }

  const [good, bad, again] = answers;
  assert.ok(bad instanceof ServiceError);
  assert.equal(bad.code, "unsupported-media");
  assert.deepEqual([good, again].map((it) => it instanceof ServiceError || it.class), [7, 7]);
});

test("an explanation has the layers that are asked for", async () => {
  const layer = ["input", "convolution_1"];
  const { layers, saliency } = await client.explain(seven, { model: "textbook", layer, saliency: true });

  const shown = layers.filter((it) => it.activations);
  assert.deepEqual(shown.map((it) => it.name), layer);
  assert.equal(saliency?.length, 2);
});

test("an evaluation tells its progress and ends with scores", async () => {
  const told = [];
  const onProgress = (done, total) => told.push([done, total]);

  const { n, accuracy } = await client.evaluate([], { onProgress });

  assert.equal(n, 10_000);
  assert.ok(accuracy > 0.99);
  assert.deepEqual(told.at(-1), [10_000, 10_000]);
});

test("data that cannot be scored is refused with the service's sentence", async () => {
  await assert.rejects(client.evaluate([seven]), (error) => {
    assert.ok(error instanceof ServiceError);
    return error.status === 415 && error.message.length > 20;
  });
});

test("health and manifests", async () => {
  const { ready, models } = await client.health();
  assert.ok(ready);
  assert.deepEqual(models.map((it) => it.name), ["digits", "textbook"]);

  const [manifest, ...others] = await client.models({ model: "textbook" });
  assert.equal(manifest.recipe, "textbook");
  assert.deepEqual(others, []);
});

test("a refusal has status, code and request id", async () => {
  await assert.rejects(client.predict(new Blob(["no image"])), (error) => {
    assert.ok(error instanceof ServiceError);
    assert.deepEqual([error.status, error.code], [415, "unsupported-media"]);
    return error.requestId.length > 0 && error.message.includes("PNG");
  });
});

test("the key is sent, and a path in front of the routes is kept", async () => {
  await answering([[200, {}, ANSWER]], async (url, asked) => {
    await new Client(`${url}/digits/`, { key: "secret" }).predict(seven, { version: "1" });

    assert.equal(asked[0].headers.authorization, "Bearer secret");
    assert.equal(asked[0].url, "/digits/predict?version=1");
  });
});

test("an overloaded service is asked again after the time that it names", async () => {
  const answers = [[503, { "retry-after": "0" }, OVERLOADED], [429, {}, "busy"], [200, {}, ANSWER]];
  await answering(/** @type {any} */ (answers), async (url, asked) => {
    const retries = { ...AT_ONCE, maxDelayMs: 1 };
    assert.equal((await new Client(url, { retries }).predict(seven)).class, 7);
    assert.equal(asked.length, 3);
  });
});

test("one that asks for too long a wait is not asked again", async () => {
  const date = new Date(Date.now() + 3_600_000).toUTCString();
  for (const wait of ["3600", date]) {
    await answering([[503, { "retry-after": wait }, OVERLOADED]], async (url, asked) => {
      await assert.rejects(new Client(url).predict(seven), { code: "overloaded", status: 503 });
      assert.equal(asked.length, 1);
    });
  }
});

test("a refusal stands, and so does the last attempt", async () => {
  const refusal = OVERLOADED.replace("503", "422");
  await answering([[422, {}, refusal]], async (url, asked) => {
    await assert.rejects(new Client(url, { retries: AT_ONCE }).predict(seven), ServiceError);
    assert.equal(asked.length, 1);
  });
  await answering([[503, {}, OVERLOADED]], async (url) => {
    await assert.rejects(new Client(url, { retries: { attempts: 1 } }).predict(seven), ServiceError);
  });
});

test("something else that answers is told apart", async () => {
  for (const body of ["<html>", "{}", "null", "[]"]) {
    await answering([[200, {}, body], [404, {}, body]], async (url) => {
      await assert.rejects(new Client(url).predict(seven), NotDigitserveError);
      await assert.rejects(new Client(url).predict(seven), { name: "Error", status: 404 });
    });
  }
});

test("nobody there is no answer", async () => {
  let gone = "";
  await answering([], async (url) => {
    gone = url;
  });

  await assert.rejects(new Client(gone, { retries: AT_ONCE }).predict(seven), NoAnswerError);
});

test("events come as soon as they have ended, wherever a stream is cut", { timeout: 60_000 }, async () => {
  const bytes = new TextEncoder().encode('event: a\ndata: {"it": "數字"}\n\n: comment\n\nevent: b\ndata: 2\n\n');
  for (const length of [1, 2, 3, 7, bytes.length]) {
    const stream = new ReadableStream({
      start(controller) {
        for (let at = 0; at < bytes.length; at += length) controller.enqueue(bytes.slice(at, at + length));
      }, // and does not end
    });
    const events = [];
    for await (const event of readEvents(new Response(stream))) {
      if (events.push(event) === 2) break;
    }

    assert.deepEqual(events, [{ name: "a", data: { it: "數字" } }, { name: "b", data: 2 }]);
  }
});

test("a stream that ends early is no answer", async () => {
  await answering([[200, {}, 'event: progress\ndata: {"done": 1, "total": 2}\n\n']], async (url) => {
    await assert.rejects(new Client(url).evaluate(), NoAnswerError);
  });
});

test("a signal gives a request up, and the wait before the next", async () => {
  await assert.rejects(client.predict(seven, { signal: AbortSignal.abort() }), { name: "AbortError" });
  await answering([[503, { "retry-after": "10" }, OVERLOADED]], async (url) => {
    const signal = AbortSignal.timeout(200);
    await assert.rejects(new Client(url).predict(seven, { signal }), { name: "TimeoutError" });
  });
});

test("who reads a batch no further does not wait for its end", async () => {
  for await (const answer of client.predictBatch(Array(50).fill(seven))) {
    assert.ok(!(answer instanceof ServiceError));
    break;
  }
});
