"""What a recipe would give, for people to look at before a version is made."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from curation.core.build import Built
from curation.core.ledger import Dropped
from curation.core.records import SPLITS, Corpus

EXAMPLES = 5
EXCERPT = 160
FIGURES = (
    "aggregate",
    "aggregate_reason",
    "judgments",
    "annotators",
    "agreement_share",
    "merged_duplicates",
    "near_duplicate_prompts",
    "largest_cluster",
    "prompts_moved",
    "chosen_longer_share",
    "left_win_share",
    "balance",
)


def preview_of(built: Built) -> dict[str, Any]:
    """Rows by split, what each step would drop with examples, and the figures of the rows."""
    examples = _examples(built)
    return {
        "rows": {split: len(built.rows[split]) for split in SPLITS},
        "even": sum(map(len, built.even.values())),
        "steps": [
            report.to_dict() | {"examples": examples.get(report.step, [])} for report in built.steps
        ],
        "contradictions": len(built.contradictions),
        "figures": {name: built.statistics[name] for name in FIGURES if name in built.statistics},
    }


def _examples(built: Built) -> dict[str, list[dict[str, str]]]:
    """A few of the things each step drops, at most so many for each reason."""
    shown: dict[str, list[dict[str, str]]] = defaultdict(list)
    seen: Counter[tuple[str, str]] = Counter()
    for entry in built.left_out:
        seen[entry.step, entry.reason] += 1
        if seen[entry.step, entry.reason] <= EXAMPLES:
            shown[entry.step].append(_example(entry, built.corpus))
    return shown


def _example(entry: Dropped, corpus: Corpus) -> dict[str, str]:
    texts = [corpus.responses[key].content for key in entry.part if key in corpus.responses]
    return {
        "reason": entry.reason,
        "item": entry.item,
        "revision": entry.revision,
        "text": " | ".join(text[:EXCERPT] for text in texts),
    }
