"""Models come when they are asked for, and the least used go."""

import threading
import time

import pytest

from modeling.core.errors import CheckpointError, NotReadyError, ServingError
from modeling.core.serving import ModelStore, parse_inputs
from tests.modeling.core.serving.fakes import LengthEngine

HI = parse_inputs([{"prompt": "", "response": "Hi"}])


@pytest.fixture
def folders(tmp_path):
    found = {}
    for name in "abcd":
        found[name] = tmp_path / name
        found[name].mkdir()
        (found[name] / "manifest.json").write_text("{}")
    return found


@pytest.fixture
def opened():
    return []


@pytest.fixture
def make(opened):
    made = []

    def make(*, size=1, **limits):
        def opener(directory):
            opened.append(directory.name)
            return LengthEngine(size=size)

        made.append(ModelStore(opener=opener, **limits))
        return made[-1]

    yield make
    for store in made:
        store.close()


def test_a_model_is_loaded_once(make, folders, opened):
    store = make()
    assert store.get(folders["a"]) is store.get(folders["a"])
    assert opened == ["a"]


def test_the_least_used_goes_first(make, folders, opened):
    store = make(models=2)
    for name in "abacab":
        store.get(folders[name])
        time.sleep(0.02)
    assert opened == ["a", "b", "c", "b"]


def test_their_weights_stay_within_the_memory(make, folders, opened):
    store = make(size=40, models=9, memory=100)
    for name in "abca":
        store.get(folders[name])
        time.sleep(0.02)
    assert opened == ["a", "b", "c", "a"]


def test_a_model_beyond_the_memory_is_refused_with_what_to_set(make, folders):
    with pytest.raises(ServingError, match="SCORER_MEMORY_MB"):
        make(size=200, memory=100).get(folders["a"])


def test_a_model_that_was_put_away_still_answers_what_it_was_asked(make, folders):
    store = make(models=1)
    first = store.get(folders["a"])
    store.get(folders["b"])
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            first.score(HI)
        except NotReadyError:
            break
    assert store.get(folders["a"]).score(HI)[0]["reward"] == 2


def test_a_model_that_is_written_again_is_loaded_again(make, folders, opened):
    store = make()
    store.get(folders["a"])
    manifest = folders["a"] / "manifest.json"
    manifest.unlink()
    time.sleep(0.02)
    manifest.write_text("{ }")
    store.get(folders["a"])
    assert opened == ["a", "a"]


def test_many_who_ask_at_once_share_one_loading(folders):
    opened, gate = [], threading.Event()

    def opener(directory):
        opened.append(directory.name)
        gate.wait(5)
        return LengthEngine()

    store = ModelStore(opener=opener)
    with pytest.raises(NotReadyError, match="being loaded"):
        store.get(folders["a"], timeout=0.05)
    gate.set()
    store.get(folders["a"]).close()
    assert opened == ["a"]


def test_a_loading_that_failed_is_tried_again(folders):
    tries = []

    def opener(directory):
        tries.append(directory)
        if len(tries) == 1:
            raise CheckpointError("It is damaged.")
        return LengthEngine()

    store = ModelStore(opener=opener)
    with pytest.raises(CheckpointError, match="damaged"):
        store.get(folders["a"])
    store.get(folders["a"]).close()


def test_a_missing_package_is_named(folders):
    def opener(directory):
        raise ImportError("no torch", name="torch")

    with pytest.raises(ServingError, match="torch"):
        ModelStore(opener=opener).get(folders["a"])


def test_where_there_is_no_model_a_sentence_says_so(make, tmp_path):
    with pytest.raises(CheckpointError, match="no model"):
        make().get(tmp_path / "none")
