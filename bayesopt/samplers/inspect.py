"""A look inside a Gaussian-process sampler: what it believes, and what matters to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from bayesopt.acquisition.functions import LogEI
from bayesopt.acquisition.utility import Gain
from bayesopt.errors import InvalidValueError, NoTrialsError, short_repr
from bayesopt.history import History
from bayesopt.rng import named_rng
from bayesopt.samplers.auto import AutoSampler
from bayesopt.samplers.base import Sampler
from bayesopt.samplers.gp import GPSampler
from bayesopt.samplers.gp_data import Observed, observe
from bayesopt.space import Space
from bayesopt.surrogates import diagnostics
from bayesopt.surrogates.blas import one_blas_thread
from bayesopt.surrogates.diagnostics import Band, CrossValidation
from bayesopt.surrogates.model import Belief
from bayesopt.surrogates.subset import spread_out

F = npt.NDArray[np.float64]

_MOST_POINTS = 800  # for a sampler that has no process of its own
_MOST_LEFT_OUT = 4_000  # trials not learned from that predictions are held against
_N_SPREAD = 512  # rows over which importance is averaged


@dataclass(frozen=True, eq=False)
class Slice:
    """The belief along one parameter, the others held.

    Attributes
    ----------
    name : str
    values : list
        Of the parameter, in the user's terms, ascending (choices: in order of definition).
    band : Band
        Of the objective, in the user's units and direction.
    log_gain : float64 [k]
        Log expected improvement.
    """

    name: str
    values: list[Any]
    band: Band
    log_gain: F


@dataclass(frozen=True, eq=False)
class Surface:
    """The belief over two parameters, the others held.

    Attributes
    ----------
    x, y : Slice
        Names and values of the two, and the belief along each alone.
    median : float64 [len(y), len(x)]
        Of the objective, in the user's units and direction; NaN where not both parameters exist.
    """

    x: Slice
    y: Slice
    median: F


@dataclass(frozen=True, eq=False)
class Insight:
    """What a Gaussian process makes of a history, in the user's terms.

    Attributes
    ----------
    space : Space
    belief : Belief
    searched : Belief
        What a search goes by: the same, but of a deterministic objective certain where it was
        evaluated.
    negated : bool
        Whether the objective is maximised.
    data : Observed
        The finished trials.
    """

    space: Space
    belief: Belief
    searched: Belief
    negated: bool
    data: Observed

    @property
    def n_values(self) -> int:
        """How many trials have a value to learn from."""
        return self.data.n_values

    @property
    def n_learned(self) -> int:
        """How many of them were learned from; the others are left out for the time it would take.

        Those stand for all: the very best, and others spread over trials and space.
        """
        return int(np.count_nonzero(~self.data.failed[self.belief.learned]))

    @property
    def incumbent(self) -> dict[str, Any]:
        """The configuration to improve on."""
        row = self.belief.incumbent_row
        return {} if row is None else self.space.decode(row[None])[0]

    @one_blas_thread()
    def predict(self, configs: Sequence[Mapping[str, Any]], noisy: bool = False) -> Band:
        """Return what is believed of configurations, with a 95% band; `noisy`: of an outcome.

        Raises InvalidConfigError if one does not belong to the space.
        """
        return self._turned(diagnostics.predict(self.belief, self.space.encode(configs), noisy))

    @one_blas_thread()
    def slice(self, name: str, at: Mapping[str, Any] | None = None, n: int = 101) -> Slice:
        """Return the belief along one parameter.

        Parameters
        ----------
        name : str
        at : mapping, optional
            The configuration that the other parameters are held at; the incumbent by default.
        n : int
            How many values of a parameter that has more.

        Raises
        ------
        InvalidValueError
            If the space has no such parameter, or it does not exist there.
        """
        row = self._held(at)
        rows = self._along(self._column(name, row), row, n)
        searched = self.searched
        gain = Gain(searched.members, searched.weights, LogEI(searched.incumbent))
        values = [config[name] for config in self.space.decode(rows)]
        band = self._turned(diagnostics.predict(self.belief, rows))
        return Slice(name, values, band, gain.value(rows))

    @one_blas_thread()
    def surface(self, x: str, y: str, at: Mapping[str, Any] | None = None, n: int = 41) -> Surface:
        """Return the belief over two parameters; takes what `slice` takes, `n` for each.

        Raises
        ------
        InvalidValueError
            If the space has no such parameters, they are the same, or one does not exist there.
        """
        if x == y:
            raise InvalidValueError("surface", expected="two parameters", got=short_repr((x, y)))
        row = self._held(at)
        i, j = self._column(x, row), self._column(y, row)
        along_x, along_y = self._along(i, row, n)[:, i], self._along(j, row, n)[:, j]
        rows = np.repeat(row[None], len(along_x) * len(along_y), axis=0)
        rows[:, i], rows[:, j] = np.tile(along_x, len(along_y)), np.repeat(along_y, len(along_x))
        rows = self.space.snap(rows)
        median = self._turned(diagnostics.predict(self.belief, rows)).median
        median[~self.space.active(rows)[:, [i, j]].all(axis=1)] = np.nan
        shape = len(along_y), len(along_x)
        return Surface(self.slice(x, at, n), self.slice(y, at, n), median.reshape(shape))

    def varying(self) -> list[str]:
        """Return the parameters that exist in the incumbent, the most important first."""
        row = self._held(None)
        exists = dict(zip(self.space.names, self.space.active(row[None])[0], strict=True))
        return [name for name in self.importance() if exists[name]]

    def lengthscales(self) -> dict[str, float]:
        """Return how far a parameter must move to matter, as part of its range, by name."""
        scales = diagnostics.lengthscales(self.belief)
        return dict(zip(self.space.names, scales.tolist(), strict=True))

    @one_blas_thread()
    def importance(self) -> dict[str, float]:
        """Return how much each parameter moves the objective over the space, the most first.

        Shares that sum to one; see :func:`bayesopt.surrogates.diagnostics.importance`.
        """
        rows = self.space.sample(_N_SPREAD, named_rng(0, 0, "importance"))
        shares = diagnostics.importance(self.belief, rows)
        pairs = zip(self.space.names, shares.tolist(), strict=True)
        return dict(sorted(pairs, key=lambda pair: -pair[1]))

    @one_blas_thread()
    def cross_validated(self) -> CrossValidation:
        """Return each outcome beside what the others say of it; O(n³) for n learned from.

        Of trials that were left out (`n_learned`), evenly 4,000 at most, what all that were learned
        from say.
        """
        found = diagnostics.cross_validate(self.belief, self._left_out())
        observed = -found.observed if self.negated else found.observed
        return replace(found, observed=observed, predicted=self._turned(found.predicted))

    def _left_out(self) -> tuple[F, F]:
        """Return rows [k, d] and outcomes [k] that nothing was learned from."""
        rest = np.setdiff1d(np.flatnonzero(~self.data.failed), self.belief.learned)
        if len(rest) > _MOST_LEFT_OUT:
            rest = rest[np.linspace(0, len(rest) - 1, _MOST_LEFT_OUT).astype(np.int64)]
        return np.ascontiguousarray(self.data.X[rest]), self.data.y[rest]

    def _held(self, at: Mapping[str, Any] | None) -> F:
        """Return the row [d] at which parameters are held."""
        return np.asarray(self.space.encode([self.incumbent if at is None else at])[0])

    def _column(self, name: str, row: F) -> int:
        """Return the column of a parameter that exists in `row`. Raises InvalidValueError."""
        names = self.space.names
        if name not in names or not self.space.active(row[None])[0, names.index(name)]:
            raise InvalidValueError(
                "slice", expected=f"one of {list(names)} that exists there", got=short_repr(name)
            )
        return names.index(name)

    def _along(self, j: int, row: F, n: int) -> F:
        """Return distinct snapped rows that differ from `row` [d] in column j."""
        n_cells = int(self.space.domain.n_cells[j])
        steps = np.linspace(0.0, 1.0, n)
        if 0 < n_cells <= n:
            steps = np.sort(np.concatenate([steps, (np.arange(n_cells) + 0.5) / n_cells]))
        rows = np.repeat(row[None], len(steps), axis=0)
        rows[:, j] = steps
        rows = self.space.snap(rows)
        return rows[np.sort(np.unique(rows[:, j], return_index=True)[1])]

    def _turned(self, band: Band) -> Band:
        """Return a band of the minimised objective in the user's direction."""
        return Band(-band.median, -band.high, -band.low) if self.negated else band


@one_blas_thread()
def look_inside(
    sampler: Sampler, space: Space, history: History, objective: int | None = None
) -> Insight:
    """Return what the sampler believes after the finished trials of a history.

    Of the default sampler it is the process that would make the next trial; of a sampler without
    one, what a `GPSampler` with default settings believes. A process that learns from some of the
    trials only takes some that stand for all here, not those that its search is after.

    Parameters
    ----------
    sampler : Sampler
    space : Space
    history : History
    objective : int, optional
        Which; needed where there are several.

    Raises
    ------
    NoTrialsError
        If fewer than two feasible trials have a value.
    InvalidValueError
        If there are several objectives and none is named, or there is no such objective.
    """
    j = _chosen(objective, history.n_objectives)
    data = observe(history, j)
    if data.n_values < 2:
        raise NoTrialsError(
            "a look inside",
            expected="two finished, feasible trials with values",
            got=f"{data.n_values}",
            remedy="Tell more trials first.",
        )
    process = _process_of(sampler, history)
    belief = process.believe(space, data, choose=spread_out)
    exact = not history.noisy
    searched = process.believe(space, data, deterministic=exact, choose=spread_out)
    return Insight(space, belief, searched, history.directions[j] == "maximize", data)


def _chosen(objective: int | None, n_objectives: int) -> int:
    """Return the objective to look at. Raises InvalidValueError."""
    if objective is None and n_objectives > 1:
        raise InvalidValueError(
            "a look inside",
            expected="one objective",
            got=short_repr(n_objectives),
            remedy="Say which: look_inside(objective=0).",
        )
    j = 0 if objective is None else objective
    if isinstance(j, bool) or j not in range(n_objectives):
        expected = f"an index below {n_objectives}"
        raise InvalidValueError("objective", expected=expected, got=short_repr(objective))
    return j


@one_blas_thread()
def believed_best(sampler: Sampler, space: Space, history: History) -> int | None:
    """Return the complete and feasible trial at the row that is believed to be the best.

    Of several at that row the earliest; None if there is no such trial. With a single value there
    is nothing to believe, so that one is it. The belief is that of :func:`look_inside`.

    Raises
    ------
    InvalidValueError
        If there are several objectives.
    """
    numbers = history.comparable()
    if history.n_objectives == 1 and numbers.size < 2:
        return history.best()
    belief = look_inside(sampler, space, history).belief
    means = belief.mean(np.ascontiguousarray(history.X[numbers]))
    return int(numbers[np.argmin(means)])


def _process_of(sampler: Sampler, history: History) -> GPSampler:
    if isinstance(sampler, AutoSampler):
        sampler, _ = sampler.choice(history)
    return sampler if isinstance(sampler, GPSampler) else GPSampler(max_points=_MOST_POINTS)
