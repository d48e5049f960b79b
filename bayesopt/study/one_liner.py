"""The one-liner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bayesopt.active import Trial
from bayesopt.samplers.base import Sampler
from bayesopt.space import Space
from bayesopt.study import checks
from bayesopt.study.factory import create_study
from bayesopt.study.study import Study
from bayesopt.study.versions import required_space


def minimize(
    function: Callable[[dict[str, Any]], float],
    space: Space | Mapping[str, Any],
    n_trials: int,
    *,
    sampler: Sampler | str | None = None,
    seed: int | None = None,
    n_jobs: int = 1,
) -> Study:
    """Minimize a function of a configuration.

    Parameters
    ----------
    function : callable
        Takes a dict of parameters, returns the value to minimize.
    space : Space or mapping
        What to search.
    n_trials : int
        How many evaluations.
    sampler, seed, n_jobs : optional
        See :func:`create_study` and :meth:`Study.optimize`.

    Returns
    -------
    Study
        With ``best_params`` and ``best_value``.

    Raises
    ------
    InvalidValueError
        If `function` is no callable, or a number is out of its range.
    SpaceError
        If `space` is none.

    Examples
    --------
    >>> from bayesopt import Float, minimize
    >>> minimize(lambda p: (p["x"] - 1) ** 2, {"x": Float(-5, 5)}, 20).best_params  # doctest: +SKIP
    """
    checks.function("function", function)

    def objective(trial: Trial) -> float:
        return function(trial.params)

    study = create_study(required_space(space), sampler=sampler, seed=seed)
    study.optimize(objective, n_trials=n_trials, n_jobs=n_jobs)
    return study
