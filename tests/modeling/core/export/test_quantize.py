"""Static int8: scales worked out by hand, and products that do not depend on company."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling.core.errors import ExportError
from modeling.core.export.quantize import (
    MOST,
    Range,
    measured_ranges,
    quantised_weights,
    quantize_static,
)

onnx = pytest.importorskip("onnx")
helper, numpy_helper = onnx.helper, onnx.numpy_helper
ROWS, COLUMNS = 16, 20


def product_model(weights):
    """A model whose output is its input (batch, length, ROWS) times a matrix."""
    shapes = [["batch", "length", size] for size in weights.shape]
    values = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
        for name, shape in zip(("x", "y"), shapes, strict=True)
    ]
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"], name="product")],
        "product",
        values[:1],
        values[1:],
        [numpy_helper.from_array(weights, "w")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def slow_product(x, weights, given_range):
    """What the int8 model should say, one number at a time."""
    scale, zero = float(given_range.scale), int(given_range.zero_point)
    levels, scales = quantised_weights(weights)
    found = np.zeros((len(x), weights.shape[1]))
    for row in range(len(x)):
        for column in range(weights.shape[1]):
            total = 0
            for inner in range(weights.shape[0]):
                level = min(255, max(0, round(float(x[row, inner]) / scale) + zero))
                total += (level - zero) * int(levels[inner, column])
            found[row, column] = total * scale * float(scales[column])
    return found


def test_a_range_becomes_a_scale_and_a_zero_point():
    found = Range(-1.0, 1.55)
    assert found.scale == pytest.approx(0.01)
    assert found.zero_point == 100
    assert Range(0.0, 0.0).zero_point == 0


@given(st.integers(0, 1000))
def test_weights_are_kept_within_half_a_level(seed):
    weights = np.random.default_rng(seed).normal(size=(5, 4)).astype(np.float32)
    levels, scales = quantised_weights(weights)
    assert np.abs(levels).max() == MOST
    assert (np.abs(levels * scales - weights) <= scales / 2 + 1e-6).all()


def test_a_column_of_zeros_stays_zero():
    levels, scales = quantised_weights(np.zeros((3, 2), np.float32))
    assert not levels.any()
    assert (scales == 1).all()


@pytest.fixture
def quantised(tmp_path):
    from modeling.core.serving.onnx import open_session

    rng = np.random.default_rng(0)
    weights = rng.normal(size=(ROWS, COLUMNS)).astype(np.float32)
    onnx.save(product_model(weights), str(tmp_path / "exact.onnx"))
    seen = rng.normal(size=(1, 50, ROWS)).astype(np.float32)
    told = quantize_static(tmp_path / "exact.onnx", tmp_path / "int8.onnx", [{"x": seen}])
    return weights, seen, told, open_session(tmp_path / "int8.onnx")


def test_the_product_is_the_slow_one(quantised):
    weights, seen, told, session = quantised
    x = np.random.default_rng(1).normal(size=(1, 4, ROWS)).astype(np.float32)
    (found,) = session.run(None, {"x": x})
    expected = slow_product(x[0], weights, Range(float(seen.min()), float(seen.max())))
    np.testing.assert_allclose(found[0], expected, rtol=1e-4, atol=1e-4)
    assert told["matrices"] == 1
    assert np.abs(found[0] - x[0] @ weights).max() < 0.5


def test_a_row_says_the_same_in_any_company(quantised):
    *_, session = quantised
    x = np.random.default_rng(2).normal(size=(64, 3, ROWS)).astype(np.float32)
    x[1:] *= 40  # loud company, which a scale of the batch would follow
    (together,) = session.run(None, {"x": x})
    (alone,) = session.run(None, {"x": x[:1]})
    np.testing.assert_array_equal(together[:1], alone)


def test_the_range_spans_all_texts_and_zero():
    model = product_model(np.ones((ROWS, COLUMNS), np.float32))
    feeds = [{"x": np.full((1, 2, ROWS), value, np.float32)} for value in (0.5, 2.0)]
    ranges, texts = measured_ranges(model, ["x"], feeds)
    assert (ranges["x"], texts) == (Range(0.0, 2.0), 2)


def test_nothing_to_calibrate_on_or_to_quantise_is_refused(tmp_path):
    small = np.ones((4, 4), np.float32)
    onnx.save(product_model(small), str(tmp_path / "small.onnx"))
    with pytest.raises(ExportError, match="No matrix"):
        quantize_static(tmp_path / "small.onnx", tmp_path / "out.onnx", [])
    onnx.save(product_model(np.ones((ROWS, COLUMNS), np.float32)), str(tmp_path / "large.onnx"))
    with pytest.raises(ExportError, match="some texts"):
        quantize_static(tmp_path / "large.onnx", tmp_path / "out.onnx", [])
