"""Population-based training: clone the best, change their configurations, go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from bayesopt.history import History
from bayesopt.schedulers.explore import explored
from bayesopt.schedulers.population import Birth, PopulationBase
from bayesopt.space import Space

F = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PBTScheduler(PopulationBase):
    """Train a population; now and then clones of the best take the places of the worst.

    The first members are the study's first trials, with configurations of its sampler. Each trains
    up to the next level, saves a checkpoint and waits (``should_prune``). When all are there, the
    worst are over. For each of them a clone of one of the best begins: a new trial that goes
    on from its parent's checkpoint (``trial.resume_from``) with another configuration near its
    parent's. All others go on as they are. So the best weights get several schedules of
    hyperparameters to choose from, at the price of one training per member. (Jaderberg et al.,
    "Population based training of neural networks", arXiv 1711.09846, with truncation selection.)

    Parameters
    ----------
    max_steps : float
        What a whole training reports in the end.
    population : int
        How many members there are, at least 2.
    interval : float, optional
        The population is compared at each multiple of it; default a tenth of `max_steps`.
    quantile : float
        The share that is replaced at a level, and the share that may have clones; at most a half.
    smoothing : int
        A member is judged by the mean of so many reports, the last ones up to the level.
    factors : sequence of float
        A number of a clone is its parent's times one of these, drawn at random.
    resample : float
        How probable it is, per parameter, that the clone's value is drawn afresh instead.

    Raises
    ------
    SettingsError
        If a setting is out of its range.

    Notes
    -----
    Who is cloned and how is keyed by (study seed, level, place of the clone): the same after a
    restart, with any number of workers, in whatever order reports arrive. A member that fails
    is replaced at the next level, one that reports NaN there is over. Several objectives rank by
    fronts. The study ends when the population has trained to `max_steps`.

    See Also
    --------
    HyperparameterSchedule : what the winner's lineage went through, to be trained again.
    """

    name: ClassVar[str] = "pbt"

    def _clone(
        self, space: Space, history: History, birth: Birth, rng: np.random.Generator
    ) -> tuple[F, str]:
        return explored(space, history.X[birth.parent], self._perturbation, rng)
