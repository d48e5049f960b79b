"""A process that holds one contestant for timing: JSON orders on stdin, JSON messages on stdout.

``{"do": "open", …}`` makes it, ``{"do": "grow", "n", "limit_s"}`` has it know `n` evaluations,
``{"do": "pair"}`` times one ask and one tell, ``{"do": "memory"}`` looks at its peak. Each is
answered by ``["ok", …]`` or ``["missing" | "unsupported" | "slow" | "crashed", text]``.
"""

from __future__ import annotations

import json
import os
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import bayesopt as bo
from benchmarks.contestants.base import Config, Contestant, UnsupportedSpace
from benchmarks.run_plan import CONTESTANTS, entries, find_entry
from benchmarks.worker import die_with_parent, private_stdout, said

CHUNK = 2000
"""Trials told at once when a history is filled."""


def make_space(kind: str, d: int) -> bo.Space:
    """Return `d` floats; in a "mixed" space half of them, the others integers and choices."""
    makers = [bo.Float(0.0, 1.0), bo.Float(1e-4, 1.0, log=True)]
    if kind == "mixed":
        makers += [bo.Int(1, 50), bo.Categorical(["a", "b", "c", "d"])]
    return bo.Space({f"x{i}": makers[i % len(makers)] for i in range(d)})


class Bench:
    """A contestant, a space and a smooth objective on its unit cube."""

    def __init__(
        self, contestant: str, kind: str, d: int, seed: int, contestants: str = CONTESTANTS
    ) -> None:
        start = time.perf_counter()
        self.space = make_space(kind, d)
        entry = find_entry(contestant, entries(contestants))
        self.contestant: Contestant = entry.make(self.space, seed, 1000)
        self.make_s = time.perf_counter() - start
        self.version = str(entry.version())
        self.n = 0
        self._rng = np.random.default_rng(seed)
        self._optimum = self._rng.random(self.space.d)

    def losses(self, rows: np.ndarray) -> list[float]:
        """Return a loss per row of the unit cube."""
        return [float(v) for v in ((rows - self._optimum) ** 2).mean(axis=1)]

    def pair(self) -> tuple[float, float]:
        """Ask and tell; return the seconds of each."""
        start = time.perf_counter()
        config = self.contestant.ask()
        asked = time.perf_counter()
        loss = self.losses(self.space.encode([config]))[0]
        evaluated = time.perf_counter()
        self.contestant.tell(config, loss, False)
        told = time.perf_counter()
        self.n += 1
        # A tool behind a pipe knows better how long it took itself.
        ask_s = getattr(self.contestant, "ask_s", asked - start)
        return ask_s, getattr(self.contestant, "tell_s", told - evaluated)

    def grow(self, n: int, limit_s: float) -> str:
        """Have the contestant know `n` evaluations; return how. Raises TimeoutError."""
        prefill = getattr(self.contestant, "prefill", None)
        taken_s = 0.0
        while self.n < n:
            if taken_s > limit_s:
                raise TimeoutError(f"{self.n} of {n} evaluations known after {limit_s:g} s")
            taken_s += sum(self.pair()) if prefill is None else self._fill(min(CHUNK, n - self.n))
        return "asked" if prefill is None else "filled"

    def _fill(self, n: int) -> float:
        rows = self.space.sample(n, self._rng)
        configs: list[Config] = self.space.decode(rows)
        losses = self.losses(rows)
        start = time.perf_counter()
        self.contestant.prefill(configs, losses)  # type: ignore[attr-defined]
        self.n += n
        return time.perf_counter() - start


def peak_mib() -> float:
    """Return the peak memory of the process that the tool runs in: this one or its child."""
    children = [_peak(pid) for pid in _children(os.getpid())]
    return max(children) if children else _peak(os.getpid())


def _peak(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return float("nan")
    found = [line.split()[1] for line in text.splitlines() if line.startswith("VmHWM:")]
    return round(int(found[0]) / 1024, 1) if found else float("nan")


def _children(pid: int) -> Iterator[int]:
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            content = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if int(content.rpartition(")")[2].split()[1]) == pid:
            yield int(path.parent.name)


def answer(order: dict[str, Any], state: dict[str, Bench]) -> list[Any]:
    """Carry out an order; return the message."""
    what = order.pop("do")
    try:
        if what == "open":
            state["bench"] = bench = Bench(**order)
            return ["ok", bench.make_s, bench.version]
        if what == "grow":
            return ["ok", state["bench"].grow(**order)]
        return ["ok", *(state["bench"].pair() if what == "pair" else [peak_mib()])]
    except TimeoutError as error:
        return ["slow", str(error)]
    except UnsupportedSpace as error:
        return ["unsupported", said(error)]
    except ImportError as error:
        return ["missing", said(error)]
    except Exception as error:
        return ["crashed", said(error)]


def main() -> None:
    """Carry out orders until there are no more."""
    die_with_parent()
    channel = private_stdout()
    warnings.simplefilter("ignore")
    state: dict[str, Bench] = {}
    for line in sys.stdin:
        channel.write(json.dumps(answer(json.loads(line), state)) + "\n")
        channel.flush()


if __name__ == "__main__":
    main()
