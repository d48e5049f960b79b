"""What a study shows: its front's volume, a table, its model, hints, a page."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from bayesopt.errors import InvalidValueError, short_repr
from bayesopt.history import History
from bayesopt.history.hints import Hint
from bayesopt.history.volumes import dominated_volumes
from bayesopt.markup import escaped, number_text, table, value_text
from bayesopt.schedulers.replay import HyperparameterSchedule, schedule_of
from bayesopt.study import checks
from bayesopt.trial import TrialRecord, TrialState

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from bayesopt.samplers.base import Sampler
    from bayesopt.samplers.inspect import Insight
    from bayesopt.space import Space
    from bayesopt.study.reevaluation import Reevaluation, SeededObjective
    from bayesopt.visualization.snapshot import StudyLike


class _Readable(Protocol):
    """What the short view reads: nothing that takes longer with more trials."""

    @property
    def name(self) -> str: ...

    @property
    def directions(self) -> tuple[str, ...]: ...

    @property
    def history(self) -> History: ...

    def get_trial(self, number: int) -> TrialRecord: ...


class _HasBest(Protocol):
    @property
    def seed(self) -> int: ...

    @property
    def best_trial(self) -> TrialRecord: ...


class _HasLineage(Protocol):
    @property
    def trials(self) -> list[TrialRecord]: ...

    @property
    def best_trial(self) -> TrialRecord: ...


class _HasModel(_HasBest, Protocol):
    @property
    def directions(self) -> tuple[str, ...]: ...

    @property
    def sampler(self) -> Sampler: ...

    @property
    def space(self) -> Space: ...

    @property
    def history(self) -> History: ...

    def best(self, by: Literal["value", "model"] = "value") -> TrialRecord: ...

    def get_trial(self, number: int) -> TrialRecord: ...


class Views:
    """What every study can show of itself."""

    @property
    def best_params(self: _HasBest) -> dict[str, Any]:
        """The configuration of the best trial."""
        return dict(self.best_trial.params)

    @property
    def best_value(self: _HasBest) -> float:
        """The value of the best trial, in the user's direction."""
        values = self.best_trial.values
        return values[0] if values else float("nan")

    def best(self: _HasModel, by: Literal["value", "model"] = "value") -> TrialRecord:
        """Return the best complete and feasible trial, by what was told or what is believed of it.

        Where values are noisy, the best of many was lucky. "model" takes the configuration with the
        best posterior mean, as the sampler's Gaussian process (or one with default settings) has
        it: what else was evaluated near by, and how noisy values are, counts then. What it is worth
        is ``study.look_inside().predict([trial.params])``.

        Parameters
        ----------
        by : {"value", "model"}

        Raises
        ------
        NoTrialsError, StudyError
            If there is no such trial, or there are several objectives.
        InvalidValueError
            If `by` is something else.
        """
        if by not in ("value", "model"):
            raise InvalidValueError("by", expected="'value' or 'model'", got=short_repr(by))
        best = self.best_trial
        if by == "value":
            return best
        from bayesopt.samplers.inspect import believed_best

        number = believed_best(self.sampler, self.space, self.history)
        return best if number is None else self.get_trial(number)

    def hypervolume(
        self: StudyLike, reference: Sequence[float] | None = None
    ) -> npt.NDArray[np.float64]:
        """Return the volume that the front dominates after each trial, [n].

        See :func:`bayesopt.history.volumes.dominated_volumes`, also for the default `reference`.
        """
        return dominated_volumes(self.history, reference)

    def trials_dataframe(self: StudyLike) -> pd.DataFrame:
        """Return all trials as a table, one row each. Raises MissingDependencyError."""
        from bayesopt.study.frame import trials_dataframe

        return trials_dataframe(self.trials, len(self.directions))

    def schedule(self: _HasLineage, trial: int | None = None) -> HyperparameterSchedule:
        """Return the hyperparameters that a lineage went through, from its beginning.

        Parameters
        ----------
        trial : int, optional
            The last of the lineage; by default the best complete one.

        Raises
        ------
        NoTrialsError
            If no trial is complete, or the trial reported nothing.
        TrialNotFoundError
            If there is no such trial.
        """
        number = self.best_trial.number if trial is None else trial
        return schedule_of(self.trials, number)

    def look_inside(self: StudyLike, objective: int | None = None) -> Insight:
        """Return what a Gaussian process makes of the finished trials: slices, importance, ...

        Of more than 800 trials it may learn from some that stand for all (``n_learned`` of
        ``n_values``); see :func:`bayesopt.samplers.inspect.look_inside`.

        Parameters
        ----------
        objective : int, optional
            Which; needed where there are several.

        Raises
        ------
        NoTrialsError
            If fewer than two feasible trials have a value.
        InvalidValueError
            If there are several objectives and none is named, or there is no such objective.

        Examples
        --------
        >>> inside = study.look_inside()
        >>> inside.slice("lr").band.median, inside.importance(), inside.cross_validated().r2
        """
        from bayesopt.samplers.inspect import look_inside

        return look_inside(self.sampler, self.space, self.history, objective)

    def hints(self: _Readable) -> list[Hint]:
        """Return remarks on bounds, scales and budget, and on whether more trials still help.

        See :func:`bayesopt.history.hints.hints` and :class:`bayesopt.StopWhenIdle`. From twenty
        trials on this takes about what a suggestion does.
        """
        from bayesopt.samplers.outlook import all_hints

        return all_hints(self.history)

    def evaluate_best(
        self: _HasModel,
        objective: SeededObjective,
        seeds: int | Sequence[int] = 10,
        *,
        by: Literal["value", "model"] = "value",
        trial: int | None = None,
    ) -> Reevaluation:
        """Evaluate the best configuration again, under fresh seeds; nothing is recorded.

        The value of a best trial was chosen for being good: where values are noisy, part of it is
        luck. Report the mean and the interval that this returns.

        Parameters
        ----------
        objective : callable
            Takes a configuration and an integer seed, returns the value. Exceptions pass through.
        seeds : int or sequence of int
            How many, at least 2, or which.
        by : {"value", "model"}
            Which trial is the best, see :meth:`best`: where values are noisy, the one that is
            believed to be the best is often better than the one that told the best value.
        trial : int, optional
            The number of a trial to evaluate instead of the best.

        Raises
        ------
        NoTrialsError, StudyError
            If there is no best trial, or there are several objectives.
        TrialNotFoundError
            If there is no such trial.
        InvalidValueError
            If `objective` does not take a configuration and a seed, a value is not a finite number,
            `by` is something else, or the seeds are not usable.
        """
        from bayesopt.study.reevaluation import fresh_seeds, reevaluate, require_seeded

        require_seeded(objective)
        checks.one_objective(len(self.directions), "evaluate_best", "best_trials")
        record = self.best(by) if trial is None else self.get_trial(trial)
        return reevaluate(record, objective, fresh_seeds(self.seed, seeds))

    def report(
        self: StudyLike, path: str | os.PathLike[str] = "report.html", *, model: bool = True
    ) -> Path:
        """Write the study as one self-contained HTML page with plots; return its path.

        Needs plotly, see :func:`bayesopt.visualization.report.write_report`.

        Parameters
        ----------
        path : path
            A file that may exist already; it is replaced.
        model : bool
            Whether to show what a Gaussian process believes: seconds for a long study.

        Raises
        ------
        MissingDependencyError
            If plotly is not installed.
        """
        from bayesopt.visualization.report import write_report

        return write_report(self, path, model=model)

    def _repr_html_(self: _Readable) -> str:
        """Return name, states and best trials for a notebook; loads no plotting package."""
        history = self.history
        counts = [(s.name.lower(), int((history.state == s).sum())) for s in TrialState]
        rows: list[tuple[object, object]] = [("trials", history.n)]
        rows += [(name, count) for name, count in counts if count]
        rows += _best_rows(self)
        aims = ", ".join(self.directions)
        return f"<b>Study {escaped(value_text(self.name, 120))}</b> ({escaped(aims)}){table(rows)}"


def _best_rows(study: _Readable) -> list[tuple[object, object]]:
    """Return the best value and configuration; of several objectives how long the front is."""
    front = study.history.pareto()
    if not front.size:
        return []
    if len(study.directions) > 1:
        return [("on the Pareto front", len(front))]
    best = study.get_trial(int(front[0]))
    value = number_text(best.value) if best.value is not None else ""
    params = [(value_text(name, 60), value_text(v)) for name, v in best.params.items()]
    return [(f"best value (trial {best.number})", value), *params]
