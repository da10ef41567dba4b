"""Which items take part, by their texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from curation.core.columns import Mask
from curation.core.decontaminate import decontaminate
from curation.core.dedupe import Merged, PromptGroups
from curation.core.dedupe.exact import ItemKey, item_key
from curation.core.filter import above, below, blank, first_reason, not_among
from curation.core.inputs import Inputs, named
from curation.core.language import UNDECIDED, detect_languages
from curation.core.ledger import Dropped, Ledger
from curation.core.records import Comparison, Corpus, Judgment, Ranking
from curation.core.stages.prompts import prompt_text
from curation.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Subjects:
    """Items with the texts they ask about: prompts (n,) and responses (n,), by key."""

    keys: Sequence[ItemKey]
    prompts: Sequence[str]
    responses: Sequence[tuple[str, ...]]


def filter_items(
    judgments: Sequence[Judgment],
    corpus: Corpus,
    groups: PromptGroups,
    merged: Merged,
    recipe: Recipe,
    inputs: Inputs,
    ledger: Ledger,
) -> list[Judgment]:
    """Leave out the judgments of items whose texts the recipe does not want."""
    subjects = _subjects(judgments)
    masks = _text_masks(subjects, corpus, merged, recipe)
    kept = _without("texts", subjects, masks, ledger)
    if recipe.decontaminate.against:
        kept = _clean(kept, corpus, groups, recipe, inputs, ledger)
    stays = set(kept.keys)
    return [one for one in judgments if item_key(one) in stays]


def _subjects(judgments: Sequence[Judgment]) -> Subjects:
    prompts: dict[ItemKey, str] = {}
    responses: dict[ItemKey, dict[str, None]] = {}
    for judgment in judgments:
        key = item_key(judgment)
        prompts[key] = judgment.prompt
        responses.setdefault(key, {}).update(dict.fromkeys(_responses(judgment)))
    keys = sorted(prompts, key=lambda key: (key[1], key[0].__name__))
    return Subjects(keys, [prompts[k] for k in keys], [tuple(responses[k]) for k in keys])


def _responses(judgment: Judgment) -> tuple[str, ...]:
    if isinstance(judgment, Comparison):
        return judgment.left, judgment.right
    return judgment.responses if isinstance(judgment, Ranking) else (judgment.response,)


def _text_masks(
    subjects: Subjects, corpus: Corpus, merged: Merged, recipe: Recipe
) -> dict[str, Mask]:
    """What a default recipe does not ask for is not read."""
    asked, masks = recipe.texts, {}
    lengths = [[merged.length[key] for key in keys] for keys in subjects.responses]
    if asked.languages:
        found = _by_prompt(subjects, corpus, detect_languages)
        masks["language"] = not_among(found, asked.languages, unknown=UNDECIDED)
    if asked.max_prompt_chars is not None:
        prompts = _by_prompt(subjects, corpus, lambda texts: np.array([len(t) for t in texts]))
        masks["prompt_too_long"] = above(prompts, asked.max_prompt_chars)
    if asked.min_chars:
        masks["too_short"] = below([min(each) for each in lengths], asked.min_chars)
    if asked.max_chars is not None:
        masks["too_long"] = above([max(each) for each in lengths], asked.max_chars)
    if asked.drop_empty:
        masks["empty_response"] = np.array(
            [
                bool(blank([corpus.responses[key].content for key in keys]).any())
                for keys in subjects.responses
            ],
            dtype=bool,
        )
    return masks


def _by_prompt(subjects: Subjects, corpus: Corpus, measure: object) -> np.ndarray:
    """A measure of each item's prompt, taken once a prompt."""
    keys = sorted(set(subjects.prompts))
    measured = measure([prompt_text(corpus.prompts[key]) for key in keys])  # type: ignore[operator]
    value = dict(zip(keys, measured, strict=True))
    return np.array([value[key] for key in subjects.prompts])


def _without(step: str, subjects: Subjects, masks: Mapping[str, Mask], ledger: Ledger) -> Subjects:
    reasons = first_reason(masks, len(subjects.keys))
    dropped = [
        Dropped(step, reason, key[1])
        for key, reason in zip(subjects.keys, reasons, strict=True)
        if reason
    ]
    ledger.write(step, "items", len(subjects.keys), dropped)
    stays = [n for n, reason in enumerate(reasons) if not reason]
    return Subjects(
        [subjects.keys[n] for n in stays],
        [subjects.prompts[n] for n in stays],
        [subjects.responses[n] for n in stays],
    )


def _clean(
    subjects: Subjects,
    corpus: Corpus,
    groups: PromptGroups,
    recipe: Recipe,
    inputs: Inputs,
    ledger: Ledger,
) -> Subjects:
    """Without items whose prompt repeats a text of an evaluation set."""
    asked = recipe.decontaminate
    evaluation = [
        text for name in asked.against for text in named(inputs.evaluations, name, "evaluation set")
    ]
    keys = sorted({groups.group[prompt] for prompt in subjects.prompts})
    found = decontaminate(
        [prompt_text(corpus.prompts[key]) for key in keys],
        evaluation,
        ngram=asked.ngram,
        threshold=asked.threshold,
    )
    why = dict(zip(keys, found.reason, strict=True))
    by_item = np.array([why[groups.group[prompt]] for prompt in subjects.prompts], dtype=object)
    masks = {f"evaluation_{name}": by_item == name for name in ("ngram", "near_duplicate")}
    return _without("decontaminate", subjects, masks, ledger)
