/* Dragging the cards of a ranking by their handles. */

/** `moved(card, follower)` hears of each move and which card stood behind it before. */
export function drag(list, moved) {
  import("../vendor/sortablejs/sortable.core.esm.js").then(({ default: Sortable }) => {
    let follower = null;
    Sortable.create(list, {
      handle: ".handle",
      animation: 0,
      onStart: ({ item: card }) => { follower = card.nextElementSibling; },
      onEnd: ({ item: card, oldIndex, newIndex }) => { if (oldIndex !== newIndex) moved(card, follower); },
    });
  });
}
