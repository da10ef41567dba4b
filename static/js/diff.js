/* What two texts say differently, word by word, marked where it stands in the rendered text. */

import { diffArrays } from "../vendor/diff/array.js";
import { t } from "./i18n.js";

const MAX_WORDS = 20_000;
const TIMEOUT_MS = 1_000;
const FORMULA = ".math, .math-block";
const WORDLIKE = /[\p{L}\p{N}]/u;
const words = new Intl.Segmenter(undefined, { granularity: "word" });

/** The source of a formula, whether it is typeset already or not. */
function sourceOf(formula) {
  const typeset = formula.querySelector("annotation");
  return (typeset ?? formula).textContent.replace(/^(?:\$\$?|\\[([])|(?:\$\$?|\\[)\]])$/g, "").trim();
}

/** Words and signs of a text in reading order; a formula counts as one. */
function* atomsIn(node) {
  if (node.nodeType === Node.TEXT_NODE) {
    for (const { segment, index } of words.segment(node.data)) {
      if (/\S/.test(segment)) yield { text: segment, node, start: index, end: index + segment.length };
    }
  } else if (node.nodeType === Node.ELEMENT_NODE && node.matches(FORMULA)) {
    yield { text: sourceOf(node), node };
  } else {
    for (const child of node.childNodes) yield* atomsIn(child);
  }
}

/** The atoms of a text, or null if there are too many to compare. */
function atomsOf(root) {
  const atoms = [];
  for (const atom of atomsIn(root)) {
    if (atoms.push(atom) > MAX_WORDS) return null;
  }
  return atoms;
}

/** What neighbours in one text node becomes one stretch; a formula is one of its own. */
function stretchesOf(changed) {
  const stretches = [];
  for (const part of changed) {
    for (const [k, atom] of part.entries()) {
      const last = stretches.at(-1);
      if (k > 0 && last.node === atom.node) last.end = atom.end;
      else stretches.push({ ...atom });
    }
  }
  return stretches;
}

function newMark() {
  const mark = document.createElement("mark");
  mark.className = "diff";
  mark.dataset.said = t("only here:");
  return mark;
}

/** Wrap from the end, so that the places of what stands before stay right. */
function markAll(changed) {
  for (const { node, start, end } of stretchesOf(changed).reverse()) {
    const part = start === undefined ? node : node.splitText(start);
    if (start !== undefined) part.splitText(end - start);
    const mark = newMark();
    part.replaceWith(mark);
    mark.append(part);
  }
  return changed.flat().filter(({ text }) => WORDLIKE.test(text)).length;
}

/** Take the marks off again; the texts are then as they were. */
export function clearMarks(root) {
  for (const mark of root.querySelectorAll("mark.diff")) {
    const parent = mark.parentNode;
    mark.replaceWith(...mark.childNodes);
    parent.normalize();
  }
}

/**
 * Mark in two rendered texts what only the one or the other says, in the same way in both.
 *
 * Returns `{ counts: [words only in one, words only in other], n: marked parts }`, or `{ problem }`
 * with a sentence when the texts are too long or too different to compare.
 */
export function markDifferences(one, other) {
  const atoms = [atomsOf(one), atomsOf(other)];
  if (!atoms[0] || !atoms[1]) return { problem: t("These texts are too long to compare word by word.") };
  const parts = diffArrays(...atoms.map((side) => side.map(({ text }) => text)), { timeout: TIMEOUT_MS });
  if (!parts) return { problem: t("These texts differ too much to compare word by word.") };
  const changed = [[], []];
  const next = [0, 0];
  for (const { count, added, removed } of parts) {
    for (const side of [0, 1]) {
      const isOnOther = side === 0 ? added : removed;
      if (isOnOther) continue;
      if (added || removed) changed[side].push(atoms[side].slice(next[side], next[side] + count));
      next[side] += count;
    }
  }
  return { counts: changed.map(markAll), n: changed.flat().length };
}
