"""Two contestants on the runs that both have: fair to who played only some of the problems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks import measures
from benchmarks.measures import Interval, Table
from benchmarks.measures.regret import Anchor
from benchmarks.measures.table import RANDOM, F
from benchmarks.report.names import in_order, is_ours
from benchmarks.report.tables import checkpoints, markdown, marked, number, win_steps


@dataclass(frozen=True)
class Pair:
    """A contestant and another on the problems and seeds that both played.

    Attributes
    ----------
    n_problems, n_runs : int
        After the compared evaluations.
    regret, other_regret : float
        Means then; NaN where no problem has a scale.
    wins : tuple of Interval
        How often the first one wins, after each of the steps.
    """

    n_problems: int
    n_runs: int
    regret: float
    other_regret: float
    wins: tuple[Interval, ...]


def pair(table: Table, regrets: F, name: str, other: str, steps: Sequence[int]) -> Pair:
    """Compare two contestants; `regrets` f64[p, c, s] are those after the table's budget."""
    a, b = table.of(name), table.of(other)
    both = ~np.isnan(table.at(table.budget)[:, a] + table.at(table.budget)[:, b])
    means = [measures.mean_of_means(np.where(both, regrets[:, c], np.nan)) for c in (a, b)]
    rates = [measures.win_rate(table.at(n)[:, a], table.at(n)[:, b]) for n in steps]
    return Pair(int(both.any(axis=1).sum()), int(both.sum()), *means, tuple(rates))


def regrets_at_budget(table: Table, anchor: Anchor) -> F:
    """Return the regrets f64[p, c, s] after the compared evaluations."""
    return measures.regret(table, measures.anchors(table, anchor))[..., table.budget - 1]


def against_all(table: Table, name: str, anchor: Anchor = "search", at: Sequence[int] = ()) -> str:
    """Return a row for every other contestant that played some of the same problems and seeds."""
    steps, regrets = win_steps(table, name, at), regrets_at_budget(table, anchor)
    rows = []
    for other in in_order(table.contestants):
        found = pair(table, regrets, name, other, steps)
        if other != name and found.n_runs:
            numbers = [f"{found.n_problems}", f"{found.n_runs}"]
            means = [number(found.other_regret), number(found.regret)]
            rows.append([other, *numbers, *means, *(_wins(w, found) for w in found.wins)])
    head = [f"**{name}** against", "problems", "runs", "its regret", f"regret of {name}"]
    return markdown([*head, *(f"wins after {n}" for n in steps)], rows)


def _wins(rate: Interval, found: Pair) -> str:
    """Return a win rate; with the number of problems where they are fewer than the others'."""
    fewer = 0 < rate.n_problems < found.n_problems
    return marked(rate) + (f" on {rate.n_problems}" if fewer else "")


def some_only(table: Table, anchor: Anchor = "search") -> str:
    """Return a row for each who did not play every problem: means beside those of others there.

    "" where there is nobody like that, or nobody to stand beside.
    """
    partial = [n for n in in_order(table.contestants) if n not in table.complete]
    partial = [name for name in partial if table.played[:, table.of(name)].any()]
    beside = [n for n in in_order(table.complete) if is_ours(n) or n == RANDOM]
    if not partial or not beside or len(table.complete) < 2:
        return ""
    steps = [n for n in checkpoints(table) if n <= table.budget]
    head = ["contestant", "problems", "runs", *(f"regret at {n}" for n in steps)]
    head += [f"{name} there" for name in beside]
    return markdown(head, [_partial_row(table, name, beside, steps, anchor) for name in partial])


def _partial_row(
    table: Table, name: str, beside: Sequence[str], steps: Sequence[int], anchor: Anchor
) -> list[str]:
    ends = measures.anchors(table, anchor)
    regrets = measures.regret(table, ends)
    own = [number(measures.mean_of_means(regrets[:, table.of(name), :, n - 1])) for n in steps]
    last = regrets[..., table.budget - 1]
    pairs = [pair(table, last, name, other, ()) for other in beside]
    there = [number(found.other_regret) for found in pairs]
    played = table.played[:, table.of(name)]
    n_runs = int((~np.isnan(table.best[:, table.of(name), :, 0])).sum())
    return [name, f"{int(played.sum())} of {len(played)}", f"{n_runs}", *own, *there]
