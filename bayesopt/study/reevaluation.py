"""The best configuration once more, with fresh seeds: what it is worth without its luck."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bayesopt.errors import InvalidValueError, short_repr
from bayesopt.results import coerce_values
from bayesopt.rng import named_rng
from bayesopt.trial import TrialRecord

SeededObjective = Callable[[Mapping[str, Any], int], object]
"""Takes a configuration and a seed, returns a value."""

_LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class Reevaluation:
    """Values of one configuration under several seeds.

    Attributes
    ----------
    number : int
        The trial whose configuration it is.
    params : mapping of str to object
    told : float
        What the trial told: if that made it the best it was chosen for being good, so it is likely
        too good. NaN if it told nothing.
    seeds : tuple of k int
    values : float64 [k]
    low, high : float
        95% interval of the mean over seeds (Student's t).
    """

    number: int
    params: Mapping[str, Any]
    told: float
    seeds: tuple[int, ...]
    values: npt.NDArray[np.float64]
    low: float
    high: float

    @property
    def mean(self) -> float:
        """Mean over the seeds."""
        return float(self.values.mean())


def reevaluate(
    record: TrialRecord, objective: SeededObjective, seeds: Sequence[int]
) -> Reevaluation:
    """Return the values of a trial's configuration under each seed."""
    told = [coerce_values(objective(dict(record.params), seed), 1)[0] for seed in seeds]
    values = np.array(told, dtype=np.float64)
    if not np.isfinite(values).all():
        raise InvalidValueError("re-evaluation", expected="finite values", got=short_repr(told))
    half = _half_width(values)
    mean, value = float(values.mean()), math.nan if record.value is None else float(record.value)
    return Reevaluation(
        record.number, record.params, value, tuple(seeds), values, mean - half, mean + half
    )


def require_seeded(objective: object) -> None:
    """Raise InvalidValueError unless an objective can be called with a configuration and a seed.

    Before anything is evaluated; a callable of which nothing is known is let through.
    """
    shown = short_repr(objective)
    if callable(objective):
        try:
            signature = inspect.signature(objective)
        except (TypeError, ValueError):  # written in C, for one
            return
        try:
            signature.bind({}, 0)
            return
        except TypeError:
            shown = f"one that takes {signature}"
    raise InvalidValueError(
        "objective of evaluate_best",
        expected="a callable that takes a configuration and a seed",
        got=shown,
        remedy="Write it as `def objective(params, seed)`; it returns the value.",
    )


def _half_width(values: npt.NDArray[np.float64]) -> float:
    from scipy.special import stdtrit

    n = len(values)
    quantile = stdtrit(n - 1, 0.5 + _LEVEL / 2)
    return float(quantile * values.std(ddof=1) / n**0.5)


def fresh_seeds(study_seed: int, seeds: int | Sequence[int]) -> list[int]:
    """Return seeds: those given, or as many as asked for, that no trial of the study is given.

    Raises InvalidValueError unless there are at least two, all different.
    """
    if isinstance(seeds, int) and not isinstance(seeds, bool):
        rng = named_rng(study_seed, 0, "evaluate_best")
        chosen = [int(seed) for seed in rng.permutation(2**20)[: max(seeds, 0)] + 2**30]
    else:
        chosen = list(seeds) if isinstance(seeds, Sequence) else []
    if len(chosen) < 2 or len(set(chosen)) < len(chosen):
        raise InvalidValueError(
            "seeds",
            expected="at least 2, as a number or as different integers",
            got=short_repr(seeds),
        )
    return chosen
