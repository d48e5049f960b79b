"""Renderers of optimization history and distribution."""

from __future__ import annotations

from typing import Any

import numpy as np

from bayesopt.visualization.data.history import Distribution, OptimizationHistory, Points
from bayesopt.visualization.figures import style
from bayesopt.visualization.figures.style import FigureDict


def optimization_history(data: OptimizationHistory) -> FigureDict:
    """Return values by trial, with the best so far."""
    name = data.objective
    traces = [
        _points(data.infeasible, "infeasible", name, color=style.GRAY, symbol="circle-open"),
        _points(data.pruned, "stopped early", name, color=style.ORANGE, symbol="diamond-open"),
        _points(data.complete, "complete", name, color=style.BLUE),
        _failed(data),
        _best(data),
    ]
    shown = [trace for trace in traces if len(trace["x"])]
    total = style.count(data.n)
    of = "" if name == "value" else f" of {style.label(name)}"
    title = f"History{of} over {total}"
    title += f" ({data.n_shown:,} drawn)" if data.n_shown < data.n else ""
    return style.figure(
        shown,
        title=title,
        showlegend=True,
        xaxis=style.trials_axis(_n_numbers(data)),
        yaxis={"title": {"text": f"{name} ({data.direction})"}, **_range(data)},
        yaxis2={"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True},
    )


def _points(points: Points, kind: str, name: str, *, color: str, symbol: str = "circle") -> Any:
    texts = [
        style.hover(f"trial {number}: {kind}", f"{name} {style.number(value)}")
        for number, value in zip(points.numbers.tolist(), points.values.tolist(), strict=True)
    ]
    opacity = 0.9 * style.fading(len(texts), 400)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": kind,
        "x": points.numbers,
        "y": points.values,
        "hovertext": texts,
        "hoverinfo": "text",
        "marker": {"color": color, "symbol": symbol, "size": 6, "opacity": opacity},
    }


def _failed(data: OptimizationHistory) -> Any:
    """Return marks along the bottom: a failed trial has no value."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "failed",
        "x": data.failed,
        "y": np.full(len(data.failed), 0.02),
        "yaxis": "y2",
        "hovertext": [style.hover(f"trial {number}: failed") for number in data.failed.tolist()],
        "hoverinfo": "text",
        "marker": {"color": style.PINK, "symbol": "x-thin-open", "size": 7},
    }


def _best(data: OptimizationHistory) -> Any:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "best so far",
        "x": data.best.numbers,
        "y": data.best.values,
        "hoverinfo": "skip",
        "line": {"shape": "hv", "color": style.GREEN, "width": 2.5},
    }


def _n_numbers(data: OptimizationHistory) -> int:
    """Return one more than the greatest number of a trial that is drawn."""
    kinds = (data.complete.numbers, data.infeasible.numbers, data.pruned.numbers, data.failed)
    return 1 + max(int(each.max(initial=0)) for each in kinds)


def _range(data: OptimizationHistory) -> dict[str, Any]:
    """Return the first view of values: not all where a few would hide the others."""
    kinds = (data.complete, data.infeasible, data.pruned)
    return style.first_view([kind.values for kind in kinds], data.best.values[-1:])


def distributions(data: list[Distribution], objective: str) -> FigureDict:
    """Return the empirical distribution of each study's values."""
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": style.label(one.name, 40),
            "x": one.values,
            "y": one.share,
            "hovertext": [
                style.hover(
                    one.name, f"{objective} {style.number(x)}", f"{y:.0%} as good or better"
                )
                for x, y in zip(one.values.tolist(), one.share.tolist(), strict=True)
            ],
            "hoverinfo": "text",
            "line": {"shape": "hv", "color": style.SERIES[i % len(style.SERIES)], "width": 2},
        }
        for i, one in enumerate(data)
    ]
    return style.figure(
        traces,
        title="Share of trials that are as good or better",
        showlegend=len(data) > 1,
        xaxis={"title": {"text": objective}, **_value_range(data)},
        yaxis={"title": {"text": "share of trials"}, "range": [0, 1.02], "tickformat": ".0%"},
    )


def _value_range(data: list[Distribution]) -> dict[str, Any]:
    """Return the range of values: the first view, else all of them with their ends in sight."""
    values = [one.values for one in data]
    view = style.first_view(values)
    if view:
        return view
    low, high = min(float(v.min()) for v in values), max(float(v.max()) for v in values)
    pad = 0.02 * (high - low)
    return {"range": [low - pad, high + pad]} if np.isfinite(pad) and pad > 0.0 else {}
