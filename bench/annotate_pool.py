"""Fills an empty database with an open round for ``bench.annotate``, inside Django.

The rows are those that an import and ``open_round`` would write, put in by COPY (PostgreSQL) or
executemany (SQLite). Prompts are reused: a prompt has 46 responses, which make 1,035 pairs;
neighbours in the round belong to different prompts.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import combinations
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.utils import timezone

from annotate.models import (
    Assignment,
    Item,
    ItemResponse,
    Judgment,
    JudgmentRevision,
    Membership,
    Project,
    Prompt,
    Response,
    Round,
    RoundCursor,
    RoundItem,
    User,
)
from annotate.texts import prompt_digest, response_digest, sha256, split_of
from bench.texts import some_text

RESPONSES = 46
PAIRS = list(combinations(range(RESPONSES), 2))
IDS = random.Random()
CONVERTED = ("JSONField", "DateTimeField")
Row = Sequence[Any]


def make(*, items: int, overlap: int, people: int, judged: int) -> None:
    """Write the pool and print the project's slug and the people's sessions as JSON.

    The last of the people has judged the first ``judged`` items already.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:  # of the loading connection only
            cursor.execute("PRAGMA cache_size = -1000000")
            cursor.execute("PRAGMA synchronous = OFF")
    with transaction.atomic():
        pool = Pool(items, overlap)
        users, sessions = pool.write_people(people)
        pool.write_items()
        pool.write_slots(users[-1], judged)
        _reset_sequences()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    print(json.dumps({"slug": pool.project.slug, "sessions": sessions}))


class Pool:
    """A project with one open round over ``n`` comparisons, two slots each by default."""

    def __init__(self, n: int, overlap: int) -> None:
        self.n, self.overlap, self.now = n, overlap, timezone.now()
        self.n_prompts = -(-n // len(PAIRS))
        self.rng = random.Random(7)
        self.project = Project.objects.create(slug="pool", name="pool", overlap=overlap)
        self.round = Round.objects.create(
            project=self.project, number=1, status=Round.Status.OPEN, opened_at=self.now
        )

    def write_items(self) -> None:
        """Prompts, responses, items, and their places in the round."""
        fill(Prompt, "id digest messages split", self._prompts())
        fill(Response, "id prompt digest content", self._responses())
        fill(Item, "id project prompt kind digest overlap", self._items())
        fill(ItemResponse, "item response position", self._links())
        entries = ((self.round.pk, i + 1, i, "random", 1.0) for i in range(self.n))
        fill(RoundItem, "round item position arm probability", entries)

    def _prompts(self) -> Iterator[Row]:
        for number in range(self.n_prompts):
            messages = [{"role": "user", "content": f"Question {number}: {some_text(self.rng)}?"}]
            yield number + 1, prompt_digest(messages), messages, split_of(messages)

    def _responses(self) -> Iterator[Row]:
        for number in range(self.n_prompts * RESPONSES):
            content = f"{some_text(self.rng)} ({number})"
            yield number + 1, number // RESPONSES + 1, response_digest(content), content

    def _pair(self, item: int) -> tuple[int, list[int]]:
        """The prompt of the item at a place, and its two responses."""
        pair, prompt = divmod(item, self.n_prompts)
        return prompt + 1, [prompt * RESPONSES + place + 1 for place in PAIRS[pair]]

    def _items(self) -> Iterator[Row]:
        for item in range(self.n):
            prompt, responses = self._pair(item)
            digest = sha256(f"{prompt} {responses}")
            yield item + 1, self.project.pk, prompt, "comparison", digest, self.overlap

    def _links(self) -> Iterator[Row]:
        for item in range(self.n):
            for position, response in enumerate(self._pair(item)[1]):
                yield item + 1, response, position

    def write_slots(self, veteran: int, judged: int) -> None:
        """The slots of an item side by side; the veteran has judged the first ones of some."""
        ends = self.now + timedelta(minutes=15)
        answered = ("submitted", veteran, 1, [0, 1], "llama2", self.now, ends, self.now)
        fill(
            Assignment,
            "id item round slot position status annotator fence display_order scale "
            "leased_at expires_at ended_at",
            ((*self._slot(i * self.overlap), *answered) for i in range(judged)),
        )
        first, free = judged * self.overlap, range(self.n * self.overlap)
        fill(
            Assignment,
            "id item round slot position",
            (self._slot(place) for place in free if place >= first or place % self.overlap),
        )
        self._judgments(veteran, judged)
        if judged:
            last = (judged - 1) * self.overlap
            fill(RoundCursor, "round user position", [(self.round.pk, veteran, last)])

    def _slot(self, place: int) -> Row:
        item, number = divmod(place, self.overlap)
        return 1 + place, item + 1, self.round.pk, number, place

    def _judgments(self, veteran: int, judged: int) -> None:
        fill(
            Judgment,
            "id assignment scale display_order active_seconds idempotency_key body_digest",
            (
                (i + 1, 1 + i * self.overlap, "llama2", [0, 1], 9.5, "before", "0" * 64)
                for i in range(judged)
            ),
        )
        answer = {"choice": "left", "strength": 1}
        revisions = ((i + 1, 1, answer, veteran) for i in range(judged))
        fill(JudgmentRevision, "judgment number answer author", revisions)

    def write_people(self, n: int) -> tuple[list[int], list[str]]:
        """Accounts of annotators, and a session of each as a browser's cookie carries it."""
        users, sessions = [], []
        for number in range(n):
            user = User(username=f"annotator-{number}")
            user.set_unusable_password()
            user.save()
            Membership.objects.create(project=self.project, user=user)
            session = SessionStore()
            session["_auth_user_id"] = str(user.pk)
            session["_auth_user_backend"] = settings.AUTHENTICATION_BACKENDS[0]
            session["_auth_user_hash"] = user.get_session_auth_hash()
            session.save()
            users.append(user.pk)
            sessions.append(str(session.session_key))
        return users, sessions


def fill(model: type[models.Model], names: str, rows: Iterable[Row]) -> None:
    """Insert rows of the named columns in bulk; the others get their field's default."""
    columns: dict[str, Any] = {field.name: field for field in model._meta.concrete_fields}
    given = [columns.pop(name) for name in names.split()]
    rest = [field for field in columns.values() if not field.primary_key]
    drawn = [field for field in rest if field.default is uuid.uuid4]
    rest = [field for field in rest if field not in drawn]
    insert = _copy if connection.vendor == "postgresql" else _insert
    insert(
        model._meta.db_table,
        [str(field.column) for field in (*given, *rest, *drawn)],
        _completed(rows, given, [_default(field) for field in rest], len(drawn)),
    )


def _completed(
    rows: Iterable[Row], fields: Sequence[Any], rest: Sequence[Any], n_drawn: int
) -> Iterator[Row]:
    """Rows as the database takes them, with what is the same in all and then random ids."""
    odd = [k for k, field in enumerate(fields) if field.get_internal_type() in CONVERTED]
    for row in rows:
        values = [*row, *rest]
        for k in odd:
            values[k] = fields[k].get_db_prep_save(row[k], connection)
        values += [f"{IDS.getrandbits(128):032x}" for _ in range(n_drawn)]
        yield values


def _default(field: Any) -> Any:
    value = timezone.now() if getattr(field, "auto_now_add", False) else field.get_default()
    return field.get_db_prep_save(value, connection)


def _copy(table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    names = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _insert(table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ", ".join("?" * len(columns))
    connection.ensure_connection()
    connection.connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)


def _reset_sequences() -> None:
    """Rows came with their ids; the next one gets a higher id (PostgreSQL only)."""
    tables = list(apps.get_app_config("annotate").get_models())
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), tables):
            cursor.execute(statement)
