"""What was reached, as tables: dominated volume, or how soon and how well within constraints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bayesopt._kernels.hypervolume import hypervolume
from bayesopt._kernels.pareto import non_dominated
from benchmarks.measures.compare import bootstrap_mean, win_rate
from benchmarks.pareto.cases import F
from benchmarks.run_rows import Row

_BEYOND = 0.1  # of the joint front's extent: where the reference lies
Scores = dict[str, dict[str, F]]
"""Of each player and case, by seed, lower is better."""


def grouped(rows: Sequence[Row]) -> dict[str, dict[str, dict[int, Row]]]:
    """Return rows by case, player and seed."""
    found: dict[str, dict[str, dict[int, Row]]] = {}
    for row in rows:
        found.setdefault(row["case"], {}).setdefault(row["player"], {})[row["seed"]] = row
    return found


def lost_volumes(rows: Sequence[Row], n: int) -> Scores:
    """Return the share of the joint front's volume that a run lacks after n evaluations.

    Objectives are scaled to the extent of the front of all runs on the case together.
    """
    scores: Scores = {}
    for case, players in grouped(rows).items():
        every = [_feasible(row) for seeds in players.values() for row in seeds.values()]
        joint = np.concatenate(every)
        joint = joint[non_dominated(joint)]
        ideal, extent = joint.min(axis=0), np.ptp(joint, axis=0)
        extent = np.where(extent > 0.0, extent, 1.0)
        limit = np.full(joint.shape[1], 1.0 + _BEYOND)
        whole = hypervolume((joint - ideal) / extent, limit)
        for player, seeds in players.items():
            reached = [_feasible(seeds[seed], n) for seed in sorted(seeds)]
            volumes = [hypervolume((Y - ideal) / extent, limit) for Y in reached]
            scores.setdefault(player, {})[case] = 1.0 - np.array(volumes) / whole
    return scores


def best_feasible(rows: Sequence[Row], n: int) -> Scores:
    """Return the least feasible value after n evaluations, infinite where there is none."""
    scores: Scores = {}
    for case, players in grouped(rows).items():
        for player, seeds in players.items():
            values = [_feasible(seeds[seed], n)[:, 0] for seed in sorted(seeds)]
            best = [float(each.min(initial=np.inf)) for each in values]
            scores.setdefault(player, {})[case] = np.array(best)
    return scores


def first_feasible(rows: Sequence[Row]) -> Scores:
    """Return how many evaluations it took to find something feasible, infinite if too many."""
    scores: Scores = {}
    for case, players in grouped(rows).items():
        for player, seeds in players.items():
            first = [_first_of(seeds[seed]) for seed in sorted(seeds)]
            scores.setdefault(player, {})[case] = np.array(first)
    return scores


def _first_of(row: Row) -> float:
    """Return the place of the first feasible evaluation that did not fail, from 1."""
    failed = np.isnan(np.array(row["values"], dtype=np.float64)).any(axis=1)
    met = np.flatnonzero((np.array(row["violations"]) <= 0.0) & ~failed)
    return float(met[0]) + 1.0 if met.size else np.inf


def _feasible(row: Row, n: int | None = None) -> F:
    """Return the values [k, m] of the first n evaluations that did not fail and are feasible."""
    values = np.array(row["values"][:n], dtype=np.float64)
    violated = np.array(row["violations"][:n], dtype=np.float64) > 0.0
    return values[~violated & ~np.isnan(values).any(axis=1)]


def volume_table(rows: Sequence[Row], sizes: Sequence[int], against: str) -> list[str]:
    """Return lines of Markdown: the volume reached, and how often `against` reached more.

    Behind a player's last volume, what `against` reached with the same cases and seeds.
    """
    reached = " | ".join(f"after {n}" for n in sizes)
    lines = [
        f"| | runs | {reached} | {against} there | {against} ahead | ask + tell |",
        "|---|" + "--:|" * (len(sizes) + 4),
    ]
    each = [lost_volumes(rows, n) for n in sizes]
    for player in sorted(each[-1], key=lambda name: _mean(each[-1][name])):
        means = [bootstrap_mean(_stacked(scores[player])) for scores in each]
        cells = [str(means[-1].n), *(f"{100 * (1 - m.mean):.1f}%" for m in means)]
        cells += [_reached(each[-1], against, player), _ahead(each[-1], against, player)]
        lines.append(f"| {player} | {' | '.join(cells)} | {_speed(rows, player)} |")
    return [*lines, "", *_by_case(each[-1], lambda score: f"{100 * (1 - np.mean(score)):.1f}")]


def constrained_table(rows: Sequence[Row], sizes: Sequence[int], against: str) -> list[str]:
    """Return lines of Markdown: runs that were feasible, how soon, and who had the better value."""
    lines = [
        f"| | runs | {' | '.join(f'feasible after {n}' for n in sizes)} | first feasible, median "
        f"| {against} sooner | {against} ahead | ask + tell |",
        "|---|" + "--:|" * (len(sizes) + 5),
    ]
    each, first = [best_feasible(rows, n) for n in sizes], first_feasible(rows)
    for player in sorted(each[-1]):
        found = [np.mean(np.isfinite(np.concatenate(list(s[player].values())))) for s in each]
        cells = [str(sum(map(len, each[-1][player].values()))), *(f"{100 * x:.0f}%" for x in found)]
        cells += [_first(rows, player), _ahead(first, against, player)]
        cells.append(_ahead(each[-1], against, player))
        lines.append(f"| {player} | {' | '.join(cells)} | {_speed(rows, player)} |")
    return [*lines, "", *_by_case(each[-1], lambda score: f"{np.median(score):.5g}")]


def _by_case(scores: Scores, text: object) -> list[str]:
    cases = list(next(iter(scores.values())))
    players = sorted(scores)
    lines = [f"| | {' | '.join(players)} |", "|---|" + "--:|" * len(players)]
    for case in cases:
        cells = [text(scores[p][case]) if case in scores[p] else "" for p in players]  # type: ignore[operator]
        lines.append(f"| {case} | {' | '.join(cells)} |")
    return lines


def _stacked(by_case: Mapping[str, F]) -> F:
    most = max(len(each) for each in by_case.values())
    return np.array(
        [np.append(each, np.full(most - len(each), np.nan)) for each in by_case.values()]
    )


def _mean(by_case: Mapping[str, F]) -> float:
    return float(np.mean([np.mean(each) for each in by_case.values()]))


def _ahead(scores: Scores, against: str, player: str) -> str:
    if player == against or against not in scores:
        return "–"
    rate = win_rate(*(_stacked(each) for each in _shared(scores, against, player)))
    return f"{100 * rate.mean:.0f}% ({100 * rate.low:.0f}–{100 * rate.high:.0f})"


def _reached(scores: Scores, against: str, player: str) -> str:
    if player == against or against not in scores:
        return "–"
    return f"{100 * (1 - _mean(_shared(scores, against, player)[0])):.1f}%"


def _shared(scores: Scores, against: str, player: str) -> tuple[dict[str, F], dict[str, F]]:
    """Return the scores of both with the cases and seeds that both played."""
    cases = [case for case in scores[against] if case in scores[player]]
    pairs = {case: _paired(scores[against][case], scores[player][case]) for case in cases}
    return {k: pair[0] for k, pair in pairs.items()}, {k: pair[1] for k, pair in pairs.items()}


def _paired(a: F, b: F) -> tuple[F, F]:
    n = min(len(a), len(b))
    return a[:n], b[:n]


def _first(rows: Sequence[Row], player: str) -> str:
    return f"{np.median([_first_of(row) for row in rows if row['player'] == player]):.0f}"


def _speed(rows: Sequence[Row], player: str) -> str:
    seconds = [row["seconds"] / len(row["values"]) for row in rows if row["player"] == player]
    return f"{1e3 * np.mean(seconds):.0f} ms"
