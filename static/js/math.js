/* Formulas: the server leaves them as text in spans, KaTeX typesets them when there are any. */

const DELIMITERS = /^(?:\$\$?|\\[([])|(?:\$\$?|\\[)\]])$/g;
const begun = new WeakSet();
let loading = null;

function load(item) {
  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = item.dataset.katexCss;
  document.head.append(style);
  return import(item.dataset.katex).then(() => window.katex);
}

/** Typeset one formula; what is none stays as it was written. */
function show(katex, formula) {
  const source = formula.textContent;
  try {
    katex.render(source.replace(DELIMITERS, ""), formula, {
      displayMode: formula.classList.contains("math-block"),
      throwOnError: true, /* KaTeX marks errors with inline styles, which the policy forbids */
      strict: "ignore",
      trust: false,
      maxSize: 20,
      maxExpand: 200,
    });
  } catch {
    formula.textContent = source;
    formula.classList.add("is-broken");
  }
}

/** Typeset every formula of an item, once, whether it is on screen already or not. */
export async function typeset(item) {
  const formulas = item.querySelectorAll(".math, .math-block");
  if (!formulas.length || begun.has(item)) return;
  begun.add(item);
  loading ??= load(item);
  const katex = await loading;
  for (const formula of formulas) show(katex, formula);
}
