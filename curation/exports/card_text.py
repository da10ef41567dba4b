"""Our part of a dataset card: what the rows are, how they were judged, what they cannot tell."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from curation.exports.source import Source

if TYPE_CHECKING:
    from curation.exports.card import CardFacts
    from curation.exports.write import Form, Table

_ROWS = {
    "preference": "A row is a pair of responses to one prompt, the one that people preferred first",
    "ranking": "A row is a prompt with several responses in the order that people gave them",
    "stepwise": "A row is a solution in steps with a label for each, up to the first error",
    "outcome": "A row is a response that people found correct or not",
    "rating": "A row is a response with a score for each aspect that it was rated on",
    "classification": "A row is a response that people found acceptable or not",
}
_SCALES = {
    "binary": "which is better, or a tie",
    "llama2": "four grades a side, from negligibly to significantly better",
    "signed3": "three grades a side, −3 to 3",
    "eight": "four grades a side, eight points in all",
}
_ORIGINS = {
    "person": "given here by people, each shown the responses in an order of their own",
    "imported": "imported together with the texts",
    "simulated": "simulated, with no person behind them",
    "machine": "made by programs: verifiers, rollouts or models that judge",
}
_SHARES = {
    "chosen_longer_share": "The chosen response is the longer one",
    "left_win_share": "The chosen response is stored first",
}
NO_PEOPLE = "Nothing is said of the annotators themselves; names are left out."
NO_LICENSE = "No licence was named: ask whoever published this before you use it."


def section(source: Source, facts: CardFacts, tables: tuple[Table, ...], form: Form) -> str:
    """Return the part as Markdown, with headings of the second and third level."""
    parts = [
        f"## {source.kind.capitalize()} rows, {facts.version}",
        _summary(source, facts),
        "### Load them",
        _snippet(facts, tables, form),
        "### Tables",
        *_tables(tables),
        "### How they were judged",
        *_judging(source, facts),
        "### Agreement",
        _agreement(source.statistics),
        "### Annotators",
        _people(source.statistics, facts),
        "### Balance",
        *_balance(source.statistics),
        "### How the rows were made",
        *_recipe(source),
        "### Limitations",
        _limitations(facts),
        "### Licence",
        f"`{plain(facts.license)}`" if facts.license else NO_LICENSE,
        "### Provenance",
        _provenance(source, facts),
    ]
    return "\n\n".join(part for part in parts if part)


def plain(text: str) -> str:
    """Return people's words so that they end no mark of ours and break no table."""
    return text.replace("<!--", "&lt;!--").strip()


def _summary(source: Source, facts: CardFacts) -> str:
    counts = ", ".join(f"{source.row_counts[split]:,} {split}" for split in source.splits)
    rows = _ROWS.get(source.kind, f"A row is of the kind {source.kind}")
    total = sum(source.row_counts.values())
    return "\n\n".join(
        part
        for part in (
            plain(facts.description),
            f"{rows}. There are {total:,} rows: {counts}. "
            "Rows whose prompts are the same share `group`, and no group is in two splits.",
        )
        if part
    )


def _snippet(facts: CardFacts, tables: tuple[Table, ...], form: Form) -> str:
    if facts.repo_id:
        call = f'load_dataset("{facts.repo_id}", "{tables[0].name}", revision="{facts.version}")'
    else:
        ending = "-*.parquet" if form == "parquet" else ".jsonl"
        files = {split: f"{tables[0].name}/{split}{ending}" for split in tables[0].rows}
        builder = "parquet" if form == "parquet" else "json"
        call = f'load_dataset("{builder}", data_files={json.dumps(files)})'
    return f"```python\nfrom datasets import load_dataset\n\nrows = {call}\n```"


def _tables(tables: tuple[Table, ...]) -> Iterator[str]:
    yield _table(
        ("table", "rows", "columns"),
        (
            (
                f"`{table.name}`",
                ", ".join(f"{rows:,} {split}" for split, rows in table.rows.items()),
                ", ".join(f"`{column}`" for column in table.columns),
            )
            for table in tables
        ),
    )


def _judging(source: Source, facts: CardFacts) -> Iterator[str]:
    statistics = source.statistics
    yield (
        f"{statistics.get('judgments', 0):,} judgments by {statistics.get('annotators', 0):,} "
        "annotators were read."
    )
    for kind, count in facts.origins.items():
        yield f"- {count:,} {_ORIGINS.get(kind, kind)}"
    if method := statistics.get("aggregate"):
        why = plain(str(statistics.get("aggregate_reason") or ""))
        yield f"Several judgments of one thing are made into one by `{method}`. {why}".strip()
    if facts.overlap:
        yield f"Judgments wanted of each item: {facts.overlap}."
    if facts.guidelines:
        editions = ", ".join(map(str, facts.guidelines))
        yield f"Guidelines: edition {editions} of the project."
    for scale in facts.scales:
        yield f"Scale `{scale}`: {_SCALES[scale]}." if scale in _SCALES else f"Scale `{scale}`."
    if facts.has_simulated:
        yield "**Some judgments are simulated**: no person stands behind them."
    if histogram := statistics.get("votes_per_item"):
        yield _table(
            ("votes", "items"), ((votes, histogram[votes]) for votes in sorted(histogram, key=int))
        )
    if excluded := statistics.get("votes_excluded"):
        yield "Votes that did not count:"
        yield _table(("reason", "votes"), excluded.items())


def _agreement(statistics: Mapping[str, Any]) -> str:
    share = statistics.get("agreement_share")
    if share is None:
        return "No item was judged more than once, so nothing can be said of agreement."
    return (
        f"Of {statistics.get('agreement_items', 0):,} would-be rows with several votes, all votes "
        f"agree on {share:.1%}."
    )


def _people(statistics: Mapping[str, Any], facts: CardFacts) -> str:
    return (
        f"{statistics.get('annotators', 0):,} annotators. {plain(facts.about_people) or NO_PEOPLE}"
    )


def _balance(statistics: Mapping[str, Any]) -> Iterator[str]:
    shares = {words: statistics[name] for name, words in _SHARES.items() if statistics.get(name)}
    if shares:
        yield _table(
            ("share of rows", ""), ((name, f"{share:.1%}") for name, share in shares.items())
        )
    proof = statistics.get("balance") or {}
    if isinstance(proof.get("before"), Mapping) and isinstance(proof.get("after"), Mapping):
        before, after = dict(_flat(proof["before"])), dict(_flat(proof["after"]))
        names = dict.fromkeys([*before, *after])
        yield _table(
            ("measured on the rows", "before", "after"),
            ((name, before.get(name), after.get(name)) for name in names),
        )
    elif proof:
        yield _table(("measured on the rows", ""), _flat(proof))
    elif not shares:
        yield "Nothing was measured."


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        label = f"{above}{str(name).replace('_', ' ')}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{label} · ")
        else:
            yield label, value


def _recipe(source: Source) -> Iterator[str]:
    recipe = json.dumps(source.public_recipe, indent=2, sort_keys=True)
    yield f"```json\n{plain(recipe)}\n```"
    if steps := source.statistics.get("steps"):
        yield _table(("step", "unit", "before", "after", "left out"), map(_step, steps))
    elif dropped := source.manifest.get("dropped"):
        yield "What was left out, and why:"
        yield _table(("reason", "left out"), dropped.items())
    else:
        yield "Nothing was left out."


def _step(step: Mapping[str, Any]) -> list[Any]:
    reasons = (f"{count:,} {reason.replace('_', ' ')}" for reason, count in step["dropped"].items())
    return [*(step[name] for name in ("step", "unit", "before", "after")), ", ".join(reasons)]


def _limitations(facts: CardFacts) -> str:
    own = (
        "Judgments are opinions of the people asked, under the guidelines they were given; other "
        "people may prefer otherwise. Texts were written by language models or taken from other "
        "sets, and may be wrong, offensive or private."
    )
    return "\n\n".join(part for part in (plain(facts.limitations), own) if part)


def _provenance(source: Source, facts: CardFacts) -> str:
    return _table(
        ("", ""),
        (
            ("version", f"`{facts.name}`"),
            ("content hash", f"`{source.manifest['content_hash']}`"),
            ("judgment revisions read", source.manifest.get("revisions", 0)),
        ),
    )


def _table(head: tuple[str, ...], rows: Iterable[Iterable[Any]]) -> str:
    lines = [_line(head), _line("---" for _ in head), *map(_line, rows)]
    return "\n".join(lines)


def _line(cells: Iterable[Any]) -> str:
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_cell, value))
    if not isinstance(value, int | float):
        return plain(str(value)).replace("|", "\\|").replace("\n", " ")
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
