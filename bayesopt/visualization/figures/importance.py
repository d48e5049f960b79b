"""Renderer of importance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bayesopt.visualization.data.importance import Importance
from bayesopt.visualization.figures import style
from bayesopt.visualization.figures.style import FigureDict

NAMES_OF_METHODS = {"model": "moves the model", "ped-anova": "decides who is best (PED-ANOVA)"}
_MOST_BARS = 30


def _is_something(one: Importance) -> bool:
    return one.learned is None or one.learned.is_something


def _title(several: Sequence[Importance]) -> str:
    of = [one.objective for one in several if one.method == "model" and one.objective != "value"]
    return "Which parameters matter" + (f" to {style.label(of[0])}" if of else "")


def importance(data: Importance | Sequence[Importance]) -> FigureDict:
    """Return bars by parameter, one per method, in the order of the first method."""
    several = [data] if isinstance(data, Importance) else list(data)
    names = several[0].names[:_MOST_BARS]
    places = np.arange(len(names), dtype=float)
    traces = []
    for one, color in zip(several, style.SERIES, strict=False):
        share_of = dict(zip(one.names, one.shares.tolist(), strict=True))
        shares = [share_of.get(name, 0.0) for name in names]
        traces.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": NAMES_OF_METHODS[one.method],
                "x": shares,
                "y": places,
                "text": [f"{share:.0%}" for share in shares],
                "textposition": "outside",
                "cliponaxis": False,
                "hovertext": [
                    style.hover(name, f"{share:.1%}")
                    for name, share in zip(names, shares, strict=True)
                ],
                "hoverinfo": "text",
                "marker": {"color": color if _is_something(one) else style.GRAY},
            }
        )
    learned = [one.learned for one in several if one.learned is not None]
    n_out = len(several[0].names) - len(names)
    return style.figure(
        traces,
        title=_title(several) + (f" ({n_out} less important not shown)" if n_out else ""),
        subtitle=style.learned_text(learned[0]) if learned else "",
        height=130 + 22 * len(names) * len(several) + 10 * len(names),
        barmode="group",
        showlegend=True,
        xaxis={"title": {"text": "share"}, "tickformat": ".0%", "rangemode": "tozero"},
        yaxis={
            "tickvals": places,
            "ticktext": [style.label(name, 36) for name in names],
            "autorange": "reversed",
            "automargin": True,
            "showgrid": False,
        },
    )
