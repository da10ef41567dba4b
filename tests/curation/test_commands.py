"""The commands of datasets: previews, moments, comparisons, traces and files."""

import io
import json
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from annotate.models import JudgmentRevision
from curation.models import CurationRun, DatasetVersion, ProjectFile
from tests.curation.building import ask, judged, row_ids, version
from tests.curation.saying import say, side
from tests.factories import ProjectFactory, UserFactory, make_annotator

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


def run(*words):
    """A command's JSON: the last line of its output."""
    return json.loads(said(*words, "--json").splitlines()[-1])


def said(*words):
    """What a command prints."""
    out = io.StringIO()
    call_command(*map(str, words), stdout=out, stderr=io.StringIO())
    return out.getvalue()


@pytest.fixture
def project():
    return ProjectFactory(slug="cheer")


def test_a_preview_tells_what_each_step_would_do_and_makes_nothing(project, tmp_path):
    judged(project, "Dogs?", "left", contents=("Y", "N"))
    judged(project, "Cats?", "left", contents=("Purr.", "Bark."))
    recipe = tmp_path / "recipe.json"
    recipe.write_text(json.dumps({"kind": "preference", "texts": {"min_chars": 3}}))
    words = ("build_dataset", "cheer", "--recipe", recipe, "--aggregate", "majority", "--preview")
    preview = run(*words)["preview"]
    assert preview["rows"] == {"train": 1, "validation": 0, "test": 0}
    assert "texts: 2 -> 1 items (too_short 1)" in said(*words)
    assert not DatasetVersion.objects.exists()
    with pytest.raises(CommandError, match="makes no files"):
        run(*words, "--out", tmp_path / "out")


def test_no_later_judgment_is_read(project):
    judged(project, "Dogs?", "left")
    JudgmentRevision.objects.update(created_at=datetime(2026, 5, 3, 11, 59, tzinfo=UTC))
    judged(project, "Cats?", "left")
    words = ("build_dataset", "cheer", "--kind", "preference", "--until")
    for until, rows in (("2026-05-03T12:00", 1), ("2026-05-04", 1), ("2026-05-03T12:00Z", 1)):
        assert sum(run(*words, until)["rows"].values()) == rows
    with pytest.raises(CommandError, match="no judgments"):
        run(*words, "2026-05-03")


@pytest.mark.parametrize("until", ["soon", "2026-13-40", "2026-05-03T99:00", ""])
def test_what_is_no_moment_is_refused(project, until):
    with pytest.raises(CommandError, match="--until takes a moment"):
        run("build_dataset", "cheer", "--kind", "preference", "--until", until)


def test_a_moment_still_to_come_is_refused(project):
    with pytest.raises(CommandError, match="still to come"):
        run("build_dataset", "cheer", "--kind", "preference", "--until", "2999-01-01")


def test_aspect_and_machines_can_be_asked_for(project):
    judged(project, "Dogs?", "left")
    item = ask(project, "Cats?")
    say(item, make_annotator(project), side("left") | {"aspects": {"helpful": "left"}})
    built = run("build_dataset", "cheer", "--kind", "preference", "--aspect", "helpful")
    assert sum(built["rows"].values()) == 1
    outcome = ask(project, "Four?", ("4",), kind="outcome")
    say(
        outcome,
        UserFactory(kind="machine", source="verifier"),
        {"correct": True},
        purpose="machine",
    )
    words = ("build_dataset", "cheer", "--kind", "outcome")
    with pytest.raises(CommandError, match="no judgments"):
        run(*words)
    assert sum(run(*words, "--include-machine")["rows"].values()) == 1
    assert CurationRun.objects.first().recipe["include_machine"] is True


def test_options_win_over_the_file(project, tmp_path):
    judged(project, "Dogs?", "left")
    recipe = tmp_path / "recipe.json"
    recipe.write_text(json.dumps({"kind": "ranking", "seed": 3, "aggregate": "auto"}))
    run("build_dataset", "cheer", "--recipe", recipe, "--kind", "preference", "--seed", 5)
    stored = CurationRun.objects.get().recipe
    assert (stored["kind"], stored["seed"]) == ("preference", 5)


@pytest.mark.parametrize("content", ["no JSON", "[]", '{"kind": "preference", "colour": "red"}'])
def test_a_file_that_is_no_recipe_is_refused(project, tmp_path, content):
    path = tmp_path / "recipe.json"
    path.write_text(content)
    with pytest.raises(CommandError):
        run("build_dataset", "cheer", "--recipe", path)


def two(project):
    dogs = judged(project, "Dogs?", "left")
    judged(project, "Cats?", "left")
    before = version(project)
    for _ in range(2):
        say(dogs, make_annotator(project), side("right"))
    return before, version(project)


def test_two_versions_are_compared_by_name_or_id(project):
    before, after = two(project)
    told = run("compare_datasets", before, after.public_id)
    assert told["same"] == 1
    assert {name: n for name, n in told["counts"].items() if n} == {"answer": 1}
    assert told["rows"] == []
    (row,) = run("compare_datasets", before, after, "--change", "answer")["rows"]
    assert row["before"]["chosen_id"] == row["after"]["rejected_id"]
    assert not run("compare_datasets", before, after, "--change", "answer", "--limit", 0)["rows"]
    assert "answer: 1" in said("compare_datasets", before, after)
    assert "judgments: 2 -> 4" in said("compare_datasets", before, after)


def test_what_cannot_be_compared_is_refused(project):
    before, _ = two(project)
    with pytest.raises(CommandError, match="no dataset"):
        run("compare_datasets", before, "cheer-preference-v99")


def test_a_row_is_traced(project):
    _, after = two(project)
    for name in row_ids(after):
        told = run("trace_row", after, name)
        assert told["row"]["id"] == name
        assert {one["answer"]["choice"] for one in told["judgments"]} >= {"left"}
        assert all(one["annotator"].startswith("user-") for one in told["judgments"])
    with pytest.raises(CommandError, match="has no row x"):
        run("trace_row", after, "x")


def test_a_file_is_added_under_its_own_name(project, tmp_path):
    path = tmp_path / "exam.jsonl"
    path.write_text('{"text": "One?"}\n')
    told = run("add_recipe_file", "cheer", path, "--purpose", "evaluation")
    assert (told["name"], told["purpose"], told["entries"]) == ("exam", "evaluation", 1)
    assert ProjectFile.objects.get().sha256 == told["sha256"]
    with pytest.raises(CommandError, match="already"):
        run("add_recipe_file", "cheer", path, "--purpose", "evaluation")
    run("add_recipe_file", "cheer", path, "--purpose", "evaluation", "--name", "other")
    with pytest.raises(CommandError, match="cannot be read"):
        run("add_recipe_file", "cheer", tmp_path / "gone.txt", "--purpose", "evaluation")
    assert timezone.now() > ProjectFile.objects.first().created_at
