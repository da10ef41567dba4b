/* What a reply says beside its item: messages, own pace, the edition of the guidelines. */

import { newEdition } from "./panel.js";

let pace = null;

/** Let an item that was fetched a while ago show the newest figures. */
export function putPace(item) {
  if (pace) item.querySelector(".pace")?.replaceWith(pace.cloneNode(true));
}

export function showReply(doc) {
  const reply = doc.getElementById("reply");
  if (!reply) return;
  document.querySelector("#main > .messages")?.remove(); /* they came with the page */
  document.getElementById("flash").replaceChildren(...reply.querySelectorAll(".message"));
  pace = reply.querySelector(".pace") ?? pace;
  putPace(document.getElementById("item"));
  newEdition(Number(reply.dataset.edition));
}

/** In place of an item: what was answered waits for the connection, and so does what comes next. */
export function showAway() {
  const away = document.getElementById("away").content.firstElementChild.cloneNode(true);
  document.getElementById("item").replaceWith(away);
  document.getElementById("item-heading").focus({ preventScroll: true });
}
