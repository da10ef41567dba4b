/* Best and worst only: select a card, then b or w; one card is never both. */

import { walkCards } from "./cards.js";
import { choose } from "./choices.js";
import { t } from "./i18n.js";
import { say } from "./submit.js";

export function setUpEnds(list, form) {
  const walk = walkCards(list);
  const input = (card, end) => card.querySelector(`input[name=${end}]`);

  function show() {
    for (const card of list.children) {
      card.classList.toggle("is-best", input(card, "best").checked);
      card.classList.toggle("is-worst", input(card, "worst").checked);
    }
  }

  /** A card that becomes one end is no longer the other. */
  function changed(event) {
    const { name, checked } = event.target;
    if (!checked || !["best", "worst"].includes(name)) return;
    const card = event.target.closest("li");
    input(card, name === "best" ? "worst" : "best").checked = false;
    const values = { letter: card.dataset.letter };
    say(name === "best" ? t("%(letter)s is the best", values) : t("%(letter)s is the worst", values));
    show();
  }

  function missing() {
    if (!form.elements.best.value) return t("Pick the best response.");
    return form.elements.worst.value ? "" : t("Pick the worst response.");
  }

  list.addEventListener("change", changed);
  show();
  const keys = {
    ...walk.keys,
    b: () => choose(input(walk.current(), "best")),
    w: () => choose(input(walk.current(), "worst")),
  };
  return { keys, missing };
}
