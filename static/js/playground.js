/* The playground: responses or steps go to the score endpoint, scores come back beside them. */

import { t } from "./i18n.js";
import { api } from "./net.js";
import { showScores } from "./scores.js";

const AGAIN_MS = 2_000;
const MOST_TRIES = 30;

const form = document.getElementById("playground");
const state = document.getElementById("score-state");
const button = form.querySelector("[type=submit]");
const more = document.getElementById("more");
const isByStep = "byStep" in form.dataset;
let asked = 0;

function boxes() {
  return [...form.querySelectorAll(".response")];
}

function filled() {
  return boxes().filter((box) => box.querySelector("textarea").value.trim());
}

function stepsOf(text) {
  const whole = text.trim();
  const parts = whole.split(/\n\s*\n/.test(whole) ? /\n\s*\n/ : "\n");
  return parts.map((part) => part.trim()).filter(Boolean);
}

function inputOf(shown) {
  const prompt = form.elements.prompt.value;
  const texts = shown.map((box) => box.querySelector("textarea").value);
  return isByStep ? { prompt, steps: stepsOf(texts[0]) } : { prompt, responses: texts };
}

function say(text, isBad = false) {
  state.textContent = text;
  state.className = isBad ? "bad-text" : "muted";
}

function wait(ms) {
  return new Promise((done) => setTimeout(done, ms));
}

/** Ask until the model is there; a newer question ends an older one. */
async function ask(input, number) {
  const body = { inputs: [input], ...("rationales" in form.dataset ? { rationales: true } : {}) };
  for (let k = 0; k < MOST_TRIES && number === asked; k += 1) {
    const found = await api("POST", form.dataset.url, body);
    if (found.status !== 503) return found;
    say(found.reply.error?.message ?? t("The model is being loaded …"));
    await wait(AGAIN_MS);
  }
  return null;
}

async function score() {
  const shown = filled();
  if (!form.reportValidity()) return;
  if (!shown.length) {
    say(t("Write at least one response."), true);
    return;
  }
  const number = (asked += 1);
  const input = inputOf(shown);
  button.setAttribute("aria-busy", "true");
  say(t("Scoring …"));
  try {
    const found = await ask(input, number);
    if (number !== asked) return;
    if (found?.isOk) {
      showScores(form, shown, input, found.reply);
      say(t("Scored."));
    } else say(found?.reply.error?.message ?? t("The scorer does not answer: try again in a minute."), true);
  } catch {
    if (number === asked) say(t("The server cannot be reached: try again in a minute."), true);
  } finally {
    if (number === asked) button.removeAttribute("aria-busy");
  }
}

function addResponse() {
  const number = boxes().length + 1;
  const box = boxes()[0].cloneNode(true);
  const [label, text] = [box.querySelector("label"), box.querySelector("textarea")];
  text.id = label.htmlFor = `response-${number}`;
  text.value = "";
  label.textContent = t("Response %(number)s", { number });
  box.classList.remove("is-best");
  box.querySelector(".score").replaceChildren();
  document.getElementById("responses").append(box);
  text.focus();
  more.hidden = number >= Number(form.dataset.most);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  score();
});
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    score();
  }
});
more?.addEventListener("click", addResponse);
