import math

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from modeling.core.backbones import local_backbone
from modeling.core.data import TextParts, parse_prompt, render_parts
from modeling.core.errors import BackboneError
from modeling.core.likelihood import LanguageModel
from tests.modeling.core.conftest import byte_tokenizer
from tests.modeling.core.language_models import save_language_model

TEXTS = [
    render_parts(parse_prompt("Hi"), "Hello there"),
    render_parts(parse_prompt("A much longer question than the other?"), "No."),
    render_parts(parse_prompt("Hi"), ""),
    render_parts(parse_prompt("Hi"), "word " * 10),
]


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory):
    return save_language_model(tmp_path_factory.mktemp("lm") / "lm")


def language_model(directory, **options):
    return LanguageModel(local_backbone(directory, name="lm"), max_length=128, **options)


def slow_likelihood(directory, parts):
    """One text alone, one token after the other."""
    model = AutoModelForCausalLM.from_pretrained(directory).eval()
    tokenizer = byte_tokenizer()
    context = tokenizer(parts.context, add_special_tokens=False, truncation=False, padding=False)
    response = tokenizer(parts.response, add_special_tokens=False, truncation=False, padding=False)
    ids, total = [1, *context["input_ids"]], 0.0
    for token in [*response["input_ids"], 2]:
        with torch.no_grad():
            logits = model(torch.tensor([ids])).logits[0, -1].tolist()
        highest = max(logits)
        total += logits[token] - highest
        total -= math.log(sum(math.exp(value - highest) for value in logits))
        ids.append(token)
    return total, len(ids) - 1 - len(context["input_ids"])


def test_likelihoods_equal_those_of_one_text_at_a_time(model_dir):
    found = language_model(model_dir).score(TEXTS)
    for row, parts in enumerate(TEXTS):
        total, tokens = slow_likelihood(model_dir, parts)
        assert found.total[row] == pytest.approx(total, rel=1e-4)
        assert found.tokens[row] == tokens
        assert found.mean[row] == pytest.approx(total / tokens, rel=1e-4)
    assert not found.truncated.any()


def test_likelihoods_depend_neither_on_order_nor_on_company_nor_on_the_cache(model_dir, tmp_path):
    model = language_model(model_dir)
    together = model.score(TEXTS).total
    alone = np.concatenate([model.score([parts]).total for parts in TEXTS])
    assert alone == pytest.approx(together, rel=1e-5)
    assert model.score(TEXTS[::-1]).total[::-1] == pytest.approx(together, rel=1e-5)
    for _ in range(2):
        cached = model.score(TEXTS, cache_dir=tmp_path)
        assert cached.total == pytest.approx(together, rel=1e-5)
    assert cached.tokens.tolist() == model.score(TEXTS).tokens.tolist()


def test_texts_that_were_cut_are_told(model_dir):
    found = language_model(model_dir).score([TEXTS[0], TextParts("x" * 300, " y")])
    assert found.truncated.tolist() == [False, True]


def test_an_encoder_gives_no_probability(bert_dir):
    with pytest.raises(BackboneError, match="encoder"):
        language_model(bert_dir)


def test_a_model_without_its_language_head_is_refused(llama_dir):
    with pytest.raises(BackboneError, match="language head"):
        language_model(llama_dir).score(TEXTS)
