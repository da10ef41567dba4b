"""Charts are well-formed, honest about what is unknown, and carry no style of their own."""

import re
from xml.etree import ElementTree

import pytest

from modeling.charts import AccuracyPoint, accuracy_chart, line_chart, margin_chart

SVG = "{http://www.w3.org/2000/svg}"
POINTS = [
    AccuracyPoint("1", "Model 1", 0.6, (0.5, 0.7), 0.55),
    AccuracyPoint("2", "Model 2", None),
    AccuracyPoint("3", "Model 3", 0.8, None, 0.5),
]


def parse(svg):
    return ElementTree.fromstring(str(svg))


def found(svg, tag, css=None):
    return [e for e in parse(svg).iter(SVG + tag) if css is None or e.get("class") == css]


def charts():
    return [
        accuracy_chart(POINTS, name="a", x_title="after round"),
        accuracy_chart([], name="b", x_title="after round"),
        margin_chart([0.0, 0.5, 1.0], [3, 4], [2, 0], name="c"),
        margin_chart([], [], [], name="d"),
        line_chart([(0.0, 0.7), (1.0, 0.5)], name="e", title="Loss", x_title="share"),
        line_chart([(1.0, 0.7)], name="f", title="Loss", x_title="share"),
        line_chart([(0.001, 2.0), (10.0, 1.0)], name="g", title="L", x_title="x", log_x=True),
    ]


@pytest.mark.parametrize("svg", charts())
def test_every_chart_names_and_describes_itself(svg):
    root = parse(svg)
    assert root.get("role") == "img"
    ids = {e.get("id") for e in root if e.tag in (SVG + "title", SVG + "desc")}
    assert set(root.get("aria-labelledby").split()) == ids
    assert all(e.text for e in root if e.tag in (SVG + "title", SVG + "desc"))


@pytest.mark.parametrize("svg", charts())
def test_no_chart_has_inline_style_script_or_nonsense_numbers(svg):
    text = str(svg)
    assert "style=" not in text
    assert "<script" not in text
    assert re.search(r"[\"\s,>-](nan|inf)\b", text) is None


def test_texts_are_escaped():
    points = [AccuracyPoint("<1>", "<script>alert(1)</script>", 0.5)]
    svg = accuracy_chart(points, name="a", x_title="a & b")
    assert "<script>" not in str(svg)
    assert found(svg, "text", "axis-title")[0].text == "a & b"


def test_a_model_that_was_not_measured_keeps_its_place_and_has_no_dot():
    svg = accuracy_chart(POINTS, name="a", x_title="x")
    assert len(found(svg, "circle")) == 2
    assert {"1", "2", "3"} <= {e.text for e in found(svg, "text")}


def test_a_whisker_is_drawn_only_where_there_is_an_interval():
    assert len(found(accuracy_chart(POINTS, name="a", x_title="x"), "path", "whisker")) == 1


def test_a_single_baseline_is_a_stroke():
    svg = accuracy_chart(POINTS[:1], name="a", x_title="x")
    assert len(found(svg, "polyline", "baseline")) == 1
    assert found(svg, "polyline", "series") == []


def test_tooltips_and_description_tell_the_figures():
    svg = accuracy_chart(POINTS, name="a", x_title="x")
    wanted = "Model 1: 60.0 %, 95 % interval 50.0 % to 70.0 %, longer answer 55.0 %"
    assert wanted in [e.text for e in found(svg, "title")]
    assert wanted in found(svg, "desc")[0].text


def test_bars_stack_and_are_as_high_as_their_counts():
    svg = margin_chart([0.0, 0.5, 1.0], [3, 4], [2, 0], name="m")
    right, wrong = found(svg, "rect", "bar-right"), found(svg, "rect", "bar-wrong")
    assert (len(right), len(wrong)) == (2, 1)
    unit = float(wrong[0].get("height")) / 2
    assert float(right[0].get("height")) == pytest.approx(3 * unit, abs=0.2)
    top_of_right = float(right[0].get("y")) + float(right[0].get("height"))
    assert top_of_right == pytest.approx(float(wrong[0].get("y")), abs=0.2)


def test_many_labels_are_thinned_out():
    points = [AccuracyPoint(f"r{k}", f"Model {k}", 0.6) for k in range(60)]
    svg = accuracy_chart(points, name="a", x_title="x")
    assert len([e for e in found(svg, "text") if (e.text or "").startswith("r")]) <= 12


def test_a_logarithmic_axis_is_labelled_by_powers_of_ten():
    svg = line_chart([(0.001, 2.0), (10.0, 1.0)], name="g", title="L", x_title="x", log_x=True)
    assert {"0.001", "0.1", "10"} <= {e.text for e in found(svg, "text")}
