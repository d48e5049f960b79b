"""Two thousand beliefs from bad input: finite, positive, silent, whatever NumPy is set to."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys

import numpy as np
import pytest

import bayesopt as bo
from bayesopt.acquisition.functions import UCB, LogEI, LogPI
from bayesopt.surrogates import fit, linear, training
from bayesopt.surrogates.model import GPSettings, build_belief

LARGEST = np.finfo(np.float64).max
SPACES = [
    bo.Space({"a": bo.Float(0, 1)}),
    bo.Space({"a": bo.Float(0, 1), "b": bo.Int(1, 3), "one": bo.Int(2, 2)}),
    bo.Space(
        {
            "c": bo.Categorical(["x", "y", "z"]),
            "e": bo.Float(0, 1, when={"c": "x"}),
            "f": bo.Categorical(["u", "v"], when={"c": ["x", "y"]}),
        }
    ),
]


def copies(X, rng):
    return np.repeat(X[:1], len(X), axis=0)


def pairs(X, rng):
    return np.repeat(X, 2, axis=0)[: len(X)]


def line(X, rng):
    return X[:1] + np.linspace(0, 1, len(X))[:, None] * (X[-1:] - X[:1])


def cluster(X, rng):
    return X[:1] + 1e-12 * rng.standard_normal(X.shape)


def corner(X, rng):
    return np.rint(X)


ROWS = [lambda X, rng: X, copies, pairs, line, cluster, corner]

OUTCOMES = [
    lambda n, rng: rng.standard_normal(n),
    lambda n, rng: np.full(n, 7.0),
    lambda n, rng: np.zeros(n),
    lambda n, rng: rng.standard_normal(n) * 1e300,
    lambda n, rng: rng.standard_normal(n) * 1e-300,
    lambda n, rng: np.full(n, 5e-324) * rng.integers(0, 3, n),
    lambda n, rng: rng.choice([LARGEST, -LARGEST, 0.0, 1.0], n),
    lambda n, rng: 1.0 + 1e-15 * rng.standard_normal(n),
    lambda n, rng: np.where(np.arange(n) == n - 1, -1e200, rng.standard_normal(n)),
    lambda n, rng: rng.choice([np.nan, np.inf, -np.inf, 1.0, 2.0], n),
    lambda n, rng: 10.0 ** rng.uniform(-300, 300, n),
    lambda n, rng: np.full(n, np.nan),
]
SIZES = [0, 1, 2, 3, 5, 13]


def check(belief, Q) -> None:
    assert np.isfinite(belief.incumbent)
    assert np.isfinite(belief.weights).all()
    for member in belief.members:
        running = member.condition(np.repeat(Q[:1], 3, axis=0))
        for fitted in (member, running, running.condition(Q[1:2], np.array([0.5]))):
            mean, var, d_mean, d_var = fitted.posterior_grad(Q)
            assert (var > 0.0).all()
            assert np.isfinite([mean, var]).all()
            assert np.isfinite([d_mean, d_var]).all()
            for acquisition in (LogEI(belief.incumbent), LogPI(belief.incumbent), UCB()):
                assert np.isfinite(acquisition.partials(mean, var)).all()
        assert np.isfinite(belief.to_outcome(mean)).all()
    if belief.success is not None:
        assert all(np.isfinite(part).all() for part in belief.success.log_success_grad(Q))


MORE = [pytest.param(seed, marks=pytest.mark.slow) for seed in range(5, 10)]


@pytest.mark.parametrize("seed", [*range(5), *MORE])  # five have every kernel and every rule
def test_bad_input(seed: int) -> None:
    """Every space, kind of rows, kind of outcomes and size: 216 beliefs, ten times."""
    rng = np.random.default_rng(seed)
    kernels = ["matern52", "matern32", "rbf", "matern52", "rbf"]
    chosen = GPSettings(
        kernel=kernels[seed % 5], failures=["probability", "impute", "both"][seed % 3]
    )
    count = 0
    with np.errstate(all="raise"):
        for space, rows, outcomes in itertools.product(SPACES, ROWS, OUTCOMES):
            n = SIZES[(count + seed) % len(SIZES)] if count % 2 else int(rng.integers(0, 20))
            X = space.snap(np.clip(rows(space.sample(max(n, 1), rng), rng), 0.0, 1.0))[:n]
            failed = rng.random(n) < (0.3 if seed % 2 else 0.0)
            belief = build_belief(space.domain, X, outcomes(n, rng), failed, chosen)
            check(belief, space.sample(3, rng))
            count += 1
    assert count == 216


def test_a_thousand_copies_of_one_point() -> None:
    rng = np.random.default_rng(0)
    space = SPACES[1]
    X = np.repeat(space.sample(1, rng), 1000, axis=0)
    with np.errstate(all="raise"):
        belief = build_belief(
            space.domain, X, rng.normal(size=1000), np.zeros(1000, bool), GPSettings()
        )
        check(belief, space.sample(5, rng))
    assert belief.is_noisy


def test_where_every_factor_fails_the_prior_is_left(monkeypatch) -> None:
    monkeypatch.setattr(linear, "factor", lambda K: False)
    rng = np.random.default_rng(0)
    space = SPACES[2]
    X, y = space.sample(12, rng), rng.normal(size=12)
    belief = build_belief(space.domain, X, y, np.arange(12) < 3, GPSettings())
    check_prior = belief.members[0].posterior(space.sample(4, rng))
    assert not check_prior[0].any()
    assert np.isfinite(belief.incumbent)
    assert np.isfinite(belief.success.log_success(space.sample(4, rng))).all()


def test_jitter_is_added_until_it_helps(monkeypatch) -> None:
    tried = []

    def fussy(K) -> bool:
        tried.append(K[0, 0])
        return len(tried) > 3 and real(K)

    real = linear.factor
    monkeypatch.setattr(linear, "factor", fussy)
    rng = np.random.default_rng(0)
    task = training.new_task(
        SPACES[0].domain, SPACES[0].sample(5, rng), GPSettings(), training.FitCache()
    )
    evidence = fit.Evidence(task.inputs, rng.normal(size=5), task.frame)
    value, _ = evidence.negative_log_posterior(fit.default_theta(task.frame))
    assert np.isfinite(value)
    np.testing.assert_allclose(np.diff(tried), [1e-8, 9e-8, 9e-7], rtol=1e-3)


_SCRIPT = """
import numpy as np
import bayesopt as bo
from bayesopt.acquisition.functions import LogEI
from bayesopt.surrogates.model import GPSettings, build_belief
space = bo.Space({"a": bo.Float(0, 1), "c": bo.Categorical(["x", "y"]),
                  "e": bo.Float(0, 1, when={"c": "x"})})
X = space.sample(9, np.random.default_rng(0))
y = X[:, 0] + X[:, 2]
belief = build_belief(space.domain, X, y, X[:, 0] > 0.8, GPSettings())
queries = space.sample(3, np.random.default_rng(1))
mean, var, d_mean, _ = belief.members[0].posterior_grad(queries)
value, _, _ = LogEI(belief.incumbent).partials(mean, var)
for part in (mean, np.sqrt(var), value, d_mean.ravel(), belief.success.log_success(X)):
    print(*(f"{number:.4f}" for number in part))
"""


def test_without_compilation_it_is_the_same() -> None:
    """To what the fit's last step leaves open; compiled sums round in another order."""
    outputs = [
        subprocess.run(
            [sys.executable, "-c", _SCRIPT],
            env={**os.environ, "NUMBA_DISABLE_JIT": flag},
            capture_output=True,
            text=True,
            check=True,
            timeout=100,
        ).stdout
        for flag in ("0", "1")
    ]
    compiled, plain = (np.array(output.split(), dtype=float) for output in outputs)
    np.testing.assert_allclose(compiled, plain, atol=2e-4)
