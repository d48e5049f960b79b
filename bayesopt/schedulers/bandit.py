"""A time-varying bandit: what a stretch of training gains, and where the next gains most.

Each stretch between two levels is an observation. Its row is the configuration, and two columns
more, the *context*: how far the training was at the end of it, and how its value stood among the
others' at the beginning (behind is easier to gain from). The outcome is the change of the value,
in standard deviations of that level, so that early and late gains count alike. A process with a
lengthscale per column learns how fast the past stops to matter; the search keeps the context fixed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt.acquisition.functions import UCB
from bayesopt.acquisition.ground import Ground, whole_cube
from bayesopt.acquisition.maximize import maximize
from bayesopt.acquisition.pending import with_pending
from bayesopt.acquisition.settings import SearchSettings
from bayesopt.acquisition.utility import Gain, Utility
from bayesopt.history import History
from bayesopt.schedulers.population import Birth, starts_of
from bayesopt.schedulers.rungs import Rungs
from bayesopt.space import Float, Space
from bayesopt.surrogates.base import Fitted
from bayesopt.surrogates.compiled import COMPILED
from bayesopt.surrogates.faults import BROKEN
from bayesopt.surrogates.model import build_belief
from bayesopt.surrogates.schedule import FitCache
from bayesopt.surrogates.settings import GPSettings

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_LEAST = 4  # stretches to learn from
_LARGEST = 1e100  # of a gain: squares of larger ones overflow
_SCALE_BOUNDS = (0.02, 1.0)
_SETTINGS = GPSettings(failures="impute")
_SEARCH = SearchSettings(n_candidates=512, n_starts=4)  # several clones, and each a guess


@dataclass(frozen=True, eq=False)
class Gains:
    """What stretches of training changed.

    Attributes
    ----------
    X : float64 [k, d]
        Configurations.
    context : float64 [k, 2]
        How far the training was, and how it stood before, both in [0, 1].
    y : float64 [k]
        Change of the minimised value, standardised by level; NaN where none was left.
    levels : float64 [l]
    """

    X: F
    context: F
    y: F
    levels: F

    @property
    def is_enough(self) -> bool:
        """Whether there is something to learn from."""
        return int(np.isfinite(self.y).sum()) >= _LEAST


@dataclass(frozen=True, eq=False)
class InContext:
    """A posterior over configurations [d], for one context [c]; see ``surrogates.base.Fitted``."""

    inner: Fitted
    context: F

    @property
    def d(self) -> int:
        """Number of columns of a configuration."""
        return self.inner.d - self.context.size

    def posterior(self, X: F) -> tuple[F, F]:
        """Return mean [m] and variance [m] at configurations X [m, d]."""
        return self.inner.posterior(joined(X, self.context))

    def posterior_grad(self, X: F) -> tuple[F, F, F, F]:
        """Return them with their gradients [m, d]."""
        mean, var, d_mean, d_var = self.inner.posterior_grad(joined(X, self.context))
        d = self.d
        return mean, var, np.ascontiguousarray(d_mean[:, :d]), np.ascontiguousarray(d_var[:, :d])

    def condition(self, X: F, y: F | None = None) -> InContext:
        """Return the posterior with configurations added, in the same context."""
        return InContext(self.inner.condition(joined(X, self.context), y), self.context)


def joined(X: F, context: F) -> F:
    """Return rows X [m, d] with a context [c], or one for each [m, c], as further columns."""
    return np.ascontiguousarray(
        np.hstack([X, np.broadcast_to(context, (len(X), context.shape[-1]))])
    )


def with_context(space: Space) -> Space:
    """Return the space with two more columns, whose names nobody else has."""
    name = "time"
    while {name, f"{name} start"} & set(space.parameters):
        name += "'"
    context = {name: Float(0.0, 1.0), f"{name} start": Float(0.0, 1.0)}
    return Space({**space.parameters, **context})


def gains_of(
    history: History, rungs: Rungs, births: Numbers, levels: F, until: int | None = None
) -> Gains:
    """Return what every stretch of training changed; O(n · levels).

    Those that end beyond the level with index `until` are left out: whether a clone has trained
    before its sibling is born depends on how many workers there are.
    """
    known = range(levels.size if until is None else until + 1)
    parts = [_gains_at(history, rungs, births, levels, level) for level in known]
    numbers, context, y = (np.concatenate(each) for each in zip(*parts, strict=True))
    return Gains(history.X[numbers], context, y, levels)


def _gains_at(
    history: History, rungs: Rungs, births: Numbers, levels: F, level: int
) -> tuple[Numbers, F, F]:
    """Return the trials that trained up to a level, their context and their gains.

    On their way to the first level the value itself is what was gained.
    """
    starts = starts_of(history, rungs, births, level)[:, 0]
    trained = rungs.reached[:, level] & (births < level) & ~history.imported
    if level:
        trained &= np.isfinite(starts)
    numbers = np.flatnonzero(trained)
    begun = starts[numbers] if level else np.zeros(numbers.size)
    with np.errstate(over="ignore"):
        gained = standardised(rungs.values[numbers, level, 0] - begun)
    place = np.array([rank_among(value, begun) for value in begun.tolist()])
    time = np.full(numbers.size, levels[level] / levels[-1])
    return numbers, np.column_stack([time, place.reshape(-1)]), gained


def standardised(values: F) -> F:
    """Return values [k] in standard deviations from their mean; what is not finite is NaN."""
    finite = np.isfinite(values)
    if not finite.any():
        return np.full(values.shape, np.nan)
    largest = np.abs(values[finite]).max()
    if largest > _LARGEST:
        values = values / largest
    spread = values[finite].std()
    scaled = (values - values[finite].mean()) / (spread if spread > 0 else 1.0)
    return np.where(finite, scaled, np.nan)


def rank_among(value: float, others: F) -> float:
    """Return the share of others [k] that are less, half of the equal ones added; in [0, 1]."""
    if not others.size:
        return 0.5
    return float(((others < value).sum() + 0.5 * (others == value).sum()) / others.size)


@dataclass(frozen=True, eq=False)
class Bandit:
    """What a clone asks.

    Attributes
    ----------
    gains : Gains
        What is known.
    beta : float
        How optimistic the bound is.
    cache : FitCache
        Remembers fits; the answer is the same with any or none.
    """

    gains: Gains
    beta: float
    cache: FitCache

    def most_promising(
        self, space: Space, history: History, rungs: Rungs, birth: Birth, rng: np.random.Generator
    ) -> tuple[F, str]:
        """Return the configuration [d] with the highest bound for the stretch ahead; else why not.

        None that a member trains with already. O(k³) for k known stretches.
        """
        wide = with_context(space)
        ahead = _Ahead(self.gains.levels, rungs, birth)
        parent = history.X[birth.parent]
        try:
            with np.errstate(all="ignore"), COMPILED.session():
                rows = wide.snap(joined(self.gains.X, self.gains.context))
                y = self.gains.y
                belief = build_belief(wide.domain, rows, y, np.isnan(y), _SETTINGS, self.cache)
                going_on = _under_way(wide, history, birth, ahead)
                members = with_pending(belief.members, going_on)
                here = [InContext(each, ahead.context(birth.parent)) for each in members]
                utility = Gain(here, belief.weights, UCB(self.beta), is_log=False)
                scale = members[0].hyper.lengthscale[: space.d]
                ground = Ground(space, _among(going_on[:, : space.d]), whole_cube(space.d))
                return _searched(utility, ground, scale, parent, rng)
        except BROKEN as error:
            return parent, f"the Gaussian process failed ({error}): the parent's was perturbed"


@dataclass(frozen=True, eq=False)
class _Ahead:
    """The stretch that clones of a generation are about to train through."""

    levels: F
    rungs: Rungs
    birth: Birth

    def context(self, number: int) -> F:
        """Return the context [2] of one that begins with the value of trial `number`."""
        level = self.birth.generation.level
        survivors = self.birth.generation.survivors
        starts = self.rungs.values[survivors, level, 0]
        value = float(self.rungs.values[number, level, 0])
        return np.array([self.levels[level + 1] / self.levels[-1], rank_among(value, starts)])


def _under_way(wide: Space, history: History, birth: Birth, ahead: _Ahead) -> F:
    """Return the rows of those who train through the stretch ahead, [k, d + 2]."""
    survivors = birth.generation.survivors
    who = np.empty(0, dtype=np.int64) if survivors is None else survivors
    rows = np.concatenate([history.X[who], birth.siblings])
    context = [ahead.context(each) for each in [*who.tolist(), *birth.sibling_parents.tolist()]]
    return wide.snap(joined(rows, np.array(context).reshape(len(rows), 2)))


def _searched(
    utility: Gain, ground: Ground, scale: F, parent: F, rng: np.random.Generator
) -> tuple[F, str]:
    scale = np.clip(np.nan_to_num(scale, posinf=1.0), *_SCALE_BOUNDS)
    found = maximize(Utility((utility,)), ground, parent[None, :], scale, rng, _SEARCH)
    if not len(found.rows):
        return parent, "the search found no configuration: the parent's was perturbed"
    return found.rows[0], ""


def _among(known: F) -> Callable[[F], Mask]:
    """Return the test for rows [m, d] that are among some [k, d]."""

    def is_known(rows: F) -> Mask:
        return np.asarray((rows[:, None, :] == known[None, :, :]).all(axis=2).any(axis=1))

    return is_known
