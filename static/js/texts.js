/* A page that only shows texts: its formulas, and what is too wide for it. */

import { typeset } from "./math.js";
import { makeReachable } from "./panes.js";

for (const texts of document.querySelectorAll("[data-texts]")) typeset(texts);
makeReachable(document);
