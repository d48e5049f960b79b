"""Priors that are learned: densities, chains and what they come to."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from benchmarks.learn_priors import Prior, fitted, fitted_mixture, names, new_chain
from benchmarks.problems import registry

NAMES = ("classic/choose-d4", "classic/branches-d12")  # a mixed one and a conditional one


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_those_of_the_values(name: str) -> None:
    chain = new_chain(name, None, seed=0)
    assert chain is not None
    prior, theta = Prior(), chain.theta + 0.1
    slope = chain.log_posterior(theta, prior)[1]
    rough = approx_fprime(theta, lambda x: chain.log_posterior(x, prior)[0], 1e-6)
    np.testing.assert_allclose(slope, rough, rtol=1e-3, atol=1e-3)


def test_a_sweep_learns_of_every_kind_and_repeats() -> None:
    priors = []
    for _ in range(2):
        chains = [new_chain(name, None, 3 * seed) for seed, name in enumerate(NAMES)]
        known = [chain for chain in chains if chain is not None]
        priors.append(fitted(Prior(), known, np.random.default_rng(0)))
    assert priors[0] == priors[1] != Prior()
    weights = [sum(part[0] for part in mixture) for mixture in priors[0].lengthscale.values()]
    np.testing.assert_allclose(weights, 1.0, atol=2e-3)


def test_a_mixture_is_recovered() -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(-1.0, 0.5, 6000), rng.normal(2.0, 0.8, 4000)])
    found = fitted_mixture(x, [[0.5, -0.3, 0.9], [0.5, 1.5, 1.2]])
    np.testing.assert_allclose(found, [[0.6, -1.0, 0.5], [0.4, 2.0, 0.8]], atol=0.05)


def test_nothing_is_learned_from_what_is_reported_on() -> None:
    assert not set(names()) & set(registry.SETS["main"])
