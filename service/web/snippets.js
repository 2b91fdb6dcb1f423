/** Lines that repeat a request from a program. */

import { client } from "./api.js";
import { find, save } from "./dom.js";
import { text } from "./i18n.js";

const DRAWING = "digit.png"; // what a drawing is saved as
const COPIED_MS = 1500;

/**
 * Name a picture's file.
 * @param {Blob | null} picture
 */
export function nameOf(picture) {
  return picture instanceof File && picture.name ? picture.name : DRAWING;
}

/**
 * Write the lines for a model and a picture.
 * @param {string} model empty for the default
 * @param {Blob | null} picture
 */
export function showSnippets(model, picture) {
  const url = new URL(model ? `predict?model=${model}` : "predict", document.baseURI).href;
  const name = nameOf(picture);
  const header = client.key ? { Authorization: "Bearer YOUR_KEY" } : null;
  const key = header ? ` -H 'Authorization: Bearer YOUR_KEY'` : "";
  const headers = header ? `, headers=${JSON.stringify(header)}` : "";
  find("curl", HTMLPreElement).textContent = `curl${key} -F 'file=@${name.replaceAll("'", "'\\''")}' '${url}'`;
  find("python", HTMLPreElement).textContent = [
    "import httpx",
    "",
    `with open(${JSON.stringify(name)}, "rb") as file:`,
    `    answer = httpx.post("${url}", files={"file": file}${headers})`,
    'print(answer.raise_for_status().json()["class"])',
  ].join("\n");
  const options = header ? `headers: ${JSON.stringify(header)}, ` : "";
  find("javascript", HTMLPreElement).textContent = [
    'import { readFile } from "node:fs/promises";',
    "",
    `const body = await readFile(${JSON.stringify(name)});`,
    `const answer = await fetch("${url}", { method: "POST", ${options}body });`,
    "console.log((await answer.json()).class);",
  ].join("\n");
  find("save", HTMLButtonElement).textContent = text("savePicture", { name });
  find("save", HTMLButtonElement).disabled = !picture;
}

/**
 * Let the buttons copy the lines, and save the picture that they name.
 * @param {() => Blob | null} picture the one that was asked about last
 */
export function enableCopying(picture) {
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.addEventListener("click", async () => {
      const lines = find(button.getAttribute("data-copy") ?? "", HTMLPreElement);
      if (!(await copy(lines))) return;
      button.textContent = text("copied");
      setTimeout(() => (button.textContent = text("copy")), COPIED_MS);
    });
  }
  find("save", HTMLButtonElement).addEventListener("click", () => {
    const blob = picture();
    if (blob) save(blob, nameOf(blob));
  });
}

/**
 * Copy lines; where the browser gives no clipboard (over HTTP, from another machine) by what is selected.
 * @param {HTMLElement} lines selected afterwards, to be copied by hand if all else fails
 * @returns {Promise<boolean>} whether they were copied
 */
async function copy(lines) {
  try {
    await navigator.clipboard.writeText(lines.textContent ?? "");
    return true;
  } catch {
    getSelection()?.selectAllChildren(lines);
    return document.execCommand("copy");
  }
}
