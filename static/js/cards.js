/* The cards of a ranking: one of them is current; keys, focus and pointer choose it. */

/**
 * Let people walk between the cards of a list. Returns `current()`, `goTo(card)` and the `keys`.
 * `pick(card)` may take a card's own key for something else by returning true.
 */
export function walkCards(list, pick = () => false) {
  let current = list.children[0];

  function goTo(card, { focus = true } = {}) {
    if (!card) return;
    current = card;
    for (const one of list.children) one.classList.toggle("is-current", one === current);
    if (!focus) return;
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest" });
  }

  list.addEventListener("focusin", (event) => goTo(event.target.closest("li"), { focus: false }));
  const up = () => goTo(current.previousElementSibling);
  const down = () => goTo(current.nextElementSibling);
  const keys = { ArrowUp: up, k: up, ArrowDown: down, j: down };
  for (const card of list.children) {
    const choose = () => { if (!pick(card)) goTo(card); };
    keys[card.dataset.key] = choose;
    keys[`Shift+${card.dataset.letter}`] = choose;
  }
  goTo(current, { focus: false });
  return { current: () => current, goTo, keys };
}
