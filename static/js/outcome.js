/* Outcome: right or wrong. */

import { choose, labelOf } from "./choices.js";
import { t } from "./i18n.js";
import { say } from "./submit.js";

export function setUp(item, form) {
  const [right, wrong] = form.querySelectorAll("input[name=correct]");
  for (const input of [right, wrong]) input.addEventListener("change", () => say(labelOf(input)));
  const yes = () => choose(right);
  const no = () => choose(wrong);
  const missing = () => (form.elements.correct.value ? "" : t("Say whether it is right first."));
  return { keys: { y: yes, 1: yes, n: no, 2: no }, missing };
}
