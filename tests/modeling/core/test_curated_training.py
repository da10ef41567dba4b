"""From judgments to a trained step: each kind is built, written, loaded and trained on."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from curation.core.build import build_dataset
from curation.core.records import (
    SPLITS,
    Comparison,
    Corpus,
    Message,
    OutcomeLabel,
    PromptText,
    Ranking,
    Rating,
    ResponseText,
    StepRating,
)
from curation.exports import write_dataset
from curation.recipe import KINDS, Recipe
from modeling.core.config import RewardConfig, default_objective
from modeling.core.train import train_reward_model

TOPICS = ("birds", "clouds", "drums", "engines", "forests", "glass", "hills", "islands")
ANNOTATORS = ("ann", "bob", "cy")
ANSWERS = ("good", "fair", "poor")


def corpus() -> Corpus:
    prompts = {
        topic: PromptText(topic, (Message("user", f"Tell me all about {topic}, please."),), split)
        for topic, split in zip(TOPICS, ["train"] * 6 + ["validation", "test"], strict=True)
    }
    responses = {
        f"{topic}-{answer}": ResponseText(
            f"{topic}-{answer}",
            f"This is a {answer} answer, with {answer} things to say of {topic}.",
            steps=(f"First of {topic}.", f"A {answer} second step."),
        )
        for topic, answer in product(TOPICS, ANSWERS)
    }
    return Corpus(prompts, responses)


def common(topic: str, annotator: str, item: str) -> dict[str, str]:
    revision = f"{annotator}-{item}"
    return {"item": item, "prompt": topic, "annotator": annotator, "revision": revision}


def comparisons() -> list[Any]:
    """Good beats fair in some items; both are good in others, and both bad in the rest."""
    found = []
    for topic, annotator in product(TOPICS, ANNOTATORS):
        for left, right, choice in (
            ("good", "fair", "left"),
            ("good", "poor", "left"),
            ("fair", "good", "both_good"),
            ("poor", "fair", "both_bad"),
        ):
            item = f"{topic}-{left}-{right}"
            sides = {"left": f"{topic}-{left}", "right": f"{topic}-{right}"}
            found.append(Comparison(**common(topic, annotator, item), **sides, choice=choice))
    return found


def rankings() -> list[Any]:
    return [
        Ranking(
            **common(topic, annotator, topic),
            tiers=tuple((f"{topic}-{answer}",) for answer in ANSWERS),
            responses=tuple(f"{topic}-{answer}" for answer in ANSWERS),
        )
        for topic, annotator in product(TOPICS, ANNOTATORS)
    ]


def of_responses(make: Any) -> list[Any]:
    """Judgments of each response, made from (common fields, response, its place)."""
    return [
        make(common(topic, annotator, f"{topic}-{answer}"), f"{topic}-{answer}", place)
        for topic, (place, answer), annotator in product(TOPICS, enumerate(ANSWERS), ANNOTATORS)
    ]


JUDGMENTS = {
    "preference": comparisons,
    "ranking": rankings,
    "stepwise": lambda: of_responses(
        lambda fields, key, place: StepRating(**fields, response=key, labels=(1, 1 - place))
    ),
    "outcome": lambda: of_responses(
        lambda fields, key, place: OutcomeLabel(**fields, response=key, correct=place == 0)
    ),
    "rating": lambda: of_responses(
        lambda fields, key, place: Rating(
            **fields, response=key, aspect="helpfulness", value=5.0 - place
        )
    ),
    "classification": comparisons,
}


@pytest.fixture
def load(tmp_path, monkeypatch):
    """A dataset directory's splits with rows, as the datasets library reads its Parquet."""
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()

    def load(directory: Path) -> Any:
        files = {name: str(directory / f"{name}.parquet") for name in SPLITS}
        cache = str(tmp_path / "cache")
        return datasets.load_dataset("parquet", data_files=files, cache_dir=cache)

    yield load
    datasets.enable_progress_bars()


@pytest.mark.parametrize("kind", KINDS)
def test_judgments_become_a_step_of_training(kind, load, tmp_path, bert_dir):
    recipe = Recipe(kind)
    built = build_dataset(corpus(), JUDGMENTS[kind](), recipe)
    write_dataset(built, tmp_path / "set", recipe=recipe)
    loaded = load(tmp_path / "set")
    assert {split: len(rows) for split, rows in loaded.items()} == {
        split: len(built.rows[split]) for split in SPLITS
    }
    config = RewardConfig(
        objective=default_objective(kind),
        frozen=False,
        backbone=str(bert_dir),
        max_length=128,
        batch_size=len(loaded["train"]),
        logging_steps=1,
    )
    result = train_reward_model(tmp_path / "set", tmp_path / "model", config)
    assert result.metrics["n_train"] == len(loaded["train"]) > 1
    assert [entry["step"] for entry in result.manifest["training"]["history"]] == [1]
    assert result.metrics["test"]["n"] == len(loaded["test"]) > 0
