/* Placing cards one by one, best first: by tap, by click or by the keys of the cards. */

import { t } from "./i18n.js";
import { say } from "./submit.js";

/**
 * `finish(ordered, isLevel)` gets all cards once every place is taken; `show()` draws the places
 * as they were when placing is left before that.
 */
export function setUpPlacing(list, form, { show, finish }) {
  const button = form.querySelector("#place-in-order");
  const hint = form.querySelector("#placing-hint");
  let isOn = false;
  let placed = [];
  const level = new Set();

  function draw() {
    let rank = 0;
    for (const card of list.children) {
      card.querySelector(".rank-place").textContent = "";
      card.classList.toggle("is-placed", placed.includes(card));
    }
    placed.forEach((card, k) => {
      if (!level.has(card)) rank += 1;
      const isShared = level.has(card) || level.has(placed[k + 1]);
      card.querySelector(".rank-place").textContent = isShared ? `${rank}=` : `${rank}`;
    });
  }

  function turn(on) {
    isOn = on;
    placed = [];
    level.clear();
    button.setAttribute("aria-pressed", String(on));
    hint.hidden = !on;
    list.classList.toggle("is-placing", on);
    draw();
    if (!on) show();
  }

  function takeBack(card) {
    const index = placed.indexOf(card);
    const follower = placed[index + 1];
    if (follower && !level.has(card)) level.delete(follower);
    level.delete(card);
    placed.splice(index, 1);
    draw();
    say(t("%(letter)s has no place again.", { letter: card.dataset.letter }));
  }

  function put(card, { isLevel = false } = {}) {
    placed.push(card);
    if (isLevel) level.add(card);
    draw();
    const place = card.querySelector(".rank-place").textContent;
    say(t("%(letter)s: place %(place)s", { letter: card.dataset.letter, place }));
    const left = [...list.children].filter((one) => !placed.includes(one));
    if (left.length > 1) return;
    const levels = new Set(level);
    finish([...placed, ...left], (one) => levels.has(one));
  }

  /** Place a card or take it back; tells whether placing is on. */
  function pick(card) {
    if (isOn && placed.includes(card)) takeBack(card);
    else if (isOn) put(card);
    return isOn;
  }

  /** Place a card level with the last one; tells whether that was meant. */
  function tie(card) {
    if (!isOn || !placed.length || placed.includes(card)) return false;
    put(card, { isLevel: true });
    return true;
  }

  list.addEventListener("click", (event) => {
    const isControl = event.target.closest("button, a, summary");
    if (!isControl && !String(getSelection())) pick(event.target.closest("li"));
  });
  button.addEventListener("click", () => turn(!isOn));
  return {
    pick,
    tie,
    keys: { p: () => turn(!isOn) },
    stop: () => { if (isOn) turn(false); },
    /** On a touch screen placing is the first thing offered. */
    offer: (isDone) => { if (!isDone && matchMedia("(pointer: coarse)").matches) turn(true); },
    missing: () => (placed.length ? t("Place the rest, or leave “Place in order”.") : ""),
  };
}
