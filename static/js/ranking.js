/* Ranking: cards in an order with ties, moved by keys, buttons or pointer. */

import { say } from "./submit.js";

const isTied = (card) => card.hasAttribute("data-tied");
const tie = (card, on) => card.toggleAttribute("data-tied", Boolean(on && card.previousElementSibling));

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

export function setUp(item, form) {
  const list = form.querySelector("#ranking");
  const confirm = form.querySelector("#order-is-right");
  const cards = () => [...list.children];
  const select = (card) => card.querySelector("select");
  let current = cards()[0];
  let touched = false;

  function restore() {
    const ranked = cards().filter((card) => select(card).value);
    cards().forEach((card) => { select(card).required = false; });
    if (ranked.length !== cards().length) return;
    ranked.sort((a, b) => select(a).value - select(b).value).forEach((card) => list.append(card));
    ranked.forEach((card, k) => tie(card, k > 0 && select(card).value === select(ranked[k - 1]).value));
    touched = true;
  }

  function show() {
    let rank = 0;
    const all = cards();
    all.forEach((card, k) => {
      if (!isTied(card)) rank += 1;
      const shared = isTied(card) || (all[k + 1] && isTied(all[k + 1]));
      card.querySelector(".rank-place").textContent = shared ? `${rank}=` : `${rank}`;
      card.classList.toggle("is-current", card === current);
      if (touched) select(card).value = String(rank);
    });
    confirm.setAttribute("aria-pressed", String(touched));
  }

  function touch(text) {
    touched = true;
    show();
    say(text);
    form.dispatchEvent(new Event("change"));
  }

  const placeOf = (card) => `${card.dataset.letter}: place ${card.querySelector(".rank-place").textContent.replace("=", ", tied")}`;

  function goTo(card, { focus = true } = {}) {
    if (!card) return;
    current = card;
    show();
    if (focus) card.focus({ preventScroll: true });
    if (focus) card.scrollIntoView({ block: "nearest" });
  }

  function move(card, delta) {
    const beside = delta < 0 ? card.previousElementSibling : card.nextElementSibling;
    if (!beside) return;
    leaveGroup(card, card.nextElementSibling);
    if (delta < 0) beside.before(card);
    else beside.after(card);
    joinGroup(card);
    goTo(card);
    touch("");
    say(placeOf(card));
  }

  function setTie(card, on) {
    if (!card.previousElementSibling) return;
    tie(card, on);
    touch("");
    say(placeOf(card));
  }

  function drag() {
    import("../vendor/sortablejs/sortable.core.esm.js").then(({ default: Sortable }) => {
      let follower = null;
      Sortable.create(list, {
        handle: ".handle",
        animation: 0,
        onStart: ({ item: card }) => { follower = card.nextElementSibling; },
        onEnd: ({ item: card, oldIndex, newIndex }) => {
          if (oldIndex === newIndex) return;
          leaveGroup(card, follower);
          joinGroup(card);
          goTo(card);
          touch("");
          say(placeOf(card));
        },
      });
    });
  }

  list.addEventListener("focusin", (event) => goTo(event.target.closest("li"), { focus: false }));
  list.addEventListener("click", (event) => {
    const card = event.target.closest("li");
    const button = event.target.closest("button");
    if (button?.dataset.move) move(card, Number(button.dataset.move));
    else if (button) setTie(card, !isTied(card));
  });
  const accept = () => touch("This order is right.");
  confirm.addEventListener("click", accept);
  restore();
  show();
  drag();

  const up = () => goTo(current.previousElementSibling);
  const down = () => goTo(current.nextElementSibling);
  const keys = {
    o: accept, ArrowUp: up, k: up, ArrowDown: down, j: down,
    "Alt+ArrowUp": () => move(current, -1), "Alt+ArrowDown": () => move(current, 1),
    "=": () => setTie(current, true), "-": () => setTie(current, false),
  };
  cards().forEach((card) => { keys[card.dataset.number] = () => goTo(card); });
  return { keys, missing: () => (touched ? "" : "Move something, or press o if this order is right.") };
}
