/* The page where people judge. Each item that is shown is set up anew. */

import { setUpDialogs } from "./dialogs.js";
import { keepDraft, recallDraft } from "./draft.js";
import { send, start, undo } from "./flow.js";
import { bindKeys } from "./keys.js";
import { setUpKind } from "./kinds.js";
import { keepLease } from "./lease.js";
import { typeset } from "./math.js";
import { startPanel, togglePanel, wireOpeners } from "./panel.js";
import { setUpReading } from "./reading.js";
import { say, setUpSubmit, submitAnswer } from "./submit.js";
import { restartTimer } from "./timer.js";

const PAGE_KEYS = { h: togglePanel, z: undo };
let life = new AbortController();

function wireUndo(item) {
  for (const link of item.querySelectorAll("[data-undo]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      undo();
    });
  }
}

/** Make the item on screen work, `seconds` after it was first shown; null ends the one before. */
function setUp(item, seconds = 0) {
  life.abort();
  life = new AbortController();
  if (item) wireOpeners(item);
  if (item) wireUndo(item);
  if (!item?.dataset.kind) {
    bindKeys(PAGE_KEYS, "all");
    return;
  }
  const form = item.querySelector("#answer");
  const draft = recallDraft(item);
  restartTimer(Math.max(seconds, draft.seconds));
  const kind = setUpKind(item, form, life.signal);
  const dialogKeys = setUpDialogs(item);
  setUpSubmit(item, kind.missing, (sent, submitter) => send(item, sent, submitter));
  keepDraft(item, life.signal, draft);
  keepLease(item, life.signal, (sentence) => say(sentence, { isError: true }));
  bindKeys({
    Enter: submitAnswer,
    r: () => form.elements.rationale.focus(),
    ...PAGE_KEYS,
    ...dialogKeys,
    ...setUpReading(item, life.signal),
    ...kind.keys,
  }, item.dataset.kind, item);
  typeset(item);
}

startPanel();
start(setUp);
