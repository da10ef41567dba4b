/* The page of the keys: a key pressed in a field is written into it by its name. */

const LEAVE = new Set(["Tab", "Shift", "Alt", "Control", "Meta", "Escape", "Backspace", "Delete"]);

for (const field of document.querySelectorAll("input[data-key-field]")) {
  field.addEventListener("focus", () => field.select());
  field.addEventListener("keydown", (event) => {
    if (LEAVE.has(event.key) || event.ctrlKey || event.metaKey || event.isComposing) return;
    if (event.key === "Enter" && field.dataset.keyField !== "all.Enter") return;
    event.preventDefault();
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    field.value = (event.altKey ? "Alt+" : "") + key;
  });
}
