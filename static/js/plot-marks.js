/* What uPlot has no series for: whiskers of intervals, and the line where y is x. */

const CAP = 4;

function path(u, colour, width, dash, trace) {
  const { ctx } = u;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.strokeStyle = colour;
  ctx.lineWidth = width * ratio;
  ctx.setLineDash(dash.map((part) => part * ratio));
  trace(ctx, CAP * ratio);
  ctx.stroke();
  ctx.restore();
}

function line(ctx, flat, [along1, across1], [along2, across2]) {
  ctx.moveTo(...(flat ? [across1, along1] : [along1, across1]));
  ctx.lineTo(...(flat ? [across2, along2] : [along2, across2]));
}

/** Draws the interval of each value, with a cap at either end. */
export function whiskers(series, spec, colours) {
  return (u) => {
    for (const one of series) {
      for (const [k, low] of one.low.entries()) {
        if (low === null) continue;
        const at = u.valToPos(spec.x[k], "x", true);
        const ends = [low, one.high[k]].map((value) => u.valToPos(value, "y", true));
        path(u, colours[one.tone], 1.25, [], (ctx, cap) => {
          line(ctx, spec.flat, [at, ends[0]], [at, ends[1]]);
          for (const end of ends) line(ctx, spec.flat, [at - cap, end], [at + cap, end]);
        });
      }
    }
  };
}

/** Draws where y is x, as far as both axes show it. */
export function diagonal(spec, colours) {
  return (u) => {
    if (!spec.diagonal) return;
    const low = Math.max(u.scales.x.min, u.scales.y.min);
    const high = Math.min(u.scales.x.max, u.scales.y.max);
    const at = (value) => [u.valToPos(value, "x", true), u.valToPos(value, "y", true)];
    path(u, colours.other, 1.75, [5, 4], (ctx) => line(ctx, false, at(low), at(high)));
  };
}
