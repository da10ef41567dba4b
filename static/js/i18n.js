/* Texts of the scripts in the reader's language; English where no catalogue is loaded. */

/** Translate a text; `%(name)s` in it is replaced from `values`. */
export function t(text, values = {}) {
  const translated = window.gettext ? window.gettext(text) : text;
  return translated.replace(/%\((\w+)\)s/g, (whole, name) => values[name] ?? whole);
}

/** The singular or plural of a text, as the language has it for `count`. */
export function tn(one, many, count, values = {}) {
  const english = count === 1 ? one : many;
  const translated = window.ngettext ? window.ngettext(one, many, count) : english;
  return translated.replace(/%\((\w+)\)s/g, (whole, name) => ({ count, ...values })[name] ?? whole);
}
