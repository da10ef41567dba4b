"""One response that several annotators rated: ``ratings`` of {annotator, aspect, value}.

A value is a number, or Yes, No or Unsure, which become 1, 0 and 0.5. Here the column ``system``
names the generator of the response, so a system text goes into ``system_prompt``. The known answer
is ``gold`` ({aspect: value}, or a number for the only aspect), else what the annotator named
"known" gave, else the median of each aspect.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from annotate.answers import MAX_TEXT, RatingAnswer
from annotate.importers import fields
from annotate.importers.fields import Row
from annotate.importers.pairing import response
from annotate.importers.prompts import prompt_record
from annotate.importers.records import ItemRecord, LabelRecord, RowError

KINDS = ("rating",)
NEEDS = "prompt, response and ratings"
ORACLE = "known"
WORDS = {"yes": 1.0, "no": 0.0, "unsure": 0.5}
USED = frozenset({"response", "ratings", "system", "model", "gold", "system_prompt"})
ENTRY_USED = frozenset({"aspect", "value", "comment"})

Entry = tuple[str, float, str]


def matches(row: Row) -> bool:
    """Whether the row has ratings of one response, which may be null."""
    return "response" in row and fields.has(row, "ratings")


def parse(row: Row, *, kind: str | None, source: str) -> Iterator[ItemRecord]:
    """One rating item, with one label for all that an annotator rated."""
    if row["response"] is None:
        raise RowError("The response is null; the file does not carry the rated text.")
    entries = fields.objects(row["ratings"], "ratings")
    labels = _labels(entries)
    yield ItemRecord(
        "rating",
        prompt_record(row, system_column="system_prompt"),
        (response(row["response"], "response", row.get("system"), row.get("model")),),
        labels=labels,
        known=_known(row, labels),
        category=fields.category(row),
        source=source,
        details=fields.leftover(row, USED) | _details(entries),
    )


def _labels(entries: Sequence[Row]) -> tuple[LabelRecord, ...]:
    """A label for each annotator; one who rated an aspect again gets another, of index 1."""
    rated: dict[tuple[str | None, bool], list[list[Entry]]] = {}
    for entry in entries:
        parsed = _entry(entry)
        if parsed:
            rounds = rated.setdefault(fields.annotator(entry.get("annotator")), [])
            _first_without(rounds, parsed[0]).append(parsed)
    return tuple(
        LabelRecord(_answer(entries), name, positional, index=index)
        for (name, positional), rounds in rated.items()
        for index, entries in enumerate(rounds)
    )


def _entry(entry: Row) -> Entry | None:
    value = _value(entry.get("value"))
    if value is None:
        return None
    aspect = fields.text(entry.get("aspect"), "The aspect of each rating")
    return aspect, value, fields.text(entry.get("comment") or "", "comment").strip()


def _value(value: object) -> float | None:
    if isinstance(value, bool):
        return float(value)
    word = value.strip().lower() if isinstance(value, str) else ""
    return WORDS[word] if word in WORDS else fields.number(value, "The value of each rating")


def _first_without(rounds: list[list[Entry]], aspect: str) -> list[Entry]:
    for entries in rounds:
        if all(name != aspect for name, _, _ in entries):
            return entries
    rounds.append([])
    return rounds[-1]


def _answer(entries: Sequence[Entry]) -> RatingAnswer:
    comments = [(aspect, comment) for aspect, _, comment in entries if comment]
    named = len(entries) > 1
    lines = (f"{aspect}: {comment}" if named else comment for aspect, comment in comments)
    ratings = {aspect: (value,) for aspect, value, _ in entries}
    return RatingAnswer(ratings, "\n".join(lines)[:MAX_TEXT])


def _known(row: Row, labels: Sequence[LabelRecord]) -> RatingAnswer | None:
    pooled: dict[str, list[float]] = {}
    told = [label for label in labels if label.annotator == ORACLE]
    for label in told or labels:
        if isinstance(label.answer, RatingAnswer):
            for aspect, values in label.answer.ratings.items():
                pooled.setdefault(aspect, []).extend(values)
    best = _gold(row, list(pooled)) or {name: median(found) for name, found in pooled.items()}
    return RatingAnswer({name: (value,) for name, value in best.items()}) if best else None


def _gold(row: Row, aspects: Sequence[str]) -> dict[str, float]:
    gold = row.get("gold")
    if gold is None:
        return {}
    if not isinstance(gold, Mapping) and len(aspects) != 1:
        raise RowError("gold must be an object of aspect: value.")
    given = gold if isinstance(gold, Mapping) else {aspects[0]: gold}
    values = {name: _value(value) for name, value in given.items()}
    return {name: value for name, value in values.items() if value is not None}


def _details(entries: Sequence[Row]) -> dict[str, object]:
    """What else the ratings say, and which words were read as numbers."""
    values = (entry.get("value") for entry in entries)
    words = {value for value in values if isinstance(value, str) and value.strip().lower() in WORDS}
    read = {word: WORDS[word.strip().lower()] for word in sorted(words)}
    return _aspect_extras(entries) | ({"words": read} if read else {})


def _aspect_extras(entries: Sequence[Row]) -> dict[str, object]:
    kept = [entry for entry in entries if set(entry) - ENTRY_USED - {"annotator"}]
    return fields.extras(kept, ENTRY_USED - {"aspect"})
