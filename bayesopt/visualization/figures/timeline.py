"""Renderer of the timeline."""

from __future__ import annotations

from typing import Any

import numpy as np

from bayesopt.trial import TrialState
from bayesopt.visualization.data.timeline import Timeline
from bayesopt.visualization.figures import style
from bayesopt.visualization.figures.style import FigureDict


def timeline(data: Timeline) -> FigureDict:
    """Return a bar per trial, from its start to its end, on as many tracks as ran at once."""
    present = np.unique(data.states).tolist()
    traces = [_bars(data, TrialState(state)) for state in present]
    n_tracks = int(data.tracks.max()) + 1
    drawn = f", {len(data.numbers):,} drawn" if len(data.numbers) < data.n else ""
    return style.figure(
        traces,
        title=f"{style.count(data.n)} over time, up to {n_tracks} at once{drawn}",
        height=150 + min(22 * n_tracks, 500),
        barmode="overlay",
        showlegend=True,
        xaxis={"type": "date", "title": {"text": "time (UTC)"}},
        yaxis={"title": {"text": "track"}, "dtick": max(1, n_tracks // 8), "zeroline": False},
    )


def _bars(data: Timeline, state: TrialState) -> dict[str, Any]:
    of_it = np.flatnonzero(data.states == state)
    seconds = data.ends[of_it] - data.starts[of_it]
    name = state.name.lower()
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "base": 1000.0 * data.starts[of_it],
        "x": 1000.0 * seconds,
        "y": data.tracks[of_it] + 1,
        "width": 0.8,
        "hovertext": [
            style.hover(f"trial {number}: {name}", f"{s:.3g} s")
            for number, s in zip(data.numbers[of_it].tolist(), seconds.tolist(), strict=True)
        ],
        "hoverinfo": "text",
        "marker": {"color": style.STATE_COLORS[state], "line": {"width": 0}},
    }
