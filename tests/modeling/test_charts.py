"""Plots tell all they know as SVG, as a table and as JSON, and nothing that is unknown."""

import json
import re
from xml.etree import ElementTree

import pytest

from modeling.charts import (
    AccuracyPoint,
    IntervalRow,
    accuracy_plot,
    calibration_plot,
    curve_plots,
    disagreement_plot,
    drawn,
    interval_plot,
    line_plot,
    margin_plot,
)

SVG = "{http://www.w3.org/2000/svg}"
POINTS = [
    AccuracyPoint("1", "Model 1", 0.6, (0.5, 0.7), 0.55),
    AccuracyPoint("2", "Model 2", None),
    AccuracyPoint("3", "Model 3", 0.8, None, 0.5),
]
BINS = [
    {"n": 30, "confidence": 0.55, "agreement": 0.5, "interval": [0.33, 0.67]},
    {"n": 0, "confidence": 0.7, "agreement": None, "interval": None},
    {"n": 12, "confidence": 0.9, "agreement": 0.95, "interval": None},
]
CURVE = [
    {"step": 10, "fraction": 0.1, "loss": 0.69, "learning_rate": 2e-5},
    {"step": 20, "fraction": 0.2, "loss": 0.66, "learning_rate": 1e-5},
    {"step": 20, "fraction": 0.2, "validation_loss": 0.68, "validation_accuracy": 0.55},
    {"step": 30, "fraction": 0.3, "loss": float("nan"), "learning_rate": 0.0},
    {"step": 40, "fraction": 0.4, "validation_loss": 0.64, "validation_accuracy": 0.6},
    {"fraction": 1.0, "accuracy": 0.7},
]


def parse(plot):
    return ElementTree.fromstring(str(drawn(plot)))


def found(plot, tag, css=None):
    return [e for e in parse(plot).iter(SVG + tag) if css is None or e.get("class") == css]


def line(points, **values):
    return line_plot(points, name="e", title="Loss", x_title="share", label="loss", **values)


def plots():
    return [
        accuracy_plot(POINTS, name="a", x_title="after round"),
        accuracy_plot([], name="b", x_title="after round"),
        margin_plot([0.0, 0.5, 1.0], [3, 4], [2, 0], name="c"),
        margin_plot([], [], [], name="d"),
        line([(0.0, 0.7), (1.0, 0.5)]),
        line([(1.0, 0.7)]),
        line([(0.001, 2.0), (10.0, 1.0)], log_x=True),
        interval_plot([IntervalRow("<b>", 0.5, (0.4, 0.6), 9)], name="f", title="T", y_title="s"),
        calibration_plot(BINS, name="g"),
        calibration_plot([], name="h"),
        disagreement_plot([{"n": 3, "share": 0.6, "margin": 0.4}], name="i"),
        disagreement_plot([], name="j"),
        *curve_plots(CURVE),
        *curve_plots([], live=True),
    ]


@pytest.mark.parametrize("plot", plots(), ids=lambda plot: plot.name)
def test_every_plot_names_and_describes_itself(plot):
    root = parse(plot)
    assert root.get("role") == "img"
    ids = {e.get("id") for e in root if e.tag in (SVG + "title", SVG + "desc")}
    assert set(root.get("aria-labelledby").split()) == ids
    assert all(e.text for e in root if e.tag in (SVG + "title", SVG + "desc"))


@pytest.mark.parametrize("plot", plots(), ids=lambda plot: plot.name)
def test_no_plot_has_inline_style_script_or_nonsense_numbers(plot):
    text = str(drawn(plot))
    assert "style=" not in text
    assert "<script" not in text
    assert re.search(r"[\"\s,>-](nan|inf)\b", text) is None


@pytest.mark.parametrize("plot", plots(), ids=lambda plot: plot.name)
def test_the_browser_gets_the_same_figures(plot):
    told = json.loads(plot.json)
    assert told["x"] == list(plot.xs)
    for one, sent in zip(plot.series, told["series"], strict=True):
        assert sent["values"] == list(one.values)
        assert {len(sent["low"]), len(sent["high"])} <= {0, len(plot.xs)}
    low, high = told["yRange"]
    assert low <= high


@pytest.mark.parametrize("plot", plots(), ids=lambda plot: plot.name)
def test_the_table_has_a_cell_under_each_head(plot):
    assert {len(row) for row in plot.rows} <= {len(plot.columns)}


def test_texts_are_escaped():
    points = [AccuracyPoint("<1>", "<script>alert(1)</script>", 0.5)]
    plot = accuracy_plot(points, name="a", x_title="a & b")
    assert "<script>" not in str(drawn(plot))
    assert found(plot, "text", "axis-title")[0].text == "a & b"


def test_a_model_that_was_not_measured_keeps_its_place_and_has_no_dot():
    plot = accuracy_plot(POINTS, name="a", x_title="x")
    assert len(found(plot, "circle")) == 2
    assert {"1", "2", "3"} <= {e.text for e in found(plot, "text")}
    assert [row[0] for row in plot.rows] == ["Model 1", "Model 3"]


def test_a_whisker_is_drawn_only_where_there_is_an_interval():
    assert len(found(accuracy_plot(POINTS, name="a", x_title="x"), "path", "whisker")) == 1
    assert len(found(calibration_plot(BINS, name="g"), "path", "whisker")) == 1


def test_a_single_baseline_is_a_stroke():
    plot = accuracy_plot(POINTS[:1], name="a", x_title="x")
    assert len(found(plot, "polyline", "baseline")) == 1
    assert found(plot, "polyline", "series") == []


def test_tooltips_description_and_table_tell_the_figures():
    plot = accuracy_plot(POINTS, name="a", x_title="x")
    wanted = (
        "Model 1: reward model 60.0 %, 95 % interval 50.0 % to 70.0 %, longer answer wins 55.0 %"
    )
    assert wanted in [e.text for e in found(plot, "title")]
    assert wanted in found(plot, "desc")[0].text
    assert plot.columns == ["x", "reward model", "95 % interval", "longer answer wins"]
    assert plot.rows[0] == ["Model 1", "60.0 %", "50.0 % – 70.0 %", "55.0 %"]


def test_bars_stack_and_are_as_high_as_their_counts():
    plot = margin_plot([0.0, 0.5, 1.0], [3, 4], [2, 0], name="m")
    right, wrong = found(plot, "rect", "bar-right"), found(plot, "rect", "bar-wrong")
    assert (len(right), len(wrong)) == (2, 1)
    unit = float(wrong[0].get("height")) / 2
    assert float(right[0].get("height")) == pytest.approx(3 * unit, abs=0.2)
    top_of_right = float(right[0].get("y")) + float(right[0].get("height"))
    assert top_of_right == pytest.approx(float(wrong[0].get("y")), abs=0.2)


def test_empty_bins_stand_in_no_table():
    plot = margin_plot([0.0, 0.5, 1.0, 1.5], [3, 0, 1], [2, 0, 0], name="m")
    assert [row[0] for row in plot.rows] == ["0 – 0.5", "1 – 1.5"]


def test_many_labels_are_thinned_out():
    points = [AccuracyPoint(f"r{k}", f"Model {k}", 0.6) for k in range(60)]
    plot = accuracy_plot(points, name="a", x_title="x")
    assert len([e for e in found(plot, "text") if (e.text or "").startswith("r")]) <= 12


def test_a_logarithmic_axis_is_labelled_by_powers_of_ten():
    plot = line([(0.001, 2.0), (10.0, 1.0)], log_x=True)
    assert {"0.001", "0.1", "10"} <= {e.text for e in found(plot, "text")}


def test_the_diagonal_stays_inside_the_plot():
    (stroke,) = found(calibration_plot(BINS, name="g"), "polyline", "baseline")
    xs = [float(pair.split(",")[0]) for pair in stroke.get("points").split()]
    ys = [float(pair.split(",")[1]) for pair in stroke.get("points").split()]
    assert min(xs) >= 0
    assert min(ys) >= 0


def test_bins_of_nothing_are_left_out():
    assert [row[0] for row in calibration_plot(BINS, name="g").rows] == [
        "55.0 % (n = 30)",
        "90.0 % (n = 12)",
    ]


# --- curves ---------------------------------------------------------------------------------


def test_a_curve_becomes_loss_validation_and_learning_rate():
    loss, accuracy, rate = curve_plots(CURVE)
    assert loss.x_title == "step"
    assert loss.xs == (10.0, 20.0, 40.0)
    training, validation = loss.series
    assert training.values == (0.69, 0.66, None)
    assert validation.values == (None, 0.68, 0.64)
    assert accuracy.rows == [["20", "55.0 %"], ["40", "60.0 %"]]
    assert rate.xs == (10.0, 20.0, 30.0)


def test_an_older_curve_counts_shares_of_the_training():
    curve = [{"fraction": k / 4, "loss": 0.7 - k / 10} for k in range(4)]
    (loss,) = curve_plots([*curve, {"fraction": 1.0, "accuracy": 0.7}])
    assert loss.x_title == "share of the training"
    assert [one.label for one in loss.series] == ["training"]


def test_a_curve_that_still_grows_keeps_all_its_plots():
    assert [len(plot.series) for plot in curve_plots(CURVE[:1], live=True)] == [2, 1, 1]
    assert curve_plots(CURVE[:1]) == []
