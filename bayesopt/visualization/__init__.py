"""Plots of a study with Plotly; the main ones with Matplotlib: `bayesopt.visualization.matplotlib`.

>>> from bayesopt.visualization import plot_optimization_history
>>> plot_optimization_history(study).show()

Each takes a `Study` (or whatever has its `name`, `directions`, `space`, `history`, `trials` and
`sampler`) and returns a ``plotly.graph_objects.Figure`` to be shown, changed or written. A study
with nothing to show gives a figure that says so. Names and values are shown as they are written:
nothing in them is read as markup. Of very many trials a part is drawn, see
:mod:`bayesopt.visualization.data.thinning`; figures say how many.

All raise `MissingDependencyError` without plotly, and `InvalidValueError` for a parameter or an
objective that the study does not have. ``dark=True`` is for a dark ground.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bayesopt.visualization.data import curves, fronts, history, model, parameters
from bayesopt.visualization.data import importance as importances
from bayesopt.visualization.data import timeline as timelines
from bayesopt.visualization.figures import curves as curve_figures
from bayesopt.visualization.figures import fronts as front_figures
from bayesopt.visualization.figures import history as history_figures
from bayesopt.visualization.figures import importance as importance_figures
from bayesopt.visualization.figures import model as model_figures
from bayesopt.visualization.figures import parameters as parameter_figures
from bayesopt.visualization.figures import timeline as timeline_figures
from bayesopt.visualization.rendering import as_plotly
from bayesopt.visualization.snapshot import StudyLike, take

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = [
    "plot_contour",
    "plot_edf",
    "plot_hypervolume_history",
    "plot_intermediate_values",
    "plot_optimization_history",
    "plot_parallel_coordinate",
    "plot_param_importances",
    "plot_pareto_front",
    "plot_posterior",
    "plot_rank",
    "plot_slice",
    "plot_timeline",
]


def plot_optimization_history(
    study: StudyLike, *, objective: int = 0, dark: bool = False
) -> go.Figure:
    """Return the value of each trial, and the best so far.

    Infeasible and pruned trials look different, failed ones are marks along the bottom. The first
    view leaves out values that would hide all others; a double click shows them.
    """
    return as_plotly(
        lambda: history_figures.optimization_history(
            history.optimization_history(study, objective)
        ),
        dark,
    )


def plot_slice(
    study: StudyLike,
    params: Sequence[str] | None = None,
    *,
    objective: int = 0,
    dark: bool = False,
) -> go.Figure:
    """Return the value against each parameter, later trials in blue, the best one as a star."""
    return as_plotly(
        lambda: parameter_figures.slices(parameters.slices(study, params, objective)), dark
    )


def plot_parallel_coordinate(
    study: StudyLike,
    params: Sequence[str] | None = None,
    *,
    objective: int = 0,
    dark: bool = False,
) -> go.Figure:
    """Return each trial as a line across all parameters; conditional ones leave gaps."""
    return as_plotly(
        lambda: parameter_figures.parallel_coordinates(
            parameters.parallel_coordinates(study, params, objective)
        ),
        dark,
    )


def plot_rank(
    study: StudyLike,
    params: Sequence[str] | None = None,
    *,
    objective: int = 0,
    dark: bool = False,
) -> go.Figure:
    """Return pairs of parameters with trials coloured by rank; four parameters unless named."""
    return as_plotly(
        lambda: parameter_figures.rank_panels(parameters.rank_panels(study, params, objective)),
        dark,
    )


def plot_param_importances(
    study: StudyLike,
    method: str = "model",
    *,
    params: Sequence[str] | None = None,
    target: float = 0.1,
    region: float = 1.0,
    objective: int = 0,
    dark: bool = False,
) -> go.Figure:
    """Return which parameters matter.

    ``method="model"`` by the Gaussian process of one objective, over the whole space;
    ``"ped-anova"`` for being among the best ``target`` share of the trials, of several objectives
    on the first fronts. Bars of a model that has learned nothing yet are grey. See
    :func:`bayesopt.visualization.data.importance.importance`, which gives the numbers.
    """
    return as_plotly(
        lambda: importance_figures.importance(
            importances.importance(
                study, method, params=params, target=target, region=region, objective=objective
            )
        ),
        dark,
    )


def plot_pareto_front(
    study: StudyLike, *, objectives: Sequence[int] | None = None, dark: bool = False
) -> go.Figure:
    """Return the Pareto front of all objectives, drawn in two or three of them."""
    return as_plotly(
        lambda: front_figures.pareto_front(fronts.pareto_front(study, objectives)), dark
    )


def plot_hypervolume_history(
    study: StudyLike, reference: Sequence[float] | None = None, *, dark: bool = False
) -> go.Figure:
    """Return the volume that the front dominates after each trial.

    `reference` is one number per objective, up to where volume counts; see
    :func:`bayesopt.history.volumes.dominated_volumes` for the default.
    """
    return as_plotly(
        lambda: front_figures.volume_history(fronts.volume_history(study, reference)), dark
    )


def plot_intermediate_values(
    study: StudyLike, *, objective: int = 0, dark: bool = False
) -> go.Figure:
    """Return the learning curves of all trials, with a mark where one was stopped early."""
    return as_plotly(
        lambda: curve_figures.learning_curves(curves.learning_curves(study, objective)), dark
    )


def plot_timeline(study: StudyLike, *, dark: bool = False) -> go.Figure:
    """Return when each trial ran, trials that overlapped above each other."""
    return as_plotly(lambda: timeline_figures.timeline(timelines.timeline(study)), dark)


def plot_edf(
    study: StudyLike | Sequence[StudyLike], *, objective: int = 0, dark: bool = False
) -> go.Figure:
    """Return the empirical distribution of values, of one study or of several to compare."""
    return as_plotly(
        lambda: history_figures.distributions(history.distributions(study, objective), "value"),
        dark,
    )


def plot_posterior(
    study: StudyLike,
    params: Sequence[str] | None = None,
    *,
    objective: int = 0,
    dark: bool = False,
) -> go.Figure:
    """Return what the model believes of an objective along parameters, with a 95% band.

    The other parameters are held at the best configuration. By default the six most important.
    Below the title is how well the model predicts trials that it has not seen.
    """
    shot = take(study)
    return as_plotly(
        lambda: model_figures.posteriors(
            model.posteriors(shot, params, objective), shot.objective_name(objective)
        ),
        dark,
    )


def plot_contour(
    study: StudyLike,
    params: Sequence[str] | None = None,
    *,
    objective: int = 0,
    dark: bool = False,
) -> go.Figure:
    """Return the model's median over two parameters, by default the two most important ones.

    The other parameters are held at the best configuration.
    """
    return as_plotly(lambda: model_figures.contour(model.contour(study, params, objective)), dark)
