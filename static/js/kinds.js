/* The kinds of items: each makes its form work and says which keys it knows and what is missing. */

import * as comparison from "./comparison.js";
import * as outcome from "./outcome.js";
import * as ranking from "./ranking.js";
import * as rating from "./rating.js";
import * as steps from "./steps.js";

const KINDS = { comparison, outcome, ranking, rating, steps };

/** Set an item's form up as its kind does until `life` (an AbortSignal) ends: `{ keys, missing }`. */
export const setUpKind = (item, form, life) => KINDS[item.dataset.kind].setUp(item, form, life);
