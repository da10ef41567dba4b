"""What programs say: verifiers and rollouts count where no person judged, judges as one voice."""

import pytest

from curation.core.records import Comparison, Corpus, Rating
from curation.core.rows import annotator_hash
from curation.recipe import Dedupe, FilterRows
from tests.curation.core.small import (
    all_rows,
    build,
    comparison,
    corpus,
    only_row,
    outcome,
    prompt,
    ranking,
    rating,
    response,
    steps,
)


def solution(n_steps: int) -> Corpus:
    parts = tuple(f"step {number}" for number in range(n_steps))
    return corpus([prompt("p", "Solve.")], [response("s", steps=parts), response("a")])


def test_a_verifiers_verdict_counts_where_no_person_judged() -> None:
    alone = only_row(build("outcome", [outcome(False, machine=True)]))
    assert (alone.label, alone.verified, alone.votes) == (False, True, 1)
    beside = only_row(build("outcome", [outcome(False, machine=True), outcome(True)]))
    assert (beside.label, beside.verified, beside.votes) == (True, False, 1)


def test_rollouts_become_soft_labels() -> None:
    rolled = steps(1, 1, -1, machine=True, soft=(0.75, 0.25, 0.0), trials=(8, 8, 8))
    row = only_row(build("stepwise", [rolled], solution(3)))
    assert row.soft_labels == (0.75, 0.25, 0.0)
    assert (row.labels, row.first_error, row.votes) == ((True, True, False), 2, (8, 8, 8))


def test_rollouts_of_several_machines_are_pooled_by_their_number() -> None:
    one = steps(1, machine=True, soft=(1.0,), trials=(1,))
    other = steps(-1, machine=True, soft=(0.0,), trials=(3,))
    row = only_row(build("stepwise", [one, other], solution(1)))
    assert (row.soft_labels, row.votes) == ((pytest.approx(0.25),), (4,))


def test_people_override_rollouts_and_machines_fill_in_where_people_gave_up() -> None:
    rolled = steps(1, 1, machine=True, soft=(0.9, 0.8), trials=(4, 4))
    row = only_row(build("stepwise", [rolled, steps(1, -1)], solution(2)))
    assert (row.labels, row.soft_labels) == ((True, False), (1.0, 0.0))
    filled = build("stepwise", [rolled, steps(status="gave_up")], solution(2))
    assert only_row(filled).soft_labels == (0.9, 0.8)
    assert filled.statistics["votes_excluded"] == {"gave_up": 1}


def test_a_share_of_unknown_trials_counts_as_one() -> None:
    unknown = steps(1, machine=True, soft=(0.5,), trials=(0,))
    counted = steps(1, machine=True, soft=(1.0,), trials=(3,))
    row = only_row(build("stepwise", [unknown, counted], solution(1)))
    assert (row.soft_labels, row.votes) == ((3.5 / 4,), (4,))


def test_a_step_without_rollouts_is_unlabelled() -> None:
    rolled = steps(None, 1, machine=True, soft=(None, 0.5), trials=(0, 4))
    row = only_row(build("stepwise", [rolled], solution(2)))
    assert (row.completions, row.soft_labels) == (("step 0\nstep 1",), (0.5,))


def test_machines_without_rollouts_vote() -> None:
    judged = [steps(1, machine=True), steps(-1, machine=True)]
    row = only_row(build("stepwise", judged, solution(1)))
    assert (row.labels, row.soft_labels) == ((False,), (0.5,))


# --- models that judge: one more voice, and never a person ------------------------------------


def reply(key: str):
    """A response as rows hold it."""
    return only_row(build("outcome", [outcome(True, response=key)])).completion


def judge(choice, **fields):
    return comparison(choice, annotator="judge", revision=f"judge-{fields}", machine=True, **fields)


def test_a_judge_alone_makes_a_row() -> None:
    row = only_row(build("preference", [judge("left")]))
    assert (row.chosen, row.votes_chosen, row.votes_rejected) == (reply("a"), 1, 0)


def test_beside_people_a_judge_has_no_vote_in_a_majority() -> None:
    said = [comparison("left"), judge("right")]
    row = only_row(build("preference", said, aggregate="majority"))
    assert (row.chosen, row.chosen_probability) == (reply("a"), 1.0)
    assert (row.votes_chosen, row.votes_rejected) == (1, 0)


def many_pairs(n=40):
    """Two people who agree on every pair, and judges: one that is right, one that is wrong."""
    prompts = [prompt(f"p{k}", f"Question {k}?") for k in range(n)]
    responses = [response(f"{side}{k}", f"Answer {side} {k}.") for k in range(n) for side in "ab"]
    said = []
    for k in range(n):
        side = "left" if k % 2 else "right"
        other = "right" if k % 2 else "left"
        at = {"item": f"i{k}", "prompt": f"p{k}", "left": f"a{k}", "right": f"b{k}"}
        for annotator, choice in (("ada", side), ("bob", side), ("cy", side)):
            said.append(vote(at, choice, annotator))
        said.append(vote(at, side, "good judge", machine=True))
        said.append(vote(at, other, "bad judge", machine=True))
    return corpus(prompts, responses), said


def vote(at, choice, annotator, **fields):
    name = f"{annotator} on {at['item']}"
    return Comparison(**at, choice=choice, annotator=annotator, revision=name, **fields)


def test_a_judges_reliability_is_estimated_like_anyones() -> None:
    texts, said = many_pairs()
    built = build("preference", said, texts, aggregate="crowd_bt", dedupe=Dedupe(exact=False))
    found = built.statistics["reliability"]
    good, bad, ada = (found[annotator_hash(name)] for name in ("good judge", "bad judge", "ada"))
    assert good == pytest.approx(ada, abs=0.02)
    assert bad < 0.3 < 0.8 < good


def test_only_peoples_votes_are_told_where_people_voted() -> None:
    texts, said = many_pairs()
    built = build("preference", said, texts, aggregate="crowd_bt", dedupe=Dedupe(exact=False))
    rows = all_rows(built)
    assert {(row.votes_chosen, row.votes_rejected, row.votes_tie) for row in rows} == {(3, 0, 0)}
    alone = [one for one in said if one.machine]
    rows = all_rows(build("preference", alone, texts, aggregate="majority"))
    assert rows == []  # a good one and a bad one: even


def test_too_few_people_are_not_made_up_for_by_judges() -> None:
    said = [comparison("left"), judge("left")]
    assert all_rows(build("preference", said, rows=FilterRows(min_votes=2))) == []
    assert all_rows(build("preference", said, rows=FilterRows(min_votes=1))) != []


def test_a_judge_takes_no_margin_from_people() -> None:
    strong = comparison("left", strength=4, scale="llama2")
    assert only_row(build("preference", [strong])).target_margin == 3.0
    beside = build("preference", [strong, judge("left", strength=1)])
    assert only_row(beside).target_margin == 3.0


def test_ranks_are_peoples_where_people_ranked() -> None:
    ranked = ranking("a", "b")
    turned = ranking("b", "a", annotator="judge", revision="j", machine=True)
    row = only_row(build("ranking", [ranked, turned], aggregate="mean_rank"))
    assert (row.tiers, row.votes) == (((0,), (1,)), 1)
    row = only_row(build("ranking", [turned], aggregate="mean_rank"))
    assert (row.tiers, row.votes) == (((1,), (0,)), 1)


@pytest.mark.parametrize("method", ["mean", "auto"])
def test_mean_ratings_are_peoples_where_people_rated(method) -> None:
    own, other = rating(4.0), rating(1.0, annotator="judge", revision="j", machine=True)
    row = only_row(build("rating", [own, other], aggregate=method))
    assert (row.scores, row.votes) == ((4.0,), (1,))
    row = only_row(build("rating", [other], aggregate=method))
    assert (row.scores, row.votes) == ((1.0,), (1,))


def test_pairs_of_ratings_keep_people_and_judges_apart() -> None:
    """People rated one response each; a judge who rated both does not take their place."""

    def rated(key, value, annotator, machine=False):
        name = f"{annotator} on {key}"
        return Rating(
            item="i", prompt="p", annotator=annotator, revision=name, machine=machine,
            response=key, aspect="helpfulness", value=value,
        )  # fmt: skip

    people = [rated("a", 5.0, "ada"), rated("b", 2.0, "bob")]
    judged = [rated("a", 1.0, "judge", True), rated("b", 4.0, "judge", True)]
    row = only_row(build("preference", [*people, *judged], aggregate="majority"))
    assert (row.chosen, row.votes_chosen, row.target_margin) == (reply("a"), 1, 3.0)
    row = only_row(build("preference", judged, aggregate="majority"))
    assert (row.chosen, row.target_margin) == (reply("b"), 3.0)
