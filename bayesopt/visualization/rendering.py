"""From a figure as a dict to a Plotly figure, or to JSON for a page."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesopt.errors import MissingDependencyError, NoTrialsError
from bayesopt.visualization.figures import style
from bayesopt.visualization.figures.style import FigureDict

if TYPE_CHECKING:
    import plotly.graph_objects as go


def missing(what: str, package: str) -> MissingDependencyError:
    """Return the error of a plot whose package is not installed."""
    return MissingDependencyError(what, expected=package, remedy=f"pip install {package}")


def drawn(make: Callable[[], FigureDict]) -> FigureDict:
    """Return the figure, or one that says that there is nothing to draw yet."""
    try:
        return make()
    except NoTrialsError as error:
        return style.message(str(error))


def as_plotly(make: Callable[[], FigureDict], dark: bool) -> go.Figure:
    """Return a Plotly figure on a light or a dark ground. Raises MissingDependencyError."""
    try:
        import plotly.graph_objects as go
    except ImportError as error:
        raise missing("plot", "plotly") from error
    parts = drawn(make)
    layout = {**parts["layout"], "template": style.template(dark)}
    return go.Figure(data=parts["data"], layout=layout)


def as_json(data: Any) -> str:
    """Return JSON that may stand in any HTML script element: no markup, no NaN."""
    text = json.dumps(_plain(data), ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _plain(data: Any) -> Any:
    """Return nested data with arrays as lists, and null for what is not finite."""
    if isinstance(data, dict):
        return {key: _plain(value) for key, value in data.items()}
    if isinstance(data, np.ndarray | np.generic):
        data = data.tolist()
    if isinstance(data, list | tuple):
        return [_plain(value) for value in data]
    if isinstance(data, float):
        return _brief(data) if math.isfinite(data) else None
    return data


def _brief(value: float) -> float:
    """Return a number with the digits that a figure can show; times need twelve."""
    return float(f"{value:.13g}")
