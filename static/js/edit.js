/* The page where one of the last judgments is changed: the same form, posted by the browser. */

import { setUpDialogs } from "./dialogs.js";
import { bindKeys } from "./keys.js";
import { setUpKind } from "./kinds.js";
import { typeset } from "./math.js";
import { setUpReading } from "./reading.js";
import { setUpSubmit, submitAnswer } from "./submit.js";

const item = document.getElementById("item");
const form = item.querySelector("#answer");
const life = new AbortController().signal; /* as long as the page */
const kind = setUpKind(item, form, life);
setUpSubmit(item, kind.missing);
bindKeys({
  Enter: submitAnswer,
  r: () => form.elements.rationale.focus(),
  z: () => location.assign(document.getElementById("desk").dataset.history),
  ...setUpDialogs(item),
  ...setUpReading(item, life),
  ...kind.keys,
}, item.dataset.kind, item);
typeset(item);
