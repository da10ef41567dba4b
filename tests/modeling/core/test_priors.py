import numpy as np
import pytest

from modeling.core import residual
from modeling.core.backbones import resolve_backbone
from modeling.core.checkpoint import load_checkpoint
from modeling.core.config import RewardConfig
from modeling.core.data import Message, TextParts, parse_prompt, read_dataset, render_parts
from modeling.core.embeddings import Encoder
from modeling.core.errors import CheckpointError, ConfigError, TrainingError
from modeling.core.likelihood import LanguageModel
from modeling.core.priors import checked_spec, load_prior, register_prior
from modeling.core.priors.kinds import _REGISTERED, CustomPrior
from modeling.core.sides import embed_splits, training_features
from modeling.core.train import train_reward_model
from tests.modeling.core.language_models import save_language_model

TEXTS = [render_parts(parse_prompt("Hi"), text) for text in ("Hello there", "No.", "")]
PENALTY = {"kind": "length", "coefficient": -0.5}


@pytest.fixture
def encoder(bert_dir):
    return Encoder(resolve_backbone(str(bert_dir)), max_length=128)


@pytest.fixture
def shouting():
    @register_prior("shouting")
    def count_marks(texts):
        return [parts.response.count("!") for parts in texts]

    yield count_marks
    _REGISTERED.pop("shouting")


@pytest.mark.parametrize(
    ("unit", "lengths"), [("characters", [11, 3, 0]), ("words", [2, 1, 0]), ("tokens", [12, 4, 1])]
)
def test_a_length_penalty_counts_the_response(encoder, unit, lengths):
    prior = load_prior(PENALTY | {"unit": unit}, encoder)
    assert prior.score(TEXTS) == pytest.approx(-0.5 * np.array(lengths))
    assert prior.score([]).shape == (0,)


def test_a_policy_gives_log_probabilities(encoder, tmp_path):
    directory = save_language_model(tmp_path / "lm")
    spec = {"kind": "log_probability", "model": str(directory), "coefficient": 2.0}
    model = LanguageModel(resolve_backbone(str(directory)), max_length=128)
    expected = model.score(TEXTS)
    assert load_prior(spec, encoder).score(TEXTS) == pytest.approx(2 * expected.mean)
    whole = load_prior(spec | {"reduce": "sum"}, encoder)
    assert whole.score(TEXTS) == pytest.approx(2 * expected.total)


def test_a_registered_function_is_a_prior(encoder, shouting):
    prior = load_prior({"kind": "custom", "name": "shouting", "coefficient": 3}, encoder)
    assert prior.score([TextParts("", " a!"), TextParts("!", " b")]) == pytest.approx([3.0, 0.0])


def test_an_installed_package_may_offer_a_prior(encoder, monkeypatch):
    class Point:
        @staticmethod
        def load():
            return lambda texts: np.ones(len(texts))

    monkeypatch.setattr("modeling.core.priors.kinds.entry_points", lambda **_: [Point])
    prior = load_prior({"kind": "custom", "name": "offered"}, encoder)
    assert prior.score(TEXTS) == pytest.approx(np.ones(3))
    _REGISTERED.pop("offered")


@pytest.mark.parametrize("found", [[1.0], [1.0, 2.0, float("nan")]])
def test_a_function_must_give_a_finite_number_for_each_text(found):
    prior = CustomPrior(1.0, "bad", lambda texts: found)
    with pytest.raises(ConfigError, match="one finite number"):
        prior.score(TEXTS)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("length", "must be an object"),
        ({"kind": "vibes"}, "must be an object whose"),
        ({"kind": "length"}, "finite number"),
        ({"kind": "length", "coefficient": True}, "finite number"),
        ({"kind": "length", "coefficient": -(10**400)}, "finite number"),
        ({"kind": "length", "coefficient": 1, "unit": "pages"}, "characters, words, tokens"),
        ({"kind": "length", "coefficient": 1, "path": "x"}, 'no setting "path"'),
        ({"kind": "checkpoint"}, 'must name "path"'),
        ({"kind": "custom", "name": " "}, 'must name "name"'),
        ({"kind": "log_probability", "model": "m", "reduce": "max"}, "mean, sum"),
    ],
)
def test_settings_that_make_no_sense_are_refused(spec, words):
    with pytest.raises(ConfigError, match=words):
        checked_spec(spec)


def test_a_config_carries_a_whole_prior_and_comes_back():
    config = RewardConfig(prior=PENALTY)
    assert config.prior == PENALTY | {"unit": "characters"}
    assert RewardConfig.from_dict(config.to_dict()) == config
    with pytest.raises(ConfigError, match="object of settings"):
        RewardConfig(prior="length")
    with pytest.raises(ConfigError, match="bradley_terry"):
        RewardConfig(prior=PENALTY, objective="plackett_luce", frozen=False)


def frozen(bert_dir, **changes):
    return RewardConfig(backbone=str(bert_dir), max_length=128, l2=0.1, **changes)


def test_the_head_learns_what_the_prior_leaves(bert_dir, dataset_dir, encoder):
    dataset, config = read_dataset(dataset_dir), frozen(bert_dir, prior=PENALTY)
    prior = load_prior(config.prior, encoder)
    sides = embed_splits(dataset, encoder, config, prior=prior).sides["train"]
    examples = dataset.splits["train"]
    lengths = [len(row.chosen) - len(row.rejected) for row in examples]
    data = training_features(examples, sides, config)
    assert data.margin == pytest.approx(0.5 * np.array(lengths))
    assert sides.ahead == pytest.approx(-0.5 * np.array(lengths))


@pytest.mark.parametrize("custom", [False, True])
def test_a_residual_model_adds_its_head_to_the_prior(
    bert_dir, dataset_dir, tmp_path, encoder, shouting, custom
):
    spec = {"kind": "custom", "name": "shouting"} if custom else PENALTY
    out = tmp_path / "out"
    result = train_reward_model(dataset_dir, out, frozen(bert_dir, prior=spec))
    assert result.manifest["prior"]["kind"] == spec["kind"]
    scorer = load_checkpoint(out)
    inputs = [([Message("user", "Hi")], "yes please!"), ([Message("user", "Hi")], "no")]
    prior = np.array([1.0, 0.0]) if custom else -0.5 * np.array([11, 2])
    features = scorer.features(inputs)
    assert scorer.score(inputs) == pytest.approx(scorer.head.score(features) + prior)
    examples = read_dataset(dataset_dir).splits["test"]
    found = scorer.score_examples(examples)
    right = (found.chosen > found.rejected).mean()
    assert result.metrics["test"]["accuracy"] == pytest.approx(right)


def test_a_strong_prior_against_the_judgments_is_unlearned(bert_dir, dataset_dir, tmp_path):
    """Chosen answers are longer here, so with this penalty alone all pairs would be wrong."""
    config = frozen(bert_dir, prior=PENALTY).to_dict() | {"l2": 1e-4}
    result = train_reward_model(dataset_dir, tmp_path / "out", RewardConfig.from_dict(config))
    assert result.metrics["test"]["length_accuracy"] == 1.0
    assert result.metrics["test"]["accuracy"] == 1.0


def test_another_checkpoint_may_be_the_prior(bert_dir, dataset_dir, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    train_reward_model(dataset_dir, first, frozen(bert_dir))
    spec = {"kind": "checkpoint", "path": str(first), "coefficient": 0.5}
    train_reward_model(dataset_dir, second, frozen(bert_dir, prior=spec))
    inputs = [("Hi", "yes please"), ("Hi", "no")]
    scorer = load_checkpoint(second)
    own = scorer.head.score(scorer.features(inputs))
    expected = own + 0.5 * load_checkpoint(first).score(inputs)
    assert scorer.score(inputs) == pytest.approx(expected)
    (first / "manifest.json").write_text((second / "manifest.json").read_text())
    with pytest.raises(CheckpointError, match="cannot be loaded"):
        load_checkpoint(second)


def test_a_prior_that_changed_is_refused(bert_dir, dataset_dir, tmp_path):
    out, model = tmp_path / "out", save_language_model(tmp_path / "lm")
    spec = {"kind": "log_probability", "model": str(model)}
    train_reward_model(dataset_dir, out, frozen(bert_dir, prior=spec))
    assert load_checkpoint(out).prior.fingerprint
    save_language_model(model, seed=1)
    with pytest.raises(CheckpointError, match="not the one this model was trained with"):
        load_checkpoint(out)


def test_a_prior_that_is_gone_is_refused_with_what_to_do(bert_dir, dataset_dir, tmp_path, shouting):
    out = tmp_path / "out"
    spec = {"kind": "custom", "name": "shouting"}
    train_reward_model(dataset_dir, out, frozen(bert_dir, prior=spec))
    _REGISTERED.clear()
    with pytest.raises(CheckpointError, match="import the module that registers it"):
        load_checkpoint(out)
    _REGISTERED["shouting"] = shouting
    missing = {"kind": "checkpoint", "path": str(tmp_path / "none")}
    with pytest.raises(TrainingError, match="no checkpoint"):
        train_reward_model(dataset_dir, tmp_path / "b", frozen(bert_dir, prior=missing))


@pytest.fixture
def full(calm_bert_dir):
    settings = {"backbone": str(calm_bert_dir), "max_length": 128, "frozen": False}
    prior = PENALTY | {"coefficient": -0.1}
    return settings | {"epochs": 12, "learning_rate": 3e-3, "batch_size": 8, "prior": prior}


def test_a_whole_backbone_may_be_tuned_on_top_of_a_prior(full, dataset_dir, tmp_path):
    result = train_reward_model(dataset_dir, tmp_path / "out", RewardConfig(**full))
    scorer = load_checkpoint(tmp_path / "out")
    inputs = [("Hi", "yes please"), ("Hi", "no")]
    own = scorer.head.score(scorer.features(inputs))
    assert scorer.score(inputs) == pytest.approx(own - 0.1 * np.array([10, 2]))
    examples = read_dataset(dataset_dir).splits["test"]
    found = scorer.score_examples(examples)
    assert result.metrics["test"]["accuracy"] == pytest.approx(
        (found.chosen > found.rejected).mean()
    )
    # The penalty alone has every pair wrong, so only what was learned can have put them right.
    assert result.metrics["test"]["accuracy"] == 1.0


def test_a_prior_reads_in_training_as_it_will_in_the_checkpoint(
    full, dataset_dir, tmp_path, monkeypatch
):
    """Single and half precision give a text different probabilities."""
    read = []

    def remember(spec, encoder):
        read.append((encoder.precision, encoder.max_length, encoder.batch_size))
        return load_prior(spec, encoder)

    monkeypatch.setattr(residual, "load_prior", remember)
    config = RewardConfig(**full, precision="bf16", scoring_batch_size=5)
    residual.known_rewards(read_dataset(dataset_dir), config)
    assert read == [("bf16", 128, 5)]


def test_looks_while_training_see_the_prior_too(full, dataset_dir, tmp_path):
    prior = PENALTY | {"coefficient": 1.0}  # which alone has every pair right
    changes = {"prior": prior, "epochs": 1, "learning_rate": 1e-6, "eval_rows": 2}
    result = train_reward_model(dataset_dir, tmp_path / "out", RewardConfig(**full | changes))
    last = result.manifest["training"]["history"][-1]
    assert last["validation_accuracy"] == result.metrics["validation"]["accuracy"] == 1.0


def test_sampling_by_margin_knows_no_prior(full):
    with pytest.raises(ConfigError, match="shuffled"):
        RewardConfig(**full, sampling="curriculum")


def test_decorrelation_from_length_would_miss_what_the_prior_adds(full):
    with pytest.raises(ConfigError, match="length_decorrelation to 0"):
        RewardConfig(**full, length_decorrelation=0.1)
