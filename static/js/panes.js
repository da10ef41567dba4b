/* Very long responses: boxes of one height that scroll, together if wanted, or all of the text. */

const LONG = 1.5; /* screens */
const STEP = 0.8; /* of a box, for a key press */

/** A yes or no that this device remembers. */
export function recall(name) {
  try {
    return localStorage.getItem(`tiebreak-${name}`) === "yes";
  } catch {
    return false;
  }
}

export function remember(name, on) {
  try {
    localStorage.setItem(`tiebreak-${name}`, on ? "yes" : "no");
  } catch {
    /* Private windows may refuse storage: it then lasts for this page. */
  }
}

/** Whether one of the texts is much longer than the screen. */
export function areLong(panes) {
  return panes.some((pane) => pane.scrollHeight > LONG * window.innerHeight);
}

/** Show the texts in boxes that scroll, or all of them. */
export function collapse(panes, on) {
  for (const pane of panes) {
    pane.classList.toggle("is-collapsed", on);
    if (on) pane.setAttribute("tabindex", "0");
    else pane.removeAttribute("tabindex");
  }
}

/** Scroll all boxes by most of their height. */
export function scrollAll(panes, direction) {
  for (const pane of panes) pane.scrollBy({ top: direction * STEP * pane.clientHeight });
}

const room = (pane) => pane.scrollHeight - pane.clientHeight;

/** While `isOn()`, the boxes scroll together, each by its share, until `life` ends. */
export function scrollTogether(panes, isOn, life) {
  const following = new Set();
  const follow = (leader) => {
    const share = leader.scrollTop / Math.max(room(leader), 1);
    for (const pane of panes) {
      const before = pane.scrollTop;
      if (pane !== leader) pane.scrollTop = share * room(pane);
      if (pane.scrollTop !== before) following.add(pane);
    }
  };
  for (const pane of panes) {
    pane.addEventListener("scroll", () => {
      if (!following.delete(pane) && isOn()) follow(pane);
    }, { signal: life, passive: true });
  }
}

/** What overflows sideways, such as a wide table, can be reached and scrolled by keyboard. */
export function makeReachable(root) {
  for (const box of root.querySelectorAll(":is(.text, .prose) :is(pre, table, .math-block)")) {
    if (box.scrollWidth > box.clientWidth) box.setAttribute("tabindex", "0");
  }
}
