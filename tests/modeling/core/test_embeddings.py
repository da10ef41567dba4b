import multiprocessing

import numpy as np
import pytest
import torch

from modeling.core.backbones import load_backbone, resolve_backbone
from modeling.core.data import TextParts
from modeling.core.embedding_cache import CachedEmbedding, EmbeddingCache
from modeling.core.embeddings import Encoder, embed_texts
from modeling.core.errors import ConfigError, InterruptionError
from modeling.core.features import extract_features, feature_size
from modeling.core.progress import Progress
from modeling.core.tokens import TextTokenizer

TEXTS = [TextParts("Human: Hi\n\nAssistant:", f" {'word ' * n}end") for n in (9, 1, 4, 0, 13, 2)]


@pytest.fixture
def encoder(bert_dir):
    return Encoder(resolve_backbone(str(bert_dir)), max_length=128, batch_size=2)


def slow_embedding(bert_dir, text, layer):
    """One text, no padding, the mean written out."""
    loaded = load_backbone(resolve_backbone(str(bert_dir)))
    ids = TextTokenizer(loaded.tokenizer, max_length=128)([text])[0].ids
    with torch.no_grad():
        output = loaded.model(torch.tensor([ids]), output_hidden_states=True)
    return output.hidden_states[layer][0].mean(dim=0).numpy()


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_vectors_equal_the_slow_twin(bert_dir, encoder, layer):
    found = embed_texts(TEXTS, encoder, layer=layer)
    for row, text in enumerate(TEXTS):
        assert found.vectors[row] == pytest.approx(slow_embedding(bert_dir, text, layer), abs=1e-5)
    assert found.vectors.dtype == np.float32


def test_batch_size_and_order_do_not_matter(bert_dir, encoder):
    whole = Encoder(resolve_backbone(str(bert_dir)), max_length=128, batch_size=64)
    expected = embed_texts(TEXTS, encoder).vectors
    assert embed_texts(TEXTS, whole).vectors == pytest.approx(expected, abs=1e-5)
    assert embed_texts(TEXTS[::-1], encoder).vectors[::-1] == pytest.approx(expected, abs=1e-5)


def test_only_missing_texts_are_encoded(encoder, tmp_path, monkeypatch):
    first = embed_texts(TEXTS[:3], encoder, cache_dir=tmp_path)
    again = embed_texts(TEXTS, encoder, cache_dir=tmp_path)
    assert (first.encoded, again.encoded) == (3, 3)
    monkeypatch.setattr(Encoder, "encode", None)
    cached = embed_texts(TEXTS + TEXTS, encoder, cache_dir=tmp_path)
    assert cached.encoded == 0
    assert np.array_equal(cached.vectors, np.vstack([again.vectors] * 2))


def test_a_repeated_text_is_encoded_once(encoder):
    assert embed_texts(TEXTS + TEXTS, encoder).encoded == len(TEXTS)


def test_whatever_changes_a_vector_changes_its_key(bert_dir, encoder):
    backbone = resolve_backbone(str(bert_dir))
    text = TEXTS[0]
    moved = TextParts(text.context + text.response, "")
    keys = {
        encoder.key(text, 2),
        encoder.key(text, 1),
        encoder.key(moved, 2),
        Encoder(backbone, max_length=64).key(text, 2),
        Encoder(backbone, max_length=128, pooling="cls").key(text, 2),
        Encoder(backbone, max_length=128, precision="bf16").key(text, 2),
    }
    assert len(keys) == 6


def test_truncation_is_remembered_by_the_cache(bert_dir, tmp_path):
    encoder = Encoder(resolve_backbone(str(bert_dir)), max_length=40)
    fresh = embed_texts(TEXTS, encoder, cache_dir=tmp_path).truncated
    assert fresh.tolist() == [True, False, True, False, True, False]
    assert embed_texts(TEXTS, encoder, cache_dir=tmp_path).truncated.tolist() == fresh.tolist()


def test_progress_ends_at_one(encoder):
    seen = []
    progress = Progress(report=lambda fraction, message, metrics: seen.append(fraction))
    embed_texts(TEXTS * 2, encoder, progress=progress)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_stopping_keeps_what_was_encoded(encoder, tmp_path):
    asked = iter([False, True])
    texts = [TextParts("", f" text {n}") for n in range(20)]
    with pytest.raises(InterruptionError):
        embed_texts(
            texts, encoder, cache_dir=tmp_path, progress=Progress(should_stop=lambda: next(asked))
        )
    assert embed_texts(texts, encoder, cache_dir=tmp_path).encoded == 12


def test_a_length_beyond_the_backbone_is_refused(bert_dir):
    with pytest.raises(ConfigError, match="set max_length to 128"):
        Encoder(resolve_backbone(str(bert_dir)), max_length=129)


def write_some(directory, start):
    cache = EmbeddingCache(directory, "f" * 64)
    for number in range(start, start + 50):
        vector = np.full(3, number % 60, dtype=np.float32)
        cache.put_many({str(number % 60).encode(): CachedEmbedding(vector, False)})


def test_several_processes_share_a_cache(tmp_path):
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=write_some, args=(tmp_path, 10 * k)) for k in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 4
    keys = [str(number).encode() for number in range(60)]
    found = EmbeddingCache(tmp_path, "f" * 64).get_many(keys)
    assert sorted(found) == sorted(keys)
    assert all(found[key].vector[0] == int(key) for key in keys)


def test_features_put_views_side_by_side(encoder):
    both = extract_features(TEXTS, encoder, "joint_response")
    joint = extract_features(TEXTS, encoder, "joint")
    response = extract_features(TEXTS, encoder, "response")
    assert both.vectors.shape == (len(TEXTS), feature_size(encoder, "joint_response"))
    assert np.array_equal(both.vectors, np.hstack([joint.vectors, response.vectors]))
    alone = [TextParts("", text.response) for text in TEXTS]
    expected = embed_texts(alone, encoder, layer=encoder.layer_at(2 / 3)).vectors
    assert response.vectors == pytest.approx(expected, abs=1e-6)
