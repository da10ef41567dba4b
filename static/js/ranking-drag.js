/* Dragging the cards of a ranking by their handles. */

/** Until `life` ends, `moved(card, follower)` hears of each move and which card stood behind it before. */
export function drag(list, moved, life) {
  import("../vendor/sortablejs/sortable.core.esm.js").then(({ default: Sortable }) => {
    if (life.aborted) return;
    let follower = null;
    const sortable = Sortable.create(list, {
      handle: ".handle",
      animation: 0,
      onStart: ({ item: card }) => { follower = card.nextElementSibling; },
      onEnd: ({ item: card, oldIndex, newIndex }) => { if (oldIndex !== newIndex) moved(card, follower); },
    });
    life.addEventListener("abort", () => sortable.destroy()); /* it keeps a list of all others */
  });
}
