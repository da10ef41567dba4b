/* Formulas of a page that only shows texts. */

import { typeset } from "./math.js";

for (const texts of document.querySelectorAll("[data-texts]")) typeset(texts);
