"""Requests of many threads share passes, and nobody can tell."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling.core.errors import DataError, NotReadyError, TooMuchError
from modeling.core.serving import Batcher, Pace, parse_inputs, parse_options
from tests.modeling.core.serving.fakes import LengthEngine


def asked(*texts):
    return parse_inputs([{"prompt": "", "response": text} for text in texts])


def occupy(pool, batcher):
    """A first request that keeps the engine busy until its gate opens."""
    future = pool.submit(rewards, batcher, "z")
    assert batcher.engine.busy.wait(5)
    return future


def wait_for(condition):
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def rewards(batcher, *texts, **options):
    return [found["reward"] for found in batcher.score(asked(*texts), **options)]


@pytest.fixture
def make():
    made = []

    def make(engine, **pace):
        made.append(Batcher(engine, Pace(**pace)))
        return made[-1]

    yield make
    for batcher in made:
        batcher.close()


def test_passes_of_one_key_run_together_in_their_order(make):
    engine = LengthEngine()
    batcher = make(engine, window=0.0)
    assert rewards(batcher, "aaa", "b" * 15, "cc", "d" * 12) == [3, 15, 2, 12]
    assert engine.batches == [["aaa", "cc"], ["b" * 15, "d" * 12]]


def test_a_batch_stays_within_its_tokens_but_holds_at_least_one_pass(make):
    engine = LengthEngine()
    batcher = make(engine, window=0.0, tokens=8)
    assert rewards(batcher, "aaaa", "bbbb", "cccc", "d" * 9) == [4, 4, 4, 9]
    assert engine.batches == [["aaaa", "bbbb"], ["cccc"], ["d" * 9]]


def test_requests_of_several_threads_gather_while_the_engine_works(make):
    gate = threading.Event()
    engine = LengthEngine(gate=gate)
    batcher = make(engine, window=0.0)
    with ThreadPoolExecutor(6) as pool:
        occupy(pool, batcher)
        futures = [pool.submit(rewards, batcher, "x" * size) for size in (1, 2, 3, 4, 5)]
        wait_for(lambda: len(batcher._queue) == 5)
        gate.set()
        assert [future.result(5) for future in futures] == [[1], [2], [3], [4], [5]]
    assert list(map(len, engine.batches)) == [1, 5]


def test_a_pass_waits_a_moment_for_company(make):
    engine = LengthEngine()
    batcher = make(engine, window=0.2)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(rewards, batcher, "a"), pool.submit(rewards, batcher, "bb")
        assert (first.result(5), second.result(5)) == ([1], [2])
    assert len(engine.batches) == 1


@given(st.lists(st.lists(st.integers(1, 60), min_size=1, max_size=5), min_size=1, max_size=8))
def test_everyone_gets_their_own_answers(sizes):
    batcher = Batcher(LengthEngine(parallel=2), Pace(window=0.0, tokens=40))
    try:
        with ThreadPoolExecutor(len(sizes)) as pool:
            futures = [pool.submit(rewards, batcher, *("x" * n for n in own)) for own in sizes]
            assert [future.result(10) for future in futures] == [list(map(float, s)) for s in sizes]
    finally:
        batcher.close()


def test_only_whose_text_it_is_fails(make):
    gate = threading.Event()
    batcher = make(LengthEngine(bad="poison", gate=gate), window=0.0)
    with ThreadPoolExecutor(4) as pool:
        occupy(pool, batcher)
        futures = [pool.submit(rewards, batcher, text) for text in ("fine", "poison", "good")]
        wait_for(lambda: len(batcher._queue) == 3)
        gate.set()
        assert futures[0].result(5) == [4]
        assert futures[2].result(5) == [4]
        with pytest.raises(ValueError, match="poison"):
            futures[1].result(5)


def test_who_waits_too_long_is_told_and_the_work_is_dropped(make):
    gate = threading.Event()
    engine = LengthEngine(gate=gate)
    batcher = make(engine, window=0.0)
    with pytest.raises(NotReadyError, match="in time"):
        batcher.score(asked("aa"), timeout=0.05)
    with pytest.raises(NotReadyError, match="in time"):
        batcher.score(asked("bb"), timeout=0.05)
    gate.set()
    assert rewards(batcher, "cc") == [2]
    assert ["bb"] not in engine.batches


def test_too_much_waiting_turns_newcomers_away(make):
    gate = threading.Event()
    batcher = make(LengthEngine(gate=gate), window=0.0, pending=10)
    with ThreadPoolExecutor(2) as pool:
        occupy(pool, batcher)
        waiting = pool.submit(rewards, batcher, "b" * 9)
        wait_for(lambda: batcher._pending)
        with pytest.raises(NotReadyError, match="waits"):
            batcher.score(asked("c" * 9))
        gate.set()
        assert waiting.result(5) == [9]


def test_what_was_asked_before_the_end_is_answered(make):
    gate = threading.Event()
    batcher = make(LengthEngine(gate=gate), window=0.0)
    with ThreadPoolExecutor(2) as pool:
        occupy(pool, batcher)
        future = pool.submit(rewards, batcher, "a", "bb")
        wait_for(lambda: len(batcher._queue) == 2)
        batcher.close()
        gate.set()
        assert future.result(5) == [1, 2]
    with pytest.raises(NotReadyError):
        batcher.score(asked("c"))


def test_a_model_of_responses_does_not_read_steps(make):
    batcher = make(LengthEngine())
    with pytest.raises(DataError, match="whole responses"):
        batcher.score(parse_inputs([{"prompt": "", "steps": ["a"]}]))


class WritingEngine(LengthEngine):
    """Says of a text what it is."""

    def rationales(self, candidates):
        return [f"because {each.response}" for each in candidates]


def test_a_rationale_stands_beside_each_score_where_one_is_asked_for(make):
    batcher = make(WritingEngine(), window=0.0)
    inputs = parse_inputs(
        [{"prompt": "", "response": "a"}, {"prompt": "", "responses": ["bb", "cc"]}]
    )
    first, second = batcher.score(inputs, parse_options({"rationales": True}))
    assert first["rationale"] == "because a"
    assert [each["rationale"] for each in second["responses"]] == ["because bb", "because cc"]
    assert "rationale" not in batcher.score(inputs)[0]


def test_models_that_write_nothing_and_too_many_rationales_are_refused(make):
    why = parse_options({"rationales": True})
    with pytest.raises(DataError, match="no rationales"):
        make(LengthEngine()).score(asked("a"), why)
    with pytest.raises(TooMuchError):
        make(WritingEngine()).score(asked(*"abcdefghijklmnopqr"), why)
