/* One plot of ``modeling.charts`` drawn by uPlot, which is a plain script: window.uPlot. */

import { diagonal, whiskers } from "./plot-marks.js";
import { shownValue, told } from "./plot-words.js";

const HEIGHT = 230;
const ROW = 28;
const FLAT_AXES = 62;
const MOST_DOTS = 40;
const LONGEST = 20;
const WHOLE = [1, 10, 100, 1e3, 1e4, 1e5, 1e6].flatMap((unit) => [unit, 2 * unit, 5 * unit]);
const MOST_WIDTH = 640;

/** The colours of the page's theme, as a canvas needs them. */
function palette(host) {
  const probe = document.createElement("span");
  host.append(probe);
  const of = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const found = { series: of("series"), other: of("other"), ink: of("ink"), muted: of("muted"), line: of("line"), surface: of("surface") };
  probe.remove();
  return found;
}

/** Values as uPlot draws them: bars stand on those before, so the topmost is drawn first. */
function stacked(spec) {
  const sums = spec.x.map(() => 0);
  const columns = spec.series.map((one) =>
    one.kind === "bars" ? one.values.map((value, k) => (sums[k] += value ?? 0)) : one.values,
  );
  const order = spec.series.map((_, k) => k);
  const bars = order.filter((k) => spec.series[k].kind === "bars").reverse();
  const rest = order.filter((k) => spec.series[k].kind !== "bars");
  return [...bars, ...rest].map((k) => ({ ...spec.series[k], column: columns[k] }));
}

function lineOf(one, spec, colours) {
  const colour = colours[one.tone];
  const shared = { label: one.label, scale: "y", stroke: colour, spanGaps: true };
  const dots = { show: one.kind === "dots" || spec.x.length <= MOST_DOTS, size: 8, fill: colour, stroke: colours.surface };
  if (one.kind === "bars") {
    const paths = window.uPlot.paths.bars({ size: [1, Infinity], gap: 1 });
    return { ...shared, paths, fill: colour, width: 0, points: { show: false } };
  }
  if (one.kind === "dashed") return { ...shared, width: 2, dash: [5, 4], points: { show: false } };
  if (one.kind === "dots") return { ...shared, paths: () => null, points: dots };
  return { ...shared, width: 2, points: dots };
}

function named(labels, values) {
  return values.map((value) => labels[value] ?? "");
}

function axesOf(spec, colours) {
  const look = { stroke: colours.muted, grid: { stroke: colours.line, width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
  const across = { ...look, grid: { show: false } };
  if (spec.labels.length) {
    const every = spec.flat ? 1 : Math.max(1, Math.ceil(spec.labels.length / 12));
    across.splits = () => spec.x.filter((_, k) => k % every === 0);
    across.values = (_, splits) => named(spec.labels.map(short), splits);
  } else {
    across.values = (_, splits) => splits.map((value) => (value === null ? "" : shownValue("number", value)));
    if (spec.x.every(Number.isInteger)) across.incrs = WHOLE;
  }
  const upward = { ...look, values: (_, splits) => splits.map((value) => shownValue(spec.unit, value, 0)) };
  const title = { label: spec.xTitle, labelFont: look.font, labelSize: 18, labelGap: 0 };
  if (!spec.flat) return [{ ...across, ...title, size: 28 }, { ...upward, size: 58 }];
  return [{ ...across, side: 3, size: beside(spec.labels) }, { ...upward, ...title, side: 2, size: 28, space: 64 }];
}

function short(label) {
  return label.length > LONGEST ? `${label.slice(0, LONGEST - 1)}…` : label;
}

/** Pixels for the longest name of a row. */
function beside(labels) {
  return 16 + 7 * Math.max(0, ...labels.map((label) => short(label).length));
}

function scalesOf(spec) {
  const room = spec.labels.length ? 0.5 : spec.width / 2;
  const ends = [...spec.x, ...(spec.xRange ?? [])];
  const low = Math.min(...ends);
  const high = Math.max(...ends);
  const x = { time: false, range: () => [low - room, high > low ? high + room : high + (room || 1)] };
  if (spec.log) Object.assign(x, { distr: 3, range: () => [low, high] });
  if (spec.flat) Object.assign(x, { ori: 1, dir: -1 });
  return { x, y: { range: () => heights(spec), ...(spec.flat ? { ori: 0 } : {}) } };
}

/** The ends of the values, with room that keeps dots and labels off the edge. */
function heights(spec) {
  const [low, high] = spec.yRange;
  const pad = (high - low || Math.abs(high) || 1) * 0.05;
  const isShare = spec.unit === "share";
  const least = low >= 0 ? Math.max(low - pad, 0) : low - pad;
  return [spec.unit === "count" ? 0 : least, isShare ? Math.min(high + pad, 1.02) : high + pad];
}

function sizeOf(spec, area) {
  const height = spec.flat ? FLAT_AXES + ROW * Math.max(spec.x.length, 1) : HEIGHT;
  return { width: Math.min(area.clientWidth, MOST_WIDTH), height };
}

/** Draw `spec` in the figure's area; returns what ends it. */
export function draw(figure, spec) {
  const area = figure.querySelector(".plot-area");
  const tip = figure.querySelector(".plot-tip");
  const host = document.createElement("div");
  host.className = "plot-host";
  host.setAttribute("role", "img");
  host.setAttribute("aria-label", `${spec.title}. ${spec.description}`);
  area.replaceChildren(host);
  const colours = palette(host);
  const series = stacked(spec);
  const marks = [whiskers(series, spec, colours), diagonal(spec, colours)];
  const canZoom = !spec.labels.length;
  const plot = new window.uPlot(
    {
      ...sizeOf(spec, area),
      legend: { show: false },
      cursor: { y: false, drag: { x: canZoom, y: false }, points: { show: !spec.flat } },
      scales: scalesOf(spec),
      axes: axesOf(spec, colours),
      series: [{}, ...series.map((one) => lineOf(one, spec, colours))],
      hooks: {
        draw: [(u) => marks.forEach((mark) => mark(u))],
        setCursor: [(u) => { tip.textContent = u.cursor.idx == null ? "" : told(spec, u.cursor.idx); }],
      },
    },
    [spec.x, ...series.map((one) => one.column)],
    host,
  );
  const watch = new ResizeObserver(() => plot.setSize(sizeOf(spec, area)));
  watch.observe(area);
  return () => {
    watch.disconnect();
    plot.destroy();
  };
}
