"""What a sampler is: a function from (space, history, rng) to the next configurations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from bayesopt.errors import SettingsError, short_repr
from bayesopt.history import History
from bayesopt.settings import Registry
from bayesopt.space import Space
from bayesopt.space.single import Reading

DEFAULT = "auto"
"""The sampler of a study that names none."""


@dataclass(frozen=True, slots=True, eq=False)
class Suggestion:
    """Configurations that a sampler proposes.

    Attributes
    ----------
    rows : float64 array [k, d]
        Snapped, feasible rows of the unit cube.
    sampler : str
        Which sampler made them.
    fallback : str
        Why they were not made the way they should have been; empty if they were.
    n_regular : int
        How many rows, from the first on, were made that way even so.
    readings : sequence of Reading
        What the rows stand for (``Space.read``), where the sampler has looked: it saves looking
        again. Of all rows, or empty.
    """

    rows: npt.NDArray[np.float64]
    sampler: str
    fallback: str = ""
    n_regular: int = 0
    readings: Sequence[Reading] = ()

    @property
    def fallbacks(self) -> list[str]:
        """The reason for each row, "" where there is none."""
        n_regular = min(self.n_regular, len(self.rows))
        return [""] * n_regular + [self.fallback] * (len(self.rows) - n_regular)


@runtime_checkable
class Sampler(Protocol):
    """Proposes configurations.

    A sampler is a frozen dataclass of settings. What it proposes depends on its settings and on
    (space, history, n, rng) alone; caches are for speed, and may vanish at any time. One that looks
    at no values says so with a class variable ``learns = False``: it is spared the view of the
    history at one budget.
    """

    name: ClassVar[str]

    def propose(
        self, space: Space, history: History, n: int, rng: np.random.Generator
    ) -> Suggestion:
        """Return up to `n` configurations for the trials from ``history.n`` on.

        There are fewer than `n` only where no more are left, and never none. On a deterministic
        study (``not history.noisy``) they differ from each other and from every known one while
        such a configuration can be found; the fall-back note says when it could not.

        Parameters
        ----------
        space : Space
            The space of the history.
        history : History
            What is known, running trials included; it is not changed.
        n : int
            How many, at least 1.
        rng : numpy.random.Generator
            The only source of randomness besides ``history.seed``.

        Raises
        ------
        SpaceExhausted
            If the sampler repeats nothing and has nothing left.
        InfeasibleSpaceError
            If no configuration satisfies the constraints.
        """


_REGISTRY = Registry(
    "sampler",
    {
        "auto": "bayesopt.samplers.auto:AutoSampler",
        "cmaes": "bayesopt.samplers.cmaes:CMAESSampler",
        "evolution": "bayesopt.samplers.evolution:EvolutionSampler",
        "gp": "bayesopt.samplers.gp:GPSampler",
        "grid": "bayesopt.samplers.grid:GridSampler",
        "qmc": "bayesopt.samplers.qmc:QMCSampler",
        "random": "bayesopt.samplers.random:RandomSampler",
        "tpe": "bayesopt.samplers.tpe:TPESampler",
    },
)


def learns(sampler: Sampler) -> bool:
    """Whether a sampler looks at values; one that does not says so with ``learns = False``."""
    return bool(getattr(sampler, "learns", True))


def to_spec(sampler: Sampler) -> str:
    """Return the sampler as JSON. Raises SettingsError for settings that JSON cannot hold."""
    return _REGISTRY.to_spec(sampler)


def from_spec(spec: str) -> Sampler:
    """Return the sampler that a spec describes. Raises SettingsError."""
    return _checked(_REGISTRY.from_spec(spec))


def resolve(sampler: Sampler | str | None) -> Sampler:
    """Return a sampler from what a user gives: an object, a short name, None for the default.

    Raises SettingsError for an unknown name and for an object that is no sampler.
    """
    name = DEFAULT if sampler is None else sampler
    return _checked(_REGISTRY.create(name) if isinstance(name, str) else name)


def _checked(sampler: object) -> Sampler:
    if isinstance(sampler, Sampler) and not isinstance(sampler, type):
        return sampler
    raise SettingsError(
        "sampler",
        expected="a sampler object or a short name",
        got=short_repr(sampler),
        remedy="A sampler has a name and propose(space, history, n, rng).",
    )
