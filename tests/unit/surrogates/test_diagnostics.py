"""A look inside: bands that cover, importance that finds what matters."""

from __future__ import annotations

import numpy as np
import pytest

from bayesopt.surrogates import diagnostics
from bayesopt.surrogates.model import GPSettings, build_belief


def believe(space, n, objective, seed=0, noise=0.0):
    rng = np.random.default_rng(seed)
    X = space.sample(n, rng)
    y = objective(X) + noise * rng.normal(size=n)
    return build_belief(space.domain, X, y, np.zeros(n, dtype=bool), GPSettings()), X, y


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_bands_cover(numeric, objective, noise: float) -> None:
    space = numeric(3)
    belief, _, _ = believe(space, 60, objective, noise=noise)
    Q = space.sample(400, np.random.default_rng(5))
    told = objective(Q) + noise * np.random.default_rng(6).normal(size=400)
    band = diagnostics.predict(belief, Q, noisy=noise > 0.0)
    assert (band.low <= band.median).all()
    assert (band.median <= band.high).all()
    assert 0.85 < ((band.low <= told) & (told <= band.high)).mean() <= 1.0
    assert np.corrcoef(band.median, told)[0, 1] > (0.99 if noise == 0.0 else 0.7)


def test_cross_validation(numeric, objective) -> None:
    space = numeric(3)
    belief, _, y = believe(space, 50, objective)
    found = diagnostics.cross_validate(belief)
    np.testing.assert_allclose(found.observed, np.minimum(y, found.observed.max()), rtol=1e-5)
    assert found.r2 > 0.95
    assert found.log_density > 0.0
    assert 0.3 < found.z.std() < 3.0
    noise, _, _ = believe(space, 50, lambda X: 0.0 * X[:, 0], noise=1.0)
    nothing = diagnostics.cross_validate(noise)
    assert nothing.r2 < 0.2
    assert nothing.log_density < -1.2


def test_what_matters_is_found(mixed) -> None:
    belief, _, _ = believe(mixed, 80, lambda X: 3.0 * X[:, 0] + (X[:, 2] > 0.5) * 2.0 + X[:, 3])
    X = mixed.sample(300, np.random.default_rng(1))
    shares = diagnostics.importance(belief, X)
    np.testing.assert_allclose(shares.sum(), 1.0)
    assert set(np.argsort(-shares)[:2]) == {0, 2}
    assert shares[[1, 4, 5, 6, 7]].sum() < 0.1
    scales = diagnostics.lengthscales(belief)
    assert scales[0] < scales[1]
    assert np.isinf(scales[-1])


def test_shares_are_sobol_indices(numeric) -> None:
    """Of an additive function: the shares of its terms' variances."""
    space = numeric(3)
    belief, _, _ = believe(space, 80, lambda X: X[:, 0] + 2.0 * X[:, 1])
    shares = diagnostics.importance(belief, space.sample(2000, np.random.default_rng(1)))
    np.testing.assert_allclose(shares, [0.2, 0.8, 0.0], atol=0.03)


def test_where_nothing_matters_shares_are_zero(numeric) -> None:
    space = numeric(2)
    belief, _, _ = believe(space, 10, lambda X: 0.0 * X[:, 0])
    assert not diagnostics.importance(belief, space.sample(10, np.random.default_rng(1))).any()
