"""Held-out figures of any objective as labelled text, in the order in which people need them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from curation.templatetags.measures import figure, interval, share, words
from modeling.charts import IntervalRow, Plot, interval_plot

Label = str | Promise
Metrics = Mapping[str, Any]


@dataclass(frozen=True)
class Figure:
    """A figure as text. ``is_code`` labels are names from the metrics, not words of ours."""

    label: Label
    text: str
    hint: Label = ""
    is_code: bool = False


@dataclass(frozen=True)
class Table:
    """A small table: what the first column names, and rows whose first cell is their head."""

    title: Label
    heads: Sequence[Label]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class HeldOut:
    """What is said of a split: a title, the figures in front, and those behind."""

    title: Label
    unmeasured: Label
    heads: list[Figure]
    rows: list[Figure]


@dataclass(frozen=True)
class _Spec:
    """A figure of the metrics. What is None or missing behind the front is left out."""

    key: str
    label: Label
    form: Callable[[Any], str]
    hint: Label = ""


def _count(value: object) -> str:
    return str(intcomma(value)) if isinstance(value, int | float) else "–"


_LENGTH = _Spec("length_accuracy", _("longer answer wins"), share)
# xgettext:no-python-format
_INTERVAL = _Spec("interval", _("95 % interval"), interval)
_ACCURACY = _Spec("accuracy", _("accuracy"), share)
_MAJORITY = _Spec("majority", _("always the commonest"), share)
_OPENINGS = _Spec("groups", _("Different conversations"), _count)
_NLL = _Spec("nll", _("Negative log-likelihood"), figure)
_COIN = _Spec("nll", _("Negative log-likelihood"), figure, _("(0.693 is a coin)"))
_BRIER = _Spec("brier", _("Brier score"), figure)
_ECE = _Spec("ece", _("Expected calibration error"), figure)

_TITLES: dict[str, tuple[Label, Label]] = {
    "preference": (
        _("On held-out test pairs"),
        _("This model was not measured: its dataset held out no decided test pair."),
    ),
    "ranking": (
        _("On held-out test rankings"),
        _("This model was not measured: its dataset held out no test ranking."),
    ),
    "stepwise": (
        _("On held-out test solutions"),
        _("This model was not measured: its dataset held out no test solution."),
    ),
}
_OTHER_TITLE: tuple[Label, Label] = (
    _("On held-out test responses"),
    _("This model was not measured: its dataset held out no test response."),
)
_HEADS: dict[str, tuple[_Spec, ...]] = {
    "preference": (_ACCURACY, _INTERVAL, _LENGTH),
    "ranking": (
        _Spec("accuracy", _("accuracy over pairs"), share),
        _INTERVAL,
        _Spec("best", _("best one on top"), share),
        _LENGTH,
    ),
    "stepwise": (
        _Spec("first_error_f1", _("first-error F1"), share),
        _Spec("accuracy", _("accuracy of steps"), share),
        _INTERVAL,
        _MAJORITY,
    ),
    "outcome": (_ACCURACY, _INTERVAL, _MAJORITY),
    "rating": (
        _Spec("pearson", _("Pearson correlation"), figure),
        _Spec("spearman", _("Spearman correlation"), figure),
        _Spec("mse", _("mean squared error"), figure),
    ),
    "classification": (_ACCURACY, _INTERVAL, _MAJORITY),
}
_ROWS: dict[str, tuple[_Spec, ...]] = {
    "preference": (
        _Spec("n", _("Pairs"), _count),
        _OPENINGS,
        _Spec("undecided", _("Left out, judged a tie"), _count),
        _COIN,
        _BRIER,
        _ECE,
    ),
    "ranking": (
        _Spec("n", _("Rankings"), _count),
        _OPENINGS,
        _Spec("pairs", _("Pairs of different places"), _count),
        _Spec("tau", _("Kendall’s tau, mean"), figure),
    ),
    "stepwise": (
        _Spec("n", _("Solutions"), _count),
        _OPENINGS,
        _Spec("steps", _("Steps"), _count),
        _Spec("wrong", _("Solutions with an error"), _count),
        _Spec("found", _("First error found"), share),
        _Spec("cleared", _("Right solutions cleared"), share),
        _Spec("first_error_f1_mean", _("First-error F1, mean of subsets"), share),
        _Spec("step_f1", _("F1 of wrong steps"), share),
        _Spec("class_accuracy", _("Accuracy of three classes"), share),
        _NLL,
        _Spec("cut", _("Steps that did not fit"), _count),
    ),
    "outcome": (
        _Spec("n", _("Responses"), _count),
        _OPENINGS,
        _Spec("auc", _("A right one scores above a wrong one"), share),
        _COIN,
        _BRIER,
        _ECE,
    ),
    "rating": (
        _Spec("n", _("Responses"), _count),
        _OPENINGS,
        _Spec("unseen", _("Scores of aspects that were not trained"), _count),
    ),
    "classification": (_Spec("n", _("Responses"), _count), _OPENINGS, _NLL),
}


def held_out(kind: str, test: Metrics) -> HeldOut:
    """The figures of a split for datasets of this kind; those without a name of ours come last."""
    heads, rows = _HEADS.get(kind, (_ACCURACY, _INTERVAL)), _ROWS.get(kind, ())
    named = {spec.key for spec in (*heads, *rows)}
    known = [_figure(spec, test) for spec in rows if test.get(spec.key)]
    more = [
        Figure(words(name), f"{value:.4g}".replace("-", "−"), is_code=True)
        for name, value in test.items()
        if name not in named and type(value) in (int, float)
    ]
    title, unmeasured = _TITLES.get(kind, _OTHER_TITLE)
    return HeldOut(title, unmeasured, [_figure(spec, test) for spec in heads], known + more)


def _figure(spec: _Spec, test: Metrics) -> Figure:
    return Figure(spec.label, spec.form(test.get(spec.key)), spec.hint)


def measured_in_short(kind: str, split: Metrics) -> str:
    """The first figure of a split in a line, such as that of validation; empty without one."""
    spec = _HEADS.get(kind, (_ACCURACY,))[0]
    return "" if split.get(spec.key) is None else spec.form(split[spec.key])


# --- beside simple rules --------------------------------------------------------------------

_RULES = {"bag_of_words": _("bag of words"), "length": _("length alone")}


def baselines_plot(test: Metrics) -> Plot | None:
    """The model's accuracy beside what simple rules reach on the same rows."""
    rows = [_interval_row(gettext("this model"), test), *_rule_rows(test)]
    rows = [row for row in rows if row.value is not None]
    if len(rows) < 2 or test.get("accuracy") is None:
        return None
    title = gettext("Beside simple rules")
    return interval_plot(rows, name="baselines", title=title, y_title=gettext("accuracy"))


def _rule_rows(test: Metrics) -> list[IntervalRow]:
    """Rules as they were measured; older checkpoints know only two, without intervals."""
    found = test.get("baselines") or {}
    rows = [_interval_row(_rule_label(name, one), one) for name, one in found.items() if one]
    if test.get("length_accuracy") is not None and not found.get("length"):
        rows.append(IntervalRow(gettext("longer answer wins"), test["length_accuracy"]))
    if test.get("majority") is not None:
        rows.append(IntervalRow(gettext("always the commonest"), test["majority"]))
    return rows


def _rule_label(name: str, found: Metrics) -> str:
    prefers = {"longer": _("longer answer wins"), "shorter": _("shorter answer wins")}
    if name == "length" and found.get("prefers") in prefers:
        return str(prefers[found["prefers"]])
    return str(_RULES.get(name, words(name)))


def gains(test: Metrics) -> list[Figure]:
    """How far the model is ahead of each rule on the same rows, in percentage points."""
    return [
        Figure(_rule_label(name, one), points(one["gain"], one.get("gain_interval")))
        for name, one in (test.get("baselines") or {}).items()
        if one and one.get("gain") is not None
    ]


def points(value: float, ends: Sequence[float] | None) -> str:
    """+3.1 points (+0.4 to +5.8)."""
    if not ends:
        return gettext("%(value)s points") % {"value": _signed(value)}
    words = {"value": _signed(value), "low": _signed(ends[0]), "high": _signed(ends[1])}
    return gettext("%(value)s points (%(low)s to %(high)s)") % words


def _signed(value: float) -> str:
    return f"{value * 100:+.1f}".replace("-", "−")


# --- parts of the held-out rows -------------------------------------------------------------


def parts_plots(kind: str, test: Metrics) -> list[Plot]:
    """How the figure in front differs by category, subset, class or length."""
    strata = (test.get("length_control") or {}).get("strata") or {}
    by_length = {_STRATA.get(name, name): one for name, one in strata.items()}
    plots = [
        _parts(test.get("by_category"), "accuracy", "categories", gettext("Accuracy by category")),
        _parts(by_length, "accuracy", "lengths", gettext("Accuracy by length of the better one")),
        _parts(test.get("f1_by_subset"), "f1", "subsets", gettext("First-error F1 by subset")),
        _recall(test.get("recall")),
    ]
    return [plot for plot in plots if plot is not None]


_STRATA: dict[str, Label] = {"longer": _("longer"), "equal": _("as long"), "shorter": _("shorter")}


def _parts(parts: Mapping[Any, Metrics] | None, key: str, name: str, title: str) -> Plot | None:
    rows = [_interval_row(str(label), one, key) for label, one in (parts or {}).items() if one]
    known = [row for row in rows if row.value is not None]
    y_title = "F1" if key == "f1" else gettext("accuracy")
    return interval_plot(known, name=name, title=title, y_title=y_title) if known else None


def _recall(recall: Mapping[str, float] | None) -> Plot | None:
    if not recall:
        return None
    rows = [IntervalRow(label, value) for label, value in recall.items()]
    title = gettext("Recall by class")
    return interval_plot(rows, name="recall", title=title, y_title=gettext("recall"))


def _interval_row(label: str, found: Metrics, key: str = "accuracy") -> IntervalRow:
    ends = found.get("interval")
    known = (ends[0], ends[1]) if ends else None
    return IntervalRow(label, found.get(key), known, found.get("n"))


def parts_tables(metrics: Metrics) -> list[Table]:
    """Aspects and cohorts, which have more than one figure each."""
    test = metrics.get("test") or {}
    tables = [
        _aspects(test.get("aspects")),
        _heads_by_aspect(metrics.get("by_aspect")),
        _cohorts(metrics.get("by_cohort")),
    ]
    return [table for table in tables if table is not None]


def _aspects(aspects: Mapping[str, Metrics] | None) -> Table | None:
    if not aspects:
        return None
    rows = [
        [name, _count(fit.get("n")), *(figure(fit.get(key)) for key in _FIT)]
        for name, fit in aspects.items()
    ]
    heads = (_("Aspect"), _("Ratings"), _("Squared error"), "Pearson", "Spearman")
    return Table(_("By aspect"), heads, rows)


_FIT = ("mse", "pearson", "spearman")


def _heads_by_aspect(aspects: Mapping[str, Metrics] | None) -> Table | None:
    """One Bradley–Terry head for each aspect."""
    if not aspects:
        return None
    rows = []
    for name, one in aspects.items():
        test = one.get("test") or {}
        rows.append([name, _count(one.get("n_train")), share(test.get("accuracy"))])
        rows[-1].append(interval(test.get("interval")))
    heads = (_("Aspect"), _("Training pairs"), _("Accuracy"), _("95 % interval"))
    return Table(_("One head for each aspect"), heads, rows)


def _cohorts(by_head: Mapping[str, Mapping[str, Metrics]] | None) -> Table | None:
    """Accuracy of each head on each cohort."""
    if not by_head:
        return None
    cohorts = list(dict.fromkeys(name for found in by_head.values() for name in found))
    rows = [
        [head, *(share((found.get(name) or {}).get("accuracy")) for name in cohorts)]
        for head, found in by_head.items()
    ]
    return Table(_("Accuracy of each head on each cohort"), (_("Head"), *cohorts), rows)
