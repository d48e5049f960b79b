"""Studies to plot: ordinary, hostile, empty, conditional."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

import bayesopt as bo

HOSTILE = [
    "<script>alert(1)</script>",
    "a\"b'c & </script><img src=x onerror=alert(2)> <b>bold</b> $x^2$ %{x}",
    "opt 🙂 日本語 \u202e \x07",
]
LONG = "the_learning_rate_of_the_second_stage_encoder_block_number_"


def mixed_space(names: list[str]) -> bo.Space:
    lr, width, kind = names
    choices = ["sgd", "<i>adamw</i>", "lion"]
    return bo.Space(
        {
            lr: bo.Float(1e-5, 1e-1, log=True),
            width: bo.Float(0.0, 1.0),
            kind: bo.Categorical(choices),
            "momentum": bo.Float(0.0, 0.99, when={kind: "sgd"}),
            "layers": bo.Int(1, 8),
            "warmup": bo.Ordinal([0, 10, 100, 1000]),
            "fixed": bo.Constant("const"),
        }
    )


def told_study(
    n: int,
    names: list[str] | None = None,
    directions: tuple[str, ...] = ("minimize",),
    *,
    name: str = "a study",
    seed: int = 0,
) -> bo.Study:
    """Return a study with complete, failed, pruned, infeasible, extreme and running trials."""
    names = names or ["lr", "width", "kind"]
    study = bo.create_study(
        mixed_space(names), directions=list(directions), sampler="random", seed=seed, name=name
    )
    rng = np.random.default_rng(seed)
    for i in range(n):
        trial = study.ask()
        _finish(study, trial, i, names, rng)
    study.ask()
    return study


def _finish(study: bo.Study, trial: bo.Trial, i: int, names: list[str], rng) -> None:
    m, p = len(study.directions), trial.params
    if i % 17 == 3:
        study.tell(trial, state="fail")
        return
    if i % 19 == 5:
        study.tell(trial, [math.inf] * m)
        return
    loss = (math.log10(p[names[0]]) + 2.5) ** 2 + (p[names[1]] - 0.3) ** 2 + 0.1 * p["layers"]
    pruned = i % 5 == 4
    for step in range(3 if pruned else 6):
        trial.report([loss + 2.0 * math.exp(-step) + 0.01 * rng.normal()] * m, step)
    values = [loss if i % 31 != 7 else 1e12, -p[names[1]] + 0.1 * loss, loss * p["layers"]][:m]
    limits = {"memory": p["layers"] - 7.0}
    if pruned:
        study.tell(trial, state="pruned", constraints=limits)
    else:
        study.tell(trial, values, constraints=limits)


@pytest.fixture(scope="session")
def make_study() -> Callable[..., bo.Study]:
    return told_study


@pytest.fixture(scope="session")
def study() -> bo.Study:
    return told_study(40)


@pytest.fixture(scope="session")
def hostile() -> bo.Study:
    return told_study(30, HOSTILE, name="<script>alert('study')</script>")


@pytest.fixture(scope="session")
def several() -> bo.Study:
    return told_study(40, directions=("minimize", "maximize", "minimize"))


@pytest.fixture
def empty() -> bo.Study:
    return bo.create_study(mixed_space(["lr", "width", "kind"]), name="empty", seed=0)
