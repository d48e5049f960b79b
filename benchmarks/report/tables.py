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


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]], words: Sequence[str] = ()) -> str:
    """Return a table; columns to the right, but the first one and those called `words`."""
    rule = ["---", *("---" if name in words else "--:" for name in head[1:])]
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
    """Return the evaluations to look at: the compared ones, and round ones that someone had."""
    return sorted({n for n in CHECKPOINTS if n <= table.longest} | {table.budget})


def regret_steps(table: Table) -> list[int]:
    """Return after how many evaluations regrets are shown: where someone had them in all runs."""
    furthest = max(map(table.reach, table.contestants), default=0)
    return [n for n in checkpoints(table) if n <= furthest]


def win_steps(table: Table, name: str, at: Sequence[int] = ()) -> list[int]:
    """Return after how many evaluations wins are counted: those of `at`, by default from 50 on.

    Left out where the contestant, or everyone else, had fewer.
    """
    wanted = at or [n for n in checkpoints(table) if n >= min(50, table.budget)]
    had = {n: (~np.isnan(table.at(n))).any(axis=(0, 2)) for n in wanted}
    return [n for n in wanted if had[n][table.of(name)] and had[n].sum() > 1]


def scaled(table: Table, ends: Anchors) -> Table:
    """Return the problems that have a scale."""
    return table.only(
        problems=[
            p for p, high in zip(table.problems, ends.high, strict=True) if not np.isnan(high)
        ]
    )


def mark(table: Table, name: str) -> str:
    """Return a contestant's name, bold if ours, with a star if it did not play every problem."""
    played = table.played[:, table.of(name)]
    star = "" if played.all() else f" * ({int(played.sum())} of {len(played)})"
    return f"**{name}**{star}" if is_ours(name) else f"{name}{star}"


def comparable(table: Table) -> Table:
    """Return the contestants that played every problem; all where fewer than two did.

    Means and ranks are over these: those of others would be over other problems.
    """
    return table.only(contestants=table.complete) if len(table.complete) > 1 else table


def summary(table: Table, anchor: Anchor = "search") -> str:
    """Return one row per comparable contestant: regrets, rank, win rate, speed-up, time."""
    part = comparable(table)
    regrets = measures.regret(part, measures.anchors(table, anchor))
    from_draws = measures.regret(part, measures.anchors(table, "draw"), 1.0)
    areas = measures.area(from_draws[..., : table.budget])
    mean_rank = measures.mean_ranks(measures.ranks(part.at(part.budget)))
    times = step_times(part)
    head = ["contestant", *_regret_head(part), "area", "mean rank", "beats random", "speed-up"]
    head += ["ask + tell p50 ms", "p95 ms"]
    rows = []
    for c in sorted(range(len(mean_rank)), key=lambda c: (_n_left_out(part, c), mean_rank[c])):
        name = part.contestants[c]
        of_search = [against_random(table, name), factor(measures.speedup(table, name))]
        means = [number(measures.mean_of_means(areas[:, c])), number(float(mean_rank[c]), 2)]
        cells = [mark(part, name), *_regret_cells(part, name, regrets[:, c]), *means, *of_search]
        rows.append([*cells, *quantiles(times.get(name, np.empty(0)))])
    return markdown(head, rows)


def step_times(table: Table) -> dict[str, F]:
    """Return the seconds of the asks and tells of the compared evaluations, by contestant."""
    problems = set(table.problems)
    own = (row for key, row in table.rows.items() if key[0] in problems)
    return measures.all_step_times(own, table.budget)


def _n_left_out(table: Table, c: int) -> int:
    return int((~table.played[:, c]).sum())


def _regret_head(table: Table) -> list[str]:
    """Return a column per checkpoint, and one of the interval beside the compared evaluations."""
    heads = ([f"regret at {n}", *["95%"] * (n == table.budget)] for n in regret_steps(table))
    return [head for pair in heads for head in pair]


def _regret_cells(table: Table, name: str, regrets: F) -> list[str]:
    """Return the means of regrets f64[p, s, t]; "–" where a run of the contestant was shorter."""
    cells = []
    for n in regret_steps(table):
        reached = n <= table.reach(name)
        mean = measures.bootstrap_mean(regrets[..., n - 1])
        cells += [number(mean.mean) if reached else "–", *[_range(mean)] * (n == table.budget)]
    return cells


def _range(interval: Interval) -> str:
    return "–" if np.isnan(interval.low) else f"{interval.low:.3f}–{interval.high:.3f}"


def against_random(table: Table, name: str) -> str:
    """Return how often a contestant beats random search."""
    if name == RANDOM or RANDOM not in table.contestants:
        return "–"
    best = table.at(table.budget)
    return percent(measures.win_rate(best[:, table.of(name)], best[:, table.of(RANDOM)]))


def factor(found: measures.Speedup) -> str:
    """Return "≤ 3.1 × (84% reached)"."""
    if not found.n:
        return "–"
    sign = "≤ " if found.censored else ""
    return f"{sign}{found.factor:.1f} × ({100 * found.reached:.0f}%)"


def quantiles(seconds: F) -> list[str]:
    """Return the median and the 95% quantile of times, in ms."""
    if not seconds.size:
        return ["–", "–"]
    return [milliseconds(float(q)) for q in np.quantile(seconds, [0.5, 0.95])]


def marked(rate: Interval) -> str:
    """Return a win rate: bold where it is above a half for certain, italic where below."""
    text = percent(rate)
    return f"**{text}**" if rate.above(0.5) else f"_{text}_" if rate.below(0.5) else text


def per_problem(table: Table, anchor: Anchor = "search") -> str:
    """Return the median regret of every contestant on every problem, the best ones bold."""
    names = in_order(table.contestants)
    ends = measures.anchors(table, anchor)
    regrets = measures.regret(table, ends, np.inf)[..., table.budget - 1]
    rows = []
    for p, problem in enumerate(table.problems):
        medians = [_median(regrets[p, table.of(name)]) for name in names]
        lowest = min((m for m in medians if np.isfinite(m)), default=np.nan)
        cells = [f"**{compact(m)}**" if m == lowest else compact(m) for m in medians]
        rows.append([problem, table.kinds[p], *cells])
    return markdown(["problem", "kind", *names], rows, ["kind"])


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
    return markdown(head, rows, head[-1:]) if rows else ""
