/* The item that is ready: parsed, its formulas typeset, its lease renewed, not yet on screen. */

import { isAlive, keepLease } from "./lease.js";
import { typeset } from "./math.js";

let ready = null; /* { item, life } */

export const assignmentAhead = () => ready?.item.dataset.assignment;

/** Leave what is ready to its lease: the server gives it out again. */
export function drop() {
  ready?.life.abort();
  ready = null;
}

/** Keep an item ready; `onLost()` when its lease cannot be renewed any more. */
export function keepAhead(item, onLost) {
  drop();
  const life = new AbortController();
  ready = { item, life };
  keepLease(item, life.signal, () => {
    drop();
    onLost();
  });
  typeset(item);
}

/** The item that is ready, unless its lease ran out while somebody thought for long. */
export function take() {
  const item = ready?.item;
  drop();
  return item && isAlive(item) ? item : null;
}
