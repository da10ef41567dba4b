/* Answers before they are sent: what must be there first, what is said when it is not. */

import { t } from "./i18n.js";
import { activeSeconds } from "./timer.js";

const STRAY_MS = 400;

/** Tell the person something, in the status line that screen readers announce. */
export function say(text, { isError = false } = {}) {
  const line = document.getElementById("answer-status");
  if (!line) return;
  line.textContent = text;
  line.classList.toggle("is-error", isError);
}

/** Submit the answer as its button would. */
export function submitAnswer() {
  const form = document.getElementById("answer");
  form?.requestSubmit(form.querySelector(".submit"));
}

/** The second press of a double one belongs to the item before. */
function strayGuard(item) {
  const shownAt = performance.now();
  let isTouched = false;
  const touch = () => { isTouched = true; };
  for (const name of ["input", "change"]) item.addEventListener(name, touch, { once: true, capture: true });
  return () => !isTouched && performance.now() - shownAt < STRAY_MS;
}

/**
 * Prepare an item's forms. `missing()` returns what still has to be done, or an empty string;
 * `send(form, submitter)` takes a form that is complete; without it the browser posts the form.
 */
export function setUpSubmit(item, missing, send = null) {
  const form = item.querySelector("#answer");
  const isStray = strayGuard(item);
  form.addEventListener("invalid", (event) => {
    event.preventDefault();
    say(missing() || t("Something is still missing."), { isError: true });
  }, { capture: true });
  item.addEventListener("submit", (event) => {
    const sent = event.target;
    if (sent.method !== "post") return;
    const todo = sent === form ? missing() : "";
    if (todo) say(todo, { isError: true });
    const field = sent.elements.active_seconds;
    if (field) field.value = activeSeconds();
    if (!send && !todo) return;
    event.preventDefault();
    event.stopPropagation();
    if (!todo && !(sent === form && isStray())) send(sent, event.submitter);
  }, { capture: true });
  form.addEventListener("change", () => {
    const line = document.getElementById("answer-status");
    if (line?.classList.contains("is-error")) say("");
  });
  form.addEventListener("keydown", (event) => {
    const fromText = event.key === "Enter" && (event.ctrlKey || event.metaKey);
    if (!fromText || !event.target.matches("textarea")) return;
    event.preventDefault();
    submitAnswer();
  });
}
