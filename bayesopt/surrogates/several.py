"""Beliefs about several outcomes: each objective and each constraint has one of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bayesopt.space.domain import Domain
from bayesopt.surrogates.base import Engine
from bayesopt.surrogates.compiled import COMPILED
from bayesopt.surrogates.model import Belief, build_belief
from bayesopt.surrogates.schedule import FitCache
from bayesopt.surrogates.settings import GPSettings
from bayesopt.surrogates.subset import Subset
from bayesopt.surrogates.success import SuccessModel, learn_success

F = npt.NDArray[np.float64]
B = npt.NDArray[np.bool_]

_KEPT_PER_OUTCOME = 8  # fits and factors of one belief, and of the one before


@dataclass(frozen=True, eq=False)
class Limit:
    """What is believed of an outcome constraint.

    Attributes
    ----------
    belief : Belief
        Of what was told; met at 0 or less.
    threshold : float
        Up to where it is met, in the belief's units.
    """

    belief: Belief
    threshold: float


@dataclass(frozen=True, eq=False)
class Beliefs:
    """What is believed of all outcomes, independent of each other.

    Attributes
    ----------
    objectives : tuple of Belief
        One per objective, of the same rows.
    limits : tuple of Limit
        One per constraint that some trial told.
    success : SuccessModel or None
        Where trials have outcomes at all, once one had none.
    """

    objectives: tuple[Belief, ...]
    limits: tuple[Limit, ...]
    success: SuccessModel | None


@dataclass(frozen=True, eq=False)
class Choice:
    """Which trials are learned from, where there are many (``surrogates/subset.py``).

    Attributes
    ----------
    by : float64 [n, k]
        What they are chosen by, minimised; NaN of one that is not feasible.
    most : int or None
        How many at most; None for all.
    """

    by: F
    most: int | None


def build_beliefs(
    domain: Domain,
    X: F,
    Y: F,
    C: F,
    broken: B,
    settings: GPSettings,
    cache: FitCache | None = None,
    choice: Choice | None = None,
    engine: Engine = COMPILED,
    noise: F | None = None,
) -> Beliefs:
    """Return the beliefs after n finished trials; a pure function of all but the cache.

    Each outcome is fitted as an only objective is (``model.build_belief``), except that nothing is
    cut off: what is bad in one objective may be the price of being good in another, and by how much
    a constraint is violated says where it is met.

    Parameters
    ----------
    domain : Domain
    X : float64 array [n, d]
        Snapped rows of the unit cube, by trial number.
    Y : float64 array [n, m]
        Outcomes, minimised; what is not finite in all objectives has none.
    C : float64 array [n, c]
        Constraints, met at 0 or less; NaN where not told.
    broken : bool array [n]
        Trials that did not give what they owed.
    settings : GPSettings
    cache : FitCache or None
        Remembers fits; the result is the same bits with any or none.
    choice : Choice or None
        None to learn from all trials.
    engine : Engine
        What computes.
    noise : float64 array [n, m] or None
        How noisy the objectives' outcomes are, as variances, where that was told; NaN elsewhere.
    """
    choice = Choice(Y, None) if choice is None else choice
    n_outcomes = Y.shape[1] + C.shape[1]
    cache = FitCache() if cache is None else cache
    cache.hold(_KEPT_PER_OUTCOME * (n_outcomes + 1))
    has_values = np.asarray(np.isfinite(Y).all(axis=1))
    whole = replace(settings, winsorize_iqr=np.inf)
    with np.errstate(all="ignore"):
        success = None
        if broken.any() and settings.failures != "impute":
            subset = Subset(X, choice.by, choice.most)
            success = learn_success(domain, X, broken, settings, cache, subset, engine)
        learner = _Learner(domain, X, whole, cache, choice, engine)
        return Beliefs(
            tuple(
                learner.believe(y, has_values, None if noise is None else noise[:, j])
                for j, y in enumerate(Y.T)
            ),
            tuple(learner.limit(c) for c in C.T if not np.isnan(c).all()),
            success,
        )


@dataclass(frozen=True, eq=False)
class _Learner:
    """What all outcomes have in common."""

    domain: Domain
    X: F
    settings: GPSettings
    cache: FitCache
    choice: Choice
    engine: Engine

    def believe(self, y: F, has_value: B, noise: F | None) -> Belief:
        """Return what is believed of an outcome; failures are imputed where settings say so."""
        keep = np.ones(len(y), dtype=np.bool_)
        if self.settings.failures == "probability":
            keep = has_value
        return self._fitted(y, keep, ~has_value[keep], noise)

    def limit(self, c: F) -> Limit:
        """Return what is believed of a constraint, from the trials that told it."""
        told = ~np.isnan(c)
        values = np.where(told, _finite(c), np.nan)
        belief = self._fitted(values, told, np.zeros(np.count_nonzero(told), dtype=np.bool_))
        return Limit(belief, _threshold(belief, values[told]))

    def _fitted(self, y: F, keep: B, failed: B, noise: F | None = None) -> Belief:
        return build_belief(
            self.domain,
            np.ascontiguousarray(self.X[keep]),
            y[keep],
            failed,
            replace(self.settings, failures="impute"),
            self.cache,
            self.choice.most,
            self.engine,
            self.choice.by[keep],
            noise=None if noise is None else noise[keep],
        )


def _finite(values: F) -> F:
    """Return values with the largest and smallest finite ones in place of infinities."""
    if not np.isinf(values).any():
        return values
    known = values[np.isfinite(values)]
    return np.clip(values, known.min(initial=-1.0), known.max(initial=1.0))


def _threshold(belief: Belief, values: F) -> float:
    """Return where 0 lies in the belief's units.

    Where 0 itself was told (a flag, a violation that is 0 when there is none), half-way from there
    to the least violation: what was told is met for certain then, and not by a hair's breadth.
    """
    edge, beyond = 0.0, values[values > 0.0]
    inside = float(belief.from_outcome(np.array([edge]))[0])
    if not (values == edge).any() or not beyond.size:
        return inside
    return 0.5 * (inside + float(belief.from_outcome(beyond.min()[None])[0]))


def incumbent_values(beliefs: Sequence[Belief], X: F, Y: F) -> F:
    """Return what rows X [k, d] with outcomes Y [k, m] count as, in the beliefs' units, [k, m].

    The outcomes, but where an objective is noisy what is believed of it there.
    """
    columns = [belief.from_outcome(y) for belief, y in zip(beliefs, Y.T, strict=True)]
    for j, belief in enumerate(beliefs):
        if belief.is_noisy and len(X):
            columns[j] = mean_of(belief, X)
    return np.stack(columns, axis=1)


def mean_of(belief: Belief, X: F) -> F:
    """Return the posterior mean [k] at rows X [k, d]."""
    return belief.mean(X)
