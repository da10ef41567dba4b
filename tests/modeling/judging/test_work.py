"""A language model as an annotator: what it judges, under which name, and that it does so once."""

from __future__ import annotations

import pytest

from annotate.models import Assignment, Item, Judgment, JudgmentRevision, Prompt, Response, User
from annotate.opinions import opinions_of
from annotate.services.runs import Reporter, RunCancelled
from modeling.core.errors import JudgeError
from modeling.judging import judge, request_judging, work
from modeling.judging.questions import annotator_name
from modeling.models import JudgeRun
from tests.factories import ProjectFactory, PromptFactory, make_item
from tests.fake_endpoint import Otherwise
from tests.modeling.judging.conftest import judged

pytestmark = pytest.mark.django_db


def answers():
    """What is said of each item by those judgments that stand."""
    standing = Judgment.objects.filter(assignment__status="submitted")
    return {one.assignment.item_id: dict(one.latest.answer) for one in standing}


def bare():
    """The same without the words beside it."""
    return {
        item: {key: value for key, value in answer.items() if key != "rationale"}
        for item, answer in answers().items()
    }


def test_comparisons_are_judged_in_both_orders(endpoint, project):
    left = make_item(project, contents=("longer", "s"))
    right = make_item(project, contents=("s", "longer"))
    tie = make_item(project, contents=("one", "two"))
    run = judged(project)
    assert run.status == "succeeded", run.error
    assert bare() == {
        left.pk: {"choice": "left", "strength": 1},
        right.pk: {"choice": "right", "strength": 1},
        tie.pk: {"choice": "tie"},
    }
    assert answers()[left.pk]["rationale"] == "By length."
    assert len(endpoint.asked) == 6
    assert (run.result["judgments"], run.result["pairs"], run.result["orders_disagree"]) == (
        3,
        3,
        0,
    )


def test_a_judgment_names_model_form_and_version_under_its_protocol(endpoint, project):
    make_item(project, contents=("longer", "s"))
    judged(project)
    judgment = Judgment.objects.get()
    assignment, annotator = judgment.assignment, judgment.assignment.annotator
    assert judgment.latest.reason == "gpt-test, pairwise-1: first and first"
    assert (judgment.scale, judgment.display_order) == ("binary", [0, 1])
    assert (assignment.purpose, assignment.status, assignment.round) == (
        "machine",
        "submitted",
        None,
    )
    assert (annotator.kind, annotator.username) == (User.Kind.MACHINE, "judge:gpt-test@pairwise")
    assert not annotator.is_active


def test_a_judge_with_a_favourite_place_says_tie_and_is_found_out(endpoint, project):
    for contents in (("a", "bb"), ("ccc", "d")):
        make_item(project, contents=contents)
    endpoint.judge = lambda asked: "[[A]]"
    result = judged(project).result
    assert [answer["choice"] for answer in answers().values()] == ["tie", "tie"]
    assert (result["pairs"], result["orders_disagree"]) == (2, 2)
    assert (result["favours_first"], result["favours_second"]) == (2, 0)


def test_rankings_come_from_all_pairs(endpoint, project):
    item = make_item(project, kind="ranking", contents=("aa", "b", "cc", "dddd"))
    judged(project)
    assert bare() == {item.pk: {"tiers": [[3], [0, 2], [1]]}}
    assert Judgment.objects.get().scale == "order"
    assert len(endpoint.asked) == 12


@pytest.mark.parametrize("form", ["single", "rubric"])
def test_pairs_and_rankings_may_be_judged_by_grades(endpoint, project, form):
    pair = make_item(project, contents=("aa", "b"))
    ranking = make_item(project, kind="ranking", contents=("a", "bbb", "cc", "d"))
    run = judged(project, form=form, criteria=[{"name": "x"}, {"name": "y"}])
    assert bare() == {
        pair.pk: {"choice": "left", "strength": 1},
        ranking.pk: {"tiers": [[1], [2], [0, 3]]},
    }
    assert len(endpoint.asked) == 2 + 4
    assert f"{form}-1" in run.result["forms"]


def test_ratings_score_the_projects_aspects_on_its_scale(endpoint, project):
    project.aspects, project.rating_min, project.rating_max = ["depth", "tone"], 0, 7
    project.rating_anchors = {"depth": {"0": "shallow", "7": "deep"}}
    project.save()
    item = make_item(project, kind="rating", contents=("abc",))
    judged(project, criteria=[{"name": "tone", "description": "How it sounds"}])
    assert bare() == {item.pk: {"ratings": {"depth": [3.0], "tone": [3.0]}}}
    assert Judgment.objects.get().scale == "0..7"
    system = endpoint.asked[0].system
    assert "1. depth: 0 is shallow; 7 is deep\n2. tone: How it sounds\n" in system
    assert "a number from 0 to 7" in system


def test_outcomes_are_checked_against_their_reference(endpoint, project):
    prompt = PromptFactory(reference="42")
    right = make_item(project, kind="outcome", contents=("right",), prompt=prompt)
    wrong = make_item(project, kind="outcome", contents=("no",))
    judged(project)
    assert bare() == {right.pk: {"correct": True}, wrong.pk: {"correct": False}}
    assert "[The Start of Reference Answer" in endpoint.asked[0].user + endpoint.asked[1].user


def test_what_a_judge_has_no_business_with_is_left_alone(endpoint, project):
    make_item(project, kind="steps", contents=("x",), steps=("a", "b"))
    make_item(project, contents=("same", "same"))
    gold = make_item(project, contents=("g", "gg"), known={"choice": "left", "strength": 1})
    gold.known.is_gold = True
    gold.known.save()
    make_item(ProjectFactory(), contents=("other", "project"))
    run = judged(project)
    assert (run.status, run.result["items"], endpoint.asked) == ("succeeded", 0, [])
    assert not Judgment.objects.exists()


def test_only_the_wanted_kinds_are_judged(endpoint, project):
    make_item(project, contents=("a", "bb"))
    wanted = make_item(project, kind="outcome", contents=("right",))
    judged(project, kinds=["outcome"])
    assert set(answers()) == {wanted.pk}


@pytest.mark.parametrize("kind", ["comparison", "ranking", "rating", "outcome"])
def test_a_second_time_asks_nothing(endpoint, project, kind):
    for number in range(3):
        make_item(project, kind=kind, contents=(f"answer {number}", f"{number}"))
    first = judged(project).result
    rows, asked = JudgmentRevision.objects.count(), len(endpoint.asked)
    again = judged(project).result
    assert (first["judgments"], first["already"]) == (3, 0)
    assert (again["judgments"], again["revised"], again["already"]) == (0, 0, 3)
    assert (JudgmentRevision.objects.count(), len(endpoint.asked)) == (rows, asked)
    assert again["usage"]["requests"] == again["usage"]["cached"] == 0


def test_every_model_and_every_form_is_an_annotator_of_its_own(endpoint, project):
    make_item(project, contents=("a", "bb"))
    judged(project)
    judged(project, form="single")
    judged(project, model="gpt-free")
    assert set(User.objects.filter(source="judge").values_list("external_id", flat=True)) == {
        "gpt-test@pairwise",
        "gpt-test@single",
        "gpt-free@pairwise",
    }


def test_a_new_version_of_a_form_is_a_new_revision(endpoint, project, monkeypatch):
    from dataclasses import replace

    from modeling.core.judge import FORMS

    item = make_item(project, contents=("a", "bb"))
    judged(project)
    monkeypatch.setitem(FORMS, "pairwise", replace(FORMS["pairwise"], version=2))
    endpoint.judge = lambda asked: "[[C]]"
    report = judged(project).result
    assert (report["judgments"], report["revised"]) == (0, 1)
    judgment = Judgment.objects.get()
    assert [one.answer["choice"] for one in judgment.revisions.all()] == ["right", "right"]
    assert judgment.latest.reason.startswith("gpt-test, pairwise-2")
    assert opinions_of(item)[0].is_machine


def test_changed_texts_are_judged_anew(endpoint, project):
    item = make_item(project, contents=("a", "bb"))
    judged(project)
    Response.objects.filter(links__item=item, content="a").update(content="aaaa")
    assert judged(project).result["revised"] == 1
    assert bare() == {item.pk: {"choice": "left", "strength": 1}}
    assert judged(project).result["already"] == 1


def test_what_cannot_be_read_is_counted_and_withdrawn(endpoint, project):
    item = make_item(project, contents=("a", "bb"))
    judged(project)
    Prompt.objects.filter(pk=item.prompt_id).update(messages=[{"role": "user", "content": "new"}])
    endpoint.judge = lambda asked: "I would rather not say."
    run = judged(project)
    assert (run.status, answers(), opinions_of(item)) == ("succeeded", {}, [])
    assert (run.result["undecided"], run.result["withdrawn"]) == (1, 1)
    assert run.result["reasons"] == {"the reply holds no verdict": 1}
    assert run.result["usage"]["unparseable"] == 2


def test_one_refused_request_stops_nobody(endpoint, project):
    make_item(project, contents=("a", "bb"))
    make_item(project, contents=("c", "dd"))
    endpoint.first.append(Otherwise(400, {"error": {"message": "too long"}}))
    run = judged(project)
    assert (run.status, run.result["judgments"], run.result["undecided"]) == ("succeeded", 1, 1)


def test_a_judge_that_refuses_everything_fails_the_run(endpoint, project, monkeypatch):
    monkeypatch.setattr(work, "MOST_REFUSED", 4)
    make_item(project, contents=("a", "bb"))
    make_item(project, contents=("c", "dd"))
    endpoint.judge = lambda asked: Otherwise(400, {"error": {"message": "no temperature"}})
    run = judged(project)
    assert run.status == "failed"
    assert "takes no request" in run.error
    assert "no temperature" in run.error


def test_a_wrong_key_fails_the_run_and_shows_nowhere(endpoint, project, settings, caplog):
    settings.JUDGE_API_KEY = "sk-wrong"
    make_item(project, contents=("a", "bb"))
    with caplog.at_level("DEBUG"):
        run = judged(project)
    assert (run.status, Judgment.objects.count()) == ("failed", 0)
    assert "check JUDGE_API_KEY" in run.error
    rows = str(JudgeRun.objects.values())
    assert "sk-wrong" not in run.error + run.log + rows + caplog.text


def test_the_cost_is_reported_and_bounded(endpoint, project):
    for number in range(6):
        make_item(project, contents=(f"answer {number}", f"{number}"))
    # A request costs (100 × 10 + 20 × 50) / 1,000,000 = 0.002, an item two of them.
    run = judged(project, budget=0.007)
    usage = run.result["usage"]
    assert run.result["stopped"] == "budget"
    assert usage["cost"] == pytest.approx(0.002 * usage["requests"])
    assert 0.007 <= usage["cost"] <= 0.007 + 2 * 0.004
    assert run.result["judgments"] + run.result["unasked"] == 6
    rest = judged(project)
    assert rest.result["judgments"] == run.result["unasked"]
    assert judged(project, model="gpt-free").result["usage"]["cost"] is None


def test_a_budget_that_nobody_can_keep_fails_the_run(endpoint, project):
    endpoint.tokens = None
    for number in range(6):
        make_item(project, contents=(f"answer {number}", f"{number}"))
    run = judged(project, budget=0.007)
    assert run.status == "failed"
    assert "no budget can be kept" in run.error
    assert len(endpoint.asked) < 12
    assert judged(project).status == "succeeded"


def test_a_limit_bounds_what_is_asked(endpoint, project):
    for number in range(5):
        make_item(project, contents=(f"answer {number}", f"{number}"))
    counts = []
    for _ in range(3):
        result = judged(project, limit=2).result
        counts.append((result["judgments"], result["already"], result["unasked"]))
    assert counts == [(2, 0, 3), (2, 2, 1), (1, 4, 0)]


def test_a_run_that_broke_off_goes_on_without_paying_twice(endpoint, project, monkeypatch):
    monkeypatch.setattr(work, "BATCH", 2)
    for number in range(6):
        make_item(project, contents=(f"answer {number}", f"{number}"))
    endpoint.first.extend([Otherwise(body=endpoint.completion("[[C]]"))] * 5)
    endpoint.first.append(Otherwise(401, "gone"))
    broken = judged(project)
    assert broken.status == "failed"
    kept = Judgment.objects.count()
    assert kept == 2
    endpoint.first.clear()
    paid = len(endpoint.asked) - 1
    result = judged(project).result
    assert (result["already"], result["judgments"]) == (2, 4)
    assert result["usage"]["requests"] + result["usage"]["cached"] == 8
    assert result["usage"]["cached"] == paid - 4


def test_a_cancelled_run_ends_at_once_and_keeps_what_is_done(endpoint, project, monkeypatch):
    monkeypatch.setattr(work, "BATCH", 1)
    for number in range(4):
        make_item(project, contents=(f"answer {number}", f"{number}"))
    monkeypatch.setattr(work, "LOOK_SECONDS", 0.02)
    run = request_judging(project, by=None)
    endpoint.first.extend([Otherwise(body=endpoint.completion("[[C]]"))] * 2)
    endpoint.first.append(Otherwise(429, "wait", {"Retry-After": "500"}))
    calls = []

    class Impatient(Reporter):
        def __call__(self, fraction, message=""):
            calls.append(message)
            if len(endpoint.asked) > 2:
                raise RunCancelled

    with pytest.raises(RunCancelled):
        judge(run, Impatient(run))
    assert Judgment.objects.count() == 1
    assert list(dict.fromkeys(calls)) == ["0 of 4 items", "1 of 4 items"]


def test_progress_names_the_items(endpoint, project, monkeypatch):
    monkeypatch.setattr(work, "BATCH", 1)
    for number in range(2):
        make_item(project, contents=(f"answer {number}", f"{number}"))
    seen = []
    monkeypatch.setattr(Reporter, "__call__", lambda self, share, message="": seen.append(share))
    judged(project)
    assert sorted(set(seen)) == [0.0, 0.5, 1.0]
    judged(project)
    assert seen[-2:] == [0.5, 1.0]


def test_names_that_look_alike_stay_apart():
    names = {annotator_name(model, "pairwise") for model in ("org/m", "org-m", "org m", "m" * 200)}
    assert len(names) == 4
    assert annotator_name("org-m", "single") == "org-m@single"
    assert all(len(name) < 140 for name in names)


def test_words_that_no_answer_may_hold_are_replaced(endpoint, project):
    make_item(project, contents=("a", "bb"))
    endpoint.judge = lambda asked: "odd \0 \ud800 words [[C]]" + "x" * 20_000
    judged(project)
    said = Judgment.objects.get().latest.answer["rationale"]
    assert said.startswith("odd \ufffd \ufffd words")
    assert len(said) == 10_000


def test_an_endpoint_that_is_gone_is_a_sentence(endpoint, project, monkeypatch):
    def gone(*args):
        raise JudgeError("The endpoint is gone.")

    monkeypatch.setattr(work, "answered", gone)
    make_item(project, contents=("a", "bb"))
    run = judged(project)
    assert (run.status, run.error) == ("failed", "The endpoint is gone.")


def test_every_answer_reads_back(endpoint, project):
    for kind in ("comparison", "ranking", "rating", "outcome"):
        make_item(project, kind=kind, contents=("aaa", "b"))
    judged(project)
    assert {opinions_of(item)[0].kind for item in Item.objects.all()} == {
        "comparison",
        "ranking",
        "rating",
        "outcome",
    }
    assert Assignment.objects.filter(purpose="machine").count() == 4
