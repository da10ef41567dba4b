"""One chunk of an import: rows in bulk, each only where it is not there already."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from annotate.answers import (
    SCALES,
    Answer,
    ComparisonAnswer,
    answer_to_json,
    to_shown,
    to_stored,
)
from annotate.importers.records import BadRow, ItemRecord, LabelRecord
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
    User,
)
from annotate.texts import (
    canonical_json,
    item_digest,
    prompt_digest,
    response_digest,
    sha256,
    split_of,
)

MAX_ERRORS = 1_000
UNATTRIBUTED = "unattributed"


@dataclass
class ImportReport:
    """Rows created, input rows that created no item, and the rows that could not be read."""

    prompts: int = 0
    responses: int = 0
    items: int = 0
    judgments: int = 0
    known_answers: int = 0
    duplicates: int = 0
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

    def _prompts(self) -> dict[str, Prompt]:
        wanted = {}
        for row in self.records:
            messages = [asdict(message) for message in row.prompt.messages]
            digest = prompt_digest(messages, row.prompt.reference)
            wanted[digest] = Prompt(
                digest=digest,
                messages=messages,
                reference=row.prompt.reference,
                split=split_of(messages),
            )
        present = set(Prompt.objects.filter(digest__in=wanted).values_list("digest", flat=True))
        fresh = [prompt for digest, prompt in wanted.items() if digest not in present]
        Prompt.objects.bulk_create(fresh, ignore_conflicts=True)
        self.report.prompts += len(fresh)
        return Prompt.objects.in_bulk(list(wanted), field_name="digest")

    def _responses(self) -> dict[tuple[int, str], Response]:
        wanted = {}
        for row in self.records:
            prompt = self.prompts[_prompt_key(row)]
            for response, digest in zip(row.responses, _response_keys(row), strict=True):
                wanted[prompt.pk, digest] = Response(
                    prompt=prompt,
                    digest=digest,
                    content=response.content,
                    steps=list(response.steps) if response.steps else None,
                )
        present = self._present_responses()
        fresh = [response for key, response in wanted.items() if key not in present]
        Response.objects.bulk_create(fresh, ignore_conflicts=True)
        self.report.responses += len(fresh)
        return self._present_responses()

    def _present_responses(self) -> dict[tuple[int, str], Response]:
        rows = Response.objects.filter(prompt__in=self.prompts.values())
        return {(row.prompt_id, row.digest): row for row in rows}

    def _sources(self) -> None:
        rows = {
            (self._response(row, digest).pk, name[:200])
            for row in self.records
            for response, digest in zip(row.responses, _response_keys(row), strict=True)
            for name in response.sources
        }
        ResponseSource.objects.bulk_create(
            [ResponseSource(response_id=pk, name=name) for pk, name in sorted(rows)],
            ignore_conflicts=True,
        )

    def _response(self, row: ItemRecord, digest: str) -> Response:
        return self.responses[self.prompts[_prompt_key(row)].pk, digest]

    def _items(self) -> list[Item]:
        wanted: dict[str, tuple[Item, ItemRecord]] = {}
        for row in self.records:
            item = self._build_item(row)
            wanted.setdefault(item.digest, (item, row))
        present = set(
            Item.objects.filter(project=self.project, digest__in=wanted).values_list(
                "digest", flat=True
            )
        )
        fresh = [pair for digest, pair in wanted.items() if digest not in present]
        Item.objects.bulk_create([item for item, _ in fresh])
        ItemResponse.objects.bulk_create(
            [
                ItemResponse(item=item, response=self._response(row, digest), position=position)
                for item, row in fresh
                for position, digest in enumerate(_response_keys(row))
            ]
        )
        self.report.items += len(fresh)
        self._load_items(list(wanted))
        return [item for item, _ in fresh]

    def _build_item(self, row: ItemRecord) -> Item:
        keys = _response_keys(row)
        return Item(
            project=self.project,
            prompt=self.prompts[_prompt_key(row)],
            kind=row.kind,
            digest=_item_key(row),
            overlap=self.project.overlap,
            is_queueable=len(keys) == 1 or len(set(keys)) > 1,
            category=row.category[:120],
            source=row.source[:200],
        )

    def _load_items(self, digests: list[str]) -> None:
        rows = Item.objects.filter(project=self.project, digest__in=digests)
        self.items = {item.digest: item for item in rows.with_texts()}

    def _stored_places(self, row: ItemRecord) -> list[int]:
        """Where each of the row's responses stands in the stored order of its item."""
        free: dict[str, list[int]] = {}
        for link in self.items[_item_key(row)].links.all():
            free.setdefault(link.response.digest, []).append(link.position)
        return [free[digest].pop(0) for digest in _response_keys(row)]

    def _known_answers(self) -> None:
        rows = {
            self.items[_item_key(row)].pk: KnownAnswer(
                item=self.items[_item_key(row)],
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
        parts = [self.project.pk, _item_key(row), row.row, label.annotator, label.index]
        return sha256(canonical_json(parts))

    def _write_judgments(self, fresh: dict[str, tuple[ItemRecord, LabelRecord]]) -> None:
        annotators = self._annotators(list(fresh.values()))
        counts = self._replicates([self.items[_item_key(row)].pk for row, _ in fresh.values()])
        assignments, judgments, revisions = [], [], []
        for key, (row, label) in fresh.items():
            item, annotator = self.items[_item_key(row)], annotators[_annotator_key(row, label)]
            replicate = counts.get((item.pk, annotator.pk), 0)
            counts[item.pk, annotator.pk] = replicate + 1
            order = self._shown_order(row, label)
            stored = to_stored(label.answer, self._stored_places(row))
            assignment = Assignment(
                item=item,
                annotator=annotator,
                purpose=Assignment.Purpose.IMPORT,
                replicate=replicate,
                status=Assignment.Status.SUBMITTED,
                display_order=order,
            )
            judgment = Judgment(
                assignment=assignment,
                scale=_scale_of(label.answer, self.project),
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

    def _shown_order(self, row: ItemRecord, label: LabelRecord) -> list[int]:
        """The display order where the file tells it, else the stored order."""
        places = self._stored_places(row)
        if label.shown is None:
            return sorted(places)
        return [places[position] for position in label.shown]

    def _annotators(
        self, labels: list[tuple[ItemRecord, LabelRecord]]
    ) -> dict[tuple[str, str], User]:
        wanted = {_annotator_key(row, label): label.positional for row, label in labels}
        sources = {source for source, _ in wanted}
        users = self._imported_users(sources)
        fresh = [
            _imported_user(source, name, positional)
            for (source, name), positional in wanted.items()
            if (source, name) not in users
        ]
        User.objects.bulk_create(fresh, ignore_conflicts=True)
        return self._imported_users(sources)

    def _imported_users(self, sources: set[str]) -> dict[tuple[str, str], User]:
        rows = User.objects.filter(kind=User.Kind.IMPORTED, source__in=sources)
        return {(user.source, user.external_id): user for user in rows}

    def _replicates(self, items: list[int]) -> dict[tuple[int, int], int]:
        """How many imported assignments each (item, annotator) has already."""
        rows = Assignment.objects.filter(
            item__in=items, purpose=Assignment.Purpose.IMPORT
        ).values_list("item_id", "annotator_id")
        counts: dict[tuple[int, int], int] = {}
        for item, annotator in rows:
            counts[item, annotator or 0] = counts.get((item, annotator or 0), 0) + 1
        return counts

    def _count_duplicates(self, created: set[str]) -> None:
        """Count the input rows none of whose items is new."""
        made: dict[int, bool] = {}
        for row in self.records:
            new = _item_key(row) in created
            created.discard(_item_key(row))
            made[row.line] = made.get(row.line, False) or new
        self.report.duplicates += len(made) - sum(made.values())


def _prompt_key(row: ItemRecord) -> str:
    return prompt_digest([asdict(m) for m in row.prompt.messages], row.prompt.reference)


def _response_keys(row: ItemRecord) -> list[str]:
    return [response_digest(r.content, r.steps) for r in row.responses]


def _item_key(row: ItemRecord) -> str:
    return item_digest(row.kind, _prompt_key(row), _response_keys(row))


def _scale_of(answer: Answer, project: Project) -> str:
    """The project's scale, or the smallest one that has the answer's strength."""
    strength = answer.strength if isinstance(answer, ComparisonAnswer) else None
    if strength is None or strength <= SCALES[project.scale]:
        return project.scale
    return next(name for name in ("signed3", "llama2") if strength <= SCALES[name])


def _annotator_key(row: ItemRecord, label: LabelRecord) -> tuple[str, str]:
    return row.source[:200], (label.annotator or UNATTRIBUTED)[:200]


def _imported_user(source: str, name: str, positional: bool) -> User:
    user = User(
        username=f"imported-{sha256(canonical_json([source, name]))[:40]}",
        kind=User.Kind.IMPORTED,
        source=source,
        external_id=name,
        is_positional=positional or name == UNATTRIBUTED,
        is_active=False,
    )
    user.set_unusable_password()
    return user
