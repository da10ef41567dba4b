/* Buttons that copy the text of a field. */
import { t } from "./i18n.js";

async function copy(button) {
  const field = document.getElementById(button.dataset.copies);
  const status = button.parentElement.querySelector("[role=status]");
  try {
    await navigator.clipboard.writeText(field.value);
    status.textContent = t("Copied.");
  } catch {
    field.select();
    status.textContent = t("Press Ctrl+C to copy.");
  }
}

for (const button of document.querySelectorAll("[data-copies]")) {
  button.addEventListener("click", () => copy(button));
}
