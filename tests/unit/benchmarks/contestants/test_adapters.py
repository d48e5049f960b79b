"""The peers themselves: slow, and skipped where their environments were not made.

Run: python -m benchmarks peers && python -m pytest -m slow tests/unit/benchmarks/contestants
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

import bayesopt as bo
from benchmarks.contestants import peers, remote
from benchmarks.peers import environments

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

NUMERIC = bo.Space({"x": bo.Float(-5, 10), "y": bo.Float(1e-4, 1, log=True)})
MIXED = bo.Space(
    {
        "rate": bo.Float(1e-5, 1.0, log=True),
        "drop": bo.Float(0.0, 0.5, step=0.1),
        "units": bo.Int(4, 64, step=4),
        "depth": bo.Int(1, 300, log=True),
        "kind": bo.Categorical(["a", "b", "c"]),
        "flag": bo.Categorical([False, True]),
        "batch": bo.Ordinal([8, 16, 32, 64]),
        "name": bo.Constant("net"),
    }
)
TREE = bo.Space(
    {
        "model": bo.Categorical(["svm", "forest", "knn"]),
        "C": bo.Float(1e-3, 1e3, log=True, when={"model": "svm"}),
        "kernel": bo.Categorical(["rbf", "linear"], when={"model": "svm"}),
        "gamma": bo.Float(1e-5, 10, log=True, when={"model": "svm", "kernel": "rbf"}),
        "depth": bo.Int(1, 9, when={"model": "forest"}),
        "leaf": bo.Float(0.01, 0.5, when={"depth": [3, 4, 5]}),
        "scale": bo.Float(0.1, 10, log=True, when={"model": ["svm", "knn"]}),
    }
)
CONSTRAINED = bo.Space(
    {"x": bo.Float(0, 1), "y": bo.Float(0, 1), "n": bo.Int(1, 16)},
    constraints=["x + y <= 1", "n * x <= 8"],
)
SPACES = {"numeric": NUMERIC, "mixed": MIXED, "tree": TREE, "constrained": CONSTRAINED}
WITH_A_LOOP = {
    "bayes-opt": "smac",
    "hyperopt-tpe": "main",
    "nevergrad": "main",
    "optuna-cmaes": "main",
    "optuna-gp": "main",
    "optuna-random": "main",
    "optuna-tpe": "main",
    "rustuna-tpe": "main",
    "skopt": "main",
    "smac": "smac",
    "smac-bb": "smac",
}
"""Environments of the tools that have a loop of their own."""
SEEDLESS = [("nevergrad", "numeric")]
"""NGOpt takes a deterministic optimiser there."""
N = 14
N_OF = {
    "ax": dict.fromkeys(SPACES, 7),
    "botorch": {"numeric": 12, "mixed": 22, "tree": 22, "constrained": 13},
    "hebo": {"numeric": 5, "mixed": 10, "tree": 10, "constrained": 7},
    "smac-bb": dict.fromkeys(SPACES, 7),
}
"""Asks of those whose asks take seconds: two or three more than the design that they begin with."""
N_OTHER = 3
"""Asks of another seed: Ax begins in the middle of the space whatever the seed."""


def play(name, kind, seed, n=None):
    space, budget = SPACES[kind], N_OF.get(name, {}).get(kind, N)
    contestant = peers.ENTRIES[name].make(space, seed, budget)
    configs, worst = [], 1.0
    for i in range(n or budget):
        configs.append(contestant.ask())
        [row] = space.encode([configs[-1]])
        failed = i % 5 == 3
        loss = worst if failed else float(sum((row[space.active(row[None])[0]] - 0.3) ** 2))
        worst = max(worst, loss)
        contestant.tell(configs[-1], loss, failed)
    contestant.close()
    return configs


@pytest.mark.parametrize("name", peers.ENTRIES)
def test_suggestions_are_feasible_configurations_and_the_seed_decides(name):
    """Played again in a fresh process, in another order: no run leaves anything for the next."""
    try:
        peers.ENTRIES[name].version()
    except ImportError as error:
        pytest.skip(str(error))
    played = {kind: play(name, kind, 5) for kind in SPACES}
    for kind, configs in played.items():
        space = SPACES[kind]
        assert all(space.validate(config) == config for config in configs), kind
        assert space.feasible(space.encode(configs)).all(), kind
        assert len({json.dumps(config) for config in configs}) > len(configs) // 2, kind
    remote.POOL.close()
    for kind in reversed(SPACES):
        assert play(name, kind, 5) == played[kind], kind
        other = play(name, kind, 6, N_OTHER)
        assert (other == played[kind][:N_OTHER]) == ((name, kind) in SEEDLESS), kind


@pytest.mark.parametrize(("name", "environment"), WITH_A_LOOP.items())
def test_asking_and_telling_is_what_the_tools_own_loop_does(name, environment):
    if not environments.is_current(environment):
        pytest.skip(f"python -m benchmarks peers --only {environment}")
    script = Path(__file__).with_name("native_loops.py")
    done = subprocess.run(
        [environments.home() / environment / "bin" / "python", script, name, "25"],
        env={**os.environ, **remote.SURROUNDINGS, "PYTHONPATH": str(environments.ROOT)},
        capture_output=True,
        check=True,
    )
    through_adapter, own = json.loads(done.stdout)
    assert through_adapter == pytest.approx(own, rel=1e-9)
