"""What a report shows, from top to bottom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from bayesopt.errors import BayesOptError, NoTrialsError
from bayesopt.trial import TrialState
from bayesopt.visualization.data import curves, fronts, history, importance, model, parameters
from bayesopt.visualization.data import timeline as timelines
from bayesopt.visualization.figures import curves as curve_figures
from bayesopt.visualization.figures import fronts as front_figures
from bayesopt.visualization.figures import history as history_figures
from bayesopt.visualization.figures import importance as importance_figures
from bayesopt.visualization.figures import model as model_figures
from bayesopt.visualization.figures import parameters as parameter_figures
from bayesopt.visualization.figures import style
from bayesopt.visualization.figures import timeline as timeline_figures
from bayesopt.visualization.figures.style import FigureDict
from bayesopt.visualization.snapshot import Snapshot

_MOST_OBJECTIVES = 4


@dataclass(frozen=True)
class Section:
    """One figure under a heading.

    Attributes
    ----------
    key : str
        The element's id.
    heading, remark : str
        Of this project, not a user's text.
    make : callable
        Returns the figure.
    """

    key: str
    heading: str
    remark: str
    make: Callable[[], FigureDict]

    def figure(self) -> FigureDict:
        """Return the figure, or one that says why there is none."""
        try:
            return self.make()
        except BayesOptError as error:
            return style.message(f"Nothing to show yet: {error}")


def sections(shot: Snapshot, with_model: bool) -> list[Section]:
    """Return the sections that suit a study."""
    found = [*_progress(shot), _importance_section(shot, with_model), *_parameters(shot)]
    if with_model and shot.n_objectives == 1:
        found += _model(shot)
    return [*found, *_rest(shot)]


def _progress(shot: Snapshot) -> Iterator[Section]:
    for j in range(min(shot.n_objectives, _MOST_OBJECTIVES)):
        yield Section(
            f"history-{j}",
            "Progress" if j == 0 else "",
            "",
            partial(_history, shot, j),
        )
    if shot.n_objectives > 1:
        yield Section(
            "front",
            "Pareto front",
            "What no other trial matches in every objective and beats in one.",
            lambda: front_figures.pareto_front(fronts.pareto_front(shot)),
        )
        yield Section(
            "volume",
            "",
            "Up to a point a little beyond the present front.",
            lambda: front_figures.volume_history(fronts.volume_history(shot)),
        )
    if any(record.reports for record in shot.records):
        yield Section(
            "curves",
            "Learning curves",
            "What trials reported on their way.",
            lambda: curve_figures.learning_curves(curves.learning_curves(shot)),
        )


def _history(shot: Snapshot, j: int) -> FigureDict:
    return history_figures.optimization_history(history.optimization_history(shot, j))


def _parameters(shot: Snapshot) -> Iterator[Section]:
    if not shot.scales:
        return
    yield Section(
        "slices",
        "Parameters",
        "Later trials are blue, the best one is a star; choices are spread out sideways.",
        lambda: parameter_figures.slices(parameters.slices(shot)),
    )
    yield Section(
        "parallel",
        "",
        "Each line is a trial; a line has gaps where a parameter does not exist.",
        lambda: parameter_figures.parallel_coordinates(parameters.parallel_coordinates(shot)),
    )
    if len(shot.scales) > 1:
        yield Section(
            "rank",
            "",
            "",
            lambda: parameter_figures.rank_panels(parameters.rank_panels(shot)),
        )


def _model(shot: Snapshot) -> Iterator[Section]:
    if not shot.scales:
        return
    yield Section(
        "posterior",
        "What the model believes",
        "A Gaussian process; the band holds 95% of its belief. Trials are orange; their other "
        "parameters lie elsewhere. A band that leaves the picture has no end there: far outliers "
        "count as equally bad.",
        lambda: model_figures.posteriors(model.posteriors(shot), "value"),
    )
    if len(shot.scales) > 1:
        yield Section(
            "contour",
            "",
            "",
            lambda: model_figures.contour(model.contour(shot)),
        )


def _rest(shot: Snapshot) -> Iterator[Section]:
    yield Section(
        "edf",
        "Distribution and time",
        "",
        lambda: history_figures.distributions(history.distributions(shot), shot.objective_name(0)),
    )
    if any(record.state is not TrialState.WAITING for record in shot.records):
        yield Section(
            "timeline", "", "", lambda: timeline_figures.timeline(timelines.timeline(shot))
        )


def _importance_section(shot: Snapshot, with_model: bool) -> Section:
    """Return importance by as many methods as there are trials for."""
    return Section(
        "importance",
        "Importance",
        "By the model: how much a parameter moves the value over the whole space. By PED-ANOVA: "
        "how much it decides whether a trial is among the best tenth.",
        lambda: importance_figures.importance(_importances(shot, with_model)),
    )


def _importances(shot: Snapshot, with_model: bool) -> list[importance.Importance]:
    found = []
    if with_model and shot.n_objectives == 1:
        with suppress(BayesOptError):  # the other method may do, or says what is missing
            found.append(importance.importance(shot, "model"))
    try:
        return [*found, importance.importance(shot, "ped-anova")]
    except NoTrialsError:
        if found:
            return found
        raise
