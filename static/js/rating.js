/* Rating: digits fill the current row and go on to the next; arrows walk between the rows. */

import { choose } from "./choices.js";

export function setUp(item, form) {
  const rows = [...form.querySelectorAll("[data-row]")];
  let current = 0;

  const radios = (row) => [...row.querySelectorAll("input[type=radio]")];
  const isDone = (row) => radios(row).some((input) => input.checked);

  function goTo(index, { focus = true } = {}) {
    current = Math.min(Math.max(index, 0), rows.length - 1);
    rows.forEach((row, k) => row.classList.toggle("is-current", k === current));
    if (!focus) return;
    const inputs = radios(rows[current]);
    (inputs.find((input) => input.checked) ?? inputs[0]).focus({ preventScroll: true });
    rows[current].scrollIntoView({ block: "nearest" });
  }

  function give(digit) {
    const inputs = radios(rows[current]);
    const input = inputs.find((one) => one.value === String(digit))
      ?? (digit === 0 ? inputs.find((one) => one.value === "10") : null);
    if (!input) return;
    choose(input);
    goTo(current + 1);
  }

  rows.forEach((row, k) => row.addEventListener("focusin", () => goTo(k, { focus: false })));
  goTo(Math.max(rows.findIndex((row) => !isDone(row)), 0), { focus: false });
  const up = () => goTo(current - 1);
  const down = () => goTo(current + 1);
  const keys = { ArrowUp: up, k: up, ArrowDown: down, j: down };
  for (let digit = 0; digit < 10; digit += 1) keys[digit] = () => give(digit);
  return { keys, missing: () => (rows.every(isDone) ? "" : "Rate every row first.") };
}
