/* The recipe editor: only the ways of aggregating that the chosen kind has. */

const form = document.getElementById("recipe");
const { kind, aggregate } = form.elements;

const fit = () => {
  for (const option of aggregate.options) {
    const fits = option.dataset.kinds.split(" ").includes(kind.value);
    option.hidden = option.disabled = !fits;
    if (option.selected && !fits) aggregate.value = "auto";
  }
};

kind.addEventListener("change", fit);
addEventListener("pageshow", fit);
fit();
