/* Rating: digits fill the current row and go on to the next; arrows walk between the rows. */

import { showAnchor } from "./anchors.js";
import { choose, clear } from "./choices.js";
import { t } from "./i18n.js";
import { setUpSliders } from "./rating-slider.js";
import { walkRows } from "./rows.js";

export function setUp(item, form) {
  const rows = [...form.querySelectorAll("[data-row]")];
  return form.querySelector(".rating-slider") ? setUpSliders(rows) : setUpPoints(rows);
}

function setUpPoints(rows) {
  const radios = (row) => [...row.querySelectorAll("input[type=radio]")];
  const chosen = (row) => radios(row).find((input) => input.checked);
  const walk = walkRows(rows, (row) => chosen(row) ?? radios(row)[0]);
  let isBelowZero = false;

  function give(value) {
    const input = radios(walk.current()).find((one) => one.value === value);
    if (!input) return false;
    choose(input);
    walk.next();
    return true;
  }

  /** A digit is a point; 0 is 10 where there is no 0. */
  function press(digit) {
    const value = isBelowZero && digit ? `-${digit}` : String(digit);
    isBelowZero = false;
    if (!give(value) && value === "0") give("10");
  }

  for (const row of rows) {
    const show = () => showAnchor(row, (row.querySelector("input:focus") ?? chosen(row))?.value);
    for (const event of ["focusin", "change"]) row.addEventListener(event, show);
    row.addEventListener("focusout", () => setTimeout(show));
    show();
  }
  walk.goTo(Math.max(rows.findIndex((row) => !chosen(row)), 0), { focus: false });
  const keys = {
    ArrowUp: walk.back, k: walk.back, ArrowDown: walk.next, j: walk.next,
    "-": () => { isBelowZero = true; }, t: () => give("10"), x: () => clear(radios(walk.current())),
  };
  for (let digit = 0; digit < 10; digit += 1) keys[digit] = () => press(digit);
  return { keys, missing: () => (rows.every(chosen) ? "" : t("Rate every row first.")) };
}
