"""Exports to ONNX and TorchScript say what the checkpoint says, whole or not at all."""

import json
from contextlib import suppress
from functools import cache

import numpy as np
import pytest
import torch

from modeling.core.checkpoint import read_manifest
from modeling.core.errors import CheckpointError, ExportError
from modeling.core.export import FORMATS, export_checkpoint
from modeling.core.export.agreement import compared, first_outputs
from modeling.core.export.artefact import new_artefact
from modeling.core.serving import Batcher, Pace, open_engine, open_model, parse_inputs
from tests.modeling.core.serving.models import make_checkpoint, some_inputs

pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

ONE_VIEW = {"frozen": False}  # one graph to trace, which is what takes long


def inputs_for(objective, count=48):
    return parse_inputs(some_inputs(count, steps=objective == "prm"))


def candidates_for(objective, count=48):
    return [each for row in inputs_for(objective, count) for each in row.candidates]


@pytest.fixture(scope="module")
def export(tmp_path_factory, bert_dir, llama_dir):
    """(checkpoint, export, manifest) of an objective, each made once."""

    @cache
    def make(objective, backbone, target, **config):
        folder = tmp_path_factory.mktemp("export")
        directory = {"bert": bert_dir, "llama": llama_dir}[backbone]
        make_checkpoint(folder / "checkpoint", directory, objective, **config)
        rows = candidates_for(objective)
        manifest = export_checkpoint(folder / "checkpoint", folder / "out", target, rows=rows)
        return folder / "checkpoint", folder / "out", manifest

    return make


def told(engine, inputs, **pace):
    batcher = Batcher(engine, Pace(window=0.0, **pace))
    try:
        return [found["reward"] for found in batcher.score(inputs)]
    finally:
        batcher.close()


@pytest.mark.slow
@pytest.mark.parametrize(("objective", "backbone"), [("bradley_terry", "bert"), ("prm", "llama")])
def test_onnx_gives_the_checkpoints_scores(export, objective, backbone):
    checkpoint, out, manifest = export(objective, backbone, "onnx")
    inputs = inputs_for(objective)
    exact, found = told(open_engine(checkpoint), inputs), told(open_engine(out), inputs)
    np.testing.assert_allclose(found, exact, atol=1e-4)
    assert manifest["agreement"]["kendall"] == pytest.approx(1.0)


def test_int8_scores_do_not_depend_on_company_or_order(export):
    _, out, manifest = export("bradley_terry", "bert", "onnx-int8", **ONE_VIEW)
    engine, inputs = open_engine(out), inputs_for("bradley_terry", 64)
    alone = [told(engine, [each])[0] for each in inputs]
    order = np.random.default_rng(0).permutation(len(inputs))
    shuffled = np.array(told(engine, [inputs[place] for place in order]))[np.argsort(order)]
    np.testing.assert_allclose(told(engine, inputs), alone, atol=1e-4)
    np.testing.assert_allclose(shuffled, alone, atol=1e-4)
    np.testing.assert_allclose(told(engine, inputs, tokens=1), alone, atol=1e-4)
    assert manifest["agreement"]["kendall"] > 0.5
    assert engine.facts.precision == "int8"


def test_the_scales_stand_in_the_export(export):
    _, out, manifest = export("bradley_terry", "bert", "onnx-int8", **ONE_VIEW)
    stored = json.loads((out / "export.json").read_text())
    assert stored == manifest
    for part in manifest["parts"]:
        ranges = manifest["quantization"][part["file"]]["ranges"]
        assert ranges
        assert all(low <= 0 <= high and scale > 0 for low, high, scale in ranges.values())


def test_template_and_special_tokens_stand_in_the_export(export):
    checkpoint, _, manifest = export("bradley_terry", "bert", "onnx-int8", **ONE_VIEW)
    assert manifest["template"] == read_manifest(checkpoint)["template"]
    assert (manifest["tokens"]["before"], manifest["tokens"]["after"]) == ([1], [2])
    assert manifest["tokens"]["max_length"] == 64


def test_an_export_that_was_changed_is_refused(export, tmp_path):
    import shutil

    _, out, _ = export("bradley_terry", "bert", "onnx-int8", **ONE_VIEW)
    copy = shutil.copytree(out, tmp_path / "copy")
    with (copy / "part-0.onnx").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(CheckpointError, match="was changed"), open_model(copy):
        pass


@pytest.mark.slow
@pytest.mark.parametrize(
    ("objective", "backbone"),
    [("prm", "bert"), ("regression", "bert"), ("classification", "llama"), ("outcome", "llama")],
)
@pytest.mark.parametrize("target", ["onnx", "onnx-int8", "int8-dynamic"])
def test_every_objective_is_exported(export, objective, backbone, target):
    checkpoint, out, manifest = export(objective, backbone, target)
    rows = candidates_for(objective)
    exact, found = (first_outputs(open_engine(each), rows) for each in (checkpoint, out))
    if target == "onnx":
        np.testing.assert_allclose(found, exact, atol=1e-4)
    assert compared(exact, found).spearman > 0.5
    assert manifest["target"] == target


@pytest.mark.filterwarnings("ignore:`torch.jit.load` is deprecated:DeprecationWarning")
def test_torchscript_gives_the_same_outputs(tmp_path, bert_dir):
    folder = make_checkpoint(tmp_path / "c", bert_dir, frozen=False)
    rows = candidates_for("bradley_terry", 4)
    export_checkpoint(folder, tmp_path / "out", "torchscript", rows=rows)
    engine = open_engine(folder)
    _, tokenizer = engine.scorer.encoder.loaded
    from modeling.core.data import render_parts

    (text,) = tokenizer([render_parts(rows[0].prompt, rows[0].response)])
    ids = torch.tensor([text.ids])
    part = torch.jit.load(str(tmp_path / "out" / "part-0.pt"))
    found = part(ids, torch.ones_like(ids)).item()
    assert found == pytest.approx(first_outputs(engine, rows[:1])[0], abs=1e-4)


def test_an_unknown_form_and_missing_texts_are_refused(tmp_path, bert_dir):
    folder = make_checkpoint(tmp_path / "c", bert_dir)
    with pytest.raises(ExportError, match="There is no form"):
        export_checkpoint(folder, tmp_path / "out", "gguf")
    for target in FORMATS:
        with pytest.raises(ExportError):
            export_checkpoint(folder, tmp_path / "out", target)
    assert [path.name for path in tmp_path.iterdir()] == ["c"]


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(ExportError, match="other files"), new_artefact(tmp_path / "out"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_new_export_takes_the_place_of_an_old_one(tmp_path):
    for text in ("one", "two"):
        with new_artefact(tmp_path / "out") as folder:
            (folder / "export.json").write_text(text)
    with suppress(RuntimeError), new_artefact(tmp_path / "out") as folder:
        (folder / "export.json").write_text("three")
        raise RuntimeError
    assert (tmp_path / "out" / "export.json").read_text() == "two"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_agreement_is_what_scipy_says_by_hand():
    found = compared(np.array([0.0, 1.0, 2.0]), np.array([0.0, 2.0, 1.5]))
    assert found.kendall == pytest.approx(1 / 3)
    assert (found.n, found.largest_difference) == (3, 1.0)
    assert compared(np.zeros(3), np.ones(3)).kendall is None
