"""Random rows that satisfy conditions and constraints, also where few do.

1. Rejection, in growing blocks. Exact, and all that ordinary constraints need.
2. If next to nothing is accepted and the space is small: list all of it, draw among what is left
   with the probabilities that rejection would have given.
3. Else search: many random walks go downhill on how far constraints are from holding; once some
   hold everywhere, the walks go on inside the feasible set, to spread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from bayesopt.errors import InfeasibleSpaceError
from bayesopt.space.axes import Bools, CellAxis, Floats
from bayesopt.space.branches import count_configurations, enumerate_configurations, rows_at
from bayesopt.space.constraints import CallableConstraint, Constraint
from bayesopt.space.encoding import Layout, Rows

_MAX_ENUMERATED = 65_536
_N_WALKS = 64
_N_SEARCH = 2_000
_N_SPREAD = 200


@dataclass(frozen=True)
class Target:
    """What is to be drawn: rows of a layout that satisfy constraints and hold fixed values."""

    layout: Layout
    constraints: Sequence[Constraint]
    fixed: Mapping[int, float] = field(default_factory=dict)

    def draw(self, n: int, rng: np.random.Generator) -> Floats:
        """Return snapped random rows f64[n,d], constraints ignored."""
        return self.settle(rng.random((n, len(self.layout.columns))))

    def settle(self, u: Floats) -> Floats:
        """Return rows with the fixed values put in, snapped."""
        for column, unit in self.fixed.items():
            u[:, column] = unit
        return self.layout.snap(u)

    def accepts(self, u: Floats) -> Bools:
        """Return which rows qualify, bool[n]."""
        ok: Bools = np.ones(len(u), dtype=bool)
        if self.fixed:
            ok &= self._fixed_active(u).all(axis=1)
        for constraint in self.constraints:
            if ok.all():
                ok = constraint.holds(Rows(self.layout, u))
            elif ok.any():  # later constraints look only at rows that earlier ones let through
                ok[ok] = constraint.holds(Rows(self.layout, u[ok]))
        return ok

    def violation(self, u: Floats) -> Floats:
        """Return how far each row is from qualifying, f64[n]; 0 exactly where it does."""
        rows = Rows(self.layout, u)
        total: Floats = (~self._fixed_active(u)).sum(axis=1).astype(np.float64)
        for constraint in self.constraints:
            total += constraint.violation(rows)
        return total

    @property
    def is_free(self) -> bool:
        """Whether every row qualifies."""
        return not self.constraints and not self.fixed

    @property
    def budget(self) -> int:
        """How many draws rejection may spend: fewer if each costs a Python call."""
        return 8_192 if self.is_slow else 131_072

    @property
    def is_slow(self) -> bool:
        """Whether some constraint costs a Python call per row."""
        return any(isinstance(c, CallableConstraint) for c in self.constraints)

    def _fixed_active(self, u: Floats) -> Bools:
        return self.layout.active(u)[:, list(self.fixed)]


def sample(target: Target, n: int, rng: np.random.Generator) -> Floats:
    """Return `n` random qualifying rows f64[n,d].

    Raises
    ------
    InfeasibleSpaceError
        If none was found by rejection, exhaustion or search.
    """
    if target.is_free or n == 0:
        return target.draw(n, rng)
    accepted, n_tried = _reject(target, n, rng)
    if len(accepted) >= n:
        return accepted[:n]
    size = count_configurations(target.layout)
    if size <= _MAX_ENUMERATED:
        return np.concatenate([accepted, _draw_enumerated(target, n - len(accepted), rng)])
    return _walk(target, n, accepted, n_tried, rng)


def _reject(target: Target, n: int, rng: np.random.Generator) -> tuple[Floats, int]:
    """Return up to `n` accepted rows and how many were tried."""
    kept = [np.empty((0, len(target.layout.columns)))]
    n_kept = n_tried = 0
    block = max(16, 2 * n)
    while n_kept < n and (n_tried < target.budget or n_kept * 512 > n_tried):
        u = target.draw(min(block, 16_384), rng)
        good = u[target.accepts(u)]
        kept.append(good)
        n_kept, n_tried, block = n_kept + len(good), n_tried + len(u), 2 * block
    return np.concatenate(kept), n_tried


def _draw_enumerated(target: Target, n: int, rng: np.random.Generator) -> Floats:
    """Draw among all qualifying configurations of a small space."""
    layout = target.layout
    units = [
        axis.snap(np.array([0.5]))
        if not isinstance(axis, CellAxis)
        else axis.to_units(np.arange(axis.count))
        for axis in layout.axes
    ]
    tree = enumerate_configurations(layout, units)
    rows = rows_at(tree, len(units), np.arange(int(tree.count)))
    held = np.ones(len(rows), dtype=bool)
    for column, unit in target.fixed.items():
        held &= rows[:, column] == unit
    rows = rows[held]
    rows = rows[target.accepts(rows)]
    if not len(rows):
        raise InfeasibleSpaceError(
            "constraints",
            expected="at least one configuration that satisfies them",
            got=f"none among all {int(tree.count)}",
            remedy="Relax a constraint or widen a parameter",
        )
    weights = _probabilities(layout, rows)
    return rows[rng.choice(len(rows), size=n, p=weights)]


def _probabilities(layout: Layout, rows: Floats) -> Floats:
    """Return the relative probabilities of rows under independent uniform columns."""
    logs = np.zeros(len(rows))
    active = layout.active(rows)
    for j, axis in enumerate(layout.axes):
        if isinstance(axis, CellAxis):
            logs += np.where(active[:, j], np.log(axis.mass(axis.index(rows[:, j]))), 0.0)
    with np.errstate(all="ignore"):
        weights = np.exp(logs - logs.max())
        return np.asarray(weights / weights.sum())


def _walk(
    target: Target, n: int, accepted: Floats, n_tried: int, rng: np.random.Generator
) -> Floats:
    """Search for qualifying rows by random walks, then spread them."""
    k = max(n, _N_WALKS)
    slow = target.is_slow
    u = np.concatenate([accepted, target.draw(k - len(accepted), rng)])
    state = (u, target.violation(u))
    n_steps = 0
    while n_steps < (200 if slow else _N_SEARCH) and not _enough(state[1]):
        state = _step(target, *state, rng)
        n_steps += 1
    u, violation = state
    if (violation > 0).all():
        raise _infeasible(n_tried, len(u), n_steps, float(violation.min()))
    seeds = u[violation == 0]
    u = seeds[rng.integers(len(seeds), size=k)]
    violation = np.zeros(k)
    for _ in range(_N_SPREAD // (10 if slow else 1)):
        u, violation = _step(target, u, violation, rng)
    return u[rng.choice(k, size=n, replace=False)]


def _enough(violation: Floats) -> bool:
    """Tell whether so many walks have arrived that the others may start again from them."""
    return bool((violation == 0).mean() >= 0.25)


def _step(
    target: Target, u: Floats, violation: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Move each row once; keep the moves that are no further from qualifying.

    A move redraws or shifts a few columns; shifts have widths from 1 down to 1e-6, reflected at the
    ends, so that proposals are symmetric and walks inside the feasible set spread uniformly.
    """
    n, d = u.shape
    touched = rng.random((n, d)) < np.where(rng.random((n, 1)) < 0.5, 1.0 / d, 2.0 / d)
    touched[np.arange(n), rng.integers(d, size=n)] = True
    shifted = u + rng.standard_normal((n, d)) * 10.0 ** rng.uniform(-6, 0, (n, 1))
    shifted = np.abs((shifted + 1.0) % 2.0 - 1.0)
    fresh = rng.random((n, d))
    proposal = np.where(rng.random((n, 1)) < 0.3, fresh, shifted)
    moved = target.settle(np.where(touched, proposal, u))
    distance = target.violation(moved)
    better = distance <= violation
    return np.where(better[:, None], moved, u), np.where(better, distance, violation)


def _infeasible(n_tried: int, n_walks: int, n_steps: int, closest: float) -> InfeasibleSpaceError:
    return InfeasibleSpaceError(
        "constraints",
        expected="at least one configuration that satisfies them",
        got=f"none in {n_tried} random ones and {n_walks} searches of {n_steps} steps each "
        f"(smallest violation {closest:.2g})",
        remedy="Relax a constraint; an equality of real numbers needs a tolerance, "
        "e.g. abs(x + y - 1) < 0.01",
    )
