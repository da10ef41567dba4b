/* What the score endpoint said, shown beside the responses and steps that were asked about. */

import { t } from "./i18n.js";

const number = (value) => value.toFixed(3).replace("-", "−");
const share = (value) => `${(value * 100).toFixed(1)} %`;

function element(name, text = "", kind = "") {
  const found = document.createElement(name);
  found.textContent = text;
  if (kind) found.className = kind;
  return found;
}

/** What may overflow can be scrolled by keyboard. */
function reachable(box) {
  box.tabIndex = 0;
  return box;
}

function rows(pairs) {
  const list = element("dl", "", "rows measures");
  for (const [label, text] of pairs) {
    const row = element("div");
    row.append(element("dt", label), element("dd", text));
    list.append(row);
  }
  return list;
}

function meter(value, label) {
  const found = element("progress", "", "step-score");
  found.max = 1;
  found.value = value;
  found.setAttribute("aria-label", label);
  return found;
}

/** The figures of one response: its reward, or classes, aspects, a probability, a rationale. */
function figuresOf(told) {
  const pairs = [];
  if (told.reward !== null && told.reward !== undefined) pairs.push([t("Reward"), number(told.reward)]);
  if (told.probability !== undefined) pairs.push([t("Probability that it is right"), share(told.probability)]);
  for (const [name, value] of Object.entries(told.aspects ?? {})) pairs.push([name, number(value)]);
  for (const [name, value] of Object.entries(told.classes ?? {})) pairs.push([name, share(value)]);
  if (told.uncertainty !== undefined && told.uncertainty !== null) pairs.push([t("Uncertain by"), `± ${number(told.uncertainty)}`]);
  return pairs;
}

function showOne(box, told, isBest) {
  const score = box.querySelector(".score");
  box.classList.toggle("is-best", isBest);
  score.replaceChildren(rows(figuresOf(told)));
  if (isBest) score.prepend(element("p", t("Best of them"), "badge in-force"));
  if (told.truncated) score.append(element("p", t("It was too long: only part of it was read."), "muted"));
  if (told.rationale) score.append(element("h3", t("Rationale")), reachable(element("pre", told.rationale, "plain")));
}

function showSteps(box, steps, told) {
  const list = element("ol", "", "step-scores");
  steps.forEach((text, k) => {
    const value = told.steps[k];
    const line = element("li");
    const isKnown = value !== null && value !== undefined;
    line.append(element("span", text, "step-text"), element("span", isKnown ? share(value) : "–", "number"));
    if (isKnown) line.append(meter(value, t("Step %(number)s", { number: k + 1 })));
    if (k === told.pruned_at || (isKnown && value < 0.5)) line.className = "is-wrong";
    list.append(line);
  });
  const score = box.querySelector(".score");
  score.replaceChildren(element("p", t("Each step’s probability of being right. The solution’s reward is the least of them: %(reward)s.", { reward: share(told.reward) })), list);
  if (told.truncated) score.append(element("p", t("It was too long: only part of it was read."), "muted"));
}

/** Who is preferred to whom, with probabilities, as a table. */
function preferences(names, shares) {
  const table = element("table");
  const head = element("tr");
  head.append(element("th", t("Preferred to")), ...names.map((name) => element("th", name, "number")));
  table.createTHead().append(head);
  const body = table.createTBody();
  names.forEach((name, k) => {
    const line = element("tr");
    const first = element("th", name);
    first.scope = "row";
    line.append(first, ...shares[k].map((value, n) => element("td", k === n ? "–" : share(value), "number")));
    body.append(line);
  });
  for (const cell of head.cells) cell.scope = "col";
  const wrap = reachable(element("div", "", "table-wrap"));
  wrap.setAttribute("role", "region");
  wrap.setAttribute("aria-label", t("Probability of preference"));
  wrap.append(table);
  return wrap;
}

/** Put the reply to `input` on the page; `shown` are the boxes of its responses. */
export function showScores(form, shown, input, reply) {
  const summary = document.getElementById("score-summary");
  const [told] = reply.details;
  summary.replaceChildren();
  if (input.steps) {
    showSteps(shown[0], input.steps, { ...told, reward: reply.rewards[0] });
    return;
  }
  for (const box of form.querySelectorAll(".response")) {
    box.classList.remove("is-best");
    box.querySelector(".score").replaceChildren();
  }
  const isContest = shown.length > 1 && told.best !== undefined;
  told.responses.forEach((one, k) => showOne(shown[k], one, isContest && k === told.best));
  if (!isContest || !told.probabilities || !("prefers" in form.dataset)) return;
  const names = shown.map((box) => box.querySelector("label").textContent);
  const title = reply.calibrated ? t("Calibrated probability of preference") : t("Probability of preference");
  const panel = element("section", "", "panel");
  panel.append(element("h2", title), preferences(names, told.probabilities));
  summary.append(panel);
}
