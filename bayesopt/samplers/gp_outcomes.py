"""What Gaussian processes learn from a history of several objectives or outcome constraints."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from bayesopt.history import History
from bayesopt.history.fronts import pareto_order
from bayesopt.samplers.gp_data import told_noise, whole_cost

F = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Finished trials, in order, and those under way.

    Attributes
    ----------
    X : float64 [n, d]
    Y : float64 [n, m]
        Minimised; NaN of a trial without values.
    C : float64 [n, c]
        Outcome constraints, met at 0 or less; NaN where not told.
    has_values : bool [n]
    feasible : bool [n]
        Which trials have values and violate no constraint.
    broken : bool [n]
        Which have no values, or did not tell a constraint that others told.
    pending : float64 [k, d]
    noise : float64 [n, m] or None
        Variances of values that were told with some; NaN of the others, None if none were.
    cost : float64 [n]
        What an evaluation to the end cost; NaN of one that was cut short, failed or told none.
    is_noisy : bool
        Whether a configuration may give another value next time.
    """

    X: F
    Y: F
    C: F
    has_values: Mask
    feasible: Mask
    broken: Mask
    pending: F
    noise: F | None = None
    cost: F = field(default_factory=lambda: np.empty(0))
    is_noisy: bool = False

    @property
    def n(self) -> int:
        """Number of finished trials."""
        return len(self.Y)

    @property
    def n_values(self) -> int:
        """How many of them have values."""
        return int(np.count_nonzero(self.has_values))


def is_manifold(history: History) -> bool:
    """Whether there is more than one outcome to learn."""
    return history.n_objectives > 1 or bool(history.constraint_names)


def observe_outcomes(history: History) -> Outcomes:
    """Return what is known of a history; O(n).

    A pruned or paused trial counts with the last values it reported. An infeasible one teaches
    objectives and constraints alike. Rows that had to be clipped into the space are left out.
    """
    known = (history.is_finished | history.is_cut_short) & history.inside
    finished = np.flatnonzero(known)
    cut_short, complete = history.is_cut_short[finished], history.is_complete[finished]
    Y = np.where(cut_short[:, None], history.last_values[finished], history.values[finished])
    has_values = np.isfinite(Y).all(axis=1) & ~history.is_failed[finished]
    C = history.constraints[finished]
    lacking = complete & np.isnan(C).any(axis=1)  # feasible all the same: stopped, in a view
    return Outcomes(
        X=history.X[finished],
        Y=np.where(has_values[:, None], Y, np.nan),
        C=C,
        has_values=has_values,
        feasible=has_values & history.feasible[finished],
        broken=~has_values | (lacking & ~history.feasible[finished]),
        pending=history.X[history.is_pending],
        noise=told_noise(history, finished),
        cost=whole_cost(history, finished),
        is_noisy=history.noisy,
    )


def shortfall(C: F) -> F:
    """Return by how much trials violate constraints C [n, c] in all, [n].

    Each in units of its mean violation; what was not told counts for nothing.
    """
    with np.errstate(all="ignore"):
        violation = np.nan_to_num(np.maximum(np.nan_to_num(C, nan=0.0), 0.0))
        half = 0.5 * violation / max(len(C), 1)  # a sum of finite values may overflow
        typical = half.sum(axis=0)
        return np.asarray((half / np.where(typical > 0.0, typical, 1.0)).sum(axis=1))


def best_first(data: Outcomes, most: int) -> Numbers:
    """Return the best trials in order, `most` of them or all.

    Feasible ones front by front, then those that violate least, then those without values.
    """
    feasible, others = np.flatnonzero(data.feasible), np.flatnonzero(~data.feasible)
    if data.Y.shape[1] == 1:
        order = np.argsort(data.Y[feasible, 0], kind="stable")
    else:
        order = pareto_order(data.Y[feasible], most)
    lacking = ~data.has_values[others]
    rest = others[np.lexsort((shortfall(data.C[others]), lacking))]
    return np.concatenate([feasible[order], rest])[:most]
