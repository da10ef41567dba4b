"""Static int8: every product with a weight matrix is computed in whole numbers.

Activations get one scale and zero point for each matrix's input, measured once on calibration
texts; weights get one scale for each column. The product is exact in whole numbers, so a text's
outputs do not depend on the texts beside it, as they would with scales taken from the batch.
Attention, norms, pooling and the head stay in single precision. Jacob et al. (2018), 1712.05877.

Weights use seven of the eight bits: processors without the VNNI instructions add two products in
16 bits, which eight would overflow, and an export should mean the same on all of them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modeling.core.errors import ExportError
from modeling.core.serving.onnx import open_session

Feeds = Mapping[str, NDArray[np.int64]]
Floats = NDArray[np.float32]
LEVELS = 255  # of an activation, without sign
MOST = 63  # of a weight, either way
_SMALLEST = 16  # rows and columns: smaller matrices, such as heads, are left as they are
_DOMAIN = "com.microsoft"


@dataclass(frozen=True, slots=True)
class Range:
    """The least and the greatest value that a tensor took; zero always lies between."""

    low: float
    high: float

    @property
    def scale(self) -> np.float32:
        """What one level stands for."""
        return np.float32(max(self.high - self.low, 1e-8) / LEVELS)

    @property
    def zero_point(self) -> np.uint8:
        """The level of zero."""
        return np.uint8(np.clip(round(-self.low / float(self.scale)), 0, LEVELS))


def quantize_static(source: Path, target: Path, feeds: Iterable[Feeds]) -> dict[str, Any]:
    """Write the int8 model of an ONNX file; {"matrices", "texts", "scales": {input: […]}}.

    `feeds` are calibration batches without padding. ExportError where there is nothing to
    quantise or nothing to calibrate on.
    """
    import onnx

    model = onnx.load(str(source))
    products = _products(model)
    if not products:
        raise ExportError("No matrix of this model can be quantised; export onnx instead.")
    ranges, texts = measured_ranges(model, [node.input[0] for node in products], feeds)
    _rewrite(model, products, ranges)
    onnx.save(model, str(target))
    scales = {name: [each.low, each.high, float(each.scale)] for name, each in ranges.items()}
    return {"matrices": len(products), "texts": texts, "ranges": scales}


def _products(model: Any) -> list[Any]:
    """The MatMul nodes whose second factor is a weight matrix."""
    weights = {tensor.name: tensor.dims for tensor in model.graph.initializer}
    return [
        node
        for node in model.graph.node
        if node.op_type == "MatMul"
        and len(weights.get(node.input[1], ())) == 2
        and min(weights[node.input[1]]) >= _SMALLEST
    ]


def measured_ranges(
    model: Any, names: Iterable[str], feeds: Iterable[Feeds]
) -> tuple[dict[str, Range], int]:
    """The ranges of tensors over all feeds, and how many texts these held."""
    taps = list(dict.fromkeys(names))
    session = open_session(_tapped(model, taps))
    lows, highs = np.zeros(len(taps)), np.zeros(len(taps))
    texts = 0
    for feed in feeds:
        values = session.run(taps, dict(feed))
        lows = np.minimum(lows, [value.min() for value in values])
        highs = np.maximum(highs, [value.max() for value in values])
        texts += len(next(iter(feed.values())))
    if not texts:
        raise ExportError("Static scales need some texts: give a dataset that has training rows.")
    found = zip(taps, lows.tolist(), highs.tolist(), strict=True)
    return {name: Range(low, high) for name, low, high in found}, texts


def _tapped(model: Any, names: list[str]) -> bytes:
    """The model with inner tensors as outputs, for onnxruntime."""
    from onnx import ModelProto, TensorProto, helper

    copy = ModelProto()
    copy.CopyFrom(model)
    copy.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names
    )
    return bytes(copy.SerializeToString())


def _rewrite(model: Any, products: list[Any], ranges: Mapping[str, Range]) -> None:
    """Put a product of whole numbers in the place of each MatMul."""
    from onnx import helper

    graph = model.graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    chosen = {node.name: node for node in products}
    nodes: list[Any] = []
    quantised: set[str] = set()
    for node in graph.node:
        if node.name not in chosen:
            nodes.append(node)
            continue
        if node.input[0] not in quantised:
            quantised.add(node.input[0])
            nodes.append(_quantise(graph, node.input[0], ranges[node.input[0]]))
        nodes.append(_product(graph, node, weights[node.input[1]]))
    del graph.node[:]
    graph.node.extend(nodes)
    _drop_unused(graph)
    model.opset_import.append(helper.make_opsetid(_DOMAIN, 1))


def _quantise(graph: Any, name: str, given: Range) -> Any:
    from onnx import helper, numpy_helper

    graph.initializer.extend(
        [
            numpy_helper.from_array(np.asarray(given.scale), f"{name}.scale"),
            numpy_helper.from_array(np.asarray(given.zero_point), f"{name}.zero"),
        ]
    )
    inputs = [name, f"{name}.scale", f"{name}.zero"]
    return helper.make_node("QuantizeLinear", inputs, [f"{name}.levels"], name=f"{name}.quantise")


def _product(graph: Any, node: Any, weight: Any) -> Any:
    from onnx import helper, numpy_helper

    name, given = node.name, node.input[0]
    levels, scales = quantised_weights(numpy_helper.to_array(weight))
    graph.initializer.extend(
        [
            numpy_helper.from_array(levels, f"{name}.weight"),
            numpy_helper.from_array(scales, f"{name}.weight.scale"),
            numpy_helper.from_array(np.zeros_like(scales, dtype=np.int8), f"{name}.weight.zero"),
        ]
    )
    inputs = [f"{given}.levels", f"{name}.weight", f"{given}.scale", f"{name}.weight.scale"]
    inputs += [f"{given}.zero", f"{name}.weight.zero"]
    return helper.make_node(
        "MatMulIntegerToFloat", inputs, list(node.output), name=f"{name}.int8", domain=_DOMAIN
    )


def quantised_weights(weights: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Whole numbers (rows, columns) from -MOST to MOST, and each column's scale (columns,)."""
    largest = np.abs(weights).max(axis=0)
    scales = np.where(largest > 0, largest / MOST, 1.0).astype(np.float32)
    levels = np.clip(np.round(weights / scales), -MOST, MOST).astype(np.int8)
    return levels, scales


def _drop_unused(graph: Any) -> None:
    used = {name for node in graph.node for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    del graph.value_info[:]


def quantize_dynamic(source: Path, target: Path) -> dict[str, Any]:
    """Write an int8 model whose activation scales are taken from the data at hand.

    That is the recipe of most tutorials: no calibration, but texts of one batch share a scale.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(
        str(source),
        str(target),
        op_types_to_quantize=["MatMul"],
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
    )
    return {"scales": "from each batch"}


def unpadded(sequences: Iterable[tuple[int, ...]], names: tuple[str, str]) -> Iterator[Feeds]:
    """One feed a text."""
    for ids in sequences:
        array = np.array([ids], dtype=np.int64)
        yield dict(zip(names, (array, np.ones_like(array)), strict=True))
