/* Sending an answer: what must be there first, what is said when it fails. */

import { activeSeconds } from "./timer.js";

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

/**
 * Prepare an item's forms. `missing()` returns what still has to be done, or an empty string.
 */
export function setUpSubmit(item, missing) {
  const form = item.querySelector("#answer");
  form.addEventListener("invalid", (event) => {
    event.preventDefault();
    say(missing() || "Something is still missing.", { isError: true });
  }, { capture: true });
  item.addEventListener("submit", (event) => {
    const todo = event.target === form ? missing() : "";
    if (todo) {
      event.preventDefault();
      event.stopPropagation();
      say(todo, { isError: true });
      return;
    }
    const field = event.target.elements.active_seconds;
    if (field) field.value = activeSeconds();
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

const SAY_AGAIN = "Your answer is still here: press Submit to try again.";

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.closest("#item")) say("Saving…");
});
document.addEventListener("htmx:sendError", () => {
  say(`The server cannot be reached. ${SAY_AGAIN}`, { isError: true });
});
document.addEventListener("htmx:timeout", () => {
  say(`The server takes too long. ${SAY_AGAIN}`, { isError: true });
});
document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  const advice = status === 403 || status === 404 ? "Load the page again." : SAY_AGAIN;
  say(`That was not saved (error ${status}). ${advice}`, { isError: true });
});
