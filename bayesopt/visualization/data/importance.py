"""Which parameters matter: to the model, and for being among the best (PED-ANOVA)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt.errors import InvalidValueError, short_repr
from bayesopt.history.fronts import pareto_order
from bayesopt.space import Int
from bayesopt.surrogates.ped_anova import Cells, ped_anova
from bayesopt.visualization.scales import Scale
from bayesopt.visualization.snapshot import Learned, Snapshot, StudyLike, no_trials, take

F = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]

METHODS = ("model", "ped-anova")
_N_CELLS = 50
_FEWEST = 4  # trials of which some are the best


@dataclass(frozen=True, eq=False)
class Importance:
    """Shares of parameters.

    Attributes
    ----------
    names : list of d str
        The most important first.
    shares : float64 [d]
        They sum to 1, or are all 0 where nothing matters.
    method : {"model", "ped-anova"}
    objective : str
        What they matter to.
    learned : Learned or None
        Of a model: whether there is anything to it.
    """

    names: list[str]
    shares: F
    method: str
    objective: str = "value"
    learned: Learned | None = None


def importance(
    study: StudyLike | Snapshot,
    method: str = "model",
    *,
    params: Sequence[str] | None = None,
    target: float = 0.1,
    region: float = 1.0,
    objective: int = 0,
) -> Importance:
    """Return how much each parameter matters, conditional ones included.

    Parameters
    ----------
    study : Study
    method : {"model", "ped-anova"}
        "model": how much a parameter moves the mean of a Gaussian process of one objective over
        the whole space. "ped-anova": how much it decides whether a trial is among the best, of
        several objectives on the first fronts.
    params : sequence of str, optional
        Leave the others out; shares then sum to 1 among these.
    target, region : float
        For PED-ANOVA: the share of trials that counts as best, and the share of good ones that
        they are compared with (1: all).
    objective : int
        For the model: of which objective.

    Raises
    ------
    NoTrialsError
        If there are too few trials: two for a model, four for PED-ANOVA.
    InvalidValueError
        If a name or a setting is not usable, or there is no such objective.
    """
    shot = take(study)
    names = shot.chosen(params)
    if method not in METHODS:
        raise InvalidValueError(
            "importance", expected=f"one of {list(METHODS)}", got=short_repr(method)
        )
    j = shot.objective(objective)
    if method == "ped-anova":
        ranked, shares = _sorted(names, explained_variances(shot, names, target, region))
        return Importance(ranked, shares, method, "being among the best")
    of = shot.insight(j).importance()
    ranked, shares = _sorted(names, np.array([of[name] for name in names], dtype=np.float64))
    return Importance(ranked, shares, method, shot.objective_name(j), shot.learned(j))


def _sorted(names: list[str], raw: F) -> tuple[list[str], F]:
    total = raw.sum()
    shares = raw / total if total > 0.0 else np.zeros(len(names))
    order = np.argsort(-shares, kind="stable")
    return [names[i] for i in order.tolist()], shares[order]


def explained_variances(
    study: StudyLike | Snapshot, names: Sequence[str], target: float, region: float
) -> F:
    """Return what PED-ANOVA says of each parameter, not yet as shares."""
    shot = take(study)
    if not 0.0 < target < region <= 1.0:
        raise InvalidValueError(
            "PED-ANOVA", expected="0 < target < region <= 1", got=f"{target!r} and {region!r}"
        )
    numbers = shot.comparable
    if len(numbers) < _FEWEST:
        raise no_trials("PED-ANOVA", f"{_FEWEST} complete, feasible trials", len(numbers))
    compared = numbers[top_share(shot, numbers, region)]
    best = np.isin(compared, numbers[top_share(shot, numbers, target)])
    return ped_anova([_cells(shot, name, compared) for name in names], best)


def top_share(shot: Snapshot, numbers: Numbers, share: float) -> Mask:
    """Return which trials are the best `share`, rounded up, and those as good; by fronts."""
    most = math.ceil(share * len(numbers))
    signed = shot.signs * shot.values[numbers]
    if shot.n_objectives == 1:
        return np.asarray(signed[:, 0] <= np.partition(signed[:, 0], most - 1)[most - 1])
    kept = np.zeros(len(numbers), dtype=np.bool_)
    kept[pareto_order(signed, most)[:most]] = True
    return kept


def _cells(shot: Snapshot, name: str, numbers: Numbers) -> Cells:
    scale = shot.scale(name)
    count = n_cells(scale)
    fractions = scale.fractions(shot.positions(name)[numbers])
    there = np.isfinite(fractions)
    # a value halfway between two cells belongs to the lower one
    raw = np.ceil(np.where(there, fractions, 0.0) * (count - 1) - 0.5)
    index = np.clip(raw, 0, count - 1).astype(np.int64)
    return Cells(np.where(there, index, -1), count, scale.is_ordered)


def n_cells(scale: Scale) -> int:
    """Return how many cells a parameter has: one per choice, of numbers at most 50.

    Integers on a logarithmic scale have one per doubling of their number, and one more: small ones
    lie far apart there, and cells between them would stay empty.
    """
    if not scale.is_ordered:
        return int(scale.n_values)
    if scale.log and isinstance(scale.parameter, Int):
        return min(math.ceil(math.log2(scale.high - scale.low + 1)) + 1, _N_CELLS)
    return int(min(scale.n_values, _N_CELLS))
