"""The main plots with Matplotlib, for papers and for where no browser is.

The same names as in :mod:`bayesopt.visualization`, the same data, static. Each draws into `ax` if
it is given, else into a new figure, and returns the axes. A study with nothing to show gives axes
that say so. All raise `MissingDependencyError` without matplotlib.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesopt.errors import NoTrialsError
from bayesopt.markup import shortened
from bayesopt.trial import TrialState
from bayesopt.visualization.data.curves import Curve, learning_curves
from bayesopt.visualization.data.fronts import pareto_front
from bayesopt.visualization.data.history import optimization_history
from bayesopt.visualization.data.importance import importance
from bayesopt.visualization.data.parameters import Panel, parallel_coordinates, slices
from bayesopt.visualization.figures import style
from bayesopt.visualization.figures.curves import NAMES
from bayesopt.visualization.figures.importance import NAMES_OF_METHODS
from bayesopt.visualization.figures.parameters import shade_of
from bayesopt.visualization.rendering import missing
from bayesopt.visualization.scales import Scale
from bayesopt.visualization.snapshot import StudyLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "plot_intermediate_values",
    "plot_optimization_history",
    "plot_parallel_coordinate",
    "plot_param_importances",
    "plot_pareto_front",
    "plot_slice",
]

_FEW_CHOICES = 8
_END_MARKS = {TrialState.PRUNED: "x", TrialState.PAUSED: "o"}


def plot_optimization_history(
    study: StudyLike, *, objective: int = 0, ax: Axes | None = None
) -> Axes:
    """Draw the value of each trial, and the best so far."""

    def draw(axes: Axes) -> None:
        data = optimization_history(study, objective)
        kinds = [
            (data.infeasible, "infeasible", style.GRAY, "o", "none"),
            (data.pruned, "stopped early", style.ORANGE, "D", "none"),
            (data.complete, "complete", style.BLUE, "o", style.BLUE),
        ]
        for points, name, color, marker, face in kinds:
            if points.numbers.size:
                x, y = points.numbers, points.values
                look: dict[str, Any] = {"marker": marker, "mfc": face, "mec": color, "alpha": 0.75}
                axes.plot(x, y, ls="none", ms=4, label=name, **look)
        best = data.best
        axes.step(best.numbers, best.values, where="post", color=style.GREEN, label="best")
        if data.failed.size:  # along the bottom: a failed trial has no value
            low = np.full(data.failed.size, 0.02)
            placed: dict[str, Any] = {"transform": axes.get_xaxis_transform()}
            axes.plot(data.failed, low, "x", ms=4, color=style.PINK, label="failed", **placed)
        axes.set(xlabel="trial", ylabel=f"{data.objective} ({data.direction})")
        _whole_ticks(axes)
        _first_view(axes, [points.values for points, *_ in kinds], best.values[-1:])
        axes.legend()

    return _drawn(draw, ax)


def plot_intermediate_values(
    study: StudyLike, *, objective: int = 0, ax: Axes | None = None
) -> Axes:
    """Draw the learning curves, with a mark where one was stopped early or is paused."""

    def draw(axes: Axes) -> None:
        data = learning_curves(study, objective)
        named: set[str] = set()
        for curve in data.curves:
            name = f"best (trial {curve.number})" if curve.is_best else NAMES[curve.state]
            label = None if name in named else name
            named.add(name)
            axes.plot(curve.steps, curve.values, label=label, **_line_of(curve))
            if curve.state in _END_MARKS:
                color, mark = style.STATE_COLORS[curve.state], _END_MARKS[curve.state]
                end = curve.steps[-1:], curve.values[-1:]
                axes.plot(*end, mark, color=color, ms=5, mfc="none")
        axes.set(xlabel="step", ylabel=data.objective)
        axes.legend()
        _first_view(axes, [curve.values for curve in data.curves])

    return _drawn(draw, ax)


def plot_slice(
    study: StudyLike, params: Sequence[str] | None = None, *, objective: int = 0
) -> list[Axes]:
    """Draw the value against each parameter; returns one axes per parameter."""
    plt = _pyplot()
    try:
        data = slices(study, params, objective)
    except NoTrialsError as error:
        return [_say(plt.subplots()[1], str(error))]
    columns = min(len(data.panels), 4)
    rows = -(-len(data.panels) // columns)
    size = (3.0 * columns, 2.8 * rows)
    figure, grid = plt.subplots(
        rows, columns, figsize=size, sharey=True, squeeze=False, layout="constrained"
    )
    drawn = list(grid.ravel())
    for axes, panel in zip(drawn, data.panels, strict=False):
        _draw_panel(axes, panel)
    for axes in drawn[len(data.panels) :]:
        figure.delaxes(axes)
    grid[0, 0].set_ylabel(data.objective)
    stars = [panel.values[panel.best] for panel in data.panels if panel.best is not None]
    _first_view(grid[0, 0], [panel.values for panel in data.panels], *stars)
    return drawn[: len(data.panels)]


def plot_parallel_coordinate(
    study: StudyLike,
    params: Sequence[str] | None = None,
    *,
    objective: int = 0,
    ax: Axes | None = None,
) -> Axes:
    """Draw each trial as a line across all parameters, the best in blue, the worst in amber."""

    def draw(axes: Axes) -> None:
        data = parallel_coordinates(study, params, objective)
        heights = np.column_stack([data.fractions, data.goodness])
        faint = style.fading(len(heights), 80)
        for row, share in zip(heights, data.goodness.tolist(), strict=True):
            look = {"color": shade_of(share), "alpha": (0.35 + 0.5 * share) * faint}
            axes.plot(row, lw=1.0 + share, **look)
        for place, scale in enumerate(data.scales):
            _name_ends(axes, scale, place)
        names = [_text(scale.name, 20) for scale in data.scales] + ["rank (best above)"]
        axes.set_xticks(range(len(names)), names, rotation=20, ha="right")
        axes.set_yticks([])
        axes.grid(axis="x")

    return _drawn(draw, ax)


def plot_param_importances(
    study: StudyLike,
    method: str = "model",
    *,
    params: Sequence[str] | None = None,
    target: float = 0.1,
    region: float = 1.0,
    objective: int = 0,
    ax: Axes | None = None,
) -> Axes:
    """Draw which parameters matter, by the model or by PED-ANOVA."""

    def draw(axes: Axes) -> None:
        data = importance(
            study, method, params=params, target=target, region=region, objective=objective
        )
        places = np.arange(len(data.names))
        is_something = data.learned is None or data.learned.is_something
        axes.barh(places, data.shares, color=style.BLUE if is_something else style.GRAY)
        if data.learned is not None:
            axes.set_title(style.learned_text(data.learned), fontsize=9)
        axes.set_yticks(places, [_text(name, 36) for name in data.names])
        axes.invert_yaxis()
        axes.set_xlabel(f"share: {NAMES_OF_METHODS[data.method]}")

    return _drawn(draw, ax)


def plot_pareto_front(
    study: StudyLike, *, objectives: Sequence[int] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the Pareto front in two of the objectives, by default the first two."""

    def draw(axes: Axes) -> None:
        data = pareto_front(study, [0, 1] if objectives is None else objectives)
        kinds = [
            (data.infeasible, "infeasible", style.GRAY, "none"),
            (data.dominated, "dominated", style.BLUE, style.BLUE),
            (data.front, "front", style.ORANGE, style.ORANGE),
        ]
        for numbers, name, color, face in kinds:
            if numbers.size:
                x, y = data.values[numbers, 0], data.values[numbers, 1]
                axes.scatter(x, y, s=20, label=name, facecolors=face, edgecolors=color)
        titles = zip(data.objectives, data.directions, strict=True)
        x_title, y_title, *_ = (f"{name} ({direction})" for name, direction in titles)
        axes.set(xlabel=x_title, ylabel=y_title)
        axes.legend()

    return _drawn(draw, ax)


def _pyplot() -> Any:
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise missing("plot", "matplotlib") from error
    return plt


def _drawn(draw: Callable[[Axes], None], ax: Axes | None) -> Axes:
    """Draw into axes, or say there why not."""
    if ax is None:
        ax = _pyplot().subplots(layout="constrained")[1]
    try:
        draw(ax)
    except NoTrialsError as error:
        _say(ax, str(error))
    return ax


def _say(axes: Axes, text: str) -> Axes:
    axes.set_axis_off()
    axes.text(0.5, 0.5, _text(text, 300), ha="center", va="center", wrap=True)
    return axes


def _text(text: object, length: int) -> str:
    """Return foreign text in which Matplotlib finds no formula."""
    return shortened(text, length).replace("$", r"\$")


def _whole_ticks(axes: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _first_view(axes: Axes, values: Sequence[Any], *always: Any) -> None:
    view = style.first_view(values, *always)
    if view:
        axes.set_ylim(*view["range"])


def _line_of(curve: Curve) -> dict[str, Any]:
    if curve.is_best:
        return {"color": style.GREEN, "lw": 2.5, "zorder": 3}
    return {"color": style.STATE_COLORS[curve.state], "lw": 1.0, "alpha": 0.6}


def _draw_panel(axes: Axes, panel: Panel) -> None:
    scale = panel.scale
    x = style.spread(scale, panel.positions, panel.numbers)
    axes.scatter(x, panel.values, s=16, c=style.BLUE, alpha=0.6)
    if panel.best is not None:
        axes.plot(x[panel.best], panel.values[panel.best], "*", color=style.GREEN, ms=11)
    axes.set_xlabel(_text(scale.name, 30))
    if scale.choices:
        places, names = scale.ticks()
        axes.set_xticks(places, [_text(name, 14) for name in names], rotation=30, ha="right")
        axes.set_xlim(-0.6, scale.high + 0.6)
    elif scale.log:
        _log_axis(axes, scale)


def _log_axis(axes: Axes, scale: Scale) -> None:
    """Make x logarithmic; a scale of few decades has ticks in between, as whole numbers."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    axes.set_xscale("log")
    axes.xaxis.set_minor_formatter(NullFormatter())
    if scale.high / scale.low < 10.0**style.FEW_DECADES:
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))


def _name_ends(axes: Axes, scale: Scale, place: int) -> None:
    """Name the ends of an axis, of few choices all."""
    n = len(scale.choices)
    ends = np.linspace(0.0, 1.0, n if 2 < n <= _FEW_CHOICES else 2)
    for end in ends if scale.high > scale.low else (0.5,):
        position = float(scale.at_fractions(np.array([end]))[0])
        text = _text(style.position_text(scale, position), 12)
        axes.annotate(text, (place, end), (3, 3), textcoords="offset points", fontsize=8)
