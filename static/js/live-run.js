/* A training while it runs: asks again and again, and shows the plots as they grow. */

import { show } from "./plots.js";

const EVERY_MS = 2_000;
const SLOW_MS = 15_000;

const panel = document.getElementById("live-run");
const status = document.getElementById("run-status");
const message = document.getElementById("run-message");
const progress = document.getElementById("run-progress");

function cell(text, isHead) {
  const found = document.createElement(isHead ? "th" : "td");
  found.textContent = text;
  if (isHead) found.scope = "row";
  else found.className = "number";
  return found;
}

function fill(body, rows) {
  const fresh = rows.slice(body.rows.length).map((row) => {
    const line = document.createElement("tr");
    line.append(...row.map((text, k) => cell(text, k === 0)));
    return line;
  });
  body.append(...fresh);
  for (const [k, row] of rows.entries()) {
    row.forEach((text, n) => {
      const shown = body.rows[k].cells[n];
      if (shown.textContent !== text) shown.textContent = text;
    });
  }
}

function update(plot) {
  const curve = document.querySelector(`.curve[data-name="${plot.name}"]`);
  const figure = curve.querySelector("figure");
  const { rows, isShown, ...spec } = plot;
  const text = JSON.stringify(spec);
  if (figure.dataset.plot === text) return;
  figure.dataset.plot = text;
  curve.hidden = !isShown;
  fill(figure.querySelector("tbody"), rows);
  show(figure);
}

async function look() {
  const response = await fetch(panel.dataset.curve, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(String(response.status));
  const reply = await response.json();
  if (reply.is_finished) return location.reload();
  if (status.textContent !== reply.label) status.textContent = reply.label;
  status.className = `badge status-${reply.status}`;
  message.textContent = reply.message;
  progress.value = reply.progress;
  reply.plots.forEach(update);
  document.getElementById("no-curves").hidden = reply.plots.some((plot) => plot.isShown);
  return EVERY_MS;
}

/** Go on for ever; a server that does not answer is asked less often. */
async function follow() {
  const wait = document.hidden ? EVERY_MS : await look().catch(() => SLOW_MS);
  if (wait) setTimeout(follow, wait);
}

setTimeout(follow, EVERY_MS);
