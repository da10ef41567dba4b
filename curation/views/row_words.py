"""Dataset rows in a few words: what they ask, what the votes came to, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotate.views.item_words import OPENING

Row = Mapping[str, Any]
EXCERPT = 80


def row_opening(row: Row) -> str:
    """The beginning of what was asked last, on one line."""
    prompt = row.get("prompt") or ""
    if isinstance(prompt, str):
        return excerpt(prompt, OPENING)
    asked = [turn["content"] for turn in prompt if turn.get("role") == "user"]
    return excerpt(asked[-1] if asked else "", OPENING)


def excerpt(text: str, most: int = EXCERPT) -> str:
    """The beginning of a text on one line."""
    line = " ".join(text[: 4 * most].split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def row_answer(row: Row) -> str:
    """What the votes came to; rows tell their kind by their columns."""
    for column, words in _ANSWERS.items():
        if column in row:
            return words(row)
    return ""


def row_votes(row: Row) -> str:
    """How many votes: of a pair for, against and even."""
    if "votes_chosen" in row:
        return f"{row['votes_chosen']} : {row['votes_rejected']} : {row['votes_tie']}"
    votes = row.get("votes", 0)
    return " ".join(map(str, votes)) if isinstance(votes, list) else str(votes)


def row_certainty(row: Row) -> str:
    """The probability of the answer; of scores how far they are known."""
    for column in ("chosen_probability", "label_probability"):
        if column in row:
            return f"{row[column]:.3f}"
    for column in ("soft_labels", "class_probabilities", "errors", "scores"):
        if row.get(column):
            return _numbers(row[column])
    return ""


def change_words(change: str, row: Row | None) -> str:
    """What one version says of a row, as far as it differs in this way."""
    if row is None:
        return ""
    if change == "weight":
        return _numbers(row["step_weights"]) if row.get("step_weights") else f"{row['weight']:.4g}"
    if change == "details":
        names = (row.get(name) for name in ("category", "source", "source_kind", "reference"))
        return excerpt(", ".join(filter(None, names)))
    if change == "moved":
        return _(row["split"])
    words = {"votes": row_votes, "certainty": row_certainty}.get(change, row_answer)
    return words(row)


def _chosen(row: Row) -> str:
    return excerpt(row["chosen"][-1]["content"])


def _order(row: Row) -> str:
    """The completions by their numbers, best first."""
    tiers = ([str(place + 1) for place in tier] for tier in row["tiers"])
    return " > ".join(" = ".join(tier) for tier in tiers)


def _steps(row: Row) -> str:
    return " ".join(f"{sign:+d}" if sign else "0" for sign in row["ratings"]).replace("-", "−")


def _label(row: Row) -> str:
    if isinstance(row["label"], bool):
        return _("right") if row["label"] else _("wrong")
    return _(str(row["label"]).replace("_", " "))


def _scores(row: Row) -> str:
    pairs = zip(row["aspects"], row["scores"], strict=True)
    return "; ".join(f"{aspect} {score:.3g}" for aspect, score in pairs)


def _even(row: Row) -> str:
    return ngettext("even, %(n)s vote", "even, %(n)s votes", row["votes_tie"]) % {
        "n": row["votes_tie"]
    }


def _numbers(values: list[float | None]) -> str:
    return " ".join("–" if value is None else f"{value:.3g}" for value in values)


_ANSWERS: Mapping[str, Callable[[Row], str]] = {
    "chosen": _chosen,
    "tiers": _order,
    "ratings": _steps,
    "label": _label,
    "aspects": _scores,
    "is_even": _even,
}
