/* Steps: label the current step and go on; after the first bad step the rest stays unlabelled. */

import { choose } from "./choices.js";
import { say } from "./submit.js";

const WORDS = { 1: "good", 0: "neutral", "-1": "bad", "": "unlabelled" };

export function setUp(item, form) {
  const steps = [...form.querySelectorAll("[data-step]")];
  let current = 0;

  const valueOf = (step) => step.querySelector("input:checked")?.value ?? "";
  const inputFor = (step, value) => step.querySelector(`input[value="${value}"]`);
  const firstBad = () => steps.findIndex((step) => valueOf(step) === "-1");
  const firstOpen = () => {
    const bad = firstBad();
    const asked = bad < 0 ? steps : steps.slice(0, bad);
    return asked.findIndex((step) => valueOf(step) === "");
  };

  function show() {
    const bad = firstBad();
    steps.forEach((step, k) => {
      step.classList.toggle("is-current", k === current);
      step.classList.toggle("is-after", bad >= 0 && k > bad && valueOf(step) === "");
      step.dataset.label = valueOf(step);
    });
  }

  function goTo(index) {
    current = Math.min(Math.max(index, 0), steps.length - 1);
    steps[current].scrollIntoView({ block: "nearest" });
    show();
  }

  function label(value) {
    choose(inputFor(steps[current], value));
    if (value === "-1" || value === "") return;
    goTo(current + 1);
  }

  function changed(k) {
    if (valueOf(steps[k]) === "-1" && firstBad() === k) {
      for (const later of steps.slice(k + 1)) inputFor(later, "").checked = true;
    }
    current = k;
    say(`Step ${k + 1}: ${WORDS[valueOf(steps[k])]}`);
    show();
  }

  steps.forEach((step, k) => {
    step.addEventListener("change", () => changed(k));
    step.addEventListener("focusin", () => { current = k; show(); });
  });
  current = Math.max(firstOpen(), 0);
  show();

  const good = () => label("1");
  const bad = () => label("-1");
  const up = () => goTo(current - 1);
  const down = () => goTo(current + 1);
  const keys = {
    1: good, "+": good, 0: () => label("0"), 2: bad, "-": bad, x: () => label(""),
    ArrowUp: up, k: up, ArrowDown: down, j: down,
  };
  const missing = () => {
    const open = firstOpen();
    if (open < 0) return "";
    goTo(open);
    return `Step ${open + 1} has no label yet.`;
  };
  return { keys, missing };
}
