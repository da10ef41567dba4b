/* The line that says which answers are not stored yet, and what can be done about them. */

import { t, tn } from "./i18n.js";
import { discardHeld, flush, retryHeld } from "./outbox.js";

function button(text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "quiet";
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}

function signInLink() {
  const link = document.createElement("a");
  link.href = document.getElementById("desk").dataset.signIn;
  link.textContent = t("Sign in");
  return link;
}

function waitingText(count) {
  return tn("%(count)s answer is waiting to be sent.", "%(count)s answers are waiting to be sent.", count);
}

/** The parts of the line for a state of the outbox; none when all is stored. */
function parts({ waiting, held, isSignedOut }) {
  if (isSignedOut) return [`${t("You are signed out.")} ${waitingText(waiting)}`, " ", signInLink()];
  if (waiting) return [waitingText(waiting), " ", button(t("Send now"), flush)];
  if (!held.length) return [];
  const text = tn(
    "%(count)s answer was not taken (error %(error)s).", "%(count)s answers were not taken (error %(error)s).",
    held.length, { error: held[0].held },
  );
  return [text, " ", button(t("Try again"), retryHeld), button(t("Discard"), discardHeld)];
}

/** Show the state of the outbox; the line is announced only when its words change. */
export function showOutbox(state) {
  const line = document.getElementById("outbox-status");
  const news = parts(state);
  const text = news.map((part) => part.textContent ?? part).join("");
  if (line.textContent === text) return;
  line.replaceChildren(...news);
  line.hidden = !news.length;
}
