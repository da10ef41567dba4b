/* The page where one of the last judgments is changed: the same form, posted by the browser. */

import { setUpDialogs } from "./dialogs.js";
import { bindKeys } from "./keys.js";
import { setUpKind } from "./kinds.js";
import { typeset } from "./math.js";
import { setUpReading } from "./reading.js";
import { setUpSubmit, submitAnswer } from "./submit.js";

const item = document.getElementById("item");
const form = item.querySelector("#answer");
const kind = setUpKind(item, form);
setUpSubmit(item, kind.missing);
bindKeys({
  Enter: submitAnswer,
  r: () => form.elements.rationale.focus(),
  z: () => location.assign(document.getElementById("desk").dataset.history),
  ...setUpDialogs(item),
  ...setUpReading(item, new AbortController().signal),
  ...kind.keys,
}, item.dataset.kind, item);
typeset(item);
