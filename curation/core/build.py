"""One dataset from judgments and a recipe: the path every record takes, in order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from curation.core.builders import BUILDERS, READS, Candidate, Context
from curation.core.dedupe import PromptGroups, group_prompts, merge_duplicates
from curation.core.errors import CurationError
from curation.core.records import SPLITS, Corpus, Judgment, Row, Split, row_identity
from curation.core.statistics import describe, dropped_reasons
from curation.core.text import repair_corpus
from curation.core.votes import counted
from curation.recipe import Kind, Recipe


@dataclass(frozen=True, slots=True)
class Built:
    """A dataset in memory.

    `rows` has every split, each in the order of `row_identity`. `dropped` counts would-be rows
    by the reason there is none. `revisions` are the ids, sorted, of all judgment revisions that
    were read: also those whose votes were left out, overridden or came to nothing.
    """

    kind: Kind
    rows: Mapping[Split, tuple[Row, ...]]
    dropped: Mapping[str, int]
    statistics: Mapping[str, Any]
    revisions: tuple[str, ...]


def build_dataset(corpus: Corpus, judgments: Iterable[Judgment], recipe: Recipe) -> Built:
    """Turn judgments into rows of the recipe's kind; their order does not matter.

    Judgments of other kinds are passed over. Texts are repaired first: NUL and lone surrogates,
    which UTF-8 files cannot hold, become U+FFFD and are counted, so that one broken text does
    not stop a dataset. Then duplicates are merged, adjudications applied, and votes decided.

    Raises RecordError where the records contradict each other or name what is not there.
    """
    read = [judgment for judgment in judgments if isinstance(judgment, READS[recipe.kind])]
    corpus, repaired = repair_corpus(corpus)
    groups = group_prompts(corpus)
    merged = merge_duplicates(corpus, read, groups, pool=recipe.dedupe == "exact")
    kept, overridden = counted(merged.judgments)
    context = Context(corpus, groups, merged.identity, recipe.method)
    candidates = list(BUILDERS[recipe.kind](kept, context))
    rows = _split_rows(candidates, groups)
    statistics = {
        "kind": recipe.kind,
        "aggregate": recipe.method,
        "judgments": len(read),
        "annotators": len({judgment.annotator for judgment in read}),
        "merged_duplicates": merged.merged,
        "prompts_moved": groups.moved,
        "texts_repaired": repaired,
        "votes_overridden": overridden,
        **describe(recipe.kind, candidates, rows),
    }
    revisions = tuple(sorted({judgment.revision for judgment in read}))
    return Built(recipe.kind, rows, dropped_reasons(candidates), statistics, revisions)


def _split_rows(
    candidates: Sequence[Candidate], groups: PromptGroups
) -> dict[Split, tuple[Row, ...]]:
    rows: dict[Split, list[Row]] = {split: [] for split in SPLITS}
    for candidate in candidates:
        if candidate.row is not None:
            rows[groups.split_of(candidate.row.group)].append(candidate.row)
    ordered = {split: tuple(sorted(rows[split], key=row_identity)) for split in SPLITS}
    _check_splits(ordered)
    _check_unique(ordered)
    return ordered


def _check_splits(rows: Mapping[Split, Sequence[Row]]) -> None:
    """Guard that no prompt is in two splits."""
    home: dict[str, Split] = {}
    for split in SPLITS:
        for row in rows[split]:
            if home.setdefault(row.group, split) != split:
                raise CurationError(f"Prompt {row.group!r} is in {home[row.group]} and {split}.")


def _check_unique(rows: Mapping[Split, Sequence[Row]]) -> None:
    """Guard that item and pair (or response) name one row."""
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for row in (row for split in SPLITS for row in rows[split]):
        if (row.item, row.part) in seen:
            raise CurationError(f"Item {row.item!r} makes two rows of the same responses.")
        seen.add((row.item, row.part))
