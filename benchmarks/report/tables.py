"""The tables of a report, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from benchmarks import measures
from benchmarks.measures import Anchors, Interval, Table
from benchmarks.measures.regret import Anchor
from benchmarks.measures.table import RANDOM, F
from benchmarks.report.names import in_order, is_ours

EARLY = ("crashed", "timeout", "exhausted")
CHECKPOINTS = (25, 50, 100, 200)


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; the first column to the left, the others to the right."""
    rule = ["---", *["--:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def number(value: float, digits: int = 3) -> str:
    """Return a number, "–" for none."""
    return "–" if not np.isfinite(value) else f"{value:.{digits}f}"


def compact(value: float) -> str:
    """Return a number to three digits, without trailing zeros."""
    return "–" if not np.isfinite(value) else f"{value:.3g}"


def percent(interval: Interval) -> str:
    """Return "62% (55–69)"."""
    if not np.isfinite(interval.mean):
        return "–"
    return f"{100 * interval.mean:.0f}% ({100 * interval.low:.0f}–{100 * interval.high:.0f})"


def milliseconds(seconds: float) -> str:
    """Return a time in ms, as many digits as matter."""
    if not np.isfinite(seconds):
        return "–"
    ms = 1e3 * seconds
    return f"{ms:.2f}" if ms < 9.995 else f"{ms:,.0f}" if ms >= 99.5 else f"{ms:.1f}"


def checkpoints(table: Table) -> list[int]:
    """Return the numbers of evaluations that the table reaches, its own budget among them."""
    return sorted({n for n in CHECKPOINTS if n < table.budget} | {table.budget})


def scaled(table: Table, ends: Anchors) -> Table:
    """Return the problems that have a scale."""
    return table.only(
        problems=[
            p for p, high in zip(table.problems, ends.high, strict=True) if not np.isnan(high)
        ]
    )


def mark(table: Table, name: str) -> str:
    """Return a contestant's name, bold if ours, with a star if it did not play every problem."""
    played = ~np.isnan(table.best[:, table.of(name), :, 0]).all(axis=1)
    star = "" if played.all() else f" * ({int(played.sum())} of {len(played)})"
    return f"**{name}**{star}" if is_ours(name) else f"{name}{star}"


def summary(table: Table, anchor: Anchor = "search") -> str:
    """Return one row per contestant: regrets, rank, win rate, speed-up, time per ask."""
    steps = checkpoints(table)
    ends = measures.anchors(table, anchor)
    regrets = measures.regret(table, ends)
    areas = measures.area(
        measures.regret(table, measures.anchors(table, "draw"), 1.0)[..., : table.budget]
    )
    at_end = table.at(table.budget)
    mean_rank = measures.mean_ranks(measures.ranks(at_end))
    times = measures.all_step_times(
        row for key, row in table.rows.items() if key[0] in set(table.problems)
    )
    head = ["contestant", *(f"regret at {n}" for n in steps), "95%", "area", "mean rank"]
    head += ["beats random", "speed-up", "ask + tell p50 ms", "p95 ms"]
    rows = []
    for c in sorted(range(len(mean_rank)), key=lambda c: (_n_left_out(table, c), mean_rank[c])):
        name = table.contestants[c]
        means = [measures.bootstrap_mean(regrets[:, c, :, n - 1]) for n in steps]
        rows.append(
            [
                mark(table, name),
                *(number(each.mean) for each in means),
                _range(means[-1]),
                number(measures.bootstrap_mean(areas[:, c]).mean),
                number(float(mean_rank[c]), 2),
                _against_random(table, name, at_end[:, c]),
                factor(measures.speedup(table, name)),
                *_quantiles(times.get(name, np.empty(0))),
            ]
        )
    return markdown(head, rows)


def _n_left_out(table: Table, c: int) -> int:
    return int(np.isnan(table.best[:, c, :, 0]).all(axis=1).sum())


def _range(interval: Interval) -> str:
    return "–" if np.isnan(interval.low) else f"{interval.low:.3f}–{interval.high:.3f}"


def _against_random(table: Table, name: str, best: F) -> str:
    if name == RANDOM or RANDOM not in table.contestants:
        return "–"
    return percent(measures.win_rate(best, table.at(table.budget)[:, table.of(RANDOM)]))


def factor(found: measures.Speedup) -> str:
    """Return "≤ 3.1 × (84% reached)"."""
    if not found.n:
        return "–"
    sign = "≤ " if found.censored else ""
    return f"{sign}{found.factor:.1f} × ({100 * found.reached:.0f}%)"


def _quantiles(seconds: F) -> list[str]:
    if not seconds.size:
        return ["–", "–"]
    return [milliseconds(float(q)) for q in np.quantile(seconds, [0.5, 0.95])]


def pairwise(table: Table) -> str:
    """Return how often each of ours (all, if none is ours) beats each other contestant."""
    best = table.at(table.budget)
    names = in_order(table.contestants)
    ours = [name for name in names if is_ours(name)] or names
    rows = []
    for name in ours:
        cells = [name]
        for other in names:
            rate = measures.win_rate(best[:, table.of(name)], best[:, table.of(other)])
            cells.append("" if other == name else _marked(rate))
        rows.append(cells)
    return markdown(["wins of ↓ over →", *names], rows)


def _marked(rate: Interval) -> str:
    """Return a win rate: bold where it is above a half for certain, italic where below."""
    text = percent(rate)
    return f"**{text}**" if rate.above(0.5) else f"_{text}_" if rate.below(0.5) else text


def per_problem(table: Table, anchor: Anchor = "search") -> str:
    """Return the median regret of every contestant on every problem, the best ones bold."""
    names = in_order(table.contestants)
    regrets = measures.regret(table, measures.anchors(table, anchor), np.inf)[..., -1:]
    if table.budget:
        regrets = measures.regret(table, measures.anchors(table, anchor), np.inf)
        regrets = regrets[..., table.budget - 1]
    rows = []
    for p, problem in enumerate(table.problems):
        medians = [_median(regrets[p, table.of(name)]) for name in names]
        lowest = min((m for m in medians if np.isfinite(m)), default=np.nan)
        cells = [f"**{compact(m)}**" if m == lowest else compact(m) for m in medians]
        rows.append([problem, table.kinds[p], *cells])
    return markdown(["problem", "kind", *names], rows)


def _median(values: F) -> float:
    there = values[~np.isnan(values)]
    return float(np.quantile(there, 0.5, method="higher")) if there.size else np.nan


def endings(table: Table) -> str:
    """Return how the runs of each contestant ended, and one of the reasons; "" if all were done."""
    rows = []
    for name in in_order(table.contestants):
        own = [row for key, row in table.rows.items() if key[1] == name]
        counts = {
            s: [r for r in own if r["status"] == s] for s in ("crashed", "timeout", "exhausted")
        }
        failed = sum(len(row.get("failed", ())) for row in own)
        unsupported = sum(contestant == name for _, contestant in table.unsupported)
        if not (any(counts.values()) or unsupported):
            continue
        reason = next((r["text"] for rs in counts.values() for r in rs if r["text"]), "")
        rows.append(
            [
                name,
                f"{len(own)}",
                *(f"{len(found)}" for found in counts.values()),
                f"{unsupported}",
                f"{failed}",
                reason[:160].replace("|", "\\|"),
            ]
        )
    head = ["contestant", "runs", "crashed", "timed out", "nothing left to ask"]
    head += ["problems it cannot express", "failed evaluations", "first reason"]
    return markdown(head, rows) if rows else ""
