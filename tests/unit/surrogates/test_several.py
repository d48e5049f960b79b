"""Beliefs about several outcomes: each as an only one, and where constraints are met."""

from __future__ import annotations

import numpy as np

from bayesopt.space import Float, Space
from bayesopt.surrogates.model import FitCache, GPSettings
from bayesopt.surrogates.several import build_beliefs, incumbent_values

PLANE = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)})
ROWS = PLANE.sample(16, np.random.default_rng(0))
Y = np.stack([(ROWS**2).sum(axis=1), np.exp(3.0 * ROWS[:, 0])], axis=1)
C = (ROWS[:, :1] - 0.5) * [1.0]


def believe(n: int, cache: FitCache | None = None, C: np.ndarray = C, Y: np.ndarray = Y):
    broken = ~np.isfinite(Y[:n]).all(axis=1)
    return build_beliefs(PLANE.domain, ROWS[:n], Y[:n], C[:n], broken, GPSettings(), cache)


def test_beliefs_that_grew_and_beliefs_made_at_once_are_the_same_bits() -> None:
    cache, places = FitCache(), PLANE.sample(5, np.random.default_rng(1))
    for n in range(12, 17):
        grown = believe(n, cache)
    fresh = believe(16)
    for a, b in (
        *zip(grown.objectives, fresh.objectives, strict=True),
        (grown.limits[0].belief, fresh.limits[0].belief),
    ):
        for one, other in zip(a.members, b.members, strict=True):
            assert np.array_equal(one.posterior(places), other.posterior(places))


def test_what_has_no_values_teaches_success_and_constraints_only() -> None:
    lost = Y.copy()
    lost[::4] = np.nan
    beliefs = believe(16, Y=lost)
    assert [len(each.X) for each in beliefs.objectives] == [12, 12]
    assert len(beliefs.limits[0].belief.X) == 16
    assert beliefs.success is not None
    assert believe(16).success is None


def test_the_order_of_outcomes_is_kept_to_the_worst() -> None:
    wild = Y.copy()
    wild[3, 0] = 1e6
    belief = believe(16, Y=wild).objectives[0]
    order = np.argsort(wild[:, 0])
    assert (np.diff(belief.from_outcome(wild[order, 0])) > 0.0).all()


def test_a_constraint_is_met_up_to_zero() -> None:
    limit = believe(16).limits[0]
    told = limit.belief.from_outcome(C[:, 0])
    assert ((told <= limit.threshold) == (C[:, 0] <= 0.0)).all()
    assert limit.threshold == limit.belief.from_outcome(np.zeros(1))[0]


def test_a_flag_is_met_well_inside() -> None:
    flags = (C > 0.0).astype(float)
    limit = believe(16, C=flags).limits[0]
    met, broken = limit.belief.from_outcome(np.array([0.0, 1.0]))
    assert np.isclose(limit.threshold, 0.5 * (met + broken))


def test_infinite_and_missing_constraints() -> None:
    odd = C.copy()
    odd[0], odd[1], odd[2] = np.inf, -np.inf, np.nan
    belief = believe(16, C=odd).limits[0].belief
    assert len(belief.X) == 15
    assert np.isfinite(belief.y).all()
    assert believe(16, C=np.full((16, 1), np.nan)).limits == ()


def test_noisy_outcomes_count_by_what_is_believed() -> None:
    noise = np.random.default_rng(2).standard_normal((16, 2))
    beliefs = believe(16, Y=Y + 2.0 * noise).objectives
    values = incumbent_values(beliefs, ROWS, Y + 2.0 * noise)
    for j, belief in enumerate(beliefs):
        told = belief.from_outcome(Y[:, j] + 2.0 * noise[:, j])
        assert np.array_equal(values[:, j], told) == (not belief.is_noisy)
    assert any(belief.is_noisy for belief in beliefs)
