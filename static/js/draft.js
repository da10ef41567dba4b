/* Drafts: on this device at every change, on the server one second later or when the page goes. */

import { t } from "./i18n.js";
import { api } from "./net.js";
import { erase, namesWith, read, write } from "./store.js";
import { say } from "./submit.js";
import { activeSeconds } from "./timer.js";

const DELAY_MS = 1_000;
const PREFIX = "tiebreak-draft:";
const MOST = 30;
const MAX_AGE_MS = 14 * 24 * 3_600_000;
const LEFT_OUT = new Set(["csrfmiddlewaretoken", "fence", "idempotency_key", "active_seconds"]);

const nameOf = (assignment) => `${PREFIX}${document.getElementById("desk").dataset.user}:${assignment}`;

function fieldsOf(form) {
  const entries = [...new FormData(form)];
  return Object.fromEntries(entries.filter(([name, value]) => value && !LEFT_OUT.has(name)));
}

function fill(form, fields) {
  for (const field of form.elements) {
    const { name, type } = field;
    if (!name || LEFT_OUT.has(name)) continue;
    if (type === "radio") field.checked = (fields[name] ?? "") === field.value;
    else if (type === "checkbox") field.checked = fields[name] === field.value;
    else if (field.matches("select, textarea") || name in fields) field.value = fields[name] ?? "";
    else if (type === "number" || type === "text") field.value = "";
  }
}

/** Keep few and young drafts only. */
function prune() {
  const kept = namesWith(PREFIX).map((name) => [name, read(name)?.at ?? 0]).sort((a, b) => b[1] - a[1]);
  const old = Date.now() - MAX_AGE_MS;
  kept.forEach(([name, at], k) => { if (k >= MOST || at < old) erase(name); });
}

/**
 * Put back what this device kept of an item, unless the server has that or something newer.
 * Returns the seconds already spent on it, and whether the server still has to be told.
 */
export function recallDraft(item) {
  prune();
  const kept = read(nameOf(item.dataset.assignment));
  if (!kept?.form) return { seconds: 0, isNews: false };
  const isNews = kept.version > Number(item.dataset.draftVersion);
  if (isNews) {
    fill(item.querySelector("#answer"), kept.form);
    item.dataset.draftVersion = kept.version;
  }
  return { seconds: Number(kept.seconds) || 0, isNews };
}

/** The answer has arrived: nothing of its draft stays here. */
export const forgetDraft = (assignment) => erase(nameOf(assignment));

/** Look after an item's draft until `life` (an AbortSignal) ends; `isNews` sends it at once. */
export function keepDraft(item, life, { isNews = false } = {}) {
  const form = item.querySelector("#answer");
  let version = Number(item.dataset.draftVersion);
  let isOpen = false; /* changed since the last version was sent */
  let isUnsent = isNews;
  let timer = 0;
  let last = Promise.resolve();

  const keepHere = () => write(nameOf(item.dataset.assignment), {
    version, form: fieldsOf(form), seconds: activeSeconds(), at: Date.now(),
  });
  function told({ status, isOk, reply }, sent) {
    const isOvertaken = status === 409 && sent < version;
    if (life.aborted || isOvertaken) return;
    if (status === 409) say(reply.error.message, { isError: true });
    else if (!isOk) throw new Error("kept here only");
    else if (isUnsent) say("");
    isUnsent = false;
  }
  async function put() {
    const body = { fence: Number(item.dataset.fence), version, answer: { form: fieldsOf(form) } };
    try {
      told(await api("PUT", `${item.dataset.api}draft`, body), body.version);
    } catch {
      if (life.aborted) return;
      isUnsent = true;
      say(t("Draft kept on this device."));
    }
  }
  const close = () => {
    clearTimeout(timer);
    isOpen = false;
  };
  const send = () => {
    close();
    last = last.then(() => (life.aborted ? null : put()));
  };
  const later = () => {
    if (!isOpen) version += 1;
    isOpen = true;
    keepHere();
    clearTimeout(timer);
    timer = setTimeout(send, DELAY_MS);
  };
  /* The page may be gone in a moment: do not queue behind what is under way. */
  const flush = () => {
    if (!isOpen) return;
    close();
    keepHere();
    put();
  };
  const again = () => { if (isUnsent && !isOpen) send(); };

  const retry = setInterval(again, 10 * DELAY_MS);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") flush();
  }, { signal: life });
  /* A reload asks for the page before `pagehide`, but after `beforeunload`. */
  for (const name of ["beforeunload", "pagehide"]) window.addEventListener(name, flush, { signal: life });
  for (const name of ["input", "change"]) form.addEventListener(name, later, { signal: life });
  window.addEventListener("online", again, { signal: life });
  life.addEventListener("abort", () => {
    close();
    clearInterval(retry);
  });
  if (isNews) send();
}
