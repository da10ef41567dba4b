/* The form that starts a training: only the objectives that the chosen dataset can teach. */

const form = document.getElementById("run");

const fit = () => {
  const { dataset, objective } = form.elements;
  const kind = dataset.selectedOptions[0]?.dataset.kinds ?? "";
  for (const option of objective.options) {
    const fits = !option.value || option.dataset.kinds.split(" ").includes(kind);
    option.hidden = option.disabled = !fits;
    if (option.selected && !fits) objective.value = "";
  }
};

if (form) {
  form.elements.dataset.addEventListener("change", fit);
  addEventListener("pageshow", fit);
  fit();
}
