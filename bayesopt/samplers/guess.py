"""A sampler's prior on the columns of the present space, and what it is worth by now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bayesopt.space import Space
from bayesopt.space.guess import OptimumPrior, read_prior

if TYPE_CHECKING:
    from bayesopt.acquisition.guess import Guess


def prior_of(space: Space, prior: Mapping[str, Any] | None) -> OptimumPrior | None:
    """Return a prior on the columns of a space, None if it says nothing."""
    return None if prior is None else read_prior(space, prior)


def guess_of(
    space: Space,
    prior: Mapping[str, Any] | None,
    n: int,
    n_worth: float,
) -> Guess | None:
    """Return what a prior that is worth `n_worth` trials adds to the utility after `n` trials."""
    found = prior_of(space, prior)
    if found is None or not n_worth:
        return None
    from bayesopt.acquisition.guess import Guess, exponent_after

    return Guess(found, space.domain, exponent_after(n, n_worth))
