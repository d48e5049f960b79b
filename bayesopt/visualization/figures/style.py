"""Colours, text and layout that all figures share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from bayesopt.markup import number_text, shortened, visible
from bayesopt.trial import TrialState
from bayesopt.visualization.scales import Scale, robust_range
from bayesopt.visualization.snapshot import Learned

FigureDict: TypeAlias = dict[str, Any]
"""``{"data": [...], "layout": {...}}``, see Plotly's figure reference."""

# Told apart by people with any colour vision (after Okabe and Ito), and readable on white and on
# near-black: each has a contrast of 3 or more with both.
BLUE, ORANGE, GREEN, PINK = "#2b83ba", "#d2691e", "#1b9171", "#b565a7"
OLIVE, GRAY = "#8c7a1f", "#858b94"
BAND = "rgba(43,131,186,0.22)"
SERIES = (BLUE, ORANGE, GREEN, PINK, OLIVE, GRAY)
STATE_COLORS = {
    TrialState.COMPLETE: BLUE,
    TrialState.PRUNED: ORANGE,
    TrialState.FAIL: PINK,
    TrialState.RUNNING: GREEN,
    TrialState.PAUSED: OLIVE,
    TrialState.INVALID: GRAY,
    TrialState.LOST: GRAY,
    TrialState.WAITING: GRAY,
}
GOODNESS = ((0.0, "#d9a441"), (0.5, "#8a8f98"), (1.0, "#1f78b8"))  # worst to best

PANEL_HEIGHT, FIGURE_HEIGHT = 250, 380
_SUBTITLE_HEIGHT = 28
PANEL_NAME, _AXIS_NAME, _CHOICE = 26, 60, 14
_FEW_TICKS = 12  # trials, up to which each has a tick
_NARROW = 34  # characters of an axis title, up to which a panel has room for few ticks only
_NARROW_TICKS, _WIDE_TICKS = 5, 8  # of a logarithmic axis
FEW_DECADES = 2.2  # up to which there are ticks between powers of ten
_GOLDEN = 0.6180339887498949


def label(text: object, length: int = _AXIS_NAME) -> str:
    """Return foreign text for a place where Plotly reads a subset of HTML and, with $, of TeX."""
    return escaped(shortened(text, length))


def escaped(text: str) -> str:
    """Return text of which Plotly shows every character; it knows numeric entities."""
    for character in "&<>$":
        text = text.replace(character, f"&#{ord(character)};")
    return text


def hover(*lines: object) -> str:
    """Return what is shown beside the pointer, one line below the other."""
    return "<br>".join(escaped(shortened(line, 120)) for line in lines)


def number(value: float) -> str:
    """Return a number for a label."""
    return number_text(float(value))


def count(n: int, what: str = "trial") -> str:
    """Return "1 trial", "5,000 trials"."""
    return f"{n:,} {what}" + ("" if n == 1 else "s")


def figure(
    data: Sequence[dict[str, Any]],
    *,
    title: str,
    subtitle: str = "",
    height: int = FIGURE_HEIGHT,
    **layout: Any,
) -> FigureDict:
    """Return a figure. `title` and the rest are Plotly's: foreign text must be escaped in them."""
    below = f'<br><span style="font-size:12px">{subtitle}</span>' if subtitle else ""
    room = _SUBTITLE_HEIGHT if subtitle else 0
    place = {"y": 1.0, "yref": "container", "yanchor": "top", "pad": {"t": 25}} if subtitle else {}
    common = {
        "title": {
            "text": title + below,
            "x": 0.005,
            "xref": "container",
            "xanchor": "left",
            **place,  # clear of the legend
        },
        "height": height + room,
        "margin": {"l": 60, "r": 20, "t": 60 + room, "b": 50},
        "hovermode": "closest",
        "legend": {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 1.0, "xanchor": "right"},
    }
    return {"data": list(data), "layout": {**common, **layout}}


def message(text: str) -> FigureDict:
    """Return a figure that only says something."""
    words = escaped(visible(text)).split(" ")
    lines, line = [], ""
    for word in words:
        if line and len(line) + len(word) > 80:
            lines.append(line)
            line = ""
        line = f"{line} {word}" if line else word
    note = {
        "text": "<br>".join([*lines, line]),
        "x": 0.5,
        "y": 0.5,
        "xref": "paper",
        "yref": "paper",
        "showarrow": False,
    }
    hidden = {"visible": False}
    return figure([], title="", height=200, annotations=[note], xaxis=hidden, yaxis=hidden)


def learned_text(learned: Learned) -> str:
    """Return whether a model has learned anything, as one sees it beside what it says."""
    part = f", learned from {learned.n:,} of {count(learned.n_values)}"
    part = part if learned.n < learned.n_values else ""
    head = "Cross" if learned.is_something else "The model has learned nothing yet: cross"
    return f"{head}-validated r² {learned.r2:.2f}{part}"


def axis_of(scale: Scale, *, length: int = PANEL_NAME, upright: bool = False) -> dict[str, Any]:
    """Return the settings of an axis that carries a parameter.

    `length` is the room for its name; names of choices share it unless the axis is `upright`.
    """
    axis: dict[str, Any] = {"title": {"text": label(scale.name, length)}, "automargin": True}
    if not scale.choices:
        low, high = _padded(scale)
        kind = _log_ticks(high - low, length) if scale.log else {"type": "linear"}
        return {**axis, **kind, "range": [low, high]}
    places, names = scale.ticks()
    room = _CHOICE if upright else max(5, min(_CHOICE, length // len(names)))
    texts = [label(name, room) for name in names]
    rest = {"tickvals": places, "ticktext": texts, "range": [-0.6, scale.high + 0.6]}
    return {**axis, "type": "linear", "zeroline": False, **rest}


def _log_ticks(decades: float, length: int) -> dict[str, Any]:
    """Return a logarithmic axis with whole numbers at its ticks, not digits between decades."""
    if decades < FEW_DECADES:
        return {"type": "log", "nticks": 4, "tickformat": "~g"}
    most = _NARROW_TICKS if length <= _NARROW else _WIDE_TICKS
    return {"type": "log", "exponentformat": "e", "nticks": min(most, math.ceil(decades))}


def trials_axis(n: int) -> dict[str, Any]:
    """Return the axis of the numbers of n trials: whole ones, the marks of both ends in sight."""
    pad = max(0.4, 0.02 * n)
    ticks = {"dtick": 1} if n <= _FEW_TICKS else {}
    return {
        "title": {"text": "trial"},
        "range": [-pad, max(n - 1, 0) + pad],
        "zeroline": False,
        **ticks,
    }


def _padded(scale: Scale) -> tuple[float, float]:
    """Return the range to show; of a logarithmic axis Plotly wants exponents."""
    low, high = (
        (np.log10(scale.low), np.log10(scale.high)) if scale.log else (scale.low, scale.high)
    )
    pad = 0.03 * (high - low) if high > low else 0.5
    if not np.isfinite(high - low):
        pad = 0.0
    return float(low - pad), float(high + pad)


def first_view(values: Sequence[Any], *always: Any) -> dict[str, Any]:
    """Return the range to show at first where a few values would hide all others, else nothing.

    What is to be seen `always` is within it.
    """
    view = robust_range(np.concatenate([np.ravel(each) for each in values]))
    if view is None:
        return {}
    ends = np.concatenate([view, *(np.ravel(each) for each in always)])
    low, high = float(ends.min()), float(ends.max())
    pad = 0.08 * (high - low)
    return {"range": [low - pad, high + pad]}


def spread(scale: Scale, positions: Any, numbers: Any) -> Any:
    """Return positions for drawing: trials of one choice side by side, always the same way."""
    if not scale.choices:
        return positions
    return positions + 0.5 * ((np.asarray(numbers) * _GOLDEN) % 1.0 - 0.5)


def fading(n: int, easy: int) -> float:
    """Return how opaque each of n marks is, as a part: 1 up to an `easy` number, then less."""
    return float(min(1.0, (easy / n) ** 0.5)) if n else 1.0


def position_text(scale: Scale, position: float) -> str:
    """Return the value at a position as text."""
    if np.isnan(position):
        return "-"
    return scale.choices[int(position)] if scale.choices else number(position)


def panel_domains(n: int, per_row: int, gap: float = 0.06) -> tuple[list[Any], int]:
    """Return (x domain, y domain) of n panels in rows of `per_row`, and the number of rows."""
    columns, rows = min(n, per_row), -(-n // per_row)
    width = (1.0 - gap * (columns - 1)) / columns
    pad = 90.0 / (rows * PANEL_HEIGHT)  # for names below each panel
    height = (1.0 - pad * (rows - 1)) / rows
    domains = []
    for i in range(n):
        left, top = (i % columns) * (width + gap), 1.0 - (i // columns) * (height + pad)
        domains.append(([left, min(left + width, 1.0)], [max(top - height, 0.0), top]))
    return domains, rows


def axis_key(letter: str, i: int) -> str:
    """Return what trace i refers to an axis by: x, x2, ..."""
    return letter if i == 0 else f"{letter}{i + 1}"


def axis_name(letter: str, i: int) -> str:
    """Return what the layout calls that axis: xaxis, xaxis2, ..."""
    return f"{letter}axis" if i == 0 else f"{letter}axis{i + 1}"


def template(dark: bool) -> dict[str, Any]:
    """Return the colours of everything that is no data, for a light or a dark ground."""
    ink, faint, line, ground = (
        ("#e3e5e8", "#2b2f37", "#8a9099", "#15171b")
        if dark
        else ("#23272e", "#e4e7eb", "#767c86", "#ffffff")
    )
    axis = {
        "gridcolor": faint,
        "linecolor": line,
        "zerolinecolor": faint,
        "tickcolor": line,
        "title": {"font": {"size": 12}, "standoff": 6},
        "tickfont": {"size": 11},
        "ticklabelstandoff": 3,
    }
    layout = {
        "font": {"color": ink, "size": 12, "family": "system-ui, sans-serif"},
        "title": {"font": {"size": 15}},
        "paper_bgcolor": ground,
        "plot_bgcolor": ground,
        "colorway": list(SERIES),
        "xaxis": axis,
        "yaxis": axis,
        "hoverlabel": {"bgcolor": faint, "bordercolor": line, "font": {"color": ink}},
        "annotationdefaults": {"font": {"color": ink}},
    }
    return {"layout": layout}
