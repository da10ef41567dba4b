/* Comparison: digits along the scale, letters for the rest, aspects behind a letter. */

import { addAspects } from "./aspects.js";
import { choose, labelOf } from "./choices.js";
import { t } from "./i18n.js";
import { say } from "./submit.js";

export function setUp(item, form) {
  const keys = {};
  for (const input of form.querySelectorAll("input[name=grade]")) {
    keys[input.dataset.key] = () => choose(input);
    input.addEventListener("change", () => say(labelOf(input)));
  }
  addAspects(form, keys);
  const missing = () => (form.elements.grade.value ? "" : t("Choose one of the grades first."));
  return { keys, missing };
}
