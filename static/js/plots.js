/* All plots of a page: drawn once they are seen, and anew when the theme or their data change. */

import { draw } from "./plot.js";

const drawn = new Map();

/** Draw a figure from its own data; a figure that is not shown waits. */
export function show(figure) {
  drawn.get(figure)?.();
  drawn.delete(figure);
  const spec = JSON.parse(figure.dataset.plot);
  if (!spec.x.length || !figure.offsetParent) return;
  drawn.set(figure, draw(figure, spec));
}

export function showAll() {
  for (const figure of document.querySelectorAll("figure[data-plot]")) show(figure);
}

new MutationObserver(showAll).observe(document.documentElement, { attributeFilter: ["data-theme"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showAll);
for (const details of document.querySelectorAll("details:has(figure[data-plot])")) {
  details.addEventListener("toggle", showAll);
}
showAll();
