/* Steps and turns: label the current one and go on; after the first bad one the rest stays unlabelled. */

import { choose, clear, labelOf } from "./choices.js";
import { t } from "./i18n.js";
import { walkRows } from "./rows.js";
import { say } from "./submit.js";
import { setUpFirstError } from "./step-error.js";
import { chosen, inputs, valueOf } from "./step-labels.js";

const SIGNS = [["1", "1"], ["+", "1"], ["0", "0"], ["2", "-1"], ["-", "-1"]];

export function setUp(item, form) {
  const list = form.querySelector("#steps");
  const steps = [...list.querySelectorAll("[data-step]")];
  const isScale = list.classList.contains("is-scale");
  const asksAll = list.hasAttribute("data-asks-all");
  const error = setUpFirstError(list, form, steps);
  const walk = walkRows(steps, (step) => chosen(step) ?? inputs(step)[0]);

  const name = (k) => list.dataset.what === "turn"
    ? t("Turn %(n)s", { n: k + 1 }) : t("Step %(n)s", { n: k + 1 });
  const firstOpen = () => steps.findIndex((step) => !error.isAfter(step) && valueOf(step) === "");

  function label(value) {
    const step = walk.current();
    if (error.isAfter(step)) {
      say(t("This one comes after the first bad one: change that one first."), { isError: true });
      return;
    }
    const input = inputs(step).find((one) => one.value === value);
    if (input) choose(input);
    else clear(inputs(step));
    const isEnd = value === "" || (value === "-1" && !asksAll);
    if (isEnd) walk.stay();
    else walk.next();
  }

  function changed(step, k) {
    const aside = isScale ? 0 : error.settle();
    const word = valueOf(step) ? labelOf(chosen(step)) : t("unlabelled");
    const note = aside ? ` ${t("Later labels are set aside; they come back if you change this one.")}` : "";
    step.dataset.label = valueOf(step);
    say(`${name(k)}: ${word}.${note}`);
  }

  function missing() {
    const open = firstOpen();
    if (open < 0) return "";
    walk.goTo(open);
    return t("%(name)s has no label yet.", { name: name(open) });
  }

  steps.forEach((step, k) => step.addEventListener("change", () => changed(step, k)));
  if (!isScale && error.settle()) say(t("Labels after the first bad one are set aside."));
  for (const step of steps) step.dataset.label = valueOf(step);
  walk.goTo(Math.max(firstOpen(), 0), { focus: false });

  askHow(item);

  const keys = {
    ArrowUp: walk.back, k: walk.back, ArrowDown: walk.next, j: walk.next,
    x: () => label(""), g: () => stop(item),
  };
  const options = isScale ? inputs(steps[0]).map((input) => [input.dataset.key, input.value]) : SIGNS;
  for (const [key, value] of options) keys[key] = () => label(value);
  return { keys, missing };
}

/** Enter in the reason does not choose between the two ways to stop: it goes on to their buttons. */
function askHow(item) {
  const form = item.querySelector("#stop form");
  form.elements.stop_reason.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    form.querySelector("button").focus();
  });
}

/** Open the form that gives up, with the focus on its reason. */
function stop(item) {
  const details = item.querySelector("#stop");
  details.open = true;
  details.querySelector("input[name=stop_reason]").focus();
}
