/* One listener for all keys of the page; each item says what its keys do, the person which they are. */

const GLYPHS = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→" };
const MOVES = /^(?:(?:Alt\+)?Arrow\w+|[jk])$/; /* a key held down goes on, but it answers only once */
const desk = document.getElementById("desk");
const own = JSON.parse(desk?.dataset.keys || "{}");
let bindings = new Map();

const keyFor = (scope, key) => own[`${scope}.${key}`] ?? own[`all.${key}`] ?? key;
const nameOf = (key) => key.replace(/Arrow\w+/, (arrow) => GLYPHS[arrow]);

/** Let the hints of an item name the keys that the person chose, those that come later too. */
function relabel(item, scope, keys) {
  const moved = keys.filter((key) => keyFor(scope, key) !== key);
  const names = new Map(moved.map((key) => [nameOf(key), nameOf(keyFor(scope, key))]));
  if (!names.size) return;
  const done = new WeakSet();
  const rename = () => {
    for (const hint of item.querySelectorAll("kbd")) {
      if (done.has(hint)) continue;
      done.add(hint);
      hint.textContent = hint.textContent.split(" ").map((word) => names.get(word) ?? word).join(" ");
    }
  };
  rename();
  new MutationObserver(rename).observe(item, { childList: true, subtree: true });
}

/**
 * Replace the bindings: default keys such as "1", "Enter", "Alt+ArrowUp" to functions. A key that
 * the person changed for this `scope`, a kind of item or "all", takes the place of the default.
 */
export function bindKeys(map, scope, item = null) {
  const all = Object.entries(map);
  bindings = new Map(all.map(([key, act]) => [keyFor(scope, key), { act, goesOn: MOVES.test(key) }]));
  if (item) relabel(item, scope, Object.keys(map));
}

function isTyping(target) {
  if (target.matches("textarea, select, [contenteditable]")) return true;
  return target.matches("input:not([type=radio], [type=checkbox], [type=range], [type=button], [type=submit])");
}

function actionFor(event) {
  const alt = event.altKey ? "Alt+" : "";
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code);
  const capital = event.shiftKey ? bindings.get(`Shift+${key.toUpperCase()}`) : null;
  return capital ?? bindings.get(alt + key) ?? (digit && !event.shiftKey ? bindings.get(alt + digit[1]) : null);
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
  if (event.key === "Enter" && event.target.closest("button, a, summary")) {
    if (event.repeat) event.preventDefault();
    return;
  }
  if (/^(?:Arrow|Escape)/.test(event.key) && event.target.closest("aside")) return;
  event.preventDefault();
  if (!event.repeat || action.goesOn) action.act(event);
});
