/* Leases of the item on screen and of the one that is ready: renewed while the page is looked at. */

import { api } from "./net.js";

const until = new WeakMap();
const renewals = new Map();
let renewed = () => {};

/** A renewed lease may have a new fence; without it the next submit would be refused. */
export function takeFence(item, fence) {
  item.dataset.fence = fence;
  for (const input of item.querySelectorAll("input[name=fence]")) input.value = fence;
}

/** Note that an item's lease starts now. */
export function leased(item) {
  until.set(item, Date.now() + Number(item.dataset.leaseSeconds) * 1000);
}

/** Whether the lease still runs, as far as this page can know. */
export const isAlive = (item) => Date.now() < (until.get(item) ?? 0);

/** Resolves when no renewal of the assignment is under way: its fence is known then. */
export const settled = (assignment) => renewals.get(assignment) ?? Promise.resolve();

/** `told(assignment, fence)` hears of each renewal: the item's answer may be on its way already. */
export const onRenewed = (told) => { renewed = told; };

async function renew(item, onRefused) {
  const { status, isOk, reply } = await api("POST", `${item.dataset.api}renew`, {
    fence: Number(item.dataset.fence),
  });
  if (isOk) {
    takeFence(item, reply.fence);
    leased(item);
    renewed(item.dataset.assignment, reply.fence);
  }
  if (status === 409) onRefused(reply.error.message);
}

/** Renew an item's lease until `life` (an AbortSignal) ends; `onRefused(sentence)` when it is over. */
export function keepLease(item, life, onRefused) {
  const { assignment, leaseSeconds } = item.dataset;
  const again = () => {
    if (document.visibilityState !== "visible" || renewals.has(assignment)) return;
    const told = (sentence) => { if (!life.aborted) onRefused(sentence); };
    const renewal = renew(item, told).catch(() => {}).finally(() => renewals.delete(assignment));
    renewals.set(assignment, renewal);
  };
  const timer = setInterval(again, (Number(leaseSeconds) * 1000) / 3);
  document.addEventListener("visibilitychange", again, { signal: life });
  window.addEventListener("pageshow", (event) => event.persisted && again(), { signal: life });
  window.addEventListener("online", again, { signal: life });
  life.addEventListener("abort", () => clearInterval(timer));
}
