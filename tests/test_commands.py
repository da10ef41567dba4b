"""The commands of the public contract: their JSON, and their errors as one sentence."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from annotate.models import Judgment, Project, User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


def run(*words):
    """A command's JSON: the last line of its output."""
    out = io.StringIO()
    call_command(*map(str, words), "--json", stdout=out, stderr=io.StringIO())
    return json.loads(out.getvalue().splitlines()[-1])


@pytest.fixture
def pairs(tmp_path):
    path = tmp_path / "pairs.jsonl"
    rows = [{"prompt": f"Q{k}?", "chosen": f"good {k}", "rejected": f"bad {k}"} for k in range(20)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + "broken\n")
    return path


def test_create_project_and_annotators():
    assert run("create_project", "tea", "--kinds", "comparison,steps", "--overlap", 2) == {
        "project": "tea"
    }
    project = Project.objects.get(slug="tea")
    assert (project.kinds, project.overlap) == (["comparison", "steps"], 2)
    users = run("create_annotators", "tea", "--n", 2, "--role", "reviewer")["users"]
    assert [sorted(user) for user in users] == [["password", "token", "username"]] * 2
    assert User.objects.get(username=users[0]["username"]).check_password(users[0]["password"])
    more = run("create_annotators", "tea", "--n", 1, "--role", "reviewer")["users"]
    assert more[0]["username"] not in {user["username"] for user in users}


def test_import_items_reports_what_came_and_what_did_not(pairs):
    report = run("import_items", "tea", pairs, "--create")
    assert (report["prompts"], report["responses"], report["items"]) == (20, 40, 20)
    assert (report["judgments"], report["duplicates"]) == (20, 0)
    assert [(bad["file"], bad["line"]) for bad in report["errors"]] == [("pairs.jsonl", 21)]
    again = run("import_items", "tea", pairs)
    assert (again["items"], again["judgments"], again["duplicates"]) == (0, 0, 20)


def test_simulate_build_and_export(pairs, tmp_path):
    run("import_items", "tea", pairs, "--create", "--oracle", "--open-round")
    done = run("simulate_annotators", "tea", "--annotators", 2, "--reliability", "1.0,0.9")
    assert done == {"judgments": 20}
    assert Judgment.objects.filter(assignment__annotator__kind="simulated").count() == 20
    built = run("build_dataset", "tea", "--kind", "preference", "--include-simulated")
    assert sum(built["rows"].values()) == 20
    assert len(built["hash"]) == 64
    copied = run("export_dataset", built["dataset"], "--to", tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        name.rsplit("/", 1)[-1] for name in copied["files"]
    }


def test_select_round_and_advance_loop(pairs):
    run("import_items", "tea", pairs, "--create", "--oracle")
    assert run("configure_project", "tea", "loop_round_size=5", "include_simulated=true") == {
        "project": "tea",
        "loop_round_size": 5,
        "include_simulated": True,
    }
    turned = run("advance_loop", "tea", "--rounds", 1)
    assert [step["action"] for step in turned["steps"]] == ["select_round"]
    assert turned["steps"][0]["result"]["items"] == 5
    waiting = run("advance_loop", "tea")
    assert waiting["steps"] == [{"action": "wait", "reason": "Round 1 waits for 5 judgments."}]
    enough = run("advance_loop", "tea", "--until", "judgments=0")
    assert enough["steps"] == []


def test_a_recipe_file_is_read_and_options_win(pairs, tmp_path):
    run("import_items", "tea", pairs, "--create")
    recipe = tmp_path / "recipe.json"
    recipe.write_text('{"kind": "rating", "seed": 3}')
    built = run("build_dataset", "tea", "--recipe", recipe, "--kind", "preference")
    assert sum(built["rows"].values()) == 20


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["create_project", "Not A Slug"], "is no slug"),
        (["create_project", "x", "--kinds", "poetry"], "kinds must be a list"),
        (["create_annotators", "none", "--n", "1"], "There is no project 'none'"),
        (["import_items", "none", "nowhere.jsonl", "--create"], "nowhere.jsonl"),
        (["build_dataset", "tea", "--kind", "preference"], "no judgments"),
        (["build_dataset", "tea", "--kind", "rating", "--aggregate", "magic"], "aggregate"),
        (["export_dataset", "not-an-id", "--to", "x"], "There is no dataset"),
        (["evaluate", "--checkpoint", "x", "--data", "none.jsonl"], "There is no file"),
        (["score", "--checkpoint", "x", "--data", "a", "--out", "b"], "There is no checkpoint"),
        (["select_round", "tea", "--strategy", "low_margin", "--size", "5"], "train one first"),
        (["select_round", "tea", "--strategy", "random", "--size", "0"], "size must be"),
        (["advance_loop", "tea", "--until", "noon"], "judgments=N"),
        (["configure_project", "tea", "colour=red"], "is not name=value"),
        (["simulate_annotators", "tea", "--annotators", "2", "--reliability", "1,1,1"], "Give one"),
        (["simulate_annotators", "tea", "--annotators", "1", "--reliability", "2"], "between 0"),
    ],
)
def test_bad_input_is_a_sentence(words, sentence):
    run("create_project", "tea")
    with pytest.raises(CommandError, match=sentence):
        run(*words)


def test_from_the_shell_an_error_is_a_sentence_and_status_one(capsys):
    from annotate.management.commands.create_annotators import Command

    with pytest.raises(SystemExit) as ended:
        Command().run_from_argv(["manage.py", "create_annotators", "none", "--n", "1"])
    assert ended.value.code == 1
    assert capsys.readouterr().err == "There is no project 'none'; there are: none yet.\n"


def test_settings_are_changed_from_the_shell_too(capsys):
    from annotate.management.commands.configure_project import Command

    run("create_project", "tea")
    Command().run_from_argv(["manage.py", "configure_project", "tea", "overlap=3", "--json"])
    assert json.loads(capsys.readouterr().out) == {"project": "tea", "overlap": 3}


@pytest.mark.parametrize(
    "words",
    [
        ["build_dataset", "tea", "--kind", "nonsense"],
        ["create_annotators", "tea", "--n", "1", "--role", "boss"],
        ["export_dataset", "id"],
    ],
)
def test_wrong_arguments_are_a_sentence_with_status_one(words, capsys):
    from django.core.management import ManagementUtility

    run("create_project", "tea")
    with pytest.raises(SystemExit) as ended:
        ManagementUtility(["manage.py", *words]).execute()
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "usage:" not in said


def test_a_dataset_is_known_by_its_name_too(pairs, tmp_path):
    run("import_items", "tea", pairs, "--create")
    run("build_dataset", "tea", "--kind", "preference")
    assert run("export_dataset", "tea-preference-v1", "--to", tmp_path / "out")["files"]


def test_people_are_told_the_figures_and_not_the_whole_result():
    from modeling.management.commands.evaluate import Command

    found = {
        "accuracy": 0.65,
        "interval": [0.6, 0.7],
        "length_accuracy": None,
        "n": 12,
        "near_failures": ["long"],
    }
    assert Command().summary(found) == {
        "accuracy": "0.650",
        "interval": "0.600 to 0.700",
        "longer wins": "–",
        "pairs": "12",
    }
