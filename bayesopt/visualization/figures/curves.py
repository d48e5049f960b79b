"""Renderer of learning curves."""

from __future__ import annotations

from typing import Any

import numpy as np

from bayesopt.trial import TrialState
from bayesopt.visualization.data.curves import Curve, LearningCurves
from bayesopt.visualization.figures import style
from bayesopt.visualization.figures.style import FigureDict

NAMES = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "stopped early",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "running",
    TrialState.PAUSED: "paused",
    TrialState.LOST: "lost",
    TrialState.WAITING: "waiting",
}

_FEW_STEPS = 12

_ENDS = (
    (TrialState.PRUNED, "where stopped", "x-thin-open"),
    (TrialState.PAUSED, "where paused", "circle-open"),
)


def learning_curves(data: LearningCurves) -> FigureDict:
    """Return all curves by what became of the trial, with a mark where one was stopped or waits."""
    traces = []
    for state in (s for s in NAMES if any(curve.state is s for curve in data.curves)):
        curves = [c for c in data.curves if c.state is state and not c.is_best]
        if curves:
            traces.append(_lines(curves, NAMES[state], style.STATE_COLORS[state]))
    for state, name, symbol in _ENDS:
        ended = [c for c in data.curves if c.state is state]
        if ended:
            traces.append(_stops(ended, name, symbol))
    traces += [_best(curve) for curve in data.curves if curve.is_best]
    drawn = f" ({len(data.curves)} drawn)" if len(data.curves) < data.n else ""
    title = f"{style.count(data.n, 'learning curve')}{drawn}, {data.n_stopped:,} stopped early"
    title += f", {data.n_paused:,} paused" if data.n_paused else ""
    return style.figure(
        traces,
        title=title,
        height=style.FIGURE_HEIGHT + 40,
        showlegend=True,
        xaxis={"title": {"text": "step"}, **_whole_ticks(data)},
        yaxis={
            "title": {"text": data.objective},
            **style.first_view([c.values for c in data.curves]),
        },
    )


def _whole_ticks(data: LearningCurves) -> dict[str, Any]:
    """Return a tick at each step of short curves: there are none in between."""
    steps = np.concatenate([np.empty(0), *(curve.steps for curve in data.curves)])
    is_short = steps.size and np.ptp(steps) <= _FEW_STEPS and (steps == np.round(steps)).all()
    return {"dtick": 1} if is_short else {}


def _lines(curves: list[Curve], name: str, color: str) -> dict[str, Any]:
    """Return several curves as one trace, with gaps in between."""
    gap = np.array([np.nan])
    texts = [
        text
        for curve in curves
        for text in [
            *(_text(curve, s, v) for s, v in zip(curve.steps, curve.values, strict=True)),
            "",
        ]
    ]
    short = all(len(curve.steps) == 1 for curve in curves)
    return {
        "type": "scatter",
        "mode": "lines+markers" if short else "lines",
        "name": name,
        "x": np.concatenate([np.append(curve.steps, gap) for curve in curves]),
        "y": np.concatenate([np.append(curve.values, gap) for curve in curves]),
        "connectgaps": False,
        "hovertext": texts,
        "hoverinfo": "text",
        "line": {"color": color, "width": 1.2},
        "opacity": max(0.5, 0.9 * style.fading(len(curves), 12)),
    }


def _text(curve: Curve, step: float, value: float) -> str:
    head = f"trial {curve.number}: {NAMES.get(curve.state, '')}"
    return style.hover(head, f"step {style.number(step)}: {style.number(value)}")


def _stops(curves: list[Curve], name: str, symbol: str) -> dict[str, Any]:
    ends = [(c, c.steps[-1], c.values[-1]) for c in curves]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [step for _, step, _ in ends],
        "y": [value for _, _, value in ends],
        "hovertext": [_text(*end) for end in ends],
        "hoverinfo": "text",
        "marker": {"symbol": symbol, "color": style.STATE_COLORS[curves[0].state], "size": 7},
    }


def _best(curve: Curve) -> dict[str, Any]:
    return {
        **_lines([curve], f"best (trial {curve.number})", style.GREEN),
        "mode": "lines+markers",
        "line": {"color": style.GREEN, "width": 3},
        "marker": {"color": style.GREEN, "size": 5},
        "opacity": 1.0,
    }
