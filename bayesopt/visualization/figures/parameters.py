"""Renderers of values against parameters: slice, parallel coordinates, rank."""

from __future__ import annotations

from typing import Any

import numpy as np

from bayesopt.space import Int
from bayesopt.visualization.data.parameters import (
    Panel,
    ParallelCoordinates,
    RankPanel,
    Slices,
)
from bayesopt.visualization.figures import style
from bayesopt.visualization.figures.style import FigureDict
from bayesopt.visualization.scales import Scale, robust_range

_PER_ROW = 4
_ROW_OF_NAMES = 80  # characters beside each other below panels, in a window of 700 pixels
_UPRIGHT, _STEEP = 5, 13  # parallel axes, up to which names lie flat, and lean a little
_N_SHADES = 24
_MOST_NAMED = 12  # choices along a parallel axis


def left_out(n: int) -> str:
    """Return a remark on parameters that are not shown."""
    return f" ({style.count(n, 'parameter')} not shown)" if n else ""


def slices(data: Slices) -> FigureDict:
    """Return one panel per parameter, with a common value axis per row."""
    domains, rows = style.panel_domains(len(data.panels), _PER_ROW)
    layout: dict[str, Any] = {}
    traces = []
    length = _room(min(len(data.panels), _PER_ROW))
    stars = [panel.values[panel.best] for panel in data.panels if panel.best is not None]
    view = style.first_view([panel.values for panel in data.panels], *stars)
    for i, (panel, (x_domain, y_domain)) in enumerate(zip(data.panels, domains, strict=True)):
        traces += _panel(panel, i, data.objective)
        layout[style.axis_name("x", i)] = {
            **style.axis_of(panel.scale, length=length),
            "domain": x_domain,
            "anchor": style.axis_key("y", i),
        }
        layout[style.axis_name("y", i)] = _value_axis(i, y_domain, data.objective, view)
    title = f"{data.objective.capitalize()} by parameter{left_out(data.n_left_out)}"
    height = 110 + rows * style.PANEL_HEIGHT
    return style.figure(traces, title=title, height=height, showlegend=False, **layout)


def _room(columns: int) -> int:
    """Return how many characters fit below a panel."""
    return max(8, min(style.PANEL_NAME, _ROW_OF_NAMES // columns))


def _value_axis(i: int, domain: Any, objective: str, view: FigureDict) -> dict[str, Any]:
    axis: dict[str, Any] = {"domain": domain, "anchor": style.axis_key("x", i), **view}
    if i % _PER_ROW:
        axis["showticklabels"] = False
    else:
        axis["title"] = {"text": objective}
    if i:
        axis["matches"] = "y"
    return axis


def _panel(panel: Panel, i: int, objective: str) -> list[dict[str, Any]]:
    x = style.spread(panel.scale, panel.positions, panel.numbers)
    texts = [
        style.hover(
            f"trial {number}: {objective} {style.number(value)}",
            f"{panel.scale.name} = {style.position_text(panel.scale, position)}",
        )
        for number, value, position in zip(
            panel.numbers.tolist(), panel.values.tolist(), panel.positions.tolist(), strict=True
        )
    ]
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": x,
        "y": panel.values,
        "xaxis": style.axis_key("x", i),
        "yaxis": style.axis_key("y", i),
        "hovertext": texts,
        "hoverinfo": "text",
        "marker": {
            "size": 6,
            "opacity": 0.75 * style.fading(len(panel.numbers), 200),
            "color": panel.numbers,
            "colorscale": style.GOODNESS,
            "showscale": False,
        },
    }
    return [points] if panel.best is None else [points, _best_mark(panel, x, i)]


def _best_mark(panel: Panel, x: Any, i: int) -> dict[str, Any]:
    best = panel.best or 0
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [x[best]],
        "y": [panel.values[best]],
        "xaxis": style.axis_key("x", i),
        "yaxis": style.axis_key("y", i),
        "hoverinfo": "skip",
        "marker": {"symbol": "star", "size": 13, "color": style.GREEN},
    }


def parallel_coordinates(data: ParallelCoordinates) -> FigureDict:
    """Return trials as lines across one axis per parameter, the first axis being the value.

    Lines are drawn as such, not by Plotly's own `parcoords`: that one needs WebGL and cannot show
    a trial that lacks a parameter.
    """
    value = _value_fractions(data.values)
    heights = np.column_stack([value, data.fractions])
    shade = np.minimum((data.goodness * _N_SHADES).astype(int), _N_SHADES - 1)
    traces = [_lines(data, heights, np.flatnonzero(shade == k), k) for k in np.unique(shade)]
    notes = _value_notes(data)
    for place, scale in enumerate(data.scales, start=1):
        notes += _axis_notes(scale, place)
    d = len(data.scales) + 1
    stands = style.count(data.n_trials)
    few = f" ({len(data.numbers)} drawn)" if len(data.numbers) < data.n_trials else ""
    return style.figure(
        [*traces, _key()],
        title=f"{stands} across all parameters{few}{left_out(data.n_left_out)}",
        height=style.FIGURE_HEIGHT + 70,
        showlegend=False,
        annotations=notes,
        margin={"l": 30, "r": 30, "t": 60, "b": 90},
        xaxis=_places(data.objective, data.scales, d),
        yaxis={"visible": False, "range": [-0.04, 1.06], "fixedrange": True},
    )


def _places(objective: str, scales: list[Scale], d: int) -> dict[str, Any]:
    tilt = 0 if d <= _UPRIGHT else 20 if d <= _STEEP else 45
    length = max(12, min(28, (140 if tilt else 90) // d))
    names = [objective] + [style.label(scale.name, length) for scale in scales]
    places = {"tickvals": list(range(d)), "ticktext": names}
    look = {"range": [-0.15, d - 0.55], "showgrid": True, "gridwidth": 2, "zeroline": False}
    return {**places, **look, "tickangle": tilt, "automargin": True}


def _value_ends(values: Any) -> tuple[float, float]:
    """Return what the value axis spans: not all where a few would press the others together."""
    return robust_range(values) or (float(values.min()), float(values.max()))


def _value_fractions(values: Any) -> Any:
    low, high = _value_ends(values)
    span = 0.5 * high - 0.5 * low
    inside = np.clip(values, low, high)
    return (0.5 * inside - 0.5 * low) / span if span > 0.0 else np.full(len(values), 0.5)


def _lines(data: ParallelCoordinates, heights: Any, rows: Any, k: int) -> dict[str, Any]:
    """Return the lines of one shade as one trace, with gaps in between."""
    n_axes = heights.shape[1]
    x = np.tile(np.append(np.arange(n_axes, dtype=float), np.nan), len(rows))
    gap = np.full((len(rows), 1), np.nan)
    y = np.hstack([heights[rows], gap]).ravel()
    texts = [text for row in rows.tolist() for text in _stations(data, row)]
    share = (k + 0.5) / _N_SHADES
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": x,
        "y": y,
        "connectgaps": False,
        "hovertext": texts,
        "hoverinfo": "text",
        "line": {"color": shade_of(share), "width": 1.0 + 1.2 * share},
        "marker": {"size": 3, "color": shade_of(share)},
        "opacity": (0.35 + 0.5 * share) * style.fading(len(data.numbers), 80),
    }


def _stations(data: ParallelCoordinates, row: int) -> list[str]:
    head = f"trial {data.numbers[row]}: {data.objective} {style.number(data.values[row])}"
    texts = [style.hover(head)]
    for scale, fraction in zip(data.scales, data.fractions[row], strict=True):
        position = scale.at_fractions(np.array([fraction]))[0]
        position = np.round(position) if scale.choices else position
        texts.append(style.hover(head, f"{scale.name} = {style.position_text(scale, position)}"))
    return [*texts, ""]


def shade_of(share: float) -> str:
    """Return the colour of a goodness from 0 to 1."""
    low, middle, high = (color for _, color in style.GOODNESS)
    a, b, t = (low, middle, 2 * share) if share < 0.5 else (middle, high, 2 * share - 1)
    parts = [round(int(a[i : i + 2], 16) * (1 - t) + int(b[i : i + 2], 16) * t) for i in (1, 3, 5)]
    return "#" + "".join(f"{part:02x}" for part in parts)


def _value_notes(data: ParallelCoordinates) -> list[dict[str, Any]]:
    low, high = _value_ends(data.values)
    if not high > low:
        return [_note(0, 0.5, number3(low))]
    below = "≤ " if data.values.min() < low else ""
    above = "≥ " if data.values.max() > high else ""
    return [_note(0, 0.0, below + number3(low)), _note(0, 1.0, above + number3(high))]


def _axis_notes(scale: Scale, place: int) -> list[dict[str, Any]]:
    if scale.choices:
        step = max(1, -(-len(scale.choices) // _MOST_NAMED))
        shown = np.arange(0, len(scale.choices), step).astype(float)
        heights = scale.fractions(shown)
        return [
            _note(place, float(height), style.label(scale.choices[int(i)], 12))
            for i, height in zip(shown, heights, strict=True)
        ]
    marks = scale.at_fractions(np.array([0.0, 0.5, 1.0]))
    marks = np.unique(np.round(marks) if isinstance(scale.parameter, Int) else marks)
    heights = scale.fractions(marks)
    return [_note(place, float(h), number3(v)) for h, v in zip(heights, marks, strict=True)]


def number3(value: float) -> str:
    """Return a number with three digits, a whole one with all: there is little room on an axis."""
    return f"{value:.0f}" if value == round(value) and abs(value) < 1e6 else f"{value:.3g}"


def _note(place: int, height: float, text: str) -> dict[str, Any]:
    where = {"x": place, "y": height, "xanchor": "left", "xshift": 3, "showarrow": False}
    return {"text": text, **where, "font": {"size": 10}}


def _key() -> dict[str, Any]:
    """Return a trace without points that brings the colour bar."""
    bar = {"title": {"text": "rank"}, "tickvals": [0, 1], "ticktext": ["worst", "best"]}
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [None],
        "y": [None],
        "hoverinfo": "skip",
        "marker": {
            "color": [0.5],
            "cmin": 0,
            "cmax": 1,
            "colorscale": style.GOODNESS,
            "showscale": True,
            "colorbar": {**bar, "thickness": 10, "len": 0.7},
        },
    }


def rank_panels(data: list[list[RankPanel | None]]) -> FigureDict:
    """Return a matrix of parameters with trials coloured by rank."""
    d = len(data)
    gap = 0.03
    side = (1.0 - gap * (d - 1)) / d
    layout: dict[str, Any] = {}
    traces: list[dict[str, Any]] = []
    place = 0
    for r, row in enumerate(data):
        for c, panel in enumerate(row):
            if panel is None:
                continue
            left, top = c * (side + gap), 1.0 - r * (side + gap)
            x_axis = {
                **style.axis_of(panel.x, length=_room(d)),
                "domain": [left, min(left + side, 1.0)],
            }
            y_axis = {**style.axis_of(panel.y, upright=True), "domain": [max(top - side, 0.0), top]}
            _inner(x_axis, r == d - 1 or (r == d - 2 and c == d - 1))
            _inner(y_axis, c == 0 or (r == 0 and c == 1))
            layout[style.axis_name("x", place)] = {**x_axis, "anchor": style.axis_key("y", place)}
            layout[style.axis_name("y", place)] = {**y_axis, "anchor": style.axis_key("x", place)}
            traces.append(_rank_points(panel, place))
            place += 1
    height = 140 + max(d, 2) * 190
    margin = {"l": 90, "r": 20, "t": 60, "b": 70}
    return style.figure(
        [*traces, _key()],
        title="Rank by pairs of parameters",
        height=height,
        showlegend=False,
        margin=margin,
        **layout,
    )


def _inner(axis: dict[str, Any], outer: bool) -> None:
    """Take names off axes that lie between panels."""
    if not outer:
        axis["showticklabels"] = False
        axis["title"] = {"text": ""}


def _rank_points(panel: RankPanel, place: int) -> dict[str, Any]:
    columns = (panel.numbers, panel.values, panel.x_positions, panel.y_positions)
    texts = [
        style.hover(
            f"trial {n}: {style.number(value)}",
            f"{panel.x.name} = {style.position_text(panel.x, x)}",
            f"{panel.y.name} = {style.position_text(panel.y, y)}",
        )
        for n, value, x, y in zip(*(column.tolist() for column in columns), strict=True)
    ]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": style.spread(panel.x, panel.x_positions, panel.numbers),
        "y": style.spread(panel.y, panel.y_positions, 7 * panel.numbers + 3),
        "xaxis": style.axis_key("x", place),
        "yaxis": style.axis_key("y", place),
        "hovertext": texts,
        "hoverinfo": "text",
        "marker": {
            "size": 6,
            "color": panel.goodness,
            "cmin": 0,
            "cmax": 1,
            "colorscale": style.GOODNESS,
        },
    }
