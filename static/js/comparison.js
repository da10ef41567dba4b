/* Comparison: digits along the scale, letters for the rest. */

import { choose, labelOf } from "./choices.js";
import { say } from "./submit.js";

export function setUp(item, form) {
  const keys = {};
  for (const input of form.querySelectorAll("input[name=grade]")) {
    keys[input.dataset.key] = () => choose(input);
    input.addEventListener("change", () => say(labelOf(input)));
  }
  const missing = () => (form.elements.grade.value ? "" : "Choose one of the grades first.");
  return { keys, missing };
}
