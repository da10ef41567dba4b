"""What the playground needs to know of a model, and what the model made of what was typed.

The page's script asks the score endpoint itself; ``answered`` is for browsers without scripts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext

from curation.templatetags.measures import figure, share
from modeling.labels import objective_label
from modeling.models import Checkpoint
from modeling.scoring_service import score_inputs
from modeling.selectors import checkpoint_rows
from modeling.services import scores_pairs

FIRST_RESPONSES, MOST_RESPONSES = 2, 16


@dataclass(frozen=True)
class Tried:
    """A response with what the model says of it; ``steps`` are those of a solution."""

    number: int
    text: str = ""
    figures: Sequence[tuple[str, str]] = ()
    steps: Sequence[tuple[str, str]] = ()
    is_best: bool = False
    truncated: bool = False
    rationale: str = ""


def playground_page(checkpoint: Checkpoint) -> dict[str, Any]:
    """A form for responses, or for the steps of one where steps are judged."""
    kind = checkpoint.run.dataset.kind
    by_step = kind == "stepwise"
    return {
        "project": checkpoint.project,
        "checkpoint": checkpoint,
        "objective": objective_label(checkpoint.run.objective),
        "by_step": by_step,
        "writes_rationales": _writes_rationales(checkpoint),
        "gives_preferences": kind == "ranking" or scores_pairs(checkpoint.run),
        "models": checkpoint_rows(checkpoint.project)[::-1],
        "score_url": reverse("modeling-api:checkpoint-score", args=[checkpoint.public_id]),
        "prompt": "",
        "tried": [Tried(k) for k in range(1, 2 if by_step else FIRST_RESPONSES + 1)],
        "most": MOST_RESPONSES,
    }


def _writes_rationales(checkpoint: Checkpoint) -> bool:
    """Whether a model says why beside each score."""
    return checkpoint.run.objective == "reasoning"


def typed(texts: Sequence[str]) -> list[Tried]:
    """Responses as they were typed, with nothing said of them."""
    return [Tried(k, text) for k, text in enumerate(texts[:MOST_RESPONSES], start=1)]


def answered(checkpoint: Checkpoint, prompt: str, texts: Sequence[str]) -> list[Tried]:
    """What a model makes of responses, of which empty ones are left out.

    Raises TiebreakError where the scorer cannot say.
    """
    given = [text for text in texts[:MOST_RESPONSES] if text.strip()]
    if checkpoint.run.dataset.kind == "stepwise":
        return [_by_step(checkpoint, prompt, given[0] if given else "")]
    asked = [{"prompt": prompt, "responses": given}]
    reply = score_inputs(checkpoint, asked, rationales=_writes_rationales(checkpoint))
    (found,) = reply["details"]
    best = found.get("best") if len(given) > 1 else None
    told = zip(given, found["responses"], strict=True)
    return [_tried(k, text, one, is_best=k == best) for k, (text, one) in enumerate(told)]


def steps_of(text: str) -> list[str]:
    """The steps that a solution is written in: paragraphs, or lines where it has none."""
    parts = re.split(r"\n\s*\n", text) if re.search(r"\n\s*\n", text.strip()) else text.split("\n")
    return [part.strip() for part in parts if part.strip()]


def _by_step(checkpoint: Checkpoint, prompt: str, text: str) -> Tried:
    steps = steps_of(text.replace("\r\n", "\n"))
    found = score_inputs(checkpoint, [{"prompt": prompt, "steps": steps}])
    (details,), (reward,) = found["details"], found["rewards"]
    scores = [(step, share(one)) for step, one in zip(steps, details["steps"], strict=True)]
    figures = [(gettext("Reward, the least of its steps"), share(reward))]
    return Tried(1, text, figures, scores, truncated=bool(details.get("truncated")))


def _tried(k: int, text: str, told: Mapping[str, Any], *, is_best: bool) -> Tried:
    return Tried(
        number=k + 1,
        text=text,
        figures=_figures(told),
        is_best=is_best,
        truncated=bool(told.get("truncated")),
        rationale=str(told.get("rationale") or ""),
    )


def _figures(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A response's reward, or its classes, aspects and probability."""
    found = []
    if told.get("reward") is not None:
        found.append((gettext("Reward"), figure(told["reward"])))
    if "probability" in told:
        found.append((gettext("Probability that it is right"), share(told["probability"])))
    found += [(name, figure(value)) for name, value in (told.get("aspects") or {}).items()]
    found += [(name, share(value)) for name, value in (told.get("classes") or {}).items()]
    return found
