/** Lines that repeat a request from a program. */

import { find, save } from "./dom.js";
import { text } from "./i18n.js";

/**
 * Write the lines for a model.
 * @param {string | null} model null for the default
 */
export function showSnippets(model) {
  const query = model ? `?model=${model}` : "";
  const url = new URL(`predict${query}`, document.baseURI).href;
  find("curl", HTMLPreElement).textContent = `curl -F file=@digit.png '${url}'`;
  find("python", HTMLPreElement).textContent = [
    "import httpx",
    "",
    'with open("digit.png", "rb") as file:',
    `    answer = httpx.post("${url}", files={"file": file})`,
    'print(answer.raise_for_status().json()["class"])',
  ].join("\n");
  find("javascript", HTMLPreElement).textContent = [
    'import { readFile } from "node:fs/promises";',
    "",
    `const answer = await fetch("${url}", { method: "POST", body: await readFile("digit.png") });`,
    "console.log((await answer.json()).class);",
  ].join("\n");
}

/**
 * Let the buttons copy the lines, and save the picture that they name.
 * @param {() => Blob | null} picture the one that was recognised last
 */
export function enableCopying(picture) {
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.addEventListener("click", async () => {
      const id = button.getAttribute("data-copy") ?? "";
      await navigator.clipboard.writeText(find(id, HTMLPreElement).textContent ?? "");
      button.textContent = text("copied");
      setTimeout(() => (button.textContent = text("copy")), 1500);
    });
  }
  find("save", HTMLButtonElement).addEventListener("click", () => {
    const blob = picture();
    if (blob) save(blob, "digit.png");
  });
}
