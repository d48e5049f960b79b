"""The plots of a report: regret against evaluations, critical differences, time per ask."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks import measures
from benchmarks.measures import Table
from benchmarks.measures.table import F
from benchmarks.report import style
from benchmarks.report.names import in_order, is_ours
from benchmarks.run_rows import Row
from benchmarks.speed_tables import newest, pair_s

N_BOOTSTRAP = 200
_FLOOR = 1e-4
"""Where the logarithmic axis of regrets ends: better than this is the same to the eye."""


def mean_curve(regrets: F) -> F:
    """Return the mean over problems of the mean over seeds, f64[t], of regrets f64[p, s, t]."""
    with np.errstate(invalid="ignore"):
        per_problem = np.nanmean(regrets[~np.isnan(regrets).all(axis=(1, 2))], axis=1)
    return per_problem.mean(axis=0)


def seed_band(regrets: F, seed: int = 0) -> tuple[F, F]:
    """Return the 95% band of the mean curve over other seeds, on the same problems, f64[t] each."""
    rng = np.random.default_rng(seed)
    there = ~np.isnan(regrets[:, :, 0])
    kept, counts = regrets[there.any(axis=1)], there[there.any(axis=1)].sum(axis=1)
    order = np.argsort(~there[there.any(axis=1)], axis=1, kind="stable")
    rows = np.arange(len(kept))[:, None]
    curves = np.empty((N_BOOTSTRAP, regrets.shape[-1]))
    for b in range(N_BOOTSTRAP):
        drawn = (rng.random(order.shape) * counts[:, None]).astype(np.intp)
        inside = np.arange(order.shape[1]) < counts[:, None]
        chosen = kept[rows, np.take_along_axis(order, drawn, axis=1)]
        sums = np.where(inside[..., None], chosen, 0.0).sum(axis=1)
        curves[b] = (sums / counts[:, None]).mean(axis=0)
    low, high = np.quantile(curves, [0.025, 0.975], axis=0)
    return low, high


def regret_curves(table: Table, title: str, path: Path) -> bool:
    """Plot regret (1 = median random draw) against evaluations; return whether there was any."""
    ends = measures.anchors(table, "draw")
    regrets = measures.regret(table, ends, cap=1.0)
    scaled = ~np.isnan(ends.high)
    names = [n for n in in_order(table.contestants) if table.played[scaled, table.of(n)].all()]
    if not scaled.any() or len(names) < 2:
        return False
    fig, axes = style.figure(8.2, 4.9)
    line_ends = []
    for name in names:
        reach = table.reach(name)
        own, steps = regrets[scaled, table.of(name), :, :reach], np.arange(1, reach + 1)
        curve = np.maximum(mean_curve(own), _FLOOR)
        axes.plot(steps, curve, **style.line_style(name))
        if own.shape[1] > 1:
            low, high = seed_band(own)
            alpha = 0.16 if is_ours(name) else 0.08
            axes.fill_between(
                steps, np.maximum(low, _FLOOR), np.maximum(high, _FLOOR),
                color=style.colour(name), alpha=alpha, linewidth=0,
            )  # fmt: skip
        line_ends.append((name, float(reach), float(curve[-1])))
    axes.set_yscale("log")
    axes.set_xlim(1, max(x for _, x, _ in line_ends))
    lowest = min(y for _, _, y in line_ends)
    axes.set_ylim(0.8 * lowest, 1.05)
    _plain_ticks(axes)
    axes.set_xlabel("evaluations")
    axes.set_ylabel("mean normalised regret")
    axes.set_title(f"{title}: {int(scaled.sum())} problems, {_seeds(table, names)}")
    fig.text(
        0.125, -0.03, "0 = best known, 1 = median random draw; band: 95% over seeds",
        fontsize=8.5, color="#666666",
    )  # fmt: skip
    style.label_ends(axes, line_ends)
    style.save(fig, path)
    return True


def _seeds(table: Table, names: Sequence[str]) -> str:
    """Return how many seeds contestants have on a problem: "5 seeds", "1 to 10 seeds"."""
    runs = ~np.isnan(table.best[:, [table.of(name) for name in names], :, 0])
    counts = runs.sum(axis=2)[runs.any(axis=2)]
    few, many = counts.min(), counts.max()
    return f"{few} to {many} seeds" if few < many else f"{many} seed{'s' * int(many != 1)}"


def _plain_ticks(axes: object) -> None:
    """Write 0.1 instead of 10^-1, and a few values between where the axis is short."""
    from matplotlib.ticker import FuncFormatter, LogLocator

    y = axes.yaxis  # type: ignore[attr-defined]
    low, high = axes.get_ylim()  # type: ignore[attr-defined]
    dense, sparse = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0), (1.0, 2.0, 5.0)
    subs = dense if high / low < 10 else sparse if high / low < 300 else (1.0,)
    y.set_major_locator(LogLocator(subs=subs, numticks=12))
    y.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    y.set_minor_formatter(FuncFormatter(lambda value, _: ""))


def rank_blocks(table: Table) -> tuple[list[str], F]:
    """Return who played all problems, and their mean ranks over seeds f64[p, c]."""
    part = table.only(contestants=table.complete)
    rank = measures.ranks(part.at(table.budget))
    with np.errstate(invalid="ignore"):
        return list(part.contestants), np.nanmean(rank, axis=2)


def critical_difference(table: Table, title: str, path: Path) -> bool:
    """Plot mean ranks; a bar joins those that the data cannot tell apart. Whether there are any."""
    names, blocks = rank_blocks(table)
    if len(names) < 3 or len(blocks) < 5:
        return False
    width = measures.critical_difference(len(names), len(blocks))
    order = np.argsort(blocks.mean(axis=0), kind="stable")
    means = blocks.mean(axis=0)[order]
    _draw_ranks([names[i] for i in order], means, width, title, path, measures.friedman_p(blocks))
    return True


def groups(means: Sequence[float], width: float) -> list[tuple[int, int]]:
    """Return the longest stretches (first, last) of ascending means that differ by < `width`."""
    found: list[tuple[int, int]] = []
    for first in range(len(means)):
        last = max(j for j in range(first, len(means)) if means[j] - means[first] < width)
        if last > first and (not found or last > found[-1][1]):
            found.append((first, last))
    return found


def _draw_ranks(names: list[str], means: F, width: float, title: str, path: Path, p: float) -> None:
    """Draw the axis on top, the better half of the names on the left, the others on the right."""
    bars = groups(list(means), width)
    n_left = (len(names) + 1) // 2
    top = 0.45 + 0.22 * len(bars)
    fig, axes = style.figure(8.2, 1.35 + 0.28 * n_left + 0.22 * len(bars))
    low, high = np.floor(means.min() - 0.1), np.ceil(means.max() + 0.1)
    pad = 0.36 * (high - low)
    axes.set_xlim(low - pad, high + pad)
    axes.set_ylim(-(top + 0.42 * n_left + 0.1), 1.0)
    axes.axis("off")
    axes.plot([low, high], [0, 0], color="#777777", linewidth=1.2)
    for tick in np.arange(low, high + 1):
        axes.plot([tick, tick], [0, 0.12], color="#777777", linewidth=1.2)
        axes.text(tick, 0.2, f"{tick:g}", ha="center", va="bottom", fontsize=9, color="#555555")
    for i, (name, mean) in enumerate(zip(names, means, strict=True)):
        left = i < n_left
        depth = top + 0.42 * (i if left else len(names) - 1 - i)
        edge = low - 0.02 * pad if left else high + 0.02 * pad
        axes.plot(
            [mean, mean, edge], [0, -depth, -depth], color=style.colour(name),
            linewidth=1.8 if is_ours(name) else 1.1,
        )  # fmt: skip
        text = f"{name}  {mean:.2f}" if left else f"{mean:.2f}  {name}"
        axes.text(
            edge + (-0.03 if left else 0.03) * pad, -depth, text, va="center", fontsize=9.5,
            ha="right" if left else "left", color=style.colour(name),
            fontweight="bold" if is_ours(name) else "normal",
        )  # fmt: skip
    for i, (first, last) in enumerate(bars):
        height = -(0.28 + 0.22 * i)
        axes.plot(
            [means[first] - 0.03, means[last] + 0.03], [height, height], color="#222222",
            linewidth=3.2, solid_capstyle="round", zorder=6,
        )  # fmt: skip
    certain = f", Friedman p = {p:.1g}" if p == p else ""
    axes.set_title(f"{title}: mean rank (1 = best){certain}")
    axes.plot([low, low + width], [0.78, 0.78], color="#222222", linewidth=1.2)
    axes.text(
        low + width + 0.02 * pad, 0.78, f"critical difference {width:.2f}", va="center",
        fontsize=8.5, color="#444444",
    )  # fmt: skip
    style.save(fig, path)


def step_time_curves(table: Table, path: Path) -> bool:
    """Plot the median time of the n-th ask and tell; return whether there was any.

    A line ends where fewer than half of the runs go on: a median over others would be a jump.
    """
    fig, axes = style.figure(8.2, 4.9)
    line_ends = []
    for name in in_order(table.contestants):
        times = [measures.step_times(row) for key, row in table.rows.items() if key[1] == name]
        longest = sorted(map(len, times))[len(times) // 2] if times else 0
        if longest < 3:
            continue
        padded = np.array([t[:longest] + [np.nan] * (longest - len(t)) for t in times])
        median = 1e3 * _smooth(np.nanmedian(padded, axis=0))
        axes.plot(np.arange(1, longest + 1), median, **style.line_style(name))
        line_ends.append((name, float(longest), float(median[-1])))
    if not line_ends:
        return False
    axes.set_yscale("log")
    axes.set_xlim(1, max(x for _, x, _ in line_ends))
    _plain_ticks(axes)
    axes.set_xlabel("evaluations known")
    axes.set_ylabel("an ask and a tell, ms")
    axes.set_title("Time of an ask and a tell: median over all runs")
    style.label_ends(axes, line_ends)
    style.save(fig, path)
    return True


def latency_kinds(rows: Sequence[Row]) -> list[tuple[str, int]]:
    """Return each kind of space whose speed was measured, with the middle number of columns."""
    found: dict[str, set[int]] = {}
    for row in rows:
        if row["row"] == "latency":
            found.setdefault(row["kind"], set()).add(row["d"])
    return [(kind, sorted(dims)[len(dims) // 2]) for kind, dims in found.items()]


def latency_curves(rows: Sequence[Row], kind: str, d: int, path: Path) -> bool:
    """Plot the median time of an ask and a tell against the evaluations known."""
    cells = newest(rows, "latency", "kind", "d", "contestant", "n")
    fig, axes = style.figure(8.2, 4.9)
    line_ends = []
    for name in in_order({key[2] for key in cells}):
        points = [
            (n, 1e3 * pair_s(row))
            for (k, columns, who, n), row in sorted(cells.items())
            if (k, columns, who) == (kind, d, name) and row["ask_s"]
        ]
        if points:
            axes.plot(
                *zip(*points, strict=True), marker="o", markersize=3.5, **style.line_style(name)
            )
            line_ends.append((name, *points[-1]))
    if not line_ends:
        return False
    axes.set_xscale("log")
    axes.set_yscale("log")
    _plain_ticks(axes)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_xlim(right=max(x for _, x, _ in line_ends))
    axes.set_xlabel("evaluations known")
    axes.set_ylabel("an ask and a tell, ms")
    axes.set_title(f"{kind.capitalize()}, {d} columns: time of an ask and a tell")
    style.label_ends(axes, line_ends)
    style.save(fig, path)
    return True


def _smooth(values: F, width: int = 5) -> F:
    """Return the running median."""
    padded = np.pad(values, width // 2, mode="edge")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, width), axis=1)
