/* Answers on their way: each is kept on this device until the server has said that it is stored. */

import { onRenewed, settled } from "./lease.js";
import { get, post } from "./net.js";
import { erase, namesWith, read, write } from "./store.js";

const PREFIX = "tiebreak-outbox:";
const FIRST_WAIT_S = 2;
const LONGEST_WAIT_S = 60;
const SLOW_MS = 3_000;
const desk = document.getElementById("desk");
const { user, project } = desk?.dataset ?? {};
const mine = `${PREFIX}${user}:`;
let handlers = null;
let sending = null;
let isSignedOut = false;
let waits = 0;
let timer = 0;
let latest = 0;

/** This person's answers that are not acknowledged, oldest first; never another person's. */
export const entries = () => namesWith(mine).map(read).filter(Boolean);
const open = () => entries().filter((entry) => !entry.held);
const find = (assignment) => entries().find((entry) => entry.assignment === assignment);

export const holds = (assignment) => Boolean(find(assignment));
export const isIdle = () => !sending && !open().length;
/** Whether something stays unsent for longer than a request takes. */
export const isStuck = () => open().some((entry) => entry.tries || Date.now() - entry.at > SLOW_MS);
export const state = () => ({
  waiting: open().some((entry) => entry.tries) ? open().length : 0,
  held: entries().filter((entry) => entry.held),
  isSignedOut: isSignedOut && open().length > 0,
});

/** Keep an answer; `entry` has assignment, url and fields, `[[name, value], …]`. */
export function put(entry) {
  const at = Math.max(Date.now(), latest + 1);
  latest = at;
  const name = `${mine}${at}-${entry.assignment}`;
  write(name, { ...entry, name, project, at, tries: 0 });
}

/** The item was given again, or its lease renewed: its answer goes with the newer fence. */
export function takeFence(assignment, fence) {
  const entry = find(assignment);
  if (!entry) return;
  const fields = entry.fields.map(([name, value]) => [name, name === "fence" ? String(fence) : value]);
  change(entry, { fields });
}

/** Say what happens with answers: `holding(entry)`, `stored`, `refused` (entry, doc), `changed()`. */
export function connect(given) {
  handlers = given;
  onRenewed(takeFence);
  for (const entry of entries()) {
    if (entry.held && entry.project === project) change(entry, { held: "" });
  }
}

/** Note something about an answer, unless another tab has had it acknowledged meanwhile. */
function change({ name }, news) {
  const kept = read(name);
  if (kept) write(name, { ...kept, ...news });
}

async function deliver(entry) {
  await settled(entry.assignment);
  const { fields } = read(entry.name) ?? entry;
  const isHere = entry.project === project;
  const holding = isHere ? handlers.holding(entry).map((id) => ["holding", id]) : [["next", "none"]];
  return post(entry.url, [...fields, ["by", user], ["queued", "1"], ...holding]);
}

/** What a reply means: only our own mark in it says that an answer is stored. */
function fateOf({ status, doc, isSignedOut: isOut }) {
  const fate = doc?.getElementById("reply")?.dataset.fate;
  if (isOut) return "signed-out";
  if (status === 200 && fate === "stored") return "stored";
  if (status === 422 && fate === "refused") return "refused";
  const isFinal = status >= 400 && status < 500 && ![403, 408, 425, 429].includes(status);
  return isFinal ? "held" : "waiting";
}

/** Act on the fate of one answer; false where the ones behind it have to wait, too. */
async function settle(entry, reply) {
  const fate = fateOf(reply);
  isSignedOut = fate === "signed-out";
  if (fate === "stored" || (fate === "refused" && entry.project === project)) {
    erase(entry.name);
    waits = 0;
    handlers[fate](entry, reply.doc);
    return true;
  }
  if (fate === "held" || fate === "refused") {
    change(entry, { held: String(reply.status) });
    return true;
  }
  change(entry, { tries: entry.tries + 1 });
  /* A token that is too old: any page brings a fresh one, or tells that nobody is signed in. */
  if (reply.status === 403) isSignedOut = (await get(desk.dataset.keysUrl)).isSignedOut;
  if (!isSignedOut) later(reply.wait);
  return false;
}

function later(seconds) {
  const backoff = Math.min(FIRST_WAIT_S * 2 ** waits, LONGEST_WAIT_S) * (0.75 + Math.random() / 2);
  waits += 1;
  clearTimeout(timer);
  timer = setTimeout(flush, Math.max(seconds, backoff) * 1000);
}

async function sendAll() {
  for (let [entry] = open(); entry; [entry] = open()) {
    if (!await settle(entry, await deliver(entry))) return;
    handlers.changed();
  }
}

/** Send what waits, in its order; resolves when all is sent or has to wait again. */
export function flush() {
  clearTimeout(timer);
  sending ??= sendAll().finally(() => {
    sending = null;
    handlers.changed();
  });
  return sending;
}

/** Try again what the server would not take, or give it up. */
export function retryHeld() {
  for (const entry of state().held) change(entry, { held: "" });
  flush();
}

export function discardHeld() {
  for (const entry of state().held) erase(entry.name);
  handlers.changed();
}
