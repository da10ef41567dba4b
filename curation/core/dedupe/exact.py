"""Exact duplicates: the same question asked twice becomes one question with all the votes."""

import hashlib
import unicodedata
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from curation.core.errors import RecordError
from curation.core.records import (
    SPLITS,
    Choice,
    Comparison,
    Corpus,
    Judgment,
    PromptText,
    Ranking,
    ResponseText,
    Split,
    StepRating,
)

Identity: TypeAlias = bytes
ItemKey: TypeAlias = tuple[type[Judgment], str]

_FLIPPED: dict[str, Choice] = {"left": "right", "right": "left"}


def normalise_text(text: str) -> str:
    """Return the form in which two texts count as the same.

    Composed Unicode (NFC), line ends as LF, no space at the end of lines or of the text, at most
    one blank line in a row. Case, indentation and spaces inside lines stay, since they carry
    meaning in code; compatibility forms stay as well, since NFKC would make x² and x2 the same.
    The result is for comparing only: datasets hold the text as it was judged.
    """
    composed = unicodedata.normalize("NFC", text)
    lines = composed.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept: list[str] = []
    for line in (line.rstrip() for line in lines):
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).strip()


@dataclass(frozen=True, slots=True)
class PromptGroups:
    """Prompts whose messages are equal after normalisation, as one.

    `group` maps each prompt key to the canonical key of its group, `split` each canonical key to
    the split that holds for all of them; `moved` counts prompts whose own split was another.
    `cluster` maps canonical keys to the name of their near-duplicate cluster; a key that is not
    in it is alone.
    """

    group: Mapping[str, str]
    split: Mapping[str, Split]
    moved: int
    cluster: Mapping[str, str] = field(default_factory=dict)

    def split_of(self, prompt: str) -> Split:
        """Split of any prompt of the corpus, by its key."""
        return self.split[self.group[prompt]]


@dataclass(frozen=True, slots=True)
class Subject:
    """What an item asks about: a prompt and responses, in stored order."""

    item: str
    prompt: str
    responses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Merged:
    """Judgments rewritten to canonical items.

    All judgments of an item now name the same prompt and responses, and comparisons the same
    left and right, in the order they came. `identity` is each named response's digest after
    normalising and `length` its number of characters; `merged` counts the items that went into
    another, and `members` names all items of each canonical one that took some in.
    """

    judgments: tuple[Judgment, ...]
    identity: Mapping[str, Identity]
    length: Mapping[str, int]
    merged: int
    members: Mapping[ItemKey, tuple[str, ...]]


def group_prompts(corpus: Corpus) -> PromptGroups:
    """Find prompts with equal messages; of differing splits test wins, then validation.

    So a training prompt that repeats a test prompt leaves training, with all its items. The
    canonical prompt of a group is the first by split, then by key.

    Raises RecordError for a prompt filed under another key or in an unknown split.
    """
    by_messages: dict[Hashable, list[PromptText]] = defaultdict(list)
    for key, prompt in corpus.prompts.items():
        _check_prompt(key, prompt)
        by_messages[_messages_identity(prompt)].append(prompt)
    group: dict[str, str] = {}
    split: dict[str, Split] = {}
    for members in by_messages.values():
        first = min(members, key=_strictest_first)
        group.update((prompt.key, first.key) for prompt in members)
        split[first.key] = first.split
    moved = sum(split[group[key]] != prompt.split for key, prompt in corpus.prompts.items())
    return PromptGroups(group, split, moved)


def merge_duplicates(
    corpus: Corpus,
    judgments: Sequence[Judgment],
    groups: PromptGroups,
    *,
    pool: bool = True,
) -> Merged:
    """Pool the judgments of items that ask the same, none dropped.

    Two items are duplicates if they are of one kind, their prompts are in one group with equal
    references, and their responses are equal after normalisation in whatever order. The canonical
    one is the first by its prompt's split (test, validation, train), then by item key; the
    others' judgments are rewritten to it, choices flipped where left and right differ. With
    `pool=False` every item stays itself. A response that stands twice in one ranking keeps its best
    place only.

    Raises RecordError for a judgment that names an unknown text, and for an item whose judgments
    disagree about its prompt or its responses.
    """
    judgments = [_placed_once(judgment) for judgment in judgments]
    identity, length = _identities(corpus, judgments)
    subjects = _subjects(corpus, judgments)
    classes: dict[Hashable, list[tuple[ItemKey, Subject]]] = defaultdict(list)
    for key, subject in subjects.items():
        signature = _signature(subject, corpus, groups, identity)
        classes[key[0], signature, None if pool else subject.item].append((key, subject))
    home: dict[ItemKey, tuple[Subject, Mapping[str, str]]] = {}
    pooled: dict[ItemKey, tuple[str, ...]] = {}
    for members in classes.values():
        canonical = _canonical(members, corpus)
        for key, subject in members:
            home[key] = canonical, _response_map(subject, canonical, identity)
        if len(members) > 1:
            pooled[members[0][0][0], canonical.item] = tuple(sorted(key[1] for key, _ in members))
    rewritten = tuple(_rewrite(judgment, *home[item_key(judgment)]) for judgment in judgments)
    return Merged(rewritten, identity, length, len(subjects) - len(classes), pooled)


def _canonical(members: Sequence[tuple[ItemKey, Subject]], corpus: Corpus) -> Subject:
    if len(members) == 1:
        return members[0][1]
    return min((subject for _, subject in members), key=lambda one: _canonical_first(one, corpus))


def _check_prompt(key: str, prompt: PromptText) -> None:
    if prompt.key != key:
        raise RecordError(f"Prompt {prompt.key!r} is filed under the key {key!r}.")
    if prompt.split not in SPLITS:
        raise RecordError(f"Prompt {key!r} is in {prompt.split!r}, which is not a split.")


def _strictest_first(prompt: PromptText) -> tuple[int, str]:
    return -SPLITS.index(prompt.split), prompt.key


def _canonical_first(subject: Subject, corpus: Corpus) -> tuple[int, str]:
    return _strictest_first(corpus.prompts[subject.prompt])[0], subject.item


def _messages_identity(prompt: PromptText) -> Identity:
    return _digest(
        part for turn in prompt.messages for part in (turn.role, normalise_text(turn.content))
    )


def _digest(parts: Iterable[str]) -> Identity:
    """16 bytes that stand for a sequence of texts; lengths go in, so that no two run together.

    Lone surrogates are taken as they are.
    """
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big"))
        digest.update(encoded)
    return digest.digest()


def _placed_once(judgment: Judgment) -> Judgment:
    """Leave each response of a ranking at its best place only; other judgments stay."""
    if not isinstance(judgment, Ranking):
        return judgment
    best: dict[str, int] = {}
    for place, tier in enumerate(judgment.tiers):
        for key in tier:
            best.setdefault(key, place)
    tiers = [
        tuple(key for key in dict.fromkeys(tier) if best[key] == place)
        for place, tier in enumerate(judgment.tiers)
    ]
    responses = tuple(dict.fromkeys(judgment.responses))
    return replace(judgment, tiers=tuple(filter(None, tiers)), responses=responses)


def item_key(judgment: Judgment) -> ItemKey:
    """What a judgment is about: items are unique within a kind of judgment."""
    return type(judgment), judgment.item


def _identities(
    corpus: Corpus, judgments: Iterable[Judgment]
) -> tuple[dict[str, Identity], dict[str, int]]:
    """Digest and length of every response that is named; by its steps where steps are rated."""
    identity: dict[str, Identity] = {}
    length: dict[str, int] = {}
    for judgment in judgments:
        for key in _stored_order(judgment):
            if key not in identity:
                response = _response(corpus, key, judgment)
                identity[key] = _response_identity(response, isinstance(judgment, StepRating))
                length[key] = len(response.content)
    return identity, length


def _response_identity(response: ResponseText, by_steps: bool) -> Identity:
    if not by_steps:
        return _digest([normalise_text(response.content)])
    if response.steps is None:
        raise RecordError(f"Response {response.key!r} has step labels, but no steps.")
    return _digest(normalise_text(step) for step in response.steps)


def _response(corpus: Corpus, key: str, judgment: Judgment) -> ResponseText:
    if key not in corpus.responses:
        raise RecordError(
            f"Judgment revision {judgment.revision!r} names response {key!r}, "
            "which is not in the corpus."
        )
    return corpus.responses[key]


def _stored_order(judgment: Judgment) -> tuple[str, ...]:
    """Keys of the responses a judgment is about."""
    if isinstance(judgment, Comparison):
        return judgment.left, judgment.right
    if isinstance(judgment, Ranking):
        return _ranked_responses(judgment)
    return (judgment.response,)


def _ranked_responses(ranking: Ranking) -> tuple[str, ...]:
    ranked = tuple(sorted(key for tier in ranking.tiers for key in tier))
    if not ranking.responses:
        return ranked
    if tuple(sorted(ranking.responses)) != ranked:
        raise RecordError(
            f"Judgment revision {ranking.revision!r} does not rank just the item's responses."
        )
    return ranking.responses


def _subjects(corpus: Corpus, judgments: Iterable[Judgment]) -> dict[ItemKey, Subject]:
    prompts: dict[ItemKey, str] = {}
    orders: dict[ItemKey, set[tuple[str, ...]]] = defaultdict(set)
    for judgment in judgments:
        key = item_key(judgment)
        if prompts.setdefault(key, judgment.prompt) != judgment.prompt:
            raise RecordError(f"Item {judgment.item!r} is judged on two prompts.")
        if judgment.prompt not in corpus.prompts:
            raise RecordError(
                f"Judgment revision {judgment.revision!r} names prompt {judgment.prompt!r}, "
                "which is not in the corpus."
            )
        orders[key].add(_stored_order(judgment))
    return {
        key: Subject(key[1], prompt, _one_order(key, orders[key]))
        for key, prompt in prompts.items()
    }


def _one_order(key: ItemKey, orders: set[tuple[str, ...]]) -> tuple[str, ...]:
    """Stored order of an item's responses: the first, should its judgments know several."""
    kind, item = key
    if kind not in (Comparison, Ranking):
        return tuple(sorted({response for order in orders for response in order}))
    if len({frozenset(order) for order in orders}) > 1:
        raise RecordError(f"The judgments of item {item!r} are not about the same responses.")
    return min(orders)


def _signature(
    subject: Subject, corpus: Corpus, groups: PromptGroups, identity: Mapping[str, Identity]
) -> Hashable:
    reference = normalise_text(corpus.prompts[subject.prompt].reference)
    texts = tuple(sorted(identity[key] for key in subject.responses))
    return groups.group[subject.prompt], reference, texts


def _response_map(
    subject: Subject, canonical: Subject, identity: Mapping[str, Identity]
) -> Mapping[str, str]:
    """Which of the canonical item's responses stands for each of this item's."""

    def order(key: str) -> tuple[Identity, str]:
        return identity[key], key

    own, other = sorted(subject.responses, key=order), sorted(canonical.responses, key=order)
    return dict(zip(own, other, strict=True))


def _rewrite(judgment: Judgment, home: Subject, responses: Mapping[str, str]) -> Judgment:
    if isinstance(judgment, Comparison):
        return _rewrite_comparison(judgment, home, responses)
    if isinstance(judgment, Ranking):
        tiers = tuple(tuple(responses[key] for key in tier) for tier in judgment.tiers)
        return replace(
            judgment, item=home.item, prompt=home.prompt, tiers=tiers, responses=home.responses
        )
    if judgment.item == home.item:
        return judgment
    response = responses[judgment.response]
    return replace(judgment, item=home.item, prompt=home.prompt, response=response)


def _rewrite_comparison(
    comparison: Comparison, home: Subject, responses: Mapping[str, str]
) -> Comparison:
    left, right = home.responses
    same_sides = responses[comparison.left] == left
    if same_sides and comparison.item == home.item:
        return comparison
    moved = replace(comparison, item=home.item, prompt=home.prompt, left=left, right=right)
    return moved if same_sides else _flipped(moved)


def _flipped(comparison: Comparison) -> Comparison:
    """Exchange what is said of the left and of the right."""
    aspects = {name: _flip(choice) for name, choice in comparison.aspects.items()}
    return replace(
        comparison,
        choice=_flip(comparison.choice),
        aspects=aspects,
        shown_left=-comparison.shown_left,
    )


def _flip(choice: Choice) -> Choice:
    return _FLIPPED.get(choice, choice)
