/* The aspects of a comparison: one key goes in, then a digit for each row, then Submit has the focus. */

import { choose, labelOf } from "./choices.js";
import { say } from "./submit.js";

const PLACES = { 1: 0, 2: 1, 3: 2, 0: 3 };

/** Add the keys of the aspects; digits mean the scale again once the rows are left. */
export function addAspects(form, keys) {
  const rows = [...form.querySelectorAll("[data-aspect]")];
  if (!rows.length) return;
  let current = -1;

  const radios = (row) => [...row.querySelectorAll("input")];
  const isOpen = (row) => !radios(row).some((input) => input.checked && input.value);

  function mark(index) {
    current = index;
    rows.forEach((row, k) => row.classList.toggle("is-current", k === current));
  }

  function goTo(index) {
    mark(index);
    const inputs = radios(rows[index]);
    (inputs.find((input) => input.checked) ?? inputs[0]).focus();
  }

  function leave() {
    mark(-1);
    form.querySelector(".submit").focus({ preventScroll: true });
  }

  function give(place) {
    const row = current;
    choose(radios(rows[row])[place]);
    if (row + 1 < rows.length) goTo(row + 1);
    else leave();
  }

  for (const [digit, place] of Object.entries(PLACES)) {
    const otherwise = keys[digit];
    keys[digit] = (event) => (current < 0 ? otherwise?.(event) : give(place));
  }
  keys.a = () => (current < 0 ? goTo(Math.max(rows.findIndex(isOpen), 0)) : leave());
  keys.Escape = () => { if (current >= 0) leave(); };

  for (const row of rows) {
    row.addEventListener("change", (event) => say(`${row.dataset.aspect}: ${labelOf(event.target)}`));
    row.addEventListener("focusin", () => { if (current >= 0) mark(rows.indexOf(row)); });
    row.addEventListener("focusout", (event) => {
      if (!rows.some((one) => one.contains(event.relatedTarget))) mark(-1);
    });
  }
}
