/* One listener for all keys of the page; each item says what its keys do. */

let bindings = new Map();

/** Replace the bindings: names such as "1", "Enter", "Alt+ArrowUp" to functions. */
export function bindKeys(map) {
  bindings = new Map(Object.entries(map));
}

function isTyping(target) {
  if (target.matches("textarea, select, [contenteditable]")) return true;
  return target.matches("input:not([type=radio], [type=checkbox], [type=button], [type=submit])");
}

function actionFor(event) {
  const alt = event.altKey ? "Alt+" : "";
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code);
  return bindings.get(alt + key) ?? (digit && !event.shiftKey ? bindings.get(alt + digit[1]) : null);
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.isComposing) return;
  if (document.querySelector("dialog[open]")) return;
  if (isTyping(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const action = actionFor(event);
  if (!action) return;
  const native = event.target.closest("button, a, summary");
  if (event.key === "Enter" && native) return;
  event.preventDefault();
  if (event.key === "Enter" && event.repeat) return;
  action(event);
});
