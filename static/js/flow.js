/* From one item to the next: the following one is ready, answers travel in the background. */

import { assignmentAhead, drop, keepAhead, take } from "./ahead.js";
import { forgetDraft } from "./draft.js";
import { t } from "./i18n.js";
import { leased, takeFence } from "./lease.js";
import { get, post } from "./net.js";
import * as outbox from "./outbox.js";
import { showOutbox } from "./outbox-status.js";
import { putPace, showAway, showReply } from "./reply.js";
import { say } from "./submit.js";

const POLL_MS = 10_000;
const desk = document.getElementById("desk");
let setUp = null; /* makes an item on screen work; null ends the one before */
let isEmpty = false; /* nothing on screen to work at: what comes next is shown */
let isFetching = false;
let isDry = false; /* the server had nothing beside what is on screen */
let sent = 0; /* answers that were sent from this page */

const onScreen = () => document.getElementById("item");
const isResting = () => onScreen().matches(".is-resting");

function holding(except) {
  const isOther = ({ name, project }) => name !== except?.name && project === desk.dataset.project;
  const waiting = outbox.entries().filter(isOther);
  const shown = isEmpty ? null : onScreen().dataset.assignment;
  return [...waiting.map(({ assignment }) => assignment), shown, assignmentAhead()].filter(Boolean);
}

function show(item, seconds = 0) {
  onScreen().replaceWith(item);
  putPace(item);
  isEmpty = !item.dataset.kind;
  isDry = false;
  setUp(item, seconds);
  window.scrollTo(0, 0);
  if (!item.querySelector("dialog[open]")) document.getElementById("item-heading").focus({ preventScroll: true });
  if (!isEmpty) fill();
}

function receive(doc) {
  const item = doc.getElementById("item");
  isDry = !item;
  if (!item) return;
  document.adoptNode(item);
  const { assignment, fence } = item.dataset;
  if (assignment && outbox.holds(assignment)) {
    outbox.takeFence(assignment, fence);
    return;
  }
  leased(item);
  if (isEmpty) show(item);
  else if (assignment === onScreen().dataset.assignment) takeFence(onScreen(), fence);
  else if (assignment) keepAhead(item, fill);
}

/** Ask for what is missing: something on screen, or the item after it. */
async function fill() {
  const isFull = isEmpty ? isResting() : assignmentAhead() || isDry;
  if (isFull || isFetching || !outbox.isIdle()) return;
  isFetching = true;
  const sentBefore = sent;
  const fields = holding().map((id) => ["holding", id]);
  const reply = await post(desk.dataset.prefetch, [...fields, ["by", desk.dataset.user]]);
  isFetching = false;
  if (sent !== sentBefore) fill(); /* what came may be answered by now */
  else if (reply.status === 200 && reply.doc.getElementById("reply") && outbox.isIdle()) receive(reply.doc);
}

function stored(entry, doc) {
  forgetDraft(entry.assignment);
  if (entry.project !== desk.dataset.project) return;
  showReply(doc);
  receive(doc);
}

/** The item comes back with the reason; what was on screen goes back to being ready. */
function refused(entry, doc) {
  drop();
  const item = document.adoptNode(doc.getElementById("item"));
  leased(item);
  const [, seconds] = entry.fields.find(([name]) => name === "active_seconds") ?? [];
  showReply(doc);
  show(item, Number(seconds) || 0);
}

function changed() {
  const state = outbox.state();
  showOutbox(state);
  if (isEmpty && state.waiting && onScreen().inert) showAway();
  fill();
}

/** Wait for the next item, with the one that was sent still in sight. */
function leave(item) {
  say(t("Saving…"));
  setUp(null);
  item.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close());
  isEmpty = item.inert = true;
}

/** Send an item's form and go on at once; what is on its way already is not sent again. */
export function send(item, form, submitter) {
  if (item.inert) return;
  const fields = [...new FormData(form, submitter)].filter(([name]) => name !== "csrfmiddlewaretoken");
  sent += 1;
  outbox.put({ assignment: item.dataset.assignment, url: form.getAttribute("action"), fields });
  const next = take();
  (next ? show : leave)(next ?? item);
  outbox.flush();
}

/** Open the last judgment for editing, once it has arrived. */
export async function undo() {
  if (!outbox.isIdle()) await outbox.flush();
  if (outbox.isIdle()) location.assign(desk.dataset.latest);
  else say(t("Your last answer is not sent yet: it can be changed once it is."), { isError: true });
}

/* Waiting for work: nobody is given an item while the page is out of sight. */
async function poll() {
  if (!isEmpty || !outbox.isIdle() || document.visibilityState === "hidden") return null;
  if (!isResting()) return fill();
  const reply = await get(`${desk.dataset.next}?waiting=1&by=${desk.dataset.user}`);
  if (reply.isSignedOut && isEmpty) return location.assign(desk.dataset.next);
  return isEmpty && reply.status === 200 && reply.doc.querySelector("#item[data-kind]") && receive(reply.doc);
}

/** Begin with the item of the page; `given(item, seconds)` makes an item work. */
export function start(given) {
  setUp = given;
  const item = onScreen();
  const { kind, assignment, fence } = item.dataset;
  isEmpty = !kind;
  outbox.connect({ holding, stored, refused, changed });
  if (kind) leased(item);
  if (kind && !outbox.holds(assignment)) setUp(item, 0);
  else if (kind) {
    outbox.takeFence(assignment, fence);
    leave(item);
  }
  const again = () => { if (document.visibilityState === "visible") outbox.flush(); };
  document.addEventListener("visibilitychange", again);
  for (const name of ["online", "pageshow"]) window.addEventListener(name, again);
  window.addEventListener("beforeunload", (event) => outbox.isStuck() && event.preventDefault());
  setInterval(poll, POLL_MS);
  outbox.flush();
}
