/* Time at work on the item on screen: the page is visible and was touched within the last minute. */

const IDLE_MS = 60_000;
const TICK_MS = 1_000;
let active = 0;
let lastTouch = Date.now();
let lastTick = Date.now();

function tick() {
  const now = Date.now();
  const atWork = document.visibilityState === "visible" && now - lastTouch < IDLE_MS;
  if (atWork) active += Math.min(now - lastTick, 2 * TICK_MS);
  lastTick = now;
}

for (const name of ["keydown", "pointerdown", "pointermove", "wheel", "touchstart", "scroll"]) {
  document.addEventListener(name, () => { lastTouch = Date.now(); }, { passive: true, capture: true });
}
document.addEventListener("visibilitychange", tick);
setInterval(tick, TICK_MS);

/** Start counting for the item that is shown now; `seconds` were spent on it before. */
export function restartTimer(seconds = 0) {
  active = seconds * 1000;
  lastTouch = lastTick = Date.now();
}

/** Seconds of work so far. */
export function activeSeconds() {
  tick();
  return (active / 1000).toFixed(1);
}
