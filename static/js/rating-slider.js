/* Sliders: nothing is given until one is moved, pressed or typed; the number field is what counts. */

import { anchorOf, showAnchor } from "./anchors.js";
import { t } from "./i18n.js";
import { walkRows } from "./rows.js";
import { say } from "./submit.js";

const sliderOf = (row) => row.querySelector("input[type=range]");
const numberOf = (row) => row.querySelector("input[type=number]");
const isDone = (row) => numberOf(row).value !== "" && numberOf(row).validity.valid;

/** Let the slider say what the number field holds. */
function show(row) {
  const [slider, { value }] = [sliderOf(row), numberOf(row)];
  if (value !== "") slider.value = value;
  slider.classList.toggle("is-unset", value === "");
  const text = anchorOf(row, value);
  slider.setAttribute("aria-valuetext", value === "" ? t("not set") : [value, text].filter(Boolean).join(", "));
  showAnchor(row, value);
}

/** The wheel scrolls the page; a field that has the focus would count up and down with it. */
const leave = (event) => event.currentTarget.blur();

function give(row, value) {
  const number = numberOf(row);
  number.value = value;
  show(row);
  number.dispatchEvent(new Event("change", { bubbles: true }));
}

export function setUpSliders(rows) {
  const walk = walkRows(rows, sliderOf);

  function nudge(delta) {
    const slider = sliderOf(walk.current());
    slider.value = Number(slider.value) + delta;
    give(walk.current(), slider.value);
    slider.focus({ preventScroll: true });
  }

  /** A digit begins a number in the field of the current row. */
  function type(text) {
    const number = numberOf(walk.current());
    number.focus();
    give(walk.current(), text);
  }

  /** Enter in a field goes to the next open row; from the last one it submits. */
  function goOn(event) {
    const open = rows.findIndex((row) => !isDone(row));
    if (event.key !== "Enter" || open < 0) return;
    event.preventDefault();
    event.stopPropagation();
    if (rows[open] === walk.current()) say(missing(), { isError: true });
    else walk.goTo(open);
  }

  const range = { low: sliderOf(rows[0]).min, high: sliderOf(rows[0]).max };
  const missing = () => (rows.every(isDone)
    ? "" : t("Give a whole number from %(low)s to %(high)s in every row.", range));

  for (const row of rows) {
    const take = () => give(row, sliderOf(row).value);
    sliderOf(row).addEventListener("input", take);
    sliderOf(row).addEventListener("click", take); /* a press where the thumb stands already */
    numberOf(row).addEventListener("input", () => show(row));
    numberOf(row).addEventListener("keydown", goOn);
    numberOf(row).addEventListener("wheel", leave, { passive: true });
    show(row);
  }
  walk.goTo(Math.max(rows.findIndex((row) => !isDone(row)), 0), { focus: false });
  const right = document.documentElement.dir === "rtl" ? -1 : 1; /* where more is */
  const keys = {
    ArrowLeft: () => nudge(-right), ArrowRight: () => nudge(right),
    ArrowDown: () => nudge(-1), ArrowUp: () => nudge(1),
    k: walk.back, j: walk.next, x: () => give(walk.current(), ""),
  };
  for (let digit = 0; digit < 10; digit += 1) keys[digit] = () => type(String(digit));
  return { keys, missing };
}
