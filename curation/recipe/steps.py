"""The steps of a curation in the order they are taken, each with its parameters.

A step that is left at its defaults drops nothing, but for `Dedupe`, which pools what is asked twice
and keeps near-duplicate prompts in one split.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from curation.core.errors import RecipeError
from curation.core.records import SourceKind, Split
from curation.recipe.parsing import check_fields, check_range

Flag: TypeAlias = Literal["surplus", "unknown_order", "positional", "edited"]
ClusterUnit: TypeAlias = Literal["prompt", "response", "pair"]
Mode: TypeAlias = Literal["off", "drop", "weight"]

FLAGS: tuple[Flag, ...] = get_args(Flag)
SOURCE_KINDS: tuple[SourceKind, ...] = get_args(SourceKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectJudgments:
    """Which judgments take part.

    `min_seconds` and `max_seconds` bound the active time; judgments of unknown time stay.
    `min_reliability` (0...1) leaves out annotators whose estimated reliability is below it,
    `min_judgments` those with fewer judgments of this kind. `max_per_annotator` keeps so many of
    each annotator's judgments, drawn by the seed. `annotators_out` names annotators by the id that
    the dataset's rows would hash. `flags_out`: surplus (an answer beyond the overlap),
    unknown_order (an import that does not tell what was shown), positional (an annotator id that
    only numbers the raters of a row), edited (the first answer was changed).
    """

    min_seconds: float | None = None
    max_seconds: float | None = None
    min_reliability: float | None = None
    min_judgments: int = 0
    max_per_annotator: int | None = None
    annotators_out: tuple[str, ...] = ()
    flags_out: tuple[Flag, ...] = ()

    def __post_init__(self) -> None:
        check_fields(self)
        check_range("min_seconds", self.min_seconds, 0)
        check_range("max_seconds", self.max_seconds, 0)
        check_range("min_reliability", self.min_reliability, 0, 1)
        check_range("min_judgments", self.min_judgments, 0)
        check_range("max_per_annotator", self.max_per_annotator, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterTexts:
    """Which items take part, by their texts.

    `languages` are ISO 639-1 codes of the prompt; texts too short to tell stay. Lengths are in
    characters: `min_chars` and `max_chars` of every response, `max_prompt_chars` of all turns of
    the prompt. `drop_empty` drops items with a response that is empty or white space.
    """

    languages: tuple[str, ...] = ()
    min_chars: int = 0
    max_chars: int | None = None
    max_prompt_chars: int | None = None
    drop_empty: bool = False

    def __post_init__(self) -> None:
        check_fields(self)
        check_range("min_chars", self.min_chars, 0)
        check_range("max_chars", self.max_chars, 1)
        check_range("max_prompt_chars", self.max_prompt_chars, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decontaminate:
    """Items that repeat an evaluation set leave.

    `against` names evaluation sets of the project. A prompt repeats one that shares a run of
    `ngram` words with it or whose Jaccard similarity on word triples reaches `threshold`.
    """

    against: tuple[str, ...] = ()
    ngram: int = 13
    threshold: float = 0.8

    def __post_init__(self) -> None:
        check_fields(self)
        check_range("ngram", self.ngram, 8)
        check_range("threshold", self.threshold, 0.1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dedupe:
    """What counts as the same, and as nearly the same.

    `exact` pools the judgments of items that ask the same after normalising; without it items
    stay apart (splits are guarded either way). `near` is the Jaccard similarity on word triples
    from which two prompts are near-duplicates, which share a split and are never merged; 0 turns
    the search off. `embeddings` names a file of the project with a vector a prompt, and
    `semantic` the cosine from which two prompts are near-duplicates as well.
    """

    exact: bool = True
    near: float = 0.7
    embeddings: str = ""
    semantic: float = 0.95

    def __post_init__(self) -> None:
        check_fields(self)
        check_range("near", self.near, 0, 1)
        check_range("semantic", self.semantic, 0.1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterRows:
    """Which rows stay once the votes are in.

    `min_votes` counted votes; `min_agreement` the share of them for the winning answer;
    `min_probability` the aggregated probability of that answer; `drop_unsafe` drops rows that
    anybody marked unsafe.
    """

    min_votes: int = 1
    min_agreement: float = 0.0
    min_probability: float = 0.0
    drop_unsafe: bool = False

    def __post_init__(self) -> None:
        check_fields(self)
        check_range("min_votes", self.min_votes, 1)
        check_range("min_agreement", self.min_agreement, 0, 1)
        check_range("min_probability", self.min_probability, 0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """How the rows of `splits` are evened out; the others stay as judged.

    In this order: `max_per_prompt` rows a prompt; `max_per_cluster` rows a near-duplicate cluster
    of prompts, responses or order-free pairs (`cluster_on`); as many rows for each value of `by`
    (source, category, or topic: given by the project's file `topics`, or `n_topics` clusters of
    the vectors in `embeddings`); `lengths` so that "the longer one wins" tells nothing
    (preference); `classes` so that every label has the same share (steps, outcomes and
    classes). Each by dropping rows or by weighting them. Last, `subsample` rows by whole
    prompts. `sides` says which response the canonical rows call a: the stored first, or one drawn
    by the seed so that position tells nothing.
    """

    splits: tuple[Split, ...] = ("train",)
    max_per_prompt: int | None = None
    max_per_cluster: int | None = None
    cluster_on: ClusterUnit = "prompt"
    by: Literal["", "source", "category", "topic"] = ""
    by_mode: Literal["drop", "weight"] = "drop"
    topics: str = ""
    embeddings: str = ""
    n_topics: int = 0
    lengths: Mode = "off"
    classes: Mode = "off"
    subsample: int | None = None
    sides: Literal["random", "stored"] = "random"

    def __post_init__(self) -> None:
        check_fields(self)
        check_range("max_per_prompt", self.max_per_prompt, 1)
        check_range("max_per_cluster", self.max_per_cluster, 1)
        check_range("n_topics", self.n_topics, 0)
        check_range("subsample", self.subsample, 1)
        if self.by == "topic" and not (self.topics or (self.embeddings and self.n_topics)):
            raise RecipeError(
                "To balance by topic, name a file of topics, or a file of embeddings and how many "
                "topics to find in it (balance.n_topics)."
            )
