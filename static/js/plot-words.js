/* The figures of a plot as people read them. */

/** A value in a plot's unit: a share, a count or a number. */
export function shownValue(unit, value, digits = 1) {
  if (value === null || value === undefined) return "–";
  const text = unit === "share" ? `${(value * 100).toFixed(digits)} %` : numeral(value);
  return text.replaceAll("-", "−");
}

/** Four digits at most; 0.00002 as 2e-5. */
function numeral(value) {
  const short = Number(value.toPrecision(4));
  const isTiny = short !== 0 && Math.abs(short) < 0.001;
  return isTiny ? short.toExponential() : String(short);
}

function figureOf(spec, one, k) {
  const value = shownValue(spec.unit, one.values[k]);
  if (one.low[k] === null || one.low[k] === undefined) return `${one.label} ${value}`;
  return `${one.label} ${value} (${shownValue(spec.unit, one.low[k])} – ${shownValue(spec.unit, one.high[k])})`;
}

function placeOf(spec, k) {
  return spec.notes[k] ?? spec.labels[k] ?? numeral(spec.x[k]);
}

/** All figures of one place as a sentence. */
export function told(spec, k) {
  const known = spec.series.filter((one) => one.values[k] !== null);
  return `${placeOf(spec, k)}: ${known.map((one) => figureOf(spec, one, k)).join(", ")}`;
}
