"""One chunk of an import: rows in bulk, each only where it is not there already."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from annotate.answers import (
    SCALES,
    Answer,
    ComparisonAnswer,
    RankingAnswer,
    StepsAnswer,
    answer_to_json,
    to_shown,
    to_stored,
)
from annotate.importers.records import BadRow, ItemRecord, LabelRecord, ResponseRecord
from annotate.models import (
    Assignment,
    Item,
    ItemResponse,
    Judgment,
    JudgmentRevision,
    KnownAnswer,
    Project,
    Prompt,
    Response,
    ResponseSource,
)
from annotate.services.import_keys import Keys
from annotate.services.import_people import Who, annotators_of
from annotate.similarity import NEAR_IDENTICAL, similarity
from annotate.texts import canonical_json, sha256, split_of

MAX_ERRORS = 1_000
Purpose = Assignment.Purpose


@dataclass
class ImportReport:
    """Rows created, input rows that created no item, and the rows that could not be read.

    ``near_identical`` counts the new items whose responses can hardly be told apart.
    """

    prompts: int = 0
    responses: int = 0
    items: int = 0
    judgments: int = 0
    known_answers: int = 0
    duplicates: int = 0
    near_identical: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)
    errors_left_out: int = 0

    def to_json(self) -> dict[str, Any]:
        """All counts; ``errors`` holds the first thousand bad rows."""
        return asdict(self)

    def add_error(self, bad: BadRow) -> None:
        """Keep a bad row, up to a bound."""
        if len(self.errors) < MAX_ERRORS:
            self.errors.append(asdict(bad))
        else:
            self.errors_left_out += 1

    def add(self, other: ImportReport) -> None:
        """Sum up the reports of several files."""
        for name in (f.name for f in fields(self)):
            setattr(self, name, getattr(self, name) + getattr(other, name))


class ChunkImport:
    """The rows of one chunk: look up what is there, create what is missing, in bulk."""

    def __init__(
        self, project: Project, records: list[ItemRecord], oracle: bool, report: ImportReport
    ) -> None:
        self.project, self.records, self.oracle, self.report = project, records, oracle, report
        self._keys = {id(row): Keys.of(row) for row in records}

    def run(self) -> list[Item]:
        """Write everything; returns the chunk's items, new or not."""
        if not self.records:
            return []
        self.prompts = self._prompts()
        self.responses = self._responses()
        self._sources()
        created = self._items()
        if self.oracle:
            self._known_answers()
        else:
            self._judgments()
        self._count_duplicates({item.digest for item in created})
        return list(self.items.values())

    def _keys_of(self, row: ItemRecord) -> Keys:
        return self._keys[id(row)]

    def _prompts(self) -> dict[str, int]:
        """The id of each record's prompt, by digest."""
        wanted = {self._keys_of(row).prompt: row for row in self.records}
        present = self._present_prompts(list(wanted))
        fresh = [self._build_prompt(row) for digest, row in wanted.items() if digest not in present]
        if fresh:
            Prompt.objects.bulk_create(fresh, ignore_conflicts=True)
            self.report.prompts += len(fresh)
            present = self._present_prompts(list(wanted))
        return present

    def _present_prompts(self, digests: list[str]) -> dict[str, int]:
        rows = Prompt.objects.filter(digest__in=digests)
        return dict(rows.values_list("digest", "pk"))

    def _build_prompt(self, row: ItemRecord) -> Prompt:
        keys = self._keys_of(row)
        return Prompt(
            digest=keys.prompt,
            messages=keys.messages,
            reference=row.prompt.reference,
            split=split_of(keys.messages),
        )

    def _responses(self) -> dict[tuple[int, str], int]:
        """The id of each record's responses, by prompt and digest."""
        wanted = {
            (self.prompts[self._keys_of(row).prompt], digest): response
            for row in self.records
            for response, digest in zip(row.responses, self._keys_of(row).responses, strict=True)
        }
        present = self._present_responses()
        fresh = [
            _build_response(*key, response)
            for key, response in wanted.items()
            if key not in present
        ]
        if fresh:
            Response.objects.bulk_create(fresh, ignore_conflicts=True)
            self.report.responses += len(fresh)
            present = self._present_responses()
        return present

    def _present_responses(self) -> dict[tuple[int, str], int]:
        rows = Response.objects.filter(prompt__in=self.prompts.values())
        return {
            (prompt, digest): pk
            for prompt, digest, pk in rows.values_list("prompt_id", "digest", "pk")
        }

    def _sources(self) -> None:
        rows = {
            (self._response(row, digest), name[:200])
            for row in self.records
            for response, digest in zip(row.responses, self._keys_of(row).responses, strict=True)
            for name in response.sources
        }
        ResponseSource.objects.bulk_create(
            [ResponseSource(response_id=pk, name=name) for pk, name in sorted(rows)],
            ignore_conflicts=True,
        )

    def _response(self, row: ItemRecord, digest: str) -> int:
        return self.responses[self.prompts[self._keys_of(row).prompt], digest]

    def _items(self) -> list[Item]:
        """Create the items that are not there; ``items`` then holds all, in the file's order."""
        wanted: dict[str, ItemRecord] = {}
        for row in self.records:
            wanted.setdefault(self._keys_of(row).item, row)
        rows = Item.objects.filter(project=self.project, digest__in=list(wanted))
        present = {item.digest: item for item in rows}
        fresh = [self._build_item(row) for key, row in wanted.items() if key not in present]
        Item.objects.bulk_create(fresh)
        made = {item.digest: item for item in fresh}
        self.items = {key: made.get(key) or present[key] for key in wanted}
        self._places = self._stored_links(list(present.values()))
        self._link({key: (item, wanted[key]) for key, item in made.items()})
        self.report.items += len(fresh)
        self.report.near_identical += sum(
            item.similarity is not None and item.similarity >= NEAR_IDENTICAL for item in fresh
        )
        return fresh

    def _stored_links(self, items: list[Item]) -> dict[int, list[str]]:
        """The digests of the items' responses in stored order, by item."""
        links = ItemResponse.objects.filter(item__in=items).order_by("item", "position")
        places: dict[int, list[str]] = defaultdict(list)
        for item, digest in links.values_list("item_id", "response__digest"):
            places[item].append(digest)
        return places

    def _link(self, fresh: dict[str, tuple[Item, ItemRecord]]) -> None:
        links = []
        for item, row in fresh.values():
            self._places[item.pk] = self._keys_of(row).responses
            links += [
                ItemResponse(item=item, response_id=self._response(row, digest), position=position)
                for position, digest in enumerate(self._keys_of(row).responses)
            ]
        ItemResponse.objects.bulk_create(links)

    def _build_item(self, row: ItemRecord) -> Item:
        keys = self._keys_of(row)
        alike = similarity([r.content for r in row.responses]) if len(row.responses) > 1 else None
        return Item(
            project=self.project,
            prompt_id=self.prompts[keys.prompt],
            kind=row.kind,
            digest=keys.item,
            overlap=self.project.overlap,
            is_queueable=self._can_be_asked(keys.responses, alike),
            similarity=alike,
            category=row.category[:120],
            source=row.source[:200],
        )

    def _can_be_asked(self, keys: list[str], alike: float | None) -> bool:
        """One response, or several that are neither all the same nor more alike than allowed."""
        if alike is None:
            return True
        return len(set(keys)) > 1 and alike <= self.project.similarity_ceiling

    def _stored_places(self, row: ItemRecord) -> list[int]:
        """Where each of the row's responses stands in the stored order of its item."""
        free: dict[str, list[int]] = defaultdict(list)
        for position, digest in enumerate(self._places[self._item_of(row).pk]):
            free[digest].append(position)
        return [free[digest].pop(0) for digest in self._keys_of(row).responses]

    def _item_of(self, row: ItemRecord) -> Item:
        return self.items[self._keys_of(row).item]

    def _known_answers(self) -> None:
        rows = {
            self._item_of(row).pk: KnownAnswer(
                item=self._item_of(row),
                answer=answer_to_json(to_stored(row.known, self._stored_places(row))),
                gap=row.gap,
            )
            for row in self.records
            if row.known is not None
        }
        present = set(KnownAnswer.objects.filter(item__in=rows).values_list("item_id", flat=True))
        fresh = [known for pk, known in rows.items() if pk not in present]
        KnownAnswer.objects.bulk_create(fresh)
        self.report.known_answers += len(fresh)

    def _judgments(self) -> None:
        labels = {
            self._import_key(row, label): (row, label)
            for row in self.records
            for label in row.labels
        }
        present = set(
            Judgment.objects.filter(import_key__in=labels).values_list("import_key", flat=True)
        )
        fresh = {key: pair for key, pair in labels.items() if key not in present}
        if fresh:
            self._write_judgments(fresh)

    def _import_key(self, row: ItemRecord, label: LabelRecord) -> str:
        parts = [self.project.pk, self._keys_of(row).item, row.row, label.annotator, label.index]
        return sha256(canonical_json(parts))

    def _write_judgments(self, fresh: dict[str, tuple[ItemRecord, LabelRecord]]) -> None:
        annotators = annotators_of(fresh.values())
        counts = self._replicates([self._item_of(row).pk for row, _ in fresh.values()])
        assignments, judgments, revisions = [], [], []
        for key, (row, label) in fresh.items():
            item, annotator = self._item_of(row), annotators[Who.of(row, label)]
            replicate = counts.get((item.pk, annotator.pk), 0)
            counts[item.pk, annotator.pk] = replicate + 1
            places = self._stored_places(row)
            order = _shown_order(places, label)
            stored = to_stored(label.answer, places)
            assignment = Assignment(
                item=item,
                annotator=annotator,
                purpose=Purpose.MACHINE if label.machine else Purpose.IMPORT,
                replicate=replicate,
                status=Assignment.Status.SUBMITTED,
                display_order=order,
            )
            judgment = Judgment(
                assignment=assignment,
                scale=label.machine or _protocol_of(label.answer, self.project, row.kind),
                display_order=order,
                is_order_known=label.shown is not None or len(order) == 1,
                import_key=key,
            )
            assignments.append(assignment)
            judgments.append(judgment)
            revisions.append(
                JudgmentRevision(
                    judgment=judgment,
                    author=annotator,
                    answer=answer_to_json(to_shown(stored, order)),
                )
            )
        Assignment.objects.bulk_create(assignments)
        Judgment.objects.bulk_create(judgments)
        JudgmentRevision.objects.bulk_create(revisions)
        self.report.judgments += len(judgments)

    def _replicates(self, items: list[int]) -> dict[tuple[int, int], int]:
        """How many imported assignments each (item, annotator) has already."""
        rows = Assignment.objects.filter(
            item__in=items, purpose__in=(Purpose.IMPORT, Purpose.MACHINE)
        ).values_list("item_id", "annotator_id")
        counts: dict[tuple[int, int], int] = {}
        for item, annotator in rows:
            counts[item, annotator or 0] = counts.get((item, annotator or 0), 0) + 1
        return counts

    def _count_duplicates(self, created: set[str]) -> None:
        """Count the input rows none of whose items is new."""
        made: dict[int, bool] = {}
        for row in self.records:
            key = self._keys_of(row).item
            new = key in created
            created.discard(key)
            made[row.line] = made.get(row.line, False) or new
        self.report.duplicates += len(made) - sum(made.values())


def _build_response(prompt: int, digest: str, response: ResponseRecord) -> Response:
    return Response(
        prompt_id=prompt,
        digest=digest,
        content=response.content,
        steps=list(response.steps) if response.steps else None,
        turns=[asdict(turn) for turn in response.turns] if response.turns else None,
    )


def _shown_order(places: list[int], label: LabelRecord) -> list[int]:
    """The display order where the file tells it, else the stored order."""
    if label.shown is None:
        return sorted(places)
    return [places[position] for position in label.shown]


def _protocol_of(answer: Answer, project: Project, kind: str) -> str:
    """What the answer was given on: the project's protocol, or one that has room for it."""
    match answer:
        case StepsAnswer():
            return "signs"
        case RankingAnswer():
            return "best_worst" if answer.best_worst else "order"
        case ComparisonAnswer() if answer.strength and answer.strength > SCALES[project.scale]:
            names = ("signed3", "llama2")
            return next(name for name in names if answer.strength <= SCALES[name])
    return project.protocol(kind)
