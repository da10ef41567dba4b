/* The skip and help dialogs; without scripts their links lead to pages. */

function open(item, id) {
  const dialog = item.querySelector(`#${id}`);
  dialog.showModal();
  dialog.querySelector("input:not([type=hidden]), button")?.focus();
}

function chooseByDigit(event) {
  if (event.target.matches("input[type=text]") || !/^[1-9]$/.test(event.key)) return;
  const choice = event.currentTarget.querySelectorAll("input[type=radio]")[Number(event.key) - 1];
  if (!choice) return;
  event.preventDefault();
  choice.checked = true;
  choice.focus();
}

function submitByEnter(event) {
  if (event.key !== "Enter" || event.isComposing || event.target.matches("button")) return;
  event.preventDefault();
  if (!event.repeat) event.currentTarget.requestSubmit();
}

/** A skip needs a reason: without one nothing is sent and the dialog stays. */
function askForReason(event, form) {
  if (event.target !== form) return;
  const { reason, detail } = form.elements;
  const isMissing = !reason.value && !detail.value.trim();
  form.querySelector("#skip-missing").hidden = !isMissing;
  if (!isMissing) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

/** Wire an item's dialogs; returns the keys that open them. */
export function setUpDialogs(item) {
  for (const opener of item.querySelectorAll("[data-opens]")) {
    opener.addEventListener("click", (event) => {
      event.preventDefault();
      open(item, opener.dataset.opens);
    });
  }
  for (const closer of item.querySelectorAll("[data-closes]")) {
    closer.addEventListener("click", () => closer.closest("dialog").close());
  }
  const helpKey = { "?": () => open(item, "help-dialog") };
  const skip = item.querySelector("#skip-dialog form");
  if (!skip) return helpKey;
  skip.addEventListener("keydown", chooseByDigit);
  skip.addEventListener("keydown", submitByEnter);
  item.addEventListener("submit", (event) => askForReason(event, skip), { capture: true });
  const refused = item.querySelector("dialog[data-open]");
  if (refused) open(item, refused.id);
  return { s: () => open(item, "skip-dialog"), ...helpKey };
}
