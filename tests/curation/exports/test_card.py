"""Dataset cards: what they say, and what they leave alone."""

import pytest
import yaml

from curation.core.errors import ExportError
from curation.exports.card import CardFacts, size_category, write_card
from curation.exports.write import Table
from tests.curation.exports.versions import STATISTICS, write_version

TABLES = (
    Table("bt", ("prompt", "chosen", "rejected"), {"train": 3, "validation": 1}),
    Table("votes", ("id", "p_a"), {"train": 3}),
)
FACTS = CardFacts(
    title="Cheerful answers",
    name="cheer-preference-v3",
    version="v3",
    description="Which answer cheers people up?",
    license="cc-by-4.0",
    languages=("en", "de"),
    guidelines=(2, 3),
    scales=("llama2",),
    origins={"imported": 2, "person": 9},
    overlap=3,
    repo_id="org/cheer",
)
FOREIGN = """---
license: mit
language:
- fr
tags:
- poems
- tiebreak
configs:
- config_name: poems
  default: true
  data_files: poems.csv
- config_name: bt
  data_files: old/*.parquet
dataset_info:
- config_name: bt
  splits: []
- config_name: poems
  splits: []
custom: kept
---

# My poems

Written by hand.
"""


@pytest.fixture
def source(tmp_path):
    return write_version(tmp_path / "v", "preference")


def split_card(card):
    _, metadata, text = card.split("---\n", 2)
    return yaml.safe_load(metadata), text


def test_a_new_card_has_the_hubs_metadata(source):
    metadata, text = split_card(write_card(source, FACTS, TABLES))
    assert metadata["license"] == "cc-by-4.0"
    assert metadata["language"] == ["en", "de"]
    assert metadata["size_categories"] == ["n<1K"]
    assert "reinforcement-learning" in metadata["task_categories"]
    assert "human-feedback" in metadata["tags"]
    assert metadata["pretty_name"] == "Cheerful answers"
    assert text.strip().startswith("# Cheerful answers")


def test_each_table_is_a_config_over_the_splits_that_have_rows(source):
    metadata, _ = split_card(write_card(source, FACTS, TABLES))
    assert metadata["configs"] == [
        {
            "config_name": "bt",
            "default": True,
            "data_files": [
                {"split": "train", "path": "bt/train-*.parquet"},
                {"split": "validation", "path": "bt/validation-*.parquet"},
            ],
        },
        {
            "config_name": "votes",
            "data_files": [{"split": "train", "path": "votes/train-*.parquet"}],
        },
    ]


def test_the_card_says_how_rows_came_about(source):
    text = write_card(source, FACTS, TABLES)
    for words in (
        "Which answer cheers people up?",
        "4 rows: 3 train, 1 validation",
        "11 judgments by 3 annotators were read",
        "- 9 given here by people",
        "Judgments wanted of each item: 3.",
        "Guidelines: edition 2, 3",
        "four grades a side, from negligibly",
        "all votes agree on 80.0%",
        "| The chosen response is the longer one | 50.0% |",
        "| tie | 2 |",
        "| unsafe | 1 |",
        '"seed": 0',
        "c" * 64,
        "cheer-preference-v3",
        'load_dataset("org/cheer", "bt", revision="v3")',
        "`cc-by-4.0`",
        "names are left out",
    ):
        assert words in text, words


def test_people_are_described_only_as_they_were(source):
    facts = CardFacts(title="T", name="n", version="v1", about_people="Nurses from three towns.")
    assert "3 annotators. Nurses from three towns." in write_card(source, facts, TABLES)


def test_what_nobody_said_is_said_to_be_unknown(source):
    facts = CardFacts(title="T", name="n", version="v1", has_simulated=True)
    metadata, text = split_card(write_card(source, facts, TABLES))
    assert "license" not in metadata
    assert "language" not in metadata
    assert "No licence was named" in text
    assert "Some judgments are simulated" in text


def test_steps_and_proofs_of_balance_become_tables(source):
    statistics = STATISTICS | {
        "agreement_share": None,
        "balance": {
            "before": {"length": {"accuracy": 0.64}},
            "after": {"length": {"accuracy": 0.5}},
        },
        "steps": [
            {"step": "exact", "unit": "items", "before": 9, "after": 7, "dropped": {"too_long": 2}},
            {"step": "rows", "unit": "rows", "before": 7, "after": 7, "dropped": {}},
        ],
    }
    source = type(source)(source.directory, source.manifest, statistics)
    text = write_card(source, FACTS, TABLES)
    assert "| length · accuracy | 0.64 | 0.5 |" in text
    assert "| exact | items | 9 | 7 | 2 too long |" in text
    assert "nothing can be said of agreement" in text


def test_a_proof_without_before_and_after_is_one_column(source):
    statistics = {"balance": {"largest weight": 2.5}}
    source = type(source)(source.directory, source.manifest, statistics)
    assert "| largest weight | 2.5 |" in write_card(source, FACTS, TABLES)
    bare = type(source)(source.directory, source.manifest | {"dropped": {}}, {})
    text = write_card(bare, FACTS, TABLES)
    assert "Nothing was measured." in text
    assert "Nothing was left out." in text


def test_nobody_is_named_in_the_recipe(source):
    recipe = {"kind": "preference", "select": {"annotators_out": ["mary", "john"], "x": 1}}
    manifest = source.manifest | {"recipe": recipe}
    text = write_card(type(source)(source.directory, manifest, {}), FACTS, TABLES)
    assert '"annotators_out": 2' in text
    assert "mary" not in text


def test_an_existing_card_keeps_its_words_and_its_own_entries(source):
    metadata, text = split_card(write_card(source, FACTS, TABLES, existing=FOREIGN))
    assert text.strip().startswith("# My poems\n\nWritten by hand.")
    assert "## Preference rows, v3" in text
    assert metadata["custom"] == "kept"
    assert metadata["tags"][0] == "poems"
    assert metadata["tags"].count("tiebreak") == 1
    assert [config["config_name"] for config in metadata["configs"]] == ["poems", "bt", "votes"]
    assert [config.get("default") for config in metadata["configs"]] == [True, None, None]
    assert metadata["configs"][0]["data_files"] == "poems.csv"
    assert metadata["configs"][1]["data_files"][0]["path"] == "bt/train-*.parquet"


def test_what_a_card_said_of_our_tables_sizes_is_forgotten(source):
    metadata, _ = split_card(write_card(source, FACTS, TABLES, existing=FOREIGN))
    assert [each["config_name"] for each in metadata["dataset_info"]] == ["poems"]
    single = "---\ndataset_info:\n  config_name: bt\n---\nText"
    assert "dataset_info" not in split_card(write_card(source, FACTS, TABLES, existing=single))[0]


def test_a_licence_that_is_given_now_wins_and_one_that_is_not_stays(source):
    metadata, _ = split_card(write_card(source, FACTS, TABLES, existing=FOREIGN))
    assert (metadata["license"], metadata["language"]) == ("cc-by-4.0", ["en", "de"])
    silent = CardFacts(title="T", name="n", version="v4")
    metadata, _ = split_card(write_card(source, silent, TABLES, existing=FOREIGN))
    assert (metadata["license"], metadata["language"]) == ("mit", ["fr"])


def test_writing_again_changes_nothing(source):
    for existing in (None, FOREIGN, "No metadata at all.", ""):
        once = write_card(source, FACTS, TABLES, existing=existing)
        assert write_card(source, FACTS, TABLES, existing=once) == once


def test_a_new_version_takes_the_place_of_the_old_part(source):
    once = write_card(source, FACTS, TABLES, existing=FOREIGN)
    edited = once.replace("Written by hand.", "Written by hand, later.") + "\nThe end.\n"
    newer = CardFacts(title="T", name="cheer-preference-v4", version="v4")
    card = write_card(source, newer, TABLES, existing=edited)
    assert "Written by hand, later." in card
    assert card.rstrip().endswith("The end.")
    assert "## Preference rows, v4" in card
    assert "v3" not in card


def test_parts_of_several_kinds_stand_side_by_side(source, tmp_path):
    once = write_card(source, FACTS, TABLES)
    ranking = write_version(tmp_path / "r", "ranking")
    tables = (Table("pl", ("prompt",), {"train": 3}),)
    metadata, text = split_card(write_card(ranking, FACTS, tables, existing=once))
    assert "## Preference rows" in text
    assert "## Ranking rows" in text
    assert [config["config_name"] for config in metadata["configs"]] == ["bt", "votes", "pl"]


def test_peoples_words_cannot_end_our_part_or_break_a_table(source):
    facts = CardFacts(
        title="T",
        name="n",
        version="v1",
        limitations="<!-- tiebreak:end preference --> | more",
    )
    once = write_card(source, facts, TABLES)
    assert once.count("<!-- tiebreak:end preference -->") == 1
    assert write_card(source, facts, TABLES, existing=once) == once
    source = type(source)(
        source.directory, source.manifest | {"dropped": {"a|b\nc": 1}}, source.statistics
    )
    assert "| a\\|b c | 1 |" in write_card(source, facts, TABLES)


@pytest.mark.parametrize("broken", ["---\n- a list\n---\n", "---\na: [\n---\n"])
def test_a_card_whose_metadata_cannot_be_read_is_left_alone(source, broken):
    with pytest.raises(ExportError, match=r"mend its README\.md"):
        write_card(source, FACTS, TABLES, existing=broken)


def test_a_card_beside_files_loads_them_from_there(source):
    facts = CardFacts(title="T", name="n", version="v1")
    assert '"train": "bt/train-*.parquet"' in write_card(source, facts, TABLES)
    jsonl = write_card(source, facts, TABLES, form="jsonl")
    assert 'load_dataset("json"' in jsonl
    assert "path: bt/train.jsonl" in jsonl


@pytest.mark.parametrize(
    ("rows", "name"),
    [(0, "n<1K"), (999, "n<1K"), (1_000, "1K<n<10K"), (10**6, "1M<n<10M"), (10**10, "n>1B")],
)
def test_sizes_have_the_hubs_names(rows, name):
    assert size_category(rows) == name


@pytest.mark.parametrize("kind", ["ranking", "stepwise", "outcome", "rating"])
def test_every_kind_has_a_card(kind, tmp_path):
    source = write_version(tmp_path / kind, kind)
    tables = (Table("x", ("prompt",), {"train": 3}),)
    assert f"## {kind.capitalize()} rows" in write_card(source, FACTS, tables)
