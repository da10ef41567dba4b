"""What the verifier says, and who sees it."""

from __future__ import annotations

import io
import json

import pytest

from annotate.errors import InvalidInput
from annotate.models import Verdict
from annotate.selectors import claim_payload
from annotate.services import claim_assignment, update_project, verdicts
from annotate.verifiers import Question, Suggestion, math, suggestions
from annotate.verifiers.worker import TOO_LONG
from tests.factories import (
    ProjectFactory,
    PromptFactory,
    make_annotator,
    make_item,
    make_open_round,
)


def test_results_are_compared_as_mathematics():
    asked = [
        Question(1, "42", "So the result is \\boxed{42}."),
        Question(2, "$\\frac{1}{2}$", "The answer is $0.5$."),
        Question(3, "42", "So it is \\boxed{41}."),
        Question(4, "42", "I do not know."),
    ]
    told = suggestions("math", asked, seconds=60)
    assert [(one.id, one.correct) for one in told] == [
        (1, True),
        (2, True),
        (3, False),
        (4, None),
    ]
    assert told[3].detail == "no result found in the response"


def test_a_hanging_check_is_given_up_and_the_next_goes_on():
    (told,) = suggestions("math", [Question(1, "1", "1"), Question(2, "2", "2")], seconds=0.01)
    assert told == Suggestion(1, None, TOO_LONG)


def test_a_question_that_breaks_the_parser_does_not_stop_the_others(monkeypatch, capsys):
    def compare(reference, response):
        if response == "bad":
            raise RecursionError
        return True, "same"

    lines = [
        json.dumps({"id": k, "reference": "1", "response": response})
        for k, response in enumerate(["1", "bad", "1"])
    ]
    monkeypatch.setattr(math, "compare", compare)
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines)))
    math.main()
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["correct"] for one in told] == [True, None, True]
    assert told[1]["detail"] == "it could not be compared: RecursionError"


def outcome(project, response, reference):
    prompt = PromptFactory(reference=reference)
    return make_item(project, kind="outcome", contents=(response,), prompt=prompt)


@pytest.mark.django_db
def test_every_outcome_with_a_reference_is_checked_once(monkeypatch):
    project = ProjectFactory(verifier="math")
    right = outcome(project, "\\boxed{42}", "42")
    wrong = outcome(project, "\\boxed{41}", "42")
    outcome(project, "no reference", "")
    outcome(ProjectFactory(), "\\boxed{42}", "42")
    assert verdicts.verify_due() == 2
    assert dict(Verdict.objects.values_list("item", "correct")) == {right.pk: True, wrong.pk: False}
    monkeypatch.setattr(verdicts, "suggestions", lambda *a, **k: list(a[1]))
    assert verdicts.verify_due() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("shows", [True, False])
def test_annotators_see_the_verdict_where_the_project_shows_it(shows):
    project = ProjectFactory(verifier="math", shows_verdict=shows)
    item = outcome(project, "\\boxed{42}", "42")
    Verdict.objects.create(item=item, verifier="math", correct=True)
    make_open_round(project, [item])
    told = claim_payload(claim_assignment(project, by=make_annotator(project)))
    expected = {"correct": True, "verifier": "math"} if shows else None
    assert told["item"]["verdict"] == expected


@pytest.mark.django_db
def test_a_verifier_must_be_installed(monkeypatch):
    project = ProjectFactory()
    monkeypatch.setattr("annotate.models.project.find_spec", lambda name: None)
    with pytest.raises(InvalidInput, match=r"tiebreak\[math\]"):
        update_project(project, by=None, verifier="math")
