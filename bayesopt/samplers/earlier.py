"""Earlier studies as a sampler holds them: their trials, frozen, as JSON data.

A source is ``{"name": ..., "direction": "minimize", "trials": [[params, value], ...]}``, params a
mapping of names to labels, the value None where the trial failed. So what a sampler proposes
remains a function of its settings and the history, whatever becomes of the studies.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from bayesopt.checks import is_number
from bayesopt.errors import SettingsError, short_repr
from bayesopt.history import History
from bayesopt.samplers.fresh import Batch
from bayesopt.space import Float, Int, Space
from bayesopt.space.axes import ContinuousAxis
from bayesopt.space.parameters import Parameter
from bayesopt.surrogates.faults import BROKEN

if TYPE_CHECKING:
    from bayesopt.samplers.gp_data import Observed
    from bayesopt.surrogates.base import Engine
    from bayesopt.surrogates.schedule import FitCache
    from bayesopt.surrogates.settings import GPSettings
    from bayesopt.surrogates.transfer import Source, SourceMean, SourceModel

F = npt.NDArray[np.float64]
B = npt.NDArray[np.bool_]
SourceData = Mapping[str, Any]

N_PORTFOLIO = 4
"""How many of the first trials are configurations that earlier studies found good."""

_BEYOND = 1.0  # ranges beyond the space that a trial may lie, to be learned from
_LEAST_TRIALS = 2  # with a value
_CANDIDATES = 10  # the best trials of each source

_EXPECTED = "{'name': text, 'direction': 'minimize' or 'maximize', 'trials': [[params, value], …]}"


def plain_sources(given: object) -> tuple[dict[str, Any], ...] | None:
    """Return sources in normal form, None if there are none.

    Raises
    ------
    SettingsError
        If one of them is no such mapping.
    """
    if given is None:
        return None
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise SettingsError("sources", expected="a list of earlier studies", got=short_repr(given))
    return tuple(_plain(each) for each in given) or None


def _plain(given: object) -> dict[str, Any]:
    ok = isinstance(given, Mapping) and set(given) == {"name", "direction", "trials"}
    if ok and isinstance(given, Mapping):
        ok = isinstance(given["name"], str) and given["direction"] in ("minimize", "maximize")
        ok = ok and isinstance(given["trials"], Sequence) and all(map(_is_trial, given["trials"]))
    if not ok or not isinstance(given, Mapping):
        raise SettingsError(
            "sources",
            expected=_EXPECTED,
            got=short_repr(given),
            remedy="create_study(learn_from=...) makes them of studies.",
        )
    trials = [[dict(params), value] for params, value in given["trials"]]
    return {"name": given["name"], "direction": given["direction"], "trials": trials}


def _is_trial(entry: object) -> bool:
    if not isinstance(entry, Sequence) or isinstance(entry, str) or len(entry) != 2:
        return False
    return isinstance(entry[0], Mapping) and (entry[1] is None or is_number(entry[1]))


def rows_of(space: Space, sources: Sequence[SourceData]) -> tuple[Source, ...]:
    """Return the trials of sources as rows of a space; those that say nothing of it are left out.

    Parameters are matched by name. What the space does not have is ignored; what a source does not
    have, it says nothing of. Numbers up to a whole range outside the space are learned from where
    they are; trials beyond that, and those with choices that the space does not have, are left out.
    """
    from bayesopt.surrogates.transfer import Source

    found = []
    for source in sources:
        labels = [params for params, _ in source["trials"]]
        sign = -1.0 if source["direction"] == "maximize" else 1.0
        values = [math.nan if value is None else sign * value for _, value in source["trials"]]
        X, fits = _rows(space, labels)
        known = np.array([any(name in one for one in labels) for name in space.names], np.bool_)
        y = np.array(values, dtype=np.float64)[fits]
        if known.any() and np.isfinite(y).sum() >= _LEAST_TRIALS:
            found.append(Source(np.ascontiguousarray(X[fits]), y, known))
    return tuple(found)


def _rows(space: Space, trials: Sequence[Mapping[str, Any]]) -> tuple[F, B]:
    """Return rows [n, d] of labels, and which of them can be learned from, [n]."""
    X, active, inside = space.encode_labels(trials)
    fits = inside.copy()
    for i in np.flatnonzero(~inside).tolist():
        fits[i] = _has_constants(space, trials[i]) and all(
            _place(space.parameters[name], trials[i][name], X[i], j)
            for j, name in enumerate(space.names)
            if active[i, j] and name in trials[i]
        )
    return X, fits


def _place(parameter: Parameter, label: Any, row: F, j: int) -> bool:
    """Put a label's coordinate into a row, be it outside the range; False where it has none."""
    if parameter.contains(label):
        return True
    if not isinstance(parameter, Float | Int) or type(label) not in (int, float):
        return False
    unit = _unit(parameter, float(label))
    row[j] = unit if math.isfinite(unit) else row[j]
    return -_BEYOND <= unit <= 1.0 + _BEYOND


def _unit(parameter: Float | Int, value: float) -> float:
    """Return the coordinate of a number, which may lie outside the range; NaN where it has none."""
    axis = parameter.axis
    if parameter.log and value <= 0.0:
        return math.nan
    if isinstance(axis, ContinuousAxis):
        scaled = math.log(value) if axis.log else value * axis.scale
        return (scaled - axis.start) / axis.span if axis.span > 0.0 else math.nan
    if axis.is_linear:
        return ((value - axis.low) / axis.step + 0.5) / axis.count
    start, end = (float(edge) for edge in axis.edges)
    return (math.log(value) - start) / (end - start)


def _has_constants(space: Space, labels: Mapping[str, Any]) -> bool:
    """Whether what is constant in the space has that value in a trial, or none."""
    return all(
        parameter.contains(labels[name])
        for name, parameter in space.parameters.items()
        if parameter.axis is None and name in labels
    )


def check_objectives(sources: Sequence[SourceData] | None, n_objectives: int) -> None:
    """Raise SettingsError if there are earlier studies, and several objectives."""
    if sources and n_objectives > 1:
        raise SettingsError(
            "sources",
            expected="a study with one objective",
            got=f"{n_objectives} objectives",
            remedy="Leave out learn_from=.",
        )


@dataclass(frozen=True, eq=False)
class Earlier:
    """Earlier studies on the columns of a space, and what it takes to learn from them.

    Attributes
    ----------
    space : Space
    sources : sequence of Source
    settings : GPSettings
    cache : FitCache
    engine : Engine
    """

    space: Space
    sources: Sequence[Source]
    settings: GPSettings
    cache: FitCache
    engine: Engine

    def offer(self, batch: Batch, history: History) -> None:
        """Fill a batch with configurations that were good in earlier studies and are new.

        Nothing where the models break: the design serves then.
        """
        from bayesopt.surrogates.transfer import source_model

        n_more = max(N_PORTFOLIO - history.n, 0)
        with suppress(*BROKEN), np.errstate(all="ignore"), self.engine.session():
            models = [
                source_model(self.space.domain, source, self.settings, self.cache, self.engine)
                for source in self.sources
            ]
            rows = portfolio(self.space, models, self.sources, N_PORTFOLIO)
            batch.offer(rows[~history.contains(rows)][:n_more])

    def mean(self, data: Observed) -> SourceMean:
        """Return what the studies say of the objective, after the trials that there are."""
        from bayesopt.surrogates.transfer import learn_mean

        X, y = data.X[~data.failed], data.y[~data.failed]
        domain, cache, engine = self.space.domain, self.cache, self.engine
        return learn_mean(domain, X, y, self.settings, self.sources, cache, engine)

    def trust(self, data: Observed) -> float:
        """Return how much weight the studies have, from 0 to 1; 0 where the models break."""
        with suppress(*BROKEN), np.errstate(all="ignore"), self.engine.session():
            return self.mean(data).trust
        return 0.0


def portfolio(space: Space, models: Sequence[SourceModel], sources: Sequence[Source], n: int) -> F:
    """Return up to `n` rows [k, d] that together are good for all sources, the first for most.

    Of the best rows of each, row after row the one that lowers the sum over sources of the least
    mean the most (greedy, as algorithm portfolios are built: Xu et al., 2010); of those that lower
    it alike, the one with the least sum of means. What failed is none of the best.
    """
    rows = np.unique(space.snap(np.concatenate([_best_of(source) for source in sources])), axis=0)
    rows = rows[space.feasible(rows)]
    worth = np.array([model.mean(rows) for model in models])
    least = np.full((len(models), 1), 10.0)
    chosen: list[int] = []
    for _ in range(min(n, len(rows))):
        total = np.minimum(worth, least).sum(axis=0)
        total[chosen] = np.inf
        pick = int(np.lexsort((worth.sum(axis=0), total))[0])
        chosen.append(pick)
        least = np.minimum(least, worth[:, [pick]])
    return np.asarray(rows[chosen])


def _best_of(source: Source) -> F:
    """Return the rows [k, d] of the best values of a source, the best first."""
    n_values = int(np.count_nonzero(np.isfinite(source.y)))
    return np.asarray(source.X[np.argsort(source.y, kind="stable")[: min(_CANDIDATES, n_values)]])
