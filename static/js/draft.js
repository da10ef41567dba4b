/* Drafts one second after a change or when the page goes, and a lease that lasts as long as the page is looked at. */

import { say } from "./submit.js";

const DRAFT_DELAY_MS = 1_000;
const TIMEOUT_MS = 30_000;
const MAX_KEEPALIVE = 15_000; /* browsers take 64 KiB; a character has up to four bytes */
const KEPT = "tiebreak-draft";
const LEFT_OUT = new Set(["csrfmiddlewaretoken", "fence", "idempotency_key", "active_seconds"]);

function fieldsOf(form) {
  const entries = [...new FormData(form)];
  return Object.fromEntries(entries.filter(([name, value]) => value && !LEFT_OUT.has(name)));
}

/** What is on its way while the page goes: a reload may be answered before the draft arrives. */
function keep(kept) {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(kept));
  } catch {
    /* Private windows may refuse storage: then the request alone has to do. */
  }
}

/** Put back what was kept for this item, unless the server has it or something newer. */
export function recallDraft(item) {
  let kept = null;
  try {
    kept = JSON.parse(sessionStorage.getItem(KEPT));
    sessionStorage.removeItem(KEPT);
  } catch {
    return;
  }
  if (kept?.api !== item.dataset.api || kept.version <= Number(item.dataset.draftVersion)) return;
  const { elements } = item.querySelector("#answer");
  for (const [name, value] of Object.entries(kept.form)) {
    if (elements[name]) elements[name].value = value;
  }
  item.dataset.draftVersion = kept.version;
}

/** A renewed lease may have a new fence; without it the next submit would be refused. */
function takeFence(item, fence) {
  item.dataset.fence = fence;
  for (const input of item.querySelectorAll("input[name=fence]")) input.value = fence;
}

async function call(item, life, method, path, fields) {
  const token = item.querySelector("#answer").elements.csrfmiddlewaretoken.value;
  const body = JSON.stringify({ fence: Number(item.dataset.fence), ...fields });
  const response = await fetch(item.dataset.api + path, {
    method,
    headers: { "Content-Type": "application/json", "X-CSRFToken": token },
    body,
    keepalive: body.length < MAX_KEEPALIVE,
    signal: AbortSignal.any([life, AbortSignal.timeout(TIMEOUT_MS)]),
  });
  const reply = await response.json();
  if (life.aborted) return;
  if (response.ok && reply.fence !== undefined) takeFence(item, reply.fence);
  const isSubmitting = item.querySelector(".htmx-request");
  if (response.status === 409 && !isSubmitting) say(reply.error.message, { isError: true });
}

/** Look after an item until `life` (an AbortSignal) ends. */
export function keepDraft(item, life) {
  const form = item.querySelector("#answer");
  let version = Number(item.dataset.draftVersion);
  let timer = 0;
  let isPending = false;
  let last = Promise.resolve();
  const send = (...request) => {
    last = last.then(() => call(item, life, ...request)).catch(() => {});
  };
  const forget = () => {
    clearTimeout(timer);
    isPending = false;
  };
  const draft = () => {
    forget();
    version += 1;
    return ["PUT", "draft", { version, answer: { form: fieldsOf(form) } }];
  };
  const later = () => {
    forget();
    isPending = true;
    timer = setTimeout(() => send(...draft()), DRAFT_DELAY_MS);
  };
  /* The page may be gone in a moment: do not queue behind what is under way. */
  const flush = () => {
    if (!isPending) return;
    const request = draft();
    keep({ api: item.dataset.api, version, form: fieldsOf(form) });
    call(item, life, ...request).catch(() => {});
  };
  const renew = () => {
    if (document.visibilityState === "visible") send("POST", "renew", {});
  };
  const renewing = setInterval(renew, (Number(item.dataset.leaseSeconds) * 1000) / 3);
  document.addEventListener("visibilitychange", renew, { signal: life });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") flush();
  }, { signal: life });
  /* A reload asks for the page before `pagehide`, but after `beforeunload`. */
  window.addEventListener("beforeunload", flush, { signal: life });
  window.addEventListener("pagehide", flush, { signal: life });
  form.addEventListener("input", later, { signal: life });
  form.addEventListener("change", later, { signal: life });
  item.addEventListener("submit", (event) => {
    if (!event.defaultPrevented) forget();
  }, { signal: life, capture: true });
  life.addEventListener("abort", () => {
    forget();
    clearInterval(renewing);
  });
}
