"""One dataset from judgments and a recipe: the path every record takes, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from curation.core.builders import BUILDERS, Context, reads
from curation.core.dedupe import Merged, PromptGroups, group_prompts, merge_duplicates
from curation.core.dedupe.contradictions import contradictory_items
from curation.core.errors import CurationError
from curation.core.inputs import Inputs
from curation.core.ledger import Dropped, Ledger, StepReport
from curation.core.records import SPLITS, Corpus, Judgment, Split
from curation.core.rows import PreferenceRow, Row, row_identity
from curation.core.stages.balancing import balance_rows
from curation.core.stages.items import filter_items
from curation.core.stages.prompts import cluster_prompts, largest_cluster
from curation.core.stages.select import select_judgments, select_reliable
from curation.core.stages.verdicts import decided_rows
from curation.core.statistics import describe
from curation.core.text import repair_corpus
from curation.core.votes import counted
from curation.recipe import Kind, Recipe

Progress: TypeAlias = Callable[[float, str], None]

RELIABILITY_METHODS: Mapping[Kind, str] = {
    "preference": "crowd_bt",
    "ranking": "plackett_luce",
    "stepwise": "one_coin",
    "outcome": "one_coin",
    "rating": "standardised",
    "classification": "one_coin",
}
"""What annotators are measured by where a recipe asks for a least reliability."""


@dataclass(frozen=True, slots=True)
class Built:
    """A dataset in memory; its texts stay in `corpus`.

    `rows` has every split, each in the order of `row_identity`; `even` the pairs that came out
    even, for the canonical file. `steps` tell what each step did and `left_out` why each thing
    went; `dropped` counts items and would-be rows by reason. `revisions` are the ids, sorted, of
    all judgment revisions that were read: also those whose votes were left out, overridden or came
    to nothing. `contradictions` are merged items between which judgments disagree.
    """

    kind: Kind
    corpus: Corpus
    rows: Mapping[Split, tuple[Row, ...]]
    even: Mapping[Split, tuple[PreferenceRow, ...]]
    dropped: Mapping[str, int]
    statistics: Mapping[str, Any]
    revisions: tuple[str, ...]
    steps: tuple[StepReport, ...] = ()
    left_out: tuple[Dropped, ...] = ()
    contradictions: tuple[tuple[str, ...], ...] = ()
    clusters: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)


def build_dataset(
    corpus: Corpus,
    judgments: Iterable[Judgment],
    recipe: Recipe,
    *,
    inputs: Inputs | None = None,
    progress: Progress = lambda fraction, message: None,
) -> Built:
    """Turn judgments into rows of the recipe's kind; their order does not matter.

    Judgments of other kinds are passed over. Texts are repaired as they are read: NUL and lone
    surrogates, which UTF-8 files cannot hold, become U+FFFD and are counted, so that one broken
    text does not stop a dataset. Then the recipe's steps are taken in order.

    Raises RecordError where the records contradict each other or name what is not there, and
    RecipeError where the recipe names a file that `inputs` lacks.
    """
    inputs = inputs or Inputs()
    wanted = reads(recipe)
    read = sorted((one for one in judgments if isinstance(one, wanted)), key=_canonical)
    repaired = repair_corpus(corpus)
    ledger = Ledger()
    selected = select_judgments(read, recipe, ledger)
    progress(0.1, "Finding duplicates.")
    groups = cluster_prompts(repaired.corpus, group_prompts(repaired.corpus), recipe, inputs)
    merged = merge_duplicates(repaired.corpus, selected, groups, pool=recipe.dedupe.exact)
    kept = filter_items(merged.judgments, repaired.corpus, groups, merged, recipe, inputs, ledger)
    kept, overridden = counted(kept)
    context = Context(
        repaired.corpus, groups, merged.identity, recipe.aggregate, recipe.aspect, recipe.seed
    )
    kept = _reliable(kept, context, recipe, ledger)
    progress(0.3, f"Aggregating {len(kept)} judgments.")
    candidates = list(BUILDERS[recipe.kind](kept, context))
    progress(0.7, "Filtering and balancing rows.")
    decided = decided_rows(candidates, recipe, ledger)
    balanced = balance_rows(decided.rows, groups, merged, recipe, inputs, repaired.corpus, ledger)
    by_split = _split_rows(balanced.rows, groups)
    statistics = {
        "kind": recipe.kind,
        **_input_figures(read, groups, merged),
        "texts_repaired": repaired.n_repaired,
        "votes_overridden": overridden,
        **context.notes,
        **describe(recipe.kind, candidates, by_split, merged.length),
        "balance": balanced.proof,
        "steps": [report.to_dict() for report in ledger.steps],
    }
    return Built(
        kind=recipe.kind,
        corpus=repaired.corpus,
        rows=by_split,
        even=_split_rows(decided.even, groups),
        dropped=ledger.reasons("items", "rows"),
        statistics=statistics,
        revisions=tuple(sorted({judgment.revision for judgment in read})),
        steps=tuple(ledger.steps),
        left_out=tuple(ledger.dropped),
        contradictions=tuple(contradictory_items(selected, merged)),
        clusters=groups.cluster,
        inputs=dict(inputs.digests),
    )


def _input_figures(
    read: Sequence[Judgment], groups: PromptGroups, merged: Merged
) -> dict[str, int]:
    """How much was read, and how much of it was the same or nearly so."""
    return {
        "judgments": len(read),
        "annotators": len({judgment.annotator for judgment in read}),
        "merged_duplicates": merged.merged,
        "prompts_moved": groups.moved,
        "near_duplicate_prompts": len(groups.cluster),
        "largest_cluster": largest_cluster(groups),
    }


def _canonical(judgment: Judgment) -> tuple[str, ...]:
    """The one order in which judgments are read, so that theirs does not show in sums."""
    response = getattr(judgment, "response", "")
    return judgment.item, judgment.revision, response, getattr(judgment, "aspect", "")


def _reliable(
    judgments: list[Judgment], context: Context, recipe: Recipe, ledger: Ledger
) -> list[Judgment]:
    """Without annotators below the recipe's floor, as a first aggregation measures them."""
    floor = recipe.select.min_reliability
    if floor is None:
        return judgments
    method = RELIABILITY_METHODS[recipe.kind]
    trial = Context(
        context.corpus, context.groups, context.identity, method, context.aspect, context.seed
    )
    for _ in BUILDERS[recipe.kind](judgments, trial):
        pass
    return select_reliable(judgments, _reliabilities(trial.notes), floor, ledger)


def _reliabilities(notes: Mapping[str, Any]) -> dict[str, float | None]:
    """By hashed annotator; of several aspects the mean."""
    tables = list(notes.get("reliability_by_aspect", {}).values()) or [notes.get("reliability", {})]
    given: dict[str, list[float]] = {}
    for table in tables:
        for who, value in table.items():
            if value is not None:
                given.setdefault(who, []).append(value)
    return {who: sum(values) / len(values) for who, values in given.items()}


def _split_rows(rows: Iterable[Any], groups: PromptGroups) -> dict[Split, tuple[Any, ...]]:
    by_split: dict[Split, list[Row]] = {split: [] for split in SPLITS}
    for row in rows:
        by_split[groups.split_of(row.group)].append(row)
    ordered = {split: tuple(sorted(by_split[split], key=row_identity)) for split in SPLITS}
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
