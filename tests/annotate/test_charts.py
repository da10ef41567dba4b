"""The pieces of charts, and charts of figures with intervals."""

import re
from xml.etree import ElementTree

import pytest

from annotate.charts import (
    LABELS,
    Axes,
    IntervalPoint,
    Measured,
    axis_ticks,
    interval_chart,
    trend_chart,
)

SVG = "{http://www.w3.org/2000/svg}"
POINTS = [
    IntervalPoint("amira", "amira, 20 judgments", 0.8, (0.6, 0.9)),
    IntervalPoint("an annotator with a long name", "long", None),
    IntervalPoint("<b>", "<script>alert(1)</script>", 0.4),
]
ALPHA = Measured(-0.5, 1.0, is_share=False, reference=0.0)


def found(svg, tag, css=None):
    root = ElementTree.fromstring(str(svg))
    return [e for e in root.iter(SVG + tag) if css is None or e.get("class") == css]


def charts():
    texts = {"title": "Shares & more", "x_title": "share"}
    return [
        interval_chart(POINTS, name="a", measured=Measured(), **texts),
        interval_chart([], name="b", measured=Measured(), **texts),
        interval_chart(POINTS, name="c", measured=ALPHA, **texts),
        trend_chart(POINTS, name="d", measured=Measured(reference=0.5), **texts),
        trend_chart([], name="e", measured=ALPHA, **texts),
        trend_chart(POINTS[:1], name="f", measured=Measured(), **texts),
    ]


@pytest.mark.parametrize("svg", charts())
def test_every_chart_is_named_described_and_plain(svg):
    root = ElementTree.fromstring(str(svg))
    ids = {e.get("id") for e in root if e.tag in (SVG + "title", SVG + "desc")}
    assert set(root.get("aria-labelledby").split()) == ids
    assert all(e.text for e in root if e.tag in (SVG + "title", SVG + "desc"))
    assert "style=" not in str(svg)
    assert "<script" not in str(svg)
    assert re.search(r"[\"\s,>-](nan|inf)\b", str(svg)) is None


@pytest.mark.parametrize("chart", [interval_chart, trend_chart])
def test_what_is_unknown_keeps_its_place_and_has_no_dot(chart):
    svg = chart(POINTS, name="a", title="t", x_title="x", measured=Measured())
    assert len(found(svg, "circle")) == 2
    assert len(found(svg, "path", "whisker")) == 1
    assert "amira, 20 judgments: 80.0 %, 95 % interval 60.0 % to 90.0 %" in [
        e.text for e in found(svg, "title")
    ]


def test_rows_stand_from_the_top_in_the_given_order():
    svg = interval_chart(POINTS, name="a", title="t", x_title="x", measured=Measured())
    first, second = (float(e.get("cy")) for e in found(svg, "circle"))
    assert first < second
    assert "an annotator with…" in [e.text for e in found(svg, "text")]


def test_a_chart_grows_with_its_rows():
    def height(n):
        svg = interval_chart(POINTS * n, name="a", title="t", x_title="x", measured=Measured())
        return int(ElementTree.fromstring(str(svg)).get("viewBox").split()[3])

    assert height(20) - height(10) == 10 * (height(2) - height(1))


def test_whiskers_end_where_the_interval_ends():
    svg = interval_chart(POINTS[:1], name="a", title="t", x_title="x", measured=Measured())
    axes = Axes(0, 1, -0.5, 0.5, left=LABELS)
    (whisker,) = found(svg, "path", "whisker")
    assert whisker.get("d").startswith(f"M{axes.x(0.6):.1f}")
    assert f"H{axes.x(0.9):.1f}" in whisker.get("d")


def test_the_reference_is_a_dashed_line():
    for chart, tag in ((interval_chart, "line"), (trend_chart, "polyline")):
        svg = chart(POINTS, name="a", title="t", x_title="x", measured=ALPHA)
        assert len(found(svg, tag, "baseline")) == 1


def test_figures_that_are_no_shares_stand_as_they_are():
    svg = interval_chart(POINTS, name="a", title="t", x_title="x", measured=ALPHA)
    assert "−0.25" in [e.text for e in found(svg, "text")]
    assert "long" not in found(svg, "desc")[0].text


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (0.03, 0.98), (0, 19), (0, 7_345), (1e-6, 2e-6), (-3, 11)]
)
def test_ticks_are_round_few_and_inside(low, high):
    ticks = axis_ticks(low, high)
    assert 2 <= len(ticks) <= 7
    assert low - 1e-9 <= ticks[0]
    assert ticks[-1] <= high + 1e-9


def test_ticks_of_counts_are_whole():
    assert all(float(tick).is_integer() for tick in axis_ticks(0, 3, whole=True))


def test_axes_put_larger_values_higher_and_a_point_range_in_the_middle():
    axes = Axes(0, 1, 0, 1)
    assert axes.y(1) < axes.y(0)
    assert axes.x(1) > axes.x(0)
    flat = Axes(2, 2, 5, 5)
    assert flat.x(2) == pytest.approx((axes.x(0) + axes.x(1)) / 2)
