"""The simulated clock against a run worked out by hand, and the contestants on it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import bayesopt as bo
from benchmarks import fidelity_contestants
from benchmarks.fidelity import budgets
from benchmarks.fidelity_contestants import CONTESTANTS
from benchmarks.fidelity_table import page, pairs
from benchmarks.peers import environments
from benchmarks.problems.base import Fidelity
from benchmarks.simulation import Curve, Job, Trace, simulate, time_to

SPACE = bo.Space({"x": bo.Float(0.0, 1.0), "n": bo.Int(1, 8)})


def curve_of(config: dict) -> Curve:
    steps = np.arange(1.0, 10.0)
    return Curve(steps, config["x"] + 1 / steps, np.full(9, 2.0))


def test_steps_are_every_so_many_epochs_and_the_last_one() -> None:
    epochs = Fidelity("epoch", 1, 52, integer=True)
    assert budgets(epochs)[0] == list(range(1, 53))
    assert budgets(epochs, 3)[1] == [*range(3, 52, 3), 52]
    shares, steps = budgets(Fidelity("trainsize", 0.03, 0.9, integer=False))
    np.testing.assert_allclose(shares, [0.1, 0.3, 0.9])
    assert steps == [1.0, 3.0, 9.0]


class Script:
    """Begins trainings 0, 1, 2, …; the second one stops after two steps and goes on last."""

    def __init__(self) -> None:
        self.n_begun, self.stopped, self.log = 0, None, []

    def begin(self) -> Job:
        if self.n_begun == 3 and self.stopped is not None:
            job, self.stopped = self.stopped, None
            return job
        self.n_begun += 1
        return Job(self.n_begun - 1, {"x": 0.1 * self.n_begun})

    def goes_on(self, job: Job, loss: float, step: float) -> bool:
        self.log.append((job.key, step))
        if (job.key, step) == (1, 2.0):
            self.stopped = job
            return False
        return True

    def finish(self, job: Job, loss: float) -> None:
        self.log.append((job.key, "end"))


def test_workers_take_the_time_that_steps_take() -> None:
    script = Script()
    trace = simulate(script, curve_of, n_workers=2, horizon_s=30.0)
    steps = {key: [step for k, step in script.log if k == key] for key in (0, 1, 2)}
    assert steps[0] == [*range(1, 10), "end"]
    assert steps[1][:2] == [1, 2]
    assert steps[1][2:] == list(range(3, 9))  # from 18 s on, where it stood
    assert steps[2] == [*range(1, 10), "end"]  # from 4 s on
    assert trace.seconds[0] == 2.0
    assert (trace.n_begun, trace.n_whole) == (4, 2)
    np.testing.assert_allclose(trace.losses[-1], 0.1 + 1 / 9)
    assert time_to(trace, 0.301) == 10.0
    assert time_to(Trace(np.empty(0), np.empty(0), 0, 0), 0.3) == np.inf


@pytest.mark.parametrize("name", [name for name in CONTESTANTS if name.startswith("random")])
def test_contestants_play(name: str) -> None:
    traces = [
        simulate(CONTESTANTS[name](SPACE, (1.0, 9.0), seed=3), curve_of, 3, 120.0) for _ in range(2)
    ]
    assert traces[0].n_begun >= 18
    assert traces[0].losses.tolist() == traces[1].losses.tolist()


class Orders:
    """A server that trains two configurations to step 2, the better one on to the end."""

    def __init__(self) -> None:
        self.log: list[dict] = []
        self.left = [(0, 0.25, 2.0), (1, 0.75, 2.0), (0, 0.25, 9.0), (2, 0.5, 9.0)]

    def call(self, **request: Any) -> dict:
        self.log.append(request)
        if request["do"] != "begin":
            return {}
        key, x, step = self.left.pop(0)
        return {"key": key, "values": {"x": x, "n": 1.0}, "step": step}


def test_a_tool_elsewhere_says_up_to_which_step_and_goes_on_where_it_stood(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = Orders()
    monkeypatch.setattr(environments, "server_command", lambda name: [name])
    monkeypatch.setattr(fidelity_contestants.POOL, "take", lambda command: server)
    monkeypatch.setattr(fidelity_contestants.POOL, "give_back", lambda link: None)
    contestant = CONTESTANTS["smac-mf"](SPACE, (1.0, 9.0), seed=3)
    trace = simulate(contestant, curve_of, n_workers=1, horizon_s=31.0)
    assert server.log[0]["steps"] == (1.0, 9.0)
    ended = [(each["key"], each["loss"]) for each in server.log if each["do"] == "end"]
    np.testing.assert_allclose(ended, [(0, 0.75), (1, 1.25), (0, 0.25 + 1 / 9)])
    assert (trace.n_begun, trace.n_whole) == (3, 1)  # 2 + 2 + 7 steps of two seconds, and 4 more


def test_how_often_a_contestant_is_ahead_counts_ties_half() -> None:
    row = {"problem": "p", "workers": 4, "horizon_s": 100.0, "n_begun": 9, "n_whole": 9}
    rows = [
        {**row, "contestant": name, "seed": seed, "seconds": [at], "losses": [loss]}
        for name, seed, at, loss in [
            ("random", 0, 90.0, 1.0),
            ("random", 1, 90.0, 1.0),
            ("fast", 0, 10.0, 1.0),
            ("fast", 1, 20.0, 0.5),
        ]
    ]
    lines = pairs(rows, ["fast", "random"]).splitlines()
    assert lines[0] == "### 4 workers"
    assert [line.split(" | ") for line in lines[4:]] == [
        ["| random", "100% (100–100)", "75% (50–100)", "–", "– |"],
        ["| fast", "–", "–", "0% (0–0)", "25% (0–50) |"],
    ]


def test_the_table_compares_with_random_search() -> None:
    row = {
        "problem": "p",
        "workers": 4,
        "horizon_s": 100.0,
        "best": 0.0,
        "n_begun": 9,
        "n_whole": 9,
    }
    rows = [
        {**row, "contestant": "random", "seconds": [1.0, 50.0], "losses": [3.0, 1.0]},
        {**row, "contestant": "fast", "seconds": [20.0], "losses": [0.5]},
        {**row, "contestant": "never", "seconds": [20.0], "losses": [2.0]},
    ]
    lines = page(rows).splitlines()
    assert [line.split("|")[1:3] for line in lines[4:]] == [
        [" fast ", " 5.0 (5.0–5.0) "],
        [" random ", " 2.0 (2.0–2.0) "],
        [" never ", " ≤1.0 (1.0–1.0) "],
    ]
