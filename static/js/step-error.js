/* The first error: what comes after it is set aside and comes back, and the reason is asked about it. */

import { t } from "./i18n.js";
import { isBad, setLabel, valueOf } from "./step-labels.js";

/** `settle()` brings the page in line with the labels and returns how many were set aside. */
export function setUpFirstError(list, form, steps) {
  const asksAll = list.hasAttribute("data-asks-all");
  const question = form.querySelector(".rationale > span").firstChild;
  const usual = question.textContent;
  const kept = new Map();

  function setAside(step) {
    if (!valueOf(step)) return 0;
    kept.set(step, valueOf(step));
    step.querySelector("fieldset").dataset.kept = t("set aside");
    setLabel(step, "");
    return 1;
  }

  function bringBack(step) {
    if (!kept.has(step)) return;
    setLabel(step, kept.get(step));
    kept.delete(step);
    delete step.querySelector("fieldset").dataset.kept;
  }

  function askWhy() {
    const first = steps.findIndex(isBad);
    question.textContent = first < 0 ? usual : `${list.dataset.why.replace("{n}", first + 1)} `;
    form.querySelector(".rationale").classList.toggle("is-asked", first >= 0);
  }

  function settle() {
    let aside = 0;
    let isAfter = false;
    for (const step of asksAll ? [] : steps) {
      if (isAfter) aside += setAside(step);
      else bringBack(step);
      step.classList.toggle("is-after", isAfter);
      step.querySelector("fieldset").disabled = isAfter;
      step.dataset.label = valueOf(step);
      isAfter ||= isBad(step);
    }
    askWhy();
    return aside;
  }

  return { settle, isAfter: (step) => step.classList.contains("is-after") };
}
