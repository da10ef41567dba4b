/* One box that ticks all others of a name on the page. */

for (const all of document.querySelectorAll("[data-ticks]")) {
  const boxes = [...all.form.querySelectorAll(`input[type=checkbox][name="${all.dataset.ticks}"]`)];
  const show = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    all.checked = ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  };
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
  });
  for (const box of boxes) box.addEventListener("change", show);
  show();
}
