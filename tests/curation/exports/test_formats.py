"""Each format as the datasets library reads it: its columns, their types and what they say."""

import pyarrow as pa
import pytest

from curation.core.errors import ExportError
from curation.exports.formats import check_format, formats_for, plan
from curation.exports.formats.helpsteer import strength
from curation.exports.formats.nectar import ranks
from curation.recipe import KINDS
from tests.curation.exports.versions import (
    MAKE,
    ODD,
    ask,
    preference,
    ranking,
    rating,
    say,
    stepwise,
    write_version,
)

WAYS = [(kind, each.name) for kind in MAKE for each in formats_for(kind)]


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
@pytest.mark.parametrize(("kind", "name"), WAYS)
def test_every_format_of_every_kind_loads(kind, name, form, load, tmp_path):
    source = write_version(tmp_path / "v", kind)
    for view in plan(source, name):
        loaded = load(source, name, form, view.name)
        assert set(loaded) >= {"train", "validation"}
        assert set(loaded["train"].column_names) == set(view.schema.names)


@pytest.mark.parametrize(("kind", "name"), WAYS)
def test_parquet_has_the_types_that_were_planned(kind, name, load, tmp_path):
    source = write_version(tmp_path / "v", kind)
    (view, *_) = plan(source, name)
    loaded = load(source, name)["train"]
    for field in loaded.features.arrow_schema:
        planned = view.schema.field(field.name).type
        assert field.type in (planned, _small(planned)), field.name


def _small(kind: pa.DataType) -> pa.DataType:
    """Lists name their items differently here and there."""
    if pa.types.is_list(kind):
        return pa.list_(_small(kind.value_type))
    return kind


def test_every_kind_has_this_projects_own_format():
    for kind in KINDS:
        assert formats_for(kind)[0].name == "tiebreak"


def test_a_format_that_a_kind_does_not_have_names_those_it_has():
    with pytest.raises(ExportError, match=r"rating dataset has no format 'trl'; it has tiebreak"):
        check_format("trl", "rating")
    with pytest.raises(ExportError, match="no format 'odd'"):
        check_format("odd", "preference")


def test_own_rows_are_the_versions_rows(load, tmp_path):
    for kind in MAKE:
        source = write_version(tmp_path / kind, kind)
        assert load(source, "tiebreak")["train"].to_list() == list(source.rows("train"))


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_the_votes_of_all_pairs_stand_beside_even_ones_included(form, load, tmp_path):
    source = write_version(tmp_path / "v", "preference")
    loaded = load(source, "tiebreak", form, "votes")
    assert {name: len(split) for name, split in loaded.items()} == {
        "train": 3,
        "validation": 1,
        "test": 1,
    }
    vote = loaded["test"][0]
    assert (vote["item"], vote["is_even"], vote["p_a"], vote["p_tie"]) == ("i9", True, 0.5, 1.0)
    assert vote["annotators"] == ["h1", "h2"]


def test_a_version_without_the_votes_file_has_no_such_table(tmp_path):
    source = write_version(tmp_path / "v", "preference")
    assert [view.name for view in plan(source, "tiebreak")] == ["bt", "votes"]
    (source.directory / "canonical.parquet").unlink()
    assert [view.name for view in plan(source, "tiebreak")] == ["bt"]


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_trl_rows_are_conversations_with_a_margin(form, load, tmp_path):
    source = write_version(tmp_path / "v", "preference")
    row = load(source, "trl", form)["train"][0]
    assert row["prompt"] == ask("Question 1?")
    assert row["chosen"] == say(f"Answer a. {ODD}")
    assert row["rejected"] == say("Answer b.")
    assert (row["margin"], row["chosen_probability"], row["group"]) == (1.5, 0.75, "g1")
    assert row["weight"] == 1.0


def test_trl_rows_with_the_prompt_inside_begin_with_it(load, tmp_path):
    row = load(write_version(tmp_path / "v", "preference"), "trl-implicit")["train"][0]
    assert "prompt" not in row
    assert row["chosen"][:1] == row["rejected"][:1] == ask("Question 1?")
    assert row["rejected"][1:] == say("Answer b.")


def test_trl_texts_join_to_a_transcript(load, tmp_path):
    row = load(write_version(tmp_path / "v", "preference"), "trl-standard")["train"][0]
    assert row["prompt"] + row["rejected"] == "\n\nHuman: Question 1?\n\nAssistant: Answer b."


def test_a_margin_that_nobody_gave_is_none_to_ask_for(load, tmp_path):
    rows = {"train": [preference("1", target_margin=None), preference("2", target_margin=2.0)]}
    source = write_version(tmp_path / "v", "preference", rows)
    for name in ("trl", "trl-implicit", "trl-standard", "openrlhf"):
        assert load(source, name)["train"]["margin"][:] == [0.0, 2.0]


def test_without_any_margin_trl_has_no_such_column(load, tmp_path):
    rows = {"train": [preference("1", target_margin=None)]}
    source = write_version(tmp_path / "v", "preference", rows)
    for form in ("parquet", "jsonl"):
        assert "margin" not in load(source, "trl", form)["train"].column_names


def test_step_labels_are_thresholded_and_their_shares_stand_beside(load, tmp_path):
    rows = {"train": [stepwise("1", soft_labels=[1.0, 0.5, 0.49], labels=[True, True, False])]}
    row = load(write_version(tmp_path / "v", "stepwise", rows), "trl")["train"][0]
    assert (row["prompt"], row["completions"]) == ("Question 1?", ["one", "two", "three"])
    assert row["labels"] == [True, True, False]
    assert [int(label) for label in row["labels"]] == [1, 1, 0]
    assert row["soft_labels"] == [1.0, 0.5, 0.49]


def test_outcomes_are_trls_unpaired_rows(load, tmp_path):
    row = load(write_version(tmp_path / "v", "outcome"), "trl")["train"][0]
    assert (row["prompt"], row["completion"]) == (ask("Question 1?"), say("42"))
    assert row["label"] is True


def test_a_pair_is_two_unpaired_rows_for_kto(load, tmp_path):
    wanted, unwanted, *_ = load(write_version(tmp_path / "v", "preference"), "kto")["train"]
    assert (wanted["completion"], wanted["label"]) == (say(f"Answer a. {ODD}"), True)
    assert (unwanted["completion"], unwanted["label"]) == (say("Answer b."), False)
    assert unwanted["label_probability"] == pytest.approx(0.25)
    assert wanted["prompt"] == unwanted["prompt"] == ask("Question 1?")


def test_an_outcome_is_one_unpaired_row_for_kto(load, tmp_path):
    row = load(write_version(tmp_path / "v", "outcome"), "kto")["train"][0]
    assert (row["label"], row["label_probability"]) == (True, 0.9)


def test_a_class_is_one_unpaired_row_for_kto(load, tmp_path):
    rows = {"train": [MAKE["classification"]("1"), MAKE["classification"]("2", label="acceptable")]}
    loaded = load(write_version(tmp_path / "v", "classification", rows), "kto")["train"]
    assert loaded["label"][:] == [False, True]
    assert loaded["label_probability"][:] == [0.25, 0.25]


def test_openrlhf_steps_have_a_label_for_each_mark(load, tmp_path):
    row = load(write_version(tmp_path / "v", "stepwise"), "openrlhf")["train"][0]
    assert row["input"] == "Question 1? one ки\ntwo ки\nthree ки"
    assert row["label"] == ["+", "+", "-"]
    assert row["input"].count(row["mark"]) == len(row["label"])
    assert row["soft_label"] == [1.0, 0.75, 0.25]


def test_a_text_that_holds_the_step_mark_gets_another_mark(load, tmp_path):
    rows = {"train": [stepwise("1", completions=["книжки", "two", "three"]), stepwise("2")]}
    loaded = load(write_version(tmp_path / "v", "stepwise", rows), "openrlhf")["train"]
    assert set(loaded["mark"]) == {"<extra_0>"}
    assert loaded[0]["input"].count("<extra_0>") == 3


def test_texts_that_hold_every_step_mark_are_refused(tmp_path):
    rows = {"train": [stepwise("1", prompt="ки"), stepwise("2", prompt="<extra_0>")]}
    with pytest.raises(ExportError, match="hold each of the step marks"):
        plan(write_version(tmp_path / "v", "stepwise", rows), "openrlhf")


def test_rewardbench_rows_have_plain_texts_and_lasting_ids(load, tmp_path):
    one = preference("1")
    turned = preference("1", chosen="b", rejected="a")
    source = write_version(tmp_path / "v", "preference", {"train": [one, turned, preference("2")]})
    first, second, third = load(source, "rewardbench")["train"]
    assert (first["prompt"], first["rejected"]) == ("Question 1?", "Answer b.")
    assert (first["subset"], first["chosen_model"]) == ("poetry", "unknown")
    assert first["id"] == second["id"] != third["id"]
    assert 0 <= first["id"] < 2**60


def test_the_best_of_a_ranking_is_right_for_rewardbench(load, tmp_path):
    row = load(write_version(tmp_path / "v", "ranking"), "rewardbench")["train"][0]
    assert (row["chosen"], row["rejected"]) == (["third"], ["first", "second"])
    assert (row["num_correct"], row["num_incorrect"], row["total_completions"]) == (1, 2, 3)
    assert row["prompt"] == "Human: Hi.\n\nAssistant: Hello.\n\nHuman: Question 1?"


def test_nectar_answers_have_ranks_and_ties_share_them(load, tmp_path):
    row = load(write_version(tmp_path / "v", "ranking"), "nectar")["train"][0]
    assert [(each["answer"], each["rank"]) for each in row["answers"]] == [
        ("third", 1),
        ("first", 2),
        ("second", 2),
    ]
    assert row["prompt"].endswith("\n\nHuman: Question 1?\n\nAssistant: ")
    assert (row["turns"], row["num_responses"], row["source"]) == (2, 3, ["poetry"])


def test_ranks_go_on_behind_a_tie():
    assert ranks([[0, 2], [1]]) == [(0, 1), (2, 1), (1, 3)]


def test_helpsteer2_has_a_column_for_each_aspect(load, tmp_path):
    rows = {"train": [rating("1"), rating("2", aspects=["prompt"], scores=[1.0], votes=[1])]}
    loaded = load(write_version(tmp_path / "v", "rating", rows), "helpsteer2")["train"]
    assert loaded[0] == {
        "prompt": "Question 1?",
        "response": "A poem.",
        "helpfulness": 4.0,
        "honesty": 2.5,
        "prompt_score": None,
    }
    assert loaded[1]["prompt_score"] == 1.0


def test_helpsteer3_places_say_nothing_of_the_winner(load, tmp_path):
    rows = {"train": [preference("1"), preference("1", chosen="b", rejected="a")]}
    first, second = load(write_version(tmp_path / "v", "preference", rows), "helpsteer3")["train"]
    assert (first["overall_preference"], second["overall_preference"]) == (-2, 2)
    assert first["response1"].startswith("Answer a.")
    assert second["response1"] == "Answer a."
    assert [each["score"] for each in first["individual_preference"]] == [-1, -1, 0, 0]
    words = [each["reasoning"] for each in first["individual_preference"]]
    assert words == ["It rhymes.", "", "", ""]
    assert first["context"] == ask("Question 1?")


@pytest.mark.parametrize(
    ("margin", "points"), [(None, 1), (-1.0, 0), (0.0, 0), (0.5, 1), (1.4, 1), (2.5, 3), (3.5, 3)]
)
def test_margins_become_helpsteers_points(margin, points):
    assert strength(margin) == points


def test_ultrafeedback_gathers_the_completions_of_a_prompt(load, tmp_path):
    rows = {
        "train": [
            rating("1"),
            rating("1b", group="g1", aspects=["overall"], scores=[1.0], votes=[1]),
            rating("2"),
        ]
    }
    loaded = load(write_version(tmp_path / "v", "rating", rows), "ultrafeedback")["train"]
    assert [len(row["completions"]) for row in loaded] == [2, 1]
    first, second = loaded[0]["completions"]
    assert (loaded[0]["instruction"], first["response"]) == ("Question 1?", "A poem.")
    assert first["annotations"]["honesty"]["Rating"] == "2.5"
    assert first["annotations"]["overall"] is None
    assert (first["overall_score"], first["fine-grained_score"]) == (3.25, 3.25)
    assert second["overall_score"] == 1.0


def test_prm800k_lines_rate_each_step_and_say_how_it_ended(load, tmp_path):
    right = stepwise("2", ratings=[1, 1, 1], labels=[True] * 3, first_error=-1, reference="42")
    rows = {"train": [stepwise("1"), right]}
    wrong, right = load(write_version(tmp_path / "v", "stepwise", rows), "prm800k")["train"]
    assert wrong["question"]["problem"] == "Question 1?"
    assert [step["completions"][0]["rating"] for step in wrong["label"]["steps"]] == [1, 0, -1]
    assert [each["label"]["finish_reason"] for each in (wrong, right)] == [
        "found_error",
        "solution",
    ]
    assert [each["question"]["ground_truth_answer"] for each in (wrong, right)] == [None, "42"]
    assert wrong["label"]["steps"][0]["chosen_completion"] == 0


def test_a_ranking_of_one_tier_is_all_right(load, tmp_path):
    rows = {"train": [ranking("1", tiers=[[0, 1, 2]])]}
    row = load(write_version(tmp_path / "v", "ranking", rows), "rewardbench")["train"][0]
    assert (row["num_correct"], row["rejected"]) == (3, [])
