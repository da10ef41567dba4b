"""A database of every earlier version migrates to this one and keeps every judgment."""

import sqlite3
from pathlib import Path

import pytest

from tests.installation import Installation

pytestmark = pytest.mark.slow
FIXTURES = sorted((Path(__file__).parent / "fixtures").glob("*.sql"))


def _count(path, table):
    with sqlite3.connect(path) as database:
        found = database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    database.close()
    return found


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda path: path.stem)
def test_an_earlier_database_is_brought_up_to_date(fixture, tmp_path):
    folder = tmp_path / "var"
    folder.mkdir()
    path = folder / "tiebreak.sqlite3"
    with sqlite3.connect(path) as database:
        database.executescript(fixture.read_text(encoding="utf-8"))
    database.close()
    tables = (
        "annotate_judgment",
        "annotate_judgmentrevision",
        "annotate_assignment",
        "curation_datasetversion",
        "modeling_checkpoint",
    )
    before = {table: _count(path, table) for table in tables}
    assert all(before.values())
    installation = Installation(folder)
    assert {table: _count(path, table) for table in tables} == before
    latest = installation.python(
        "import json; from annotate.models import Judgment as J;"
        "print(json.dumps(J.objects.order_by('pk').first().latest.answer))"
    )
    assert latest == {"choice": "tie"}
    days, judged = installation.python(
        "import json; from django.db.models import Sum;"
        "from annotate.models import Judgment as J, WorkDay as W;"
        "checks = J.objects.exclude(assignment__purpose__in=['import', 'adjudication']);"
        "print(json.dumps([W.objects.aggregate(n=Sum('judged'))['n'], checks.count()]))"
    )
    assert days == judged > 0
    built = installation.manage(
        "build_dataset", "upgrade", "--kind", "stepwise", "--include-simulated"
    )
    assert sum(built["rows"].values()) == 1
