/* Formulas: the server leaves them as text in spans, KaTeX typesets them when there are any. */

const DELIMITERS = /^(?:\$\$?|\\[([])|(?:\$\$?|\\[)\]])$/g;
let loading = null;

function load(item) {
  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = item.dataset.katexCss;
  document.head.append(style);
  return import(item.dataset.katex).then(() => window.katex);
}

/** Typeset every formula of an item. */
export async function typeset(item) {
  const formulas = item.querySelectorAll(".math, .math-block");
  if (!formulas.length) return;
  loading ??= load(item);
  const katex = await loading;
  for (const formula of formulas) {
    katex.render(formula.textContent.replace(DELIMITERS, ""), formula, {
      displayMode: formula.classList.contains("math-block"),
      throwOnError: false,
      trust: false,
      maxSize: 20,
      maxExpand: 200,
    });
  }
}
