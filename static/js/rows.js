/* Rows of a form, one of which is current. */

/** Walk between rows; `inputOf(row)` is what gets the focus. Rows that get it become current. */
export function walkRows(rows, inputOf) {
  let current = 0;

  function goTo(index, { focus = true } = {}) {
    current = Math.min(Math.max(index, 0), rows.length - 1);
    rows.forEach((row, k) => row.classList.toggle("is-current", k === current));
    if (!focus) return;
    inputOf(rows[current]).focus({ preventScroll: true });
    rows[current].scrollIntoView({ block: "nearest" });
  }

  rows.forEach((row, k) => row.addEventListener("focusin", () => goTo(k, { focus: false })));
  return {
    goTo,
    current: () => rows[current],
    next: () => goTo(current + 1),
    back: () => goTo(current - 1),
    stay: () => goTo(current),
  };
}
