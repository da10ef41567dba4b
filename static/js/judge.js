/* The page where people judge. Each item that arrives is set up anew. */

import * as comparison from "./comparison.js";
import { setUpDialogs } from "./dialogs.js";
import { keepDraft, recallDraft } from "./draft.js";
import { bindKeys } from "./keys.js";
import { typeset } from "./math.js";
import * as outcome from "./outcome.js";
import * as ranking from "./ranking.js";
import * as rating from "./rating.js";
import * as steps from "./steps.js";
import { setUpSubmit, submitAnswer } from "./submit.js";
import { restartTimer } from "./timer.js";

const KINDS = { comparison, outcome, ranking, rating, steps };
let life = new AbortController();
let shown = null;

function setUp(item) {
  life.abort();
  life = new AbortController();
  shown = item;
  if (!item?.dataset.kind) {
    bindKeys({});
    return;
  }
  restartTimer();
  const form = item.querySelector("#answer");
  recallDraft(item);
  const kind = KINDS[item.dataset.kind].setUp(item, form);
  const dialogKeys = setUpDialogs(item);
  setUpSubmit(item, kind.missing);
  keepDraft(item, life.signal);
  bindKeys({
    Enter: submitAnswer,
    r: () => form.elements.rationale.focus(),
    ...dialogKeys,
    ...kind.keys,
  });
  typeset(item);
}

document.addEventListener("htmx:afterSwap", () => {
  const item = document.getElementById("item");
  if (item === shown) return;
  setUp(item);
  if (item.querySelector("dialog[open]")) return;
  document.getElementById("item-heading").focus({ preventScroll: true });
});

/* Waiting for work: nobody is given an item while the page is out of sight. */
document.addEventListener("htmx:beforeRequest", (event) => {
  const isWaiting = event.target.matches("#item.notice");
  if (isWaiting && document.visibilityState === "hidden") event.preventDefault();
});

setUp(document.getElementById("item"));
