/* What a point of a rating means, in words. */

/** The text of a point of a row, or an empty string. */
export function anchorOf(row, value) {
  const points = [...row.querySelectorAll("[data-point]")];
  return points.find((point) => point.dataset.point === String(value))?.textContent ?? "";
}

/** Show the text of the point that has the focus or is chosen. */
export function showAnchor(row, value) {
  const line = row.querySelector(".anchor-now");
  if (!line) return;
  const text = anchorOf(row, value);
  line.textContent = text ? `${value} ${text}` : "";
  line.hidden = !text;
}
