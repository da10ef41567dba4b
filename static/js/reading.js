/* Help with reading: differences on a key, very long texts in boxes, boxes that scroll together. */

import { clearMarks, markDifferences } from "./diff.js";
import { t, tn } from "./i18n.js";
import { areLong, collapse, makeReachable, recall, remember, scrollAll, scrollTogether } from "./panes.js";

const SHOW_ALL = "show-all";
const TOGETHER = "scroll-together";

function newButton(text, key, act) {
  const button = document.createElement("button");
  const hint = document.createElement("kbd");
  button.type = "button";
  button.className = "quiet";
  hint.textContent = key;
  button.append(text, " ", hint);
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", act);
  return button;
}

const press = (button, on) => button.setAttribute("aria-pressed", String(on));

function newBar(before) {
  const bar = document.createElement("div");
  const status = document.createElement("p");
  bar.className = "reading-bar";
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", t("Reading"));
  status.className = "muted";
  status.setAttribute("role", "status");
  bar.append(status);
  before.before(bar);
  return { bar, say: (text) => { status.textContent = text; }, add: (...buttons) => status.before(...buttons) };
}

const textOf = (card) => card.querySelector(".text");

/** The two responses to compare: the pair, or the current card of a ranking and its upper neighbour. */
function pairIn(item) {
  if (item.dataset.kind === "comparison") return [...item.querySelectorAll(".responses.pair .response")];
  const cards = [...item.querySelectorAll(".rank-card")];
  const current = cards.findIndex((card) => card.classList.contains("is-current"));
  const lower = Math.max(current, 1);
  return cards.slice(lower - 1, lower + 1);
}

function resultOf(pair, { problem, counts, n }) {
  if (problem) return problem;
  if (!n) return t("Both say the same, word for word.");
  return pair
    .map(({ dataset: { letter } }, k) => tn(
      "%(letter)s: one word is only here.", "%(letter)s: %(count)s words are only here.", counts[k], { letter },
    ))
    .join(" ");
}

/** The button and key that mark the differences and take the marks off again. */
function setUpDifferences(item, { add, say }) {
  let shown = [];
  const clear = () => {
    clearMarks(item);
    shown = [];
    press(button, false);
    say("");
  };
  const toggle = () => {
    const pair = pairIn(item);
    const isShown = pair.length === shown.length && pair.every((card, k) => card === shown[k]);
    clear();
    if (isShown || pair.length < 2) return;
    const result = markDifferences(...pair.map(textOf));
    say(resultOf(pair, result));
    if (result.problem) return;
    shown = pair;
    press(button, true);
  };
  const button = newButton(t("Differences"), "d", toggle);
  add(button);
  item.querySelector("#ranking")?.closest("form").addEventListener("change", () => shown.length && clear());
  return { d: toggle };
}

/** Boxes for texts that are much longer than the screen; the keys work once there are some. */
function setUpPanes(item, { add }, life) {
  const panes = [...item.querySelectorAll(".responses.pair .response > .text, .rank-card .text")];
  const isRanking = item.dataset.kind === "ranking";
  let isLong = false;
  let showsAll = recall(SHOW_ALL);
  let isTogether = recall(TOGETHER);
  const show = () => {
    if (isRanking) item.querySelector("#ranking").classList.toggle("shows-all", isLong && showsAll);
    else collapse(panes, isLong && !showsAll);
    press(all, showsAll);
    press(together, isTogether);
    all.hidden = !isLong;
    together.hidden = !isLong || showsAll || isRanking || panes.length < 2;
  };
  const toggleAll = () => {
    if (!isLong) return;
    showsAll = !showsAll;
    remember(SHOW_ALL, showsAll);
    show();
  };
  const toggleTogether = () => {
    if (!isLong || isRanking) return;
    isTogether = !isTogether;
    remember(TOGETHER, isTogether);
    show();
  };
  const all = newButton(t("Show all"), "m", toggleAll);
  const together = newButton(t("Scroll together"), "l", toggleTogether);
  add(all, together);
  show();
  const look = () => {
    isLong = isRanking ? panes.some((pane) => pane.scrollHeight > pane.clientHeight + 1) : areLong(panes);
    if (!isLong) return;
    watcher.disconnect();
    show();
  };
  const watcher = new ResizeObserver(look); /* fonts and formulas come late */
  panes.forEach((pane) => watcher.observe(pane));
  life.addEventListener("abort", () => watcher.disconnect());
  if (!isRanking) scrollTogether(panes, () => isTogether && !showsAll, life);
  const boxes = () => (isRanking ? [] : panes.filter((pane) => pane.classList.contains("is-collapsed")));
  const scroll = { j: () => scrollAll(boxes(), 1), k: () => scrollAll(boxes(), -1) };
  return { m: toggleAll, l: toggleTogether, ...(isRanking ? {} : scroll) };
}

/** Help with reading an item until `life` (an AbortSignal) ends; returns its keys. */
export function setUpReading(item, life) {
  const watcher = new ResizeObserver(() => makeReachable(item));
  watcher.observe(item);
  life.addEventListener("abort", () => watcher.disconnect());
  const texts = item.querySelector(".responses.pair, #ranking");
  if (!texts) return {};
  const bar = newBar(texts);
  const canCompare = item.dataset.kind !== "outcome";
  return { ...(canCompare ? setUpDifferences(item, bar) : {}), ...setUpPanes(item, bar, life) };
}
