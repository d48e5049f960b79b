"""Samplers as JSON, by name and as objects."""

from __future__ import annotations

import subprocess
import sys
from typing import ClassVar

import numpy as np
import pytest

from bayesopt import samplers
from bayesopt.errors import SettingsError
from bayesopt.history import History
from bayesopt.samplers import AutoSampler, GridSampler, RandomSampler, Suggestion
from bayesopt.space import Space


class Mine:
    """A user's sampler."""

    name: ClassVar[str] = "random"  # taken, but that does not matter

    def propose(
        self, space: Space, history: History, n: int, rng: np.random.Generator
    ) -> Suggestion:
        return Suggestion(space.sample(n, rng), "mine")


def test_names_and_none_stand_for_samplers() -> None:
    assert samplers.resolve("grid") == GridSampler()
    assert samplers.resolve("random") == RandomSampler()
    assert samplers.resolve(None) == AutoSampler()


@pytest.mark.parametrize("bad", ["no such", 5, RandomSampler, object()])
def test_what_is_no_sampler_is_named(bad: object) -> None:
    with pytest.raises(SettingsError, match="sampler"):
        samplers.resolve(bad)  # type: ignore[arg-type]


def test_a_sampler_of_ones_own_works_but_cannot_be_found_by_others() -> None:
    mine = Mine()
    assert samplers.resolve(mine) is mine
    with pytest.raises(SettingsError, match="pass sampler="):
        samplers.from_spec(samplers.to_spec(mine))


@pytest.mark.parametrize(
    "spec",
    [
        "",
        "nonsense",
        "[1]",
        '{"name": 3}',
        '{"name": "random", "settings": 3}',
        '{"name": "no such", "settings": {}}',
        '{"name": "qmc", "settings": {"scramble": true, "later": 1}}',
        '{"name": "grid", "settings": {"resolution": -1}}',
    ],
)
def test_a_spec_that_makes_no_sense_is_named(spec: str) -> None:
    with pytest.raises(SettingsError):
        samplers.from_spec(spec)


def test_importing_samplers_loads_nothing_heavy() -> None:
    script = "import sys, bayesopt.samplers, bayesopt.schedulers; print(sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert not any(f"'{name}'" in loaded for name in ("scipy", "numba", "torch"))
