"""A server whose tools are toys: what `remote` talks to in its tests."""

from __future__ import annotations

import os
import sys

from benchmarks.contestants import server
from benchmarks.contestants.base import UnsupportedSpace


class Toy:
    """Says what it heard: the last loss, and how often it was told of failures, are its values."""

    def __init__(self, name, space, seed, budget):
        if name == "missing":
            raise ImportError("no module named toy")
        if name == "unsupported":
            raise UnsupportedSpace("conditions")
        sys.stdout.write("tools print what they like\n")
        self._name, self._budget = name, budget
        self._loss, self._failures, self._asked = float(seed), 0, 0
        if name == "prefills":
            self.prefill = self._prefill

    def ask(self):
        self._asked += 1
        if self._name == "raises":
            raise ZeroDivisionError("inside the tool")
        if self._name == "dies":
            sys.stderr.write("last words\n")
            sys.stderr.flush()
            os._exit(3)
        if self._name == "pid":
            return {"x": float(os.getpid()), "y": 0.0}
        if self._name == "infeasible":
            return {"x": 10.0, "y": 10.0 if self._asked <= self._budget else 0.0}
        return {"x": self._loss, "y": float(self._failures)}

    def tell(self, loss, failed):
        self._loss = loss
        self._failures += failed

    def _prefill(self, points, losses):
        self._loss = sum(losses)
        self._failures = sum(point["x"] for point in points)


if __name__ == "__main__":
    server.main(Toy)
