"""From stored judgments to records: display order undone, the right judgments taken."""

import pytest
from django.utils import timezone

from annotate.answers import ComparisonAnswer, RankingAnswer, RatingAnswer, StepsAnswer
from annotate.models import Assignment, Judgment, Response, User
from annotate.services import claim_assignment, revise_judgment, submit_judgment
from tests.curation.collecting import collect
from tests.factories import ProjectFactory, make_annotator, make_item, make_open_round

pytestmark = pytest.mark.django_db


def _judge(project, answer, *, order=None, user=None):
    """Claim, show in this order, and answer."""
    user = user or make_annotator(project)
    assignment = claim_assignment(project, by=user)
    if order is not None:
        Assignment.objects.filter(pk=assignment.pk).update(display_order=order)
        assignment.refresh_from_db()
    return submit_judgment(
        assignment, answer=answer, by=user, fence=assignment.fence, idempotency_key="k"
    ).judgment


def _text(corpus, key):
    return corpus.responses[key].content


@pytest.mark.parametrize(("order", "winner"), [([0, 1], "stored first"), ([1, 0], "stored second")])
def test_left_on_the_screen_is_what_was_shown_left(order, winner):
    project = ProjectFactory()
    make_open_round(project, [make_item(project, contents=("stored first", "stored second"))])
    _judge(project, ComparisonAnswer("left", 3), order=order)
    corpus, records = collect(project, kind="preference", include_simulated=False)
    chosen = records[0].left if records[0].choice == "left" else records[0].right
    assert _text(corpus, chosen) == winner
    assert records[0].strength == 3
    assert _text(corpus, records[0].left) == "stored first"


def test_a_ranking_names_the_responses_that_were_shown():
    project = ProjectFactory()
    make_open_round(project, [make_item(project, kind="ranking", contents=("a", "b", "c"))])
    _judge(project, RankingAnswer(((0,), (1, 2))), order=[2, 0, 1])
    corpus, records = collect(project, kind="ranking", include_simulated=False)
    tiers = [{_text(corpus, key) for key in tier} for tier in records[0].tiers]
    assert tiers == [{"c"}, {"a", "b"}]
    assert [_text(corpus, key) for key in records[0].responses] == ["a", "b", "c"]


def test_ratings_and_steps_become_records():
    project = ProjectFactory(aspects=["helpfulness"])
    rating = make_item(project, kind="rating", contents=("text",))
    steps = make_item(project, kind="steps", contents=("one\n\ntwo",), steps=("one", "two"))
    make_open_round(project, [rating, steps])
    user = make_annotator(project)
    _judge(project, RatingAnswer({"helpfulness": (4.0,)}), user=user)
    _judge(project, StepsAnswer((1, -1)), user=user)
    _, ratings = collect(project, kind="rating", include_simulated=False)
    _, labels = collect(project, kind="stepwise", include_simulated=False)
    assert [(r.aspect, r.value) for r in ratings] == [("helpfulness", 4.0)]
    assert [r.labels for r in labels] == [(1, -1)]


def test_the_latest_revision_is_taken():
    project = ProjectFactory()
    make_open_round(project, [make_item(project)])
    user = make_annotator(project)
    judgment = _judge(project, ComparisonAnswer("left", 1), user=user, order=[0, 1])
    revise_judgment(judgment, answer=ComparisonAnswer("tie"), by=user)
    _, records = collect(project, kind="preference", include_simulated=False)
    assert [r.choice for r in records] == ["tie"]
    assert records[0].revision == f"{judgment.public_id}.2"


def test_simulated_judgments_are_left_out_unless_asked_for():
    project = ProjectFactory()
    make_open_round(project, [make_item(project)])
    user = make_annotator(project, kind=User.Kind.SIMULATED, external_id="s")
    _judge(project, ComparisonAnswer("left", 1), user=user)
    assert collect(project, kind="preference", include_simulated=False)[1] == []
    assert len(collect(project, kind="preference", include_simulated=True)[1]) == 1


def test_gold_answers_are_never_taken():
    project = ProjectFactory()
    make_open_round(project, [make_item(project)])
    judgment = _judge(project, ComparisonAnswer("left", 1))
    Assignment.objects.filter(pk=judgment.assignment_id).update(purpose="gold")
    assert collect(project, kind="preference", include_simulated=True)[1] == []


def test_no_record_names_a_person():
    project = ProjectFactory()
    make_open_round(project, [make_item(project)])
    user = make_annotator(project, username="jane.doe", email="jane@example.org")
    _judge(project, ComparisonAnswer("left", 1), user=user)
    _, records = collect(project, kind="preference", include_simulated=False)
    assert records[0].annotator == str(user.public_id)


def test_a_category_is_the_items_own():
    project = ProjectFactory()
    first = make_item(project, category="maths")
    second = make_item(project, contents=("x", "y"), prompt=first.prompt, category="safety")
    make_open_round(project, [first, second])
    user = make_annotator(project)
    for _ in range(2):
        _judge(project, ComparisonAnswer("left", 1), user=user)
    corpus, _ = collect(project, kind="preference", include_simulated=False)
    assert corpus.categories == {first.digest: "maths", second.digest: "safety"}


@pytest.mark.parametrize("purpose", ["gold", "qualification"])
def test_checks_are_no_votes(purpose):
    project = ProjectFactory()
    make_open_round(project, [make_item(project)])
    _judge(project, ComparisonAnswer("left", 1))
    Assignment.objects.update(purpose=purpose)
    assert collect(project, kind="preference", include_simulated=False)[1] == []


def test_points_of_a_scale_become_signs():
    project = ProjectFactory(step_points=5)
    make_open_round(project, [make_item(project, kind="steps", steps=("a", "b", "c"))])
    _judge(project, StepsAnswer((5, 3, 1)))
    (record,) = collect(project, kind="stepwise", include_simulated=False)[1]
    assert record.labels == (1, 0, -1)


def test_the_turns_of_a_conversation_are_its_steps():
    project = ProjectFactory()
    item = make_item(project, kind="steps", contents=("whole",))
    turns = [("assistant", "Where?"), ("user", "Here."), ("assistant", "Go left.")]
    Response.objects.update(turns=[{"role": role, "content": text} for role, text in turns])
    make_open_round(project, [item])
    _judge(project, StepsAnswer((1, -1)))
    corpus, (record,) = collect(project, kind="stepwise", include_simulated=False)
    steps = corpus.responses[record.response].steps
    assert steps == ("Where?", "Human: Here.\n\nAssistant: Go left.")
    assert record.labels == (1, -1)


@pytest.mark.parametrize(("order", "side"), [([0, 1], 1), ([1, 0], -1)])
def test_the_side_on_the_screen_is_kept(order, side):
    project = ProjectFactory()
    make_open_round(project, [make_item(project)])
    judgment = _judge(project, ComparisonAnswer("left", 1), order=order)
    (record,) = collect(project, kind="preference")[1]
    assert record.shown_left == side
    assert "unknown_order" not in record.flags
    Judgment.objects.filter(pk=judgment.pk).update(is_order_known=False)
    (record,) = collect(project, kind="preference")[1]
    assert (record.shown_left, record.flags) == (0, ("unknown_order",))


def test_time_reason_and_what_is_odd_come_along():
    project = ProjectFactory()
    make_open_round(project, [make_item(project)])
    user = make_annotator(project)
    judgment = _judge(project, ComparisonAnswer("left", 1, rationale="clearer"), user=user)
    Judgment.objects.filter(pk=judgment.pk).update(active_seconds=7.5)
    revise_judgment(judgment, answer=ComparisonAnswer("tie", rationale="even"), by=user)
    Assignment.objects.update(is_surplus=True)
    User.objects.filter(pk=user.pk).update(is_positional=True)
    (record,) = collect(project, kind="preference")[1]
    assert (record.seconds, record.rationale) == (7.5, "even")
    assert record.flags == ("surplus", "positional", "edited")


def test_what_was_said_after_the_cut_off_is_not_read():
    project = ProjectFactory()
    make_open_round(project, [make_item(project)])
    user = make_annotator(project)
    judgment = _judge(project, ComparisonAnswer("left", 1), user=user)
    cutoff = timezone.now()
    revise_judgment(judgment, answer=ComparisonAnswer("tie"), by=user)
    (before,) = collect(project, kind="preference", cutoff=cutoff)[1]
    (after,) = collect(project, kind="preference")[1]
    assert (before.choice == "tie", after.choice == "tie") == (False, True)
    assert (before.flags, after.flags) == ((), ("edited",))


def test_a_recipe_reads_the_kinds_of_judgment_that_it_names():
    project = ProjectFactory(aspects=["helpfulness"])
    items = [make_item(project), make_item(project, kind="rating", contents=("x",))]
    make_open_round(project, items)
    user = make_annotator(project)
    for _ in items:
        assignment = claim_assignment(project, by=user)
        comparison = assignment.item.kind == "comparison"
        answer = ComparisonAnswer("left", 1) if comparison else RatingAnswer({"helpfulness": (4,)})
        submit_judgment(
            assignment, answer=answer, by=user, fence=assignment.fence, idempotency_key="k"
        )

    def kinds(**recipe):
        return {type(one).__name__ for one in collect(project, **recipe)[1]}

    assert kinds(kind="preference") == {"Comparison", "Rating"}
    assert kinds(kind="preference", sources=("rating",)) == {"Rating"}
    assert kinds(kind="classification") == {"Comparison"}
    assert kinds(kind="rating") == {"Rating"}
    assert kinds(kind="rating", aggregate="thurstone") == {"Comparison"}
