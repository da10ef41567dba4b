"""Picking the next round from the unjudged pairs."""

import pytest

from annotate.models import Prompt, Round, RoundItem
from annotate.services import simulate_annotators
from annotate.services.runs import RunFailed, perform
from annotate.services.simulate import Behaviour
from modeling import selection
from modeling.models import Score
from modeling.services import request_round
from tests.factories import ProjectFactory, make_item, make_open_round
from tests.modeling.factories import make_checkpoint

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


@pytest.fixture(autouse=True)
def scored(monkeypatch):
    """A scorer whose reward is the number in a response; keeps the ids it was asked for."""
    asked = []

    def score(folder, checkpoint, inputs, report):
        rows = list(inputs)
        asked.append([row["id"] for row in rows])
        return {row["id"]: float(row["response"].split()[-1]) for row in rows}

    monkeypatch.setattr(selection, "score", score)
    return asked


def _pool(project, gaps, *, split="train"):
    """One pair for each gap between the two rewards."""
    return [
        make_item(
            project,
            contents=(f"r {k}.0", f"r {k + gap}"),
            split=split,
            known={"choice": "right", "strength": 1},
        )
        for k, gap in enumerate(gaps)
    ]


def _select(project, **values):
    run = request_round(project, by=None, **{"strategy": "low_margin", "size": 4} | values)
    return perform(run, selection.select)


def test_the_lowest_margins_are_asked_next():
    project = ProjectFactory(loop_random_share=0.0)
    items = _pool(project, [5, 0.1, 4, 0.3, 3, 0.2, 2, 0.4])
    make_checkpoint(project)
    _select(project)
    picked = set(Round.objects.get().entries.values_list("item", flat=True))
    assert picked == {items[k].pk for k in (1, 3, 5, 7)}


def test_each_pick_keeps_its_margin_gain_and_arm():
    project = ProjectFactory(loop_random_share=0.25)
    _pool(project, [0.5] * 12)
    _pool(project, [0.5] * 6, split="test")
    make_checkpoint(project)
    result = _select(project, size=8).result
    entries = list(Round.objects.get().entries.all())
    assert result == {"round": 1, "items": 8, "random_share": 0.25}
    assert {round(abs(entry.margin), 6) for entry in entries} == {0.5}
    assert all(entry.gain == pytest.approx(0.235, abs=1e-3) for entry in entries)
    random = [entry for entry in entries if entry.arm == "random"]
    assert sorted(round(entry.probability, 4) for entry in random) == [0.0833, 0.1667]
    assert all(entry.probability is None for entry in entries if entry.arm == "active")


def test_the_active_arm_never_asks_of_a_held_out_prompt():
    project = ProjectFactory(loop_random_share=0.2)
    _pool(project, [0.01] * 10, split="test")
    _pool(project, [5.0] * 20)
    make_checkpoint(project)
    _select(project, size=10)
    active = RoundItem.objects.filter(arm="active")
    assert active.count() == 8
    assert set(active.values_list("item__prompt__split", flat=True)) == {Prompt.Split.TRAIN}


def test_judged_pairs_and_earlier_rounds_are_left_out():
    project = ProjectFactory()
    items = _pool(project, [1.0] * 6)
    make_open_round(project, items[:2])
    simulate_annotators(project, behaviours=[Behaviour(1.0)])
    assert set(selection.candidate_items(project.pk)) == set(items[2:])


def test_responses_are_scored_once(scored):
    project = ProjectFactory(loop_random_share=0.0)
    _pool(project, [1.0] * 6)
    make_checkpoint(project)
    _select(project, size=2)
    first = Score.objects.count()
    _select(project, size=2, opens=False)
    assert first == Score.objects.count() == 12
    assert len(scored) == 1


def test_a_second_attempt_finds_the_round_of_the_first():
    project = ProjectFactory()
    _pool(project, [1.0] * 6)
    run = _select(project, strategy="random")
    run.refresh_from_db()
    assert selection.select(run, lambda fraction, message="": None)["round"] == 1
    assert Round.objects.count() == 1


def test_the_same_seed_gives_the_same_round():
    one, two = ProjectFactory(), ProjectFactory()
    for item in reversed(_pool(one, [1.0] * 20)):
        texts = [response.content for response in item.ordered_responses()]
        make_item(two, contents=texts, prompt=item.prompt)
    picks = []
    for project in (one, two):
        _select(project, strategy="random", size=5, seed=3)
        picks.append([entry.item.digest for entry in project.rounds.get().entries.all()])
    assert picks[0] == picks[1]


def test_an_empty_pool_is_a_sentence():
    project = ProjectFactory()
    with pytest.raises(RunFailed, match="Every pair has been asked"):
        _select(project, strategy="random")


def test_a_draft_round_waits_to_be_opened():
    project = ProjectFactory()
    _pool(project, [1.0] * 6)
    _select(project, strategy="random", opens=False)
    assert Round.objects.get().status == Round.Status.DRAFT
