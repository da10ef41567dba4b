"""An engine without a model: a text's reward is its length."""

import threading
import time

import numpy as np

from modeling.core.serving.engine import Engine, Facts, Pass, Planned


class LengthEngine(Engine):
    """Remembers its batches; fails on the word that it is told to, after waiting at a gate."""

    def __init__(self, *, parallel=1, size=1, bad=None, gate=None):
        self.facts = Facts("bradley_terry", ("reward",), "fp32", {})
        self.parallel, self.bytes = parallel, size
        self.bad, self.gate = bad, gate
        self.batches, self.lock = [], threading.Lock()
        self.busy = threading.Event()

    def plan(self, candidates):
        return [
            Planned((Pass(len(each.response) // 10, len(each.response), each.response),), False)
            for each in candidates
        ]

    def run(self, passes):
        self.busy.set()
        if self.gate is not None:
            self.gate.wait(5)
        with self.lock:
            self.batches.append([each.payload for each in passes])
        if self.bad is not None and any(self.bad in each.payload for each in passes):
            raise ValueError(self.bad)
        time.sleep(0.001)
        return [np.array([[float(each.tokens)]]) for each in passes]

    def join(self, outputs):
        return outputs[0]
