/* Choosing radio buttons from the keyboard. */

/** Check a radio button as a click would, without moving the focus into the form. */
export function choose(input) {
  input.checked = true;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

/** Leave none of these radio buttons checked. */
export function clear(inputs) {
  for (const input of inputs) input.checked = false;
  inputs[0].dispatchEvent(new Event("change", { bubbles: true }));
}

/** The text of a radio button's label, without the key. */
export function labelOf(input) {
  return input.closest("label").querySelector(".option-label").textContent.trim();
}
