/* Ranking: cards in an order with ties, moved by keys, buttons or pointer. */

import { walkCards } from "./cards.js";
import { t } from "./i18n.js";
import { drag } from "./ranking-drag.js";
import { setUpEnds } from "./ranking-ends.js";
import { setUpPlacing } from "./ranking-place.js";
import { say } from "./submit.js";

const isTied = (card) => card.hasAttribute("data-tied");
const tie = (card, on) => card.toggleAttribute("data-tied", Boolean(on && card.previousElementSibling));
const select = (card) => card.querySelector("select");

/** Take a card out of its tie group before it moves: a follower becomes the group's first. */
function leaveGroup(card, follower) {
  if (follower && isTied(follower) && !isTied(card)) tie(follower, false);
}

/** A card that lands inside a tie group belongs to it. */
function joinGroup(card) {
  const follower = card.nextElementSibling;
  tie(card, follower && isTied(follower));
  if (follower && !card.previousElementSibling) tie(follower, false);
}

function sayPlace(card) {
  const place = card.querySelector(".rank-place").textContent;
  const values = { letter: card.dataset.letter, place: place.replace("=", "") };
  say(place.endsWith("=") ? t("%(letter)s: place %(place)s, tied", values) : t("%(letter)s: place %(place)s", values));
}

export function setUp(item, form, life) {
  const list = form.querySelector("#ranking");
  return list.hasAttribute("data-ends") ? setUpEnds(list, form) : setUpOrder(list, form, life);
}

function setUpOrder(list, form, life) {
  const confirm = form.querySelector("#order-is-right");
  const cards = () => [...list.children];
  let touched = false;

  function show() {
    let rank = 0;
    const all = cards();
    all.forEach((card, k) => {
      if (!isTied(card)) rank += 1;
      const shared = isTied(card) || (all[k + 1] && isTied(all[k + 1]));
      card.querySelector(".rank-place").textContent = shared ? `${rank}=` : `${rank}`;
      if (touched) select(card).value = String(rank);
    });
    confirm.setAttribute("aria-pressed", String(touched));
  }

  function touch() {
    placing.stop();
    touched = true;
    show();
    form.dispatchEvent(new Event("change"));
  }

  /** Put the cards in this order; those that `isLevel` tie with the one before. */
  function arrange(ordered, isLevel) {
    list.append(...ordered);
    ordered.forEach((card) => tie(card, isLevel(card)));
  }

  const placing = setUpPlacing(list, form, {
    show,
    finish: (ordered, isLevel) => {
      arrange(ordered, isLevel);
      touch();
      say(t("In order: %(letters)s", { letters: cards().map((card) => card.dataset.letter).join(", ") }));
    },
  });
  const walk = walkCards(list, placing.pick);

  function restore() {
    const ranked = cards().filter((card) => select(card).value);
    cards().forEach((card) => { select(card).required = false; });
    if (ranked.length !== cards().length) return;
    ranked.sort((a, b) => select(a).value - select(b).value);
    arrange(ranked, (card) => select(card).value === select(card.previousElementSibling ?? card).value);
    touched = true;
  }

  function moved(card, follower) {
    leaveGroup(card, follower);
    joinGroup(card);
    walk.goTo(card);
    touch();
    sayPlace(card);
  }

  function move(card, delta) {
    const beside = delta < 0 ? card.previousElementSibling : card.nextElementSibling;
    if (!beside) return;
    const follower = card.nextElementSibling;
    leaveGroup(card, follower);
    if (delta < 0) beside.before(card);
    else beside.after(card);
    moved(card, null);
  }

  function setTie(card, on) {
    if (placing.tie(card) || !card.previousElementSibling) return;
    tie(card, on);
    touch();
    sayPlace(card);
  }

  function accept() {
    touch();
    say(t("This order is right."));
  }

  list.addEventListener("click", (event) => {
    const card = event.target.closest("li");
    const button = event.target.closest("button");
    if (button?.dataset.move) move(card, Number(button.dataset.move));
    else if (button && "tie" in button.dataset) setTie(card, !isTied(card));
  });
  confirm.addEventListener("click", accept);
  restore();
  show();
  placing.offer(touched);
  drag(list, moved, life);

  const keys = {
    ...walk.keys,
    ...placing.keys,
    o: accept,
    "Alt+ArrowUp": () => move(walk.current(), -1), "Alt+ArrowDown": () => move(walk.current(), 1),
    "=": () => setTie(walk.current(), true), "-": () => setTie(walk.current(), false),
  };
  const untouched = t("Move something, or press o if this order is right.");
  return { keys, missing: () => placing.missing() || (touched ? "" : untouched) };
}
