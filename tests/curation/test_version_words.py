"""Names and values of versions for people."""

import pytest

from curation.comparing import CHANGES, FIGURES, Figure
from curation.core.build import RELIABILITY_METHODS
from curation.preview import FIGURES as PREVIEW_FIGURES
from curation.recipe import METHODS
from curation.templatetags.measures import has_correlations, too_few
from curation.templatetags.versions import (
    change_word,
    figure_after,
    figure_before,
    figure_label,
    method,
    plain_figures,
    plain_value,
    setting_after,
    setting_before,
    short,
    step_word,
)


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_has_a_word(change):
    assert change_word(change)[0].isupper()


@pytest.mark.parametrize("name", [*FIGURES, *PREVIEW_FIGURES])
def test_every_figure_has_a_name(name):
    if name not in ("balance", "aggregate_reason"):
        assert figure_label(name) != name


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("rows.train", "Rows: train"),
        ("dropped.too_short", "Dropped: too short"),
        ("probe.length.rule", "The longer one is better"),
        ("probe.length (honesty).correlation", "Length and score correlate (honesty)"),
        ("something new", "something new"),
    ],
)
def test_figures_are_named(name, label):
    assert figure_label(name) == label


@pytest.mark.parametrize(
    "step", ["select", "reliability", "texts", "decontaminate", "aggregate", "rows", "balance"]
)
def test_every_step_has_a_name(step):
    assert step_word(step)[0].isupper()
    assert step_word("of_another_release") == "Of another release"


@pytest.mark.parametrize("name", {*RELIABILITY_METHODS.values(), *sum(METHODS.values(), ())})
def test_every_method_has_a_name(name):
    assert "_" not in method(name)


@pytest.mark.parametrize(
    ("figure", "before", "after"),
    [
        (Figure("agreement_share", 0.5, None), "50.0 %", "–"),
        (Figure("probe.length.rule", 0.43211, 0.5), "43.2 %", "50.0 %"),
        (Figure("probe.length (x).correlation", -0.43211, 0.0), "−0.4321", "0"),
        (Figure("judgments", 12345, 0), "12,345", "0"),
        (Figure("aggregate", "dawid_skene", "auto"), "Dawid–Skene", "auto"),
    ],
)
def test_figures_in_few_characters(figure, before, after):
    assert (figure_before(figure), figure_after(figure)) == (before, after)


def test_settings_of_both_versions():
    one = Figure("balance.lengths", "off", "weight")
    assert (setting_before(one), setting_after(one)) == ("leave as it is", "weights")
    assert setting_before(Figure("rows.min_votes", None, 2)) == "none"


def test_figures_of_a_preview_leave_out_zeros_and_what_is_no_number():
    figures = {"judgments": 3, "prompts_moved": 0, "balance": {}, "aggregate": "auto"}
    assert list(plain_figures(figures)) == [("Judgments", "3")]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        ([], "–"),
        ("x", "x"),
        (0.123456789, "0.123457"),
        (-0.0, "0"),
        ([1, [2, None]], "1, 2, –"),
        (True, "True"),
    ],
)
def test_a_columns_value_in_one_line(value, text):
    assert plain_value(value) == text


def test_short_values():
    assert (short(None), short(-0.5), short(1234), short("x")) == ("–", "−0.5", "1,234", "x")


def test_what_a_proof_is_about():
    assert has_correlations({"before": {"length (x)": {"correlation": {}}}})
    assert not has_correlations({"before": {"length": {"rule": {}}}})
    assert too_few({"length": {"too_few": True}})
    assert not too_few({})
