"""Turns at equal distances, under a clock that only moves while somebody sleeps."""

from __future__ import annotations

import threading
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling.core.errors import ConfigError
from modeling.core.judge import Pacer, WaitEnded


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def paced(per_minute):
    clock = Clock()
    return Pacer(per_minute, clock=clock, sleep=clock.sleep), clock


def test_turns_come_at_equal_distances():
    pacer, clock = paced(30)
    times = []
    for _ in range(4):
        pacer.wait()
        times.append(clock.now)
    assert times == [0, 2, 4, 6]


def test_time_that_passed_anyway_is_not_waited_again_and_not_saved_up():
    pacer, clock = paced(60)
    pacer.wait()
    clock.now = 100.0
    times = []
    for _ in range(3):
        pacer.wait()
        times.append(clock.now)
    assert times == [100, 101, 102]


def test_no_limit_means_no_waiting():
    pacer, clock = paced(0)
    for _ in range(100):
        pacer.wait()
    assert clock.now == 0


def test_a_pause_holds_everybody_back():
    pacer, clock = paced(0)
    pacer.pause(5)
    pacer.pause(3)
    pacer.wait()
    assert clock.now == 5


@given(st.lists(st.floats(0, 100), min_size=1, max_size=30), st.integers(1, 600))
def test_no_minute_holds_more_than_was_allowed(idle, per_minute):
    pacer, clock = paced(per_minute)
    turns = []
    for seconds in idle:
        clock.now += seconds
        pacer.wait()
        turns.append(clock.now)
    gaps = [later - sooner for sooner, later in pairwise(turns)]
    assert all(gap >= 60 / per_minute - 1e-6 for gap in gaps)


def test_who_waits_is_told_to_stop():
    pacer = Pacer()
    pacer.pause(60)
    ended = []

    def wait():
        with pytest.raises(WaitEnded):
            pacer.wait()
        ended.append(True)

    thread = threading.Thread(target=wait)
    started = time.monotonic()
    thread.start()
    pacer.stop()
    thread.join(10)
    assert ended == [True]
    assert time.monotonic() - started < 10
    with pytest.raises(WaitEnded):
        pacer.wait()


def test_threads_share_the_turns():
    pacer = Pacer(6_000)  # one each 10 ms
    started = time.monotonic()
    threads = [threading.Thread(target=lambda: [pacer.wait() for _ in range(5)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - started >= 0.18


def test_a_negative_limit_is_refused():
    with pytest.raises(ConfigError):
        Pacer(-1)
