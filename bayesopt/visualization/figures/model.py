"""Renderers of what the model believes: posterior and contour."""

from __future__ import annotations

from typing import Any

import numpy as np

from bayesopt.visualization.data.model import Contour, Posterior
from bayesopt.visualization.figures import style
from bayesopt.visualization.figures.style import FigureDict
from bayesopt.visualization.scales import robust_range

_PER_ROW = 3
_BEYOND = 20.0  # pictures, where a band ends that has no end
_FAR = 2.0  # spreads of the values, beyond which a median has nothing to go by


def posteriors(data: list[Posterior], objective: str) -> FigureDict:
    """Return the belief along parameters, with its band and the trials."""
    domains, rows = style.panel_domains(len(data), _PER_ROW)
    layout: dict[str, Any] = {}
    traces: list[dict[str, Any]] = []
    for i, (one, (x_domain, y_domain)) in enumerate(zip(data, domains, strict=True)):
        place = {"xaxis": style.axis_key("x", i), "yaxis": style.axis_key("y", i)}
        belief = _choices(one) if one.scale.choices else _curve(one)
        traces += [{**trace, **place} for trace in [*belief, _told(one, objective)]]
        layout[style.axis_name("x", i)] = {
            **style.axis_of(one.scale, length=28),
            "domain": x_domain,
            "anchor": style.axis_key("y", i),
        }
        layout[style.axis_name("y", i)] = {
            "domain": y_domain,
            "anchor": style.axis_key("x", i),
            "title": {"text": objective if i % _PER_ROW == 0 else ""},
            **_view(one),
        }
    of = "" if objective == "value" else f" of {style.label(objective)}"
    return style.figure(
        traces,
        title=f"What the model believes{of}, the other parameters held at the best configuration",
        subtitle=style.learned_text(data[0].learned),
        height=110 + rows * style.PANEL_HEIGHT,
        showlegend=False,
        **layout,
    )


def _view(one: Posterior) -> dict[str, Any]:
    """Return a range that shows the band; trials elsewhere in the space may lie far outside.

    Where the band is flat at its end the model takes all that is worse for the same: there it runs
    out of the picture. So it does where it is far wider than all values are, as after a few trials.
    """
    floor, roof = _reach(one)
    low, high = max(float(np.nanmin(one.low)), floor), min(float(np.nanmax(one.high)), roof)
    pad = 0.25 * (high - low)
    if not (np.isfinite(high - low) and high > low):
        return {}
    below = low == floor or np.count_nonzero(one.low == low) > 1
    above = high == roof or np.count_nonzero(one.high == high) > 1
    return {"range": [low if below else low - pad, high if above else high + pad]}


def _reach(one: Posterior) -> tuple[float, float]:
    """Return how far values and median reach, and their spread beyond; no end if they have none."""
    told = one.told_values if one.told_values.size else one.median
    low, high = robust_range(told) or (float(told.min()), float(told.max()))
    median = np.clip(one.median, low - _FAR * (high - low), high + _FAR * (high - low))
    low, high = min(low, float(median.min())), max(high, float(median.max()))
    return (low - (high - low), high + (high - low)) if high > low else (-np.inf, np.inf)


def _curve(one: Posterior) -> list[dict[str, Any]]:
    edge = {"type": "scatter", "mode": "lines", "hoverinfo": "skip", "line": {"width": 0}}
    low, high = _drawable(one)
    texts = [
        style.hover(f"{one.scale.name} = {style.number(x)}", f"{m:.4g} ({lo:.4g} to {hi:.4g})")
        for x, m, lo, hi in zip(one.positions, one.median, one.low, one.high, strict=True)
    ]
    return [
        {**edge, "x": one.positions, "y": low},
        {**edge, "x": one.positions, "y": high, "fill": "tonexty", "fillcolor": style.BAND},
        {
            "type": "scatter",
            "mode": "lines",
            "x": one.positions,
            "y": one.median,
            "hovertext": texts,
            "hoverinfo": "text",
            "line": {"color": style.BLUE, "width": 2},
        },
    ]


def _drawable(one: Posterior) -> tuple[Any, Any]:
    """Return the band without what is so far away that a browser would draw it wrongly."""
    floor, roof = _reach(one)
    span = _BEYOND * (roof - floor)
    return (
        np.minimum(np.maximum(one.low, floor - span), one.median),
        np.maximum(np.minimum(one.high, roof + span), one.median),
    )


def _choices(one: Posterior) -> list[dict[str, Any]]:
    low, high = _drawable(one)
    texts = [
        style.hover(
            f"{one.scale.name} = {style.position_text(one.scale, x)}",
            f"{m:.4g} ({lo:.4g} to {hi:.4g})",
        )
        for x, m, lo, hi in zip(one.positions, one.median, one.low, one.high, strict=True)
    ]
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "x": one.positions,
            "y": one.median,
            "error_y": {
                "type": "data",
                "symmetric": False,
                "array": high - one.median,
                "arrayminus": one.median - low,
                "color": style.BLUE,
            },
            "hovertext": texts,
            "hoverinfo": "text",
            "marker": {"color": style.BLUE, "size": 9, "symbol": "square"},
        }
    ]


def _told(one: Posterior, objective: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": style.spread(one.scale, one.told_positions, one.numbers),
        "y": one.told_values,
        "hovertext": [
            style.hover(f"trial {number}: {objective} {style.number(value)}")
            for number, value in zip(one.numbers.tolist(), one.told_values.tolist(), strict=True)
        ],
        "hoverinfo": "text",
        "marker": {"color": style.ORANGE, "size": 5, "opacity": 0.6},
    }


def contour(data: Contour) -> FigureDict:
    """Return the model's median over two parameters, with the trials."""
    best_first = data.direction == "minimize"
    surface = {
        "type": "contour",
        "x": data.x_positions,
        "y": data.y_positions,
        "z": data.median,
        "colorscale": style.GOODNESS,
        "reversescale": best_first,
        "contours": {"coloring": "heatmap"},
        "line": {"width": 0.5},
        "hoverinfo": "z",
        "colorbar": {"title": {"text": style.label(data.objective)}, "thickness": 12},
    }
    if data.x.choices or data.y.choices:
        surface = {key: v for key, v in surface.items() if key not in ("contours", "line")}
        surface["type"] = "heatmap"
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": style.spread(data.x, data.told_x, data.numbers),
        "y": style.spread(data.y, data.told_y, 7 * data.numbers + 3),
        "hovertext": [
            style.hover(f"trial {number}: {style.number(value)}")
            for number, value in zip(data.numbers.tolist(), data.told_values.tolist(), strict=True)
        ],
        "hoverinfo": "text",
        "marker": {
            "size": 6,
            "color": "#ffffff",
            "opacity": 0.8 * style.fading(len(data.numbers), 300),
            "line": {"color": "#23272e", "width": 1},
        },
    }
    return style.figure(
        [surface, points],
        title="The model's median, the other parameters held at the best configuration",
        subtitle=style.learned_text(data.learned),
        height=style.FIGURE_HEIGHT + 60,
        showlegend=False,
        xaxis=style.axis_of(data.x, length=60),
        yaxis=style.axis_of(data.y, length=36, upright=True),
    )
