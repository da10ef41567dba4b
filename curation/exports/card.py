"""A dataset card: metadata for the Hub, and what people should know before they train.

A card that exists already is updated and never replaced: its own words stay, our part stands
between two marks, and of its metadata only what our tables are about changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from curation.core.errors import ExportError
from curation.exports.card_text import section
from curation.exports.source import Source
from curation.exports.write import Form, Table

if TYPE_CHECKING:
    from huggingface_hub import DatasetCard

TASKS: Mapping[str, tuple[str, ...]] = {
    "preference": ("reinforcement-learning", "text-ranking"),
    "ranking": ("reinforcement-learning", "text-ranking"),
    "stepwise": ("reinforcement-learning", "text-classification"),
    "outcome": ("reinforcement-learning", "text-classification"),
    "rating": ("reinforcement-learning", "text-classification"),
    "classification": ("text-classification",),
}
TAGS: Mapping[str, tuple[str, ...]] = {
    "preference": ("preference", "bradley-terry"),
    "ranking": ("ranking", "plackett-luce"),
    "stepwise": ("process-reward-model",),
    "outcome": ("outcome-reward-model",),
}
SIZES = (10**3, 10**4, 10**5, 10**6, 10**7, 10**8, 10**9)
_UNITS = ("", "1K", "10K", "100K", "1M", "10M", "100M", "1B")


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What a card says that a version's files do not tell.

    `version` is the revision's tag, `name` the version's full name. `guidelines` are the editions
    that the judgments were made under, `scales` the protocols they were asked with, `origins` the
    number of judgments by kind of annotator. `about_people`
    is what the annotators allowed to be said of them, empty where nothing was. `license` and
    `languages` are as the Hub writes them.
    """

    title: str
    name: str
    version: str
    description: str = ""
    license: str = ""
    languages: tuple[str, ...] = ()
    guidelines: tuple[int, ...] = ()
    scales: tuple[str, ...] = ()
    origins: Mapping[str, int] = field(default_factory=dict)
    overlap: int | None = None
    about_people: str = ""
    limitations: str = ""
    has_simulated: bool = False
    repo_id: str = ""


def write_card(
    source: Source,
    facts: CardFacts,
    tables: Iterable[Table],
    *,
    form: Form = "parquet",
    existing: str | None = None,
) -> str:
    """Return a new card, or `existing` with our part brought up to date.

    Raises ExportError where an existing card's metadata cannot be read.
    """
    tables = tuple(tables)
    card = _parsed(existing) if existing is not None else _blank(facts)
    for key, value in _metadata(source, facts, tables, form).items():
        _merge(card.data, key, value)
    _forget(card.data, {table.name for table in tables})
    card.text = _placed(card.text, source.kind, section(source, facts, tables, form))
    return str(card)


def _blank(facts: CardFacts) -> DatasetCard:
    from huggingface_hub import DatasetCard

    return DatasetCard(f"---\npretty_name: \n---\n\n# {facts.title}\n")


def _parsed(existing: str) -> DatasetCard:
    import yaml
    from huggingface_hub import DatasetCard

    try:
        return DatasetCard(existing)
    except (ValueError, TypeError, yaml.YAMLError) as error:
        raise ExportError(
            "The repository's card has metadata that cannot be read: mend its README.md first."
        ) from error


def _metadata(
    source: Source, facts: CardFacts, tables: tuple[Table, ...], form: Form
) -> dict[str, Any]:
    values = {
        "pretty_name": facts.title,
        "license": facts.license,
        "language": list(facts.languages),
        "size_categories": [size_category(sum(tables[0].rows.values()))],
        "task_categories": list(TASKS.get(source.kind, ())),
        "tags": ["human-feedback", "reward-model", *TAGS.get(source.kind, ()), "tiebreak"],
        "configs": [_config(table, form) for table in tables],
    }
    return {key: value for key, value in values.items() if value}


def size_category(rows: int) -> str:
    """Return the Hub's name for a number of rows."""
    place = sum(rows >= size for size in SIZES)
    if place == 0:
        return "n<1K"
    if place == len(SIZES):
        return "n>1B"
    return f"{_UNITS[place]}<n<{_UNITS[place + 1]}"


def _config(table: Table, form: Form) -> dict[str, Any]:
    ending = "-*.parquet" if form == "parquet" else ".jsonl"
    files = [{"split": split, "path": f"{table.name}/{split}{ending}"} for split in table.rows]
    return {"config_name": table.name, "data_files": files}


def _merge(data: Any, key: str, value: Any) -> None:
    """People's own entries win, lists grow, and our tables replace those of the same name."""
    present = data.get(key)
    if key == "configs":
        data[key] = _merged_configs(present or [], value)
    elif key in ("license", "language", "size_categories"):
        data[key] = value
    elif key in ("tags", "task_categories"):
        data[key] = list(dict.fromkeys([*_listed(present), *value]))
    elif not present:
        data[key] = value


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _merged_configs(present: list[Any], ours: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """In the places they had; the first of all is the default where nobody named one."""
    fresh = {config["config_name"]: config for config in ours}
    merged = []
    for config in present:
        name = config.get("config_name")
        kept = {"default": True} if config.get("default") else {}
        merged.append(fresh.pop(name) | kept if name in fresh else config)
    merged += fresh.values()
    if not any(config.get("default") for config in merged):
        merged[0] = merged[0] | {"default": True}
    return merged


def _forget(data: Any, names: set[str]) -> None:
    """Drop what the card says of the columns and sizes that our tables had before."""
    described = data.get("dataset_info")
    if isinstance(described, dict):
        described = [described]
    if not isinstance(described, list):
        return
    kept = [each for each in described if each.get("config_name", "default") not in names]
    if kept:
        data["dataset_info"] = kept
    else:
        data.pop("dataset_info")


def _placed(text: str, kind: str, ours: str) -> str:
    """The text with our part in its old place, or at the end where it had none."""
    begin, end = f"<!-- tiebreak:begin {kind} -->", f"<!-- tiebreak:end {kind} -->"
    marked = f"{begin}\n\n{ours.strip()}\n\n{end}"
    old = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if old.search(text):
        return old.sub(lambda match: marked, text, count=1)
    return f"{text.rstrip()}\n\n{marked}\n"
