"""The plots of reward models: what they show as plain data, drawn twice.

A ``Plot`` becomes an SVG on the server, which works without scripts; ``static/js/plot.js`` draws
the same data anew in the browser. A table of its figures stands behind each.
"""

from modeling.charts.drawing import drawn
from modeling.charts.kinds import (
    AccuracyPoint,
    IntervalRow,
    accuracy_plot,
    calibration_plot,
    curve_plots,
    disagreement_plot,
    interval_plot,
    line_plot,
    margin_plot,
)
from modeling.charts.plot import Plot, Series

__all__ = [
    "AccuracyPoint",
    "IntervalRow",
    "Plot",
    "Series",
    "accuracy_plot",
    "calibration_plot",
    "curve_plots",
    "disagreement_plot",
    "drawn",
    "interval_plot",
    "line_plot",
    "margin_plot",
]
