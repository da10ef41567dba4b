import json

import pytest

from modeling.core.backbones import resolve_backbone
from modeling.core.data import read_pairs
from modeling.core.errors import BackboneError, ConfigError
from modeling.core.implicit import load_implicit, main
from modeling.core.likelihood import LanguageModel
from tests.modeling.core.conftest import preference_row, write_jsonl
from tests.modeling.core.language_models import save_language_model

INPUTS = [("Hi", "Hello there"), ("Hi", "No.")]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return (
        str(save_language_model(folder / "policy", seed=1)),
        str(save_language_model(folder / "reference")),
    )


def test_the_reward_is_beta_times_the_log_ratio(models, tmp_path):
    example = read_pairs(write_jsonl(tmp_path / "p.jsonl", [preference_row(1)])).examples[0]
    policy, reference = (
        LanguageModel(resolve_backbone(name), max_length=128).score(example.sides()).total
        for name in models
    )
    scored = load_implicit(*models, beta=0.5, max_length=128).score_examples([example])
    assert scored.chosen == pytest.approx(0.5 * (policy - reference)[:1])
    assert scored.rejected == pytest.approx(0.5 * (policy - reference)[1:])
    alone = load_implicit(*models, beta=0.5, max_length=128).score(
        [(example.prompt, example.chosen)]
    )
    assert alone == pytest.approx(scored.chosen, rel=1e-5)


def test_a_policy_that_learned_nothing_has_no_rewards(models):
    _, reference = models
    same = load_implicit(reference, reference, max_length=128)
    assert same.score(INPUTS) == pytest.approx([0.0, 0.0])


def test_the_two_models_change_places_with_the_sign(models):
    there = load_implicit(*models, max_length=128).score(INPUTS)
    back = load_implicit(*models[::-1], max_length=128).score(INPUTS)
    assert there == pytest.approx(-back)


def test_models_that_split_texts_differently_are_refused(models, tmp_path):
    other = save_language_model(tmp_path / "other")
    tokenizer = json.loads((other / "tokenizer.json").read_text())
    cut = json.dumps(tokenizer | {"truncation": None})
    (other / "tokenizer.json").write_text(cut)
    assert load_implicit(models[0], str(other), max_length=128).beta == 0.1
    tokenizer["model"]["vocab"]["!"], tokenizer["model"]["vocab"]["?"] = (
        tokenizer["model"]["vocab"]["?"],
        tokenizer["model"]["vocab"]["!"],
    )
    (other / "tokenizer.json").write_text(json.dumps(tokenizer))
    with pytest.raises(BackboneError, match="different tokenizers"):
        load_implicit(models[0], str(other), max_length=128)


def test_a_beta_of_nothing_is_refused(models):
    with pytest.raises(ConfigError, match="beta"):
        load_implicit(*models, beta=0.0)


def test_the_command_evaluates_pairs(models, tmp_path, capsys):
    data = write_jsonl(tmp_path / "pairs.jsonl", [preference_row(n) for n in range(4)])
    policy, reference = models
    options = ["--policy", policy, "--reference", reference, "--max-length", "128"]
    assert main([*options, "--data", str(data), "--cache", str(tmp_path / "cache")]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["n"] == 4
    assert 0 <= told["accuracy"] <= 1
    assert told["truncated"] == 0
    assert main([*options, "--data", str(tmp_path / "none.jsonl")]) == 1
    assert "Cannot read" in capsys.readouterr().err
