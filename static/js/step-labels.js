/* The label of one step, in its radio buttons. */

export const inputs = (step) => [...step.querySelectorAll("input")];
export const chosen = (step) => inputs(step).find((input) => input.checked);
export const valueOf = (step) => chosen(step)?.value ?? "";
export const isBad = (step) => valueOf(step) === "-1";

/** Give a step a label, or take it away with an empty value. */
export function setLabel(step, value) {
  for (const input of inputs(step)) input.checked = input.value === value;
}
