"""How plots look: one colour per contestant everywhere, labels at the lines, nothing else."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

from benchmarks.report.names import PLAIN, is_ours

mpl.use("Agg")

import matplotlib.pyplot as plt

_COLOURS = {
    "random": "#8a8a8a",
    "grid": "#b9b9b9",
    "ours-gp": "#c1121f",
    "ours-tpe": "#f07f13",
    "ours-auto": "#7a1fa2",
    "ours-cmaes": "#d6409f",
    "ours-evolution": "#9c6b30",
    "ours-qmc": "#d8a48f",
    "optuna-tpe": "#1f6fb4",
    "optuna-tpe-group": "#6a9fd4",
    "optuna-gp": "#0b3c6f",
    "optuna-cmaes": "#64748b",
    "optuna-random": "#c9c9c9",
    "rustuna-tpe": "#35a7c4",
    "hyperopt-tpe": "#2a9d6f",
    "botorch": "#14532d",
    "ax": "#5fae57",
    "hebo": "#2f4858",
    "smac": "#8a9a1e",
    "smac-bb": "#5c6b0f",
    "nevergrad": "#5b5fc7",
    "skopt": "#88a096",
    "bayes-opt": "#b0a160",
}
_SPARE = ("#4c6a92", "#7d9d33", "#4f8f8b", "#8c6fae", "#a8894c", "#5c7080")
_INK = "#222222"
_FAINT = "#dddddd"

_SETTINGS: Mapping[str, Any] = {
    "figure.dpi": 110,
    "savefig.dpi": 150,
    "savefig.bbox": "tight",
    "font.size": 10,
    "font.family": "DejaVu Sans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#777777",
    "axes.labelcolor": _INK,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 12,
    "xtick.color": "#555555",
    "ytick.color": "#555555",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": _FAINT,
    "grid.linewidth": 0.6,
}


def colour(name: str) -> str:
    """Return the colour of a contestant, the same in every plot."""
    return _COLOURS.get(name) or _SPARE[zlib.crc32(name.encode()) % len(_SPARE)]


def line_style(name: str) -> dict[str, Any]:
    """Return how a contestant's line looks: ours thick, random and grid dashed."""
    return {
        "color": colour(name),
        "linewidth": 2.4 if is_ours(name) else 1.4,
        "linestyle": (0, (4, 2)) if name in PLAIN else "-",
        "zorder": 4 if is_ours(name) else 3,
        "solid_capstyle": "round",
    }


def figure(width: float, height: float) -> tuple[Any, Any]:
    """Return a figure with one pair of axes."""
    plt.rcParams.update(_SETTINGS)
    return plt.subplots(figsize=(width, height))


def save(fig: Any, path: Path) -> None:
    """Write a figure; its bytes depend on what it shows alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fig.savefig(path, metadata={"Software": None})
    plt.close(fig)


def label_ends(axes: Any, ends: Sequence[tuple[str, float, float]], gap: float = 0.045) -> None:
    """Write names beside the ends (x, y) of lines, moved apart where they would overlap.

    Parameters
    ----------
    ends : sequence of (name, x, y)
        In data coordinates.
    gap : float
        Least distance of two labels, as a share of the height.
    """
    to_axes = axes.transData + axes.transAxes.inverted()
    placed = sorted((to_axes.transform((x, y))[1], name, x, y) for name, x, y in ends)
    heights = spread([height for height, *_ in placed], gap)
    for height, (was, name, x, _) in zip(heights, placed, strict=True):
        x_end = to_axes.transform((x, 1.0))[0]
        axes.plot(
            [x_end + 0.005, 1.035], [was, height], transform=axes.transAxes, clip_on=False,
            color=colour(name), linewidth=0.7, alpha=1.0 if x_end > 0.98 else 0.35,
        )  # fmt: skip
        axes.text(
            1.042, height, name, transform=axes.transAxes, va="center", ha="left", fontsize=9,
            color=colour(name), fontweight="bold" if is_ours(name) else "normal",
        )  # fmt: skip


def spread(heights: Sequence[float], gap: float) -> list[float]:
    """Return ascending heights moved as little as needed so that none are closer than `gap`.

    They stay between 0 and 1 if there is room. Neighbours that are too close become a group around
    its mean (pool adjacent violators).
    """
    groups: list[list[float]] = []  # sum of (height - place in the list * gap), size
    for i, height in enumerate(heights):
        groups.append([height - i * gap, 1.0])
        while len(groups) > 1 and groups[-2][0] / groups[-2][1] >= groups[-1][0] / groups[-1][1]:
            total, size = groups.pop()
            groups[-1][0] += total
            groups[-1][1] += size
    means = [total / size for total, size in groups for _ in range(int(size))]
    room = max(0.0, 1.0 - gap * (len(heights) - 1))
    return [min(max(mean, 0.0), room) + i * gap for i, mean in enumerate(means)]
