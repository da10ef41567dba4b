"""The scorer over its socket: who may ask, what is said, and what cannot be said."""

import json
import socket
import stat
import struct
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from modeling.core.errors import (
    CheckpointError,
    DataError,
    NotReadyError,
    ServingError,
    TooMuchError,
)
from modeling.core.serving import Limits, ModelStore, ScorerClient
from modeling.core.serving.protocol import MOST_BYTES, address, receive, send
from modeling.core.serving.server import ScorerServer, serve
from tests.modeling.core.serving.fakes import LengthEngine

HI = [{"prompt": "", "response": "Hi"}]


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "models" / "one"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    return folder


@pytest.fixture
def start(tmp_path):
    running = []

    def start(path=None, *, opener=lambda directory: LengthEngine(bad="poison"), **options):
        store = ModelStore(opener=opener)
        path = path or tmp_path / "scorer" / "socket"
        server = ScorerServer(path, store, roots=(tmp_path / "models",), **options)
        stop = threading.Event()
        thread = threading.Thread(target=serve, args=(server, stop))
        thread.start()
        running.append((stop, thread))
        return ScorerClient(path, timeout=5)

    yield start
    for stop, thread in running:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


def test_a_call_is_answered(start, model):
    assert start().score(model, HI) == {
        "answers": [{"reward": 2.0, "truncated": False}],
        "objective": "bradley_terry",
        "precision": "fp32",
        "calibrated": False,
    }


def test_many_callers_at_once_get_their_own_answers(start, model):
    client = start()

    def ask(size):
        found = client.score(model, [{"prompt": "", "response": "x" * size}])
        return found["answers"][0]["reward"]

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(ask, range(1, 65))) == list(range(1, 65))


def test_a_caller_may_be_more_patient_than_the_scorer(start, model):
    assert start().score(model, HI, timeout=3_600)["answers"]


def test_only_its_user_may_open_the_socket(start, model):
    client = start()
    assert stat.S_IMODE(client.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(client.path.parent.stat().st_mode) == 0o700


def test_a_path_longer_than_an_address_works_too(start, model, tmp_path):
    client = start(tmp_path / ("x" * 120) / "socket")
    assert client.score(model, HI)["answers"]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ({"inputs": []}, DataError),
        ({"inputs": HI, "reduce": "sum"}, DataError),
        ({"inputs": HI, "timeout": -1}, DataError),
        ({"inputs": HI * 5}, TooMuchError),
    ],
)
def test_what_is_malformed_or_too_much_is_refused(start, model, call, error):
    client = start(limits=Limits(inputs=4))
    with pytest.raises(error):
        client.score(model, **call)


def test_models_outside_the_served_folders_are_out_of_reach(start, tmp_path):
    client = start()
    for place in (tmp_path / "elsewhere", tmp_path / "models" / ".." / "elsewhere"):
        with pytest.raises(DataError, match="folders that this scorer serves"):
            client.score(place, HI)
    with pytest.raises(CheckpointError, match="no model"):
        client.score(tmp_path / "models" / "none", HI)


def test_an_unexpected_error_is_a_sentence_and_the_scorer_lives_on(start, model, caplog):
    client = start()
    with pytest.raises(ServingError, match="its log"):
        client.score(model, [{"prompt": "", "response": "poison"}])
    assert "poison" in caplog.text
    assert client.score(model, HI)["answers"]


def test_a_model_on_its_way_says_when_to_ask_again(start, model, monkeypatch):
    gate = threading.Event()

    def opener(directory):
        gate.wait(5)
        return LengthEngine()

    client = start(opener=opener)
    monkeypatch.setattr("modeling.core.serving.server.LOADING_SECONDS", 0.05)
    with pytest.raises(NotReadyError, match="being loaded") as told:
        client.score(model, HI)
    assert told.value.retry_after > 0
    gate.set()


def test_without_a_scorer_the_client_says_so(tmp_path):
    for path in (tmp_path / "socket", tmp_path / ("y" * 200) / "socket"):
        with pytest.raises((NotReadyError, ServingError)):
            ScorerClient(path).score(tmp_path, HI)


def test_a_socket_left_behind_is_taken_over_but_not_one_in_use(start, model, tmp_path):
    path = tmp_path / "scorer" / "socket"
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    client = start(path)
    assert client.score(model, HI)["answers"]
    with pytest.raises(ServingError, match="already"):
        ScorerServer(path, ModelStore(), roots=())
    assert client.score(model, HI)["answers"]


def frames(path, *chunks):
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(5)
        with address(path) as name:
            line.connect(name)
        for chunk in chunks:
            line.sendall(chunk)
        return receive(line)


def test_frames_that_are_too_large_or_no_json_are_refused(start, model):
    path = start().path
    huge = frames(path, struct.pack(">I", MOST_BYTES + 1))
    assert huge["error"]["kind"] == "too_much"
    broken = frames(path, struct.pack(">I", 3), b"{x}")
    assert broken["error"]["kind"] == "data"
    body = json.dumps([1]).encode()
    assert frames(path, struct.pack(">I", len(body)), body)["error"]["kind"] == "data"


def test_a_connection_takes_one_call_after_another(start, model):
    path = start().path
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(5)
        line.connect(str(path))
        for _ in range(3):
            send(line, {"model": str(model), "inputs": HI})
            assert receive(line)["answers"][0]["reward"] == 2


def test_a_message_beyond_the_limit_is_not_sent():
    here, there = socket.socketpair()
    with here, there, pytest.raises(TooMuchError):
        send(here, "x" * (MOST_BYTES + 1))


@pytest.mark.parametrize("message", [float("nan"), "half a character: \ud800", {1, 2}])
def test_a_message_that_is_no_json_is_not_sent(message):
    here, there = socket.socketpair()
    with here, there, pytest.raises(DataError):
        send(here, message)


def test_a_folder_that_others_use_stays_as_it_is(model, tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    with pytest.raises(ServingError, match="SCORER_SOCKET"):
        ScorerServer(shared / "socket", ModelStore(), roots=(tmp_path,))
    assert stat.S_IMODE(shared.stat().st_mode) == 0o1777
