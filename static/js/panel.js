/* The guidelines beside the work: loaded when they are first looked at, remembered per device. */

import { makeReachable } from "./panes.js";
import { read, write } from "./store.js";

const OPEN = "tiebreak-guidelines-open";
const WIDE = "(min-width: 70rem)";
const desk = document.getElementById("desk");
const panel = document.getElementById("guidelines");
const seenName = `tiebreak-edition:${desk?.dataset.project}`;
let loaded = 0;
let opener = null;

const edition = () => Number(desk.dataset.edition);

async function load() {
  const wanted = edition();
  if (!wanted || loaded === wanted) return;
  const response = await fetch(desk.dataset.panel.replace("edition-0/", `edition-${wanted}/`)).catch(() => null);
  if (!response?.ok || response.redirected) return;
  const doc = new DOMParser().parseFromString(await response.text(), "text/html");
  panel.querySelector(".guidelines-text").replaceChildren(...doc.body.childNodes);
  makeReachable(panel);
  loaded = wanted;
}

function showNotice() {
  const notice = document.getElementById("edition-notice");
  notice.hidden = !edition() || (read(seenName) ?? edition()) >= edition();
}

function set(isOpen) {
  panel.hidden = !isOpen;
  desk.classList.toggle("has-panel", isOpen);
  for (const opener of document.querySelectorAll("[data-panel-opens]")) {
    opener.setAttribute("aria-expanded", String(isOpen));
  }
  if (!isOpen) return;
  write(seenName, edition());
  showNotice();
  load();
}

/** Open the guidelines, or close them; the focus goes there and comes back. */
export function togglePanel() {
  const isOpen = panel.hidden;
  if (isOpen) opener = document.activeElement?.closest("[data-panel-opens]");
  set(isOpen);
  write(OPEN, isOpen);
  const back = opener?.isConnected ? opener : document.getElementById("item-heading");
  const target = isOpen ? panel.querySelector("h2") : back;
  target?.focus({ preventScroll: true });
}

/** Make an item's button open the panel; without scripts it is a link to the guidelines. */
export function wireOpeners(item) {
  for (const opener of item.querySelectorAll("[data-panel-opens]")) {
    opener.setAttribute("aria-expanded", String(!panel.hidden));
    opener.addEventListener("click", (event) => {
      event.preventDefault();
      togglePanel();
    });
  }
}

/** A reply tells which edition is in force: say so when it is a new one. */
export function newEdition(number) {
  if (!number || number <= edition()) return;
  desk.dataset.edition = number;
  if (!panel.hidden) load();
  showNotice();
}

/** Begin as this device was left, with room for both on the screen. */
export function startPanel() {
  if (read(seenName) === null) write(seenName, edition());
  panel.querySelector("[data-panel-closes]").addEventListener("click", togglePanel);
  panel.addEventListener("keydown", (event) => { if (event.key === "Escape") togglePanel(); });
  document.querySelector("#edition-notice button").addEventListener("click", () => {
    if (panel.hidden) togglePanel();
    else set(true);
  });
  if (read(OPEN) && matchMedia(WIDE).matches) set(true);
  showNotice();
}
