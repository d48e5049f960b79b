"""Renderers of the Pareto front and of its volume."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from bayesopt.visualization.data.fronts import ParetoFront, VolumeHistory
from bayesopt.visualization.figures import style
from bayesopt.visualization.figures.style import FigureDict


def pareto_front(data: ParetoFront) -> FigureDict:
    """Return the front and what it dominates; of three objectives each pair in a panel."""
    pairs = list(combinations(range(len(data.objectives)), 2))
    domains, _ = style.panel_domains(len(pairs), len(pairs), gap=0.09)
    layout: dict[str, Any] = {}
    traces: list[dict[str, Any]] = []
    for place, ((a, b), (x_domain, y_domain)) in enumerate(zip(pairs, domains, strict=True)):
        traces += _panel(data, a, b, place)
        layout[style.axis_name("x", place)] = {
            "title": {"text": _axis_title(data, a)},
            "domain": x_domain,
            "anchor": style.axis_key("y", place),
        }
        layout[style.axis_name("y", place)] = {
            "title": {"text": _axis_title(data, b)},
            "domain": y_domain,
            "anchor": style.axis_key("x", place),
        }
    drawn = len(data.front) + len(data.dominated) + len(data.infeasible)
    few = f", {drawn:,} of {data.n:,} drawn" if drawn < data.n else ""
    title = f"Pareto front: {len(data.front)} of {style.count(data.n)}{few}"
    return style.figure(traces, title=title, showlegend=True, **layout)


def _axis_title(data: ParetoFront, j: int) -> str:
    return f"{data.objectives[j]} ({data.directions[j]})"


def _panel(data: ParetoFront, a: int, b: int, place: int) -> list[dict[str, Any]]:
    line = {"shape": "hv" if data.directions[a] == "minimize" else "vh", "width": 1.5}
    mode = "lines+markers" if len(data.objectives) == 2 else "markers"
    kinds = [
        (data.infeasible, "infeasible", style.GRAY, "circle-open", "markers"),
        (data.dominated, "dominated", style.BLUE, "circle", "markers"),
        (data.front, "front", style.ORANGE, "diamond", mode),
    ]
    return [
        {
            "type": "scatter",
            "mode": how,
            "name": kind,
            "legendgroup": kind,
            "showlegend": place == 0,
            "x": data.values[numbers, a],
            "y": data.values[numbers, b],
            "xaxis": style.axis_key("x", place),
            "yaxis": style.axis_key("y", place),
            "line": line,
            "hovertext": [_text(data, number, kind) for number in numbers.tolist()],
            "hoverinfo": "text",
            "marker": {
                "color": color,
                "symbol": symbol,
                "size": 8 if kind == "front" else 6,
                "opacity": 1.0 if kind == "front" else 0.8 * style.fading(len(numbers), 400),
            },
        }
        for numbers, kind, color, symbol, how in kinds
        if np.size(numbers)
    ]


def _text(data: ParetoFront, number: int, kind: str) -> str:
    values = zip(data.objectives, data.values[number].tolist(), strict=True)
    return style.hover(
        f"trial {number}: {kind}", *(f"{name} {style.number(value)}" for name, value in values)
    )


def volume_history(data: VolumeHistory) -> FigureDict:
    """Return the dominated volume by trial."""
    trace = {
        "type": "scatter",
        "mode": "lines",
        "x": data.numbers,
        "y": data.volumes,
        "hovertext": [
            style.hover(f"after trial {number}: {style.number(volume)}")
            for number, volume in zip(data.numbers.tolist(), data.volumes.tolist(), strict=True)
        ],
        "hoverinfo": "text",
        "line": {"shape": "hv", "color": style.GREEN, "width": 2.5},
    }
    return style.figure(
        [trace],
        title="Volume that the front dominates",
        showlegend=False,
        xaxis=style.trials_axis(int(data.numbers[-1]) + 1),
        yaxis={"title": {"text": "hypervolume"}, "rangemode": "tozero"},
    )
