"""The plot of win rates: ours against everybody else, on the runs that both have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks import measures
from benchmarks.measures import Interval, Table
from benchmarks.measures.compare import MIN_PROBLEMS
from benchmarks.report import style
from benchmarks.report.names import in_order, is_ours

_SPREAD = 0.6
"""Share of the room of a row that the marks of ours take."""

Rates = dict[str, list[tuple[str, Interval]]]


def rates_of(table: Table) -> Rates:
    """Return by other contestant the win rates of ours over it, the hardest to beat last."""
    best = table.at(table.budget)
    ours = [name for name in in_order(table.contestants) if is_ours(name)]
    found: Rates = {}
    for other in in_order(table.contestants):
        own = [(n, measures.win_rate(best[:, table.of(n)], best[:, table.of(other)])) for n in ours]
        played = [(name, rate) for name, rate in own if rate.n]
        if not is_ours(other) and played:
            found[other] = played
    return dict(sorted(found.items(), key=lambda item: -max(rate.mean for _, rate in item[1])))


def win_rates(table: Table, title: str, path: Path) -> bool:
    """Plot how often ours win, with 95% intervals; return whether there was anything to plot."""
    found = rates_of(table)
    if not found:
        return False
    names = list(dict.fromkeys(name for pairs in found.values() for name, _ in pairs))
    fig, axes = style.figure(8.2, 1.4 + 0.21 * len(found) * max(2, len(names)))
    axes.axvline(0.5, color="#777777", linewidth=1.2, zorder=2)
    for row, pairs in enumerate(found.values()):
        for name, rate in pairs:
            shift = _SPREAD * ((names.index(name) + 0.5) / len(names) - 0.5)
            _draw(axes, name, rate, row + shift)
    for name in names:
        axes.plot([], [], "o", markersize=5.5, color=style.colour(name), label=name)
    axes.set_yticks(range(len(found)), [_label(*item) for item in found.items()])
    axes.set_ylim(len(found) - 0.4, -0.6)
    axes.set_xlim(-0.02, 1.02)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(f"share of problems and seeds won after {table.budget} evaluations, ties half")
    axes.set_title(f"{title}: wins of ours over …")
    axes.legend(loc="lower left", bbox_to_anchor=(1.0, 0.0), frameon=False, fontsize=9)
    note = f"bars: 95%; hollow: fewer than {MIN_PROBLEMS} problems, too few to say"
    axes.annotate(
        note, (0.0, 0.0), (0.0, -46.0), xycoords="axes fraction", textcoords="offset points",
        fontsize=8.5, color="#666666",
    )  # fmt: skip
    style.save(fig, path)
    return True


def _draw(axes: Any, name: str, rate: Interval, y: float) -> None:
    """Draw a mark with its interval, hollow where there are too few problems to say anything."""
    colour = style.colour(name)
    enough = rate.n_problems >= MIN_PROBLEMS
    if enough:
        axes.plot([rate.low, rate.high], [y, y], color=colour, linewidth=1.8, alpha=0.55)
    face = colour if enough else "white"
    axes.plot(rate.mean, y, "o", markersize=5.5, color=colour, markerfacecolor=face, zorder=4)


def _label(other: str, pairs: list[tuple[str, Interval]]) -> str:
    n = max(rate.n_problems for _, rate in pairs)
    return f"{other} ({n} problem{'s' * (n != 1)})"
