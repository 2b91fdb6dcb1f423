/** The page: connects its views. */

import { client } from "./api.js";
import { find, make } from "./dom.js";
import { connectLanguage, text } from "./i18n.js";
import { Evaluate } from "./evaluate.js";
import { Inside } from "./inside.js";
import { showLessons } from "./lessons.js";
import { Model } from "./model.js";
import { retellNotice, takeKey } from "./notice.js";
import { Recognise } from "./recognise.js";
import { askAgain, Retry } from "./retry.js";
import { connectTabs } from "./tabs.js";
import { connectTheme } from "./theme.js";

const PREFERRED = { "model-choice": "digits", "inside-model": "textbook", "evaluate-model": "digits", "about-model": "digits" };

const recognise = new Recognise();
const evaluation = new Evaluate();
const about = new Model();
const inside = new Inside(recognise);
const models = new Retry(() => void listModels());

/** Fill the choices of models; those of a service that asks for a key come with the key. */
async function listModels() {
  try {
    const names = (await client.health()).models.map((model) => model.name);
    models.settle();
    for (const [id, preferred] of Object.entries(PREFERRED)) fill(find(id, HTMLSelectElement), names, preferred);
    if (!find("view-model", HTMLElement).hidden) void about.open();
    recognise.showSnippets();
  } catch (error) {
    models.take(error);
  }
}

/**
 * @param {HTMLSelectElement} select
 * @param {string[]} names
 * @param {string} preferred
 */
function fill(select, names, preferred) {
  select.replaceChildren(...names.map((name) => make("option", { value: name }, [name])));
  if (names.includes(preferred)) select.value = preferred;
}

/** Say everything anew, in another language. */
function retell() {
  retellNotice();
  recognise.show();
  recognise.showSnippets();
  showLessons();
  inside.show();
  evaluation.show();
  about.show();
}

const theme = find("theme", HTMLButtonElement);
connectTheme(theme, () => theme.setAttribute("aria-label", text(theme.dataset.label ?? "")));
connectLanguage(find("language", HTMLButtonElement), retell);
retell();
takeKey(askAgain);
connectTabs((name) => {
  if (name === "inside") void inside.open();
  if (name === "model") void about.open();
});
void listModels();
