"""What a report says in sentences: where ours is worse, what is missing, what made the numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from benchmarks import measures
from benchmarks.contestants import ours, registry
from benchmarks.measures import Table
from benchmarks.measures.compare import MIN_PROBLEMS
from benchmarks.measures.regret import Anchor
from benchmarks.measures.table import RANDOM
from benchmarks.report.names import in_order, is_ours
from benchmarks.report.tables import compact, markdown, percent, win_steps
from benchmarks.run_rows import Row

N_WORST = 12


def where_ours_is_worse(sets: Sequence[tuple[str, Table]], at: Sequence[int] = ()) -> str:
    """Return the peers that beat one of ours for certain, in every set and after every `at`."""
    if not any(is_ours(name) for _, table in sets for name in table.contestants):
        return "None of ours was run."
    lines = []
    for title, table in sets:
        for name in filter(is_ours, in_order(table.contestants)):
            for n in win_steps(table, name, at):
                if losses := _who_beats(table, name, n):
                    worse = f"**{name}** is worse than {', '.join(losses)}"
                    lines.append(f"* {title}, after {n} evaluations: {worse}.")
    if lines:
        return "\n".join(lines)
    return (
        "No peer beats one of ours with an interval that leaves out a half (of sets with fewer than"
        f" {MIN_PROBLEMS} problems nothing is said)."
    )


def _who_beats(table: Table, name: str, n: int) -> list[str]:
    """Return the peers that beat a contestant for certain after `n` evaluations."""
    best, found = table.at(n), []
    for other in in_order(table.contestants):
        rate = measures.win_rate(best[:, table.of(other)], best[:, table.of(name)])
        if not is_ours(other) and rate.above(0.5):
            found.append(f"{other} (wins {percent(rate)})")
    return found


def lost_problems(table: Table, anchor: Anchor) -> str:
    """Return the problems where the best peer is furthest ahead of the best of ours."""
    own_ones = [table.of(n) for n in table.contestants if is_ours(n)]
    peers = [table.of(n) for n in table.contestants if not is_ours(n)]
    if not own_ones or not peers or not table.budget:
        return ""
    ends = measures.anchors(table, anchor)
    regrets = measures.regret(table, ends, np.inf)[..., table.budget - 1]
    medians = np.array([[_median(cell) for cell in row] for row in regrets])
    found = []
    for p, problem in enumerate(table.problems):
        if np.isnan(medians[p, own_ones]).all() or np.isnan(medians[p, peers]).all():
            continue
        own = min(own_ones, key=lambda c: _last(medians[p, c]))
        peer = min(peers, key=lambda c: _last(medians[p, c]))
        found.append((medians[p, own] - medians[p, peer], problem, p, own, peer))
    found = [each for each in sorted(found, reverse=True) if each[0] > 0.01][:N_WORST]
    if not found:
        return "On no problem is a peer's median regret lower by more than 0.01."
    rows = [
        [
            problem,
            f"{table.contestants[own]} {compact(medians[p, own])}",
            f"{table.contestants[peer]} {compact(medians[p, peer])}",
        ]
        for _, problem, p, own, peer in found
    ]
    head = ["problem", "best of ours", "best of the others"]
    table_of_them = markdown(head, rows, head)
    return (
        "The problems where the best of the others is furthest ahead of the best of ours: median"
        f" regrets after {table.budget} evaluations, some of one run only. The best of many is"
        f" lucky somewhere, so look for what such problems have in common.\n\n{table_of_them}"
    )


def _median(values: np.ndarray) -> float:
    there = values[~np.isnan(values)]
    return float(np.quantile(there, 0.5, method="higher")) if there.size else np.nan


def _last(value: float) -> float:
    return np.inf if np.isnan(value) else value


def against_random_search(title: str, table: Table) -> str:
    """Return whom random search loses to: a model that does not beat it may have a bad adapter."""
    if RANDOM not in table.contestants:
        return (
            f"* {title}: there is no random search among the contestants, so nothing has a scale."
        )
    best = table.at(table.budget)
    groups: dict[str, list[str]] = {"certain": [], "uncertain": [], "few": []}
    for name in in_order(table.contestants):
        rate = measures.win_rate(best[:, table.of(name)], best[:, table.of(RANDOM)])
        if name == RANDOM or not rate.n:
            continue
        if rate.n_problems < MIN_PROBLEMS:
            groups["few"].append(f"{name} ({100 * rate.mean:.0f}% on {rate.n_problems})")
        elif rate.above(0.5):
            groups["certain"].append(name)
        else:
            groups["uncertain"].append(f"{name} ({percent(rate)})")
    said = (
        ("random search is beaten for certain by", groups["certain"]),
        ("not for certain by", groups["uncertain"]),
        (f"and on fewer than {MIN_PROBLEMS} problems nothing is certain:", groups["few"]),
    )
    return f"* {title}: " + "; ".join(f"{how} {', '.join(who)}" for how, who in said if who) + "."


def what_is_missing(rows: Iterable[Row], table: Table) -> str:
    """Return what was asked for and not there."""
    found = {
        (row["what"], row["name"]): row["why"]
        for row in rows
        if row["row"] == "missing"
        and row["name"] not in table.contestants
        and row["name"] not in table.problems
    }
    lines = [f"* {what} `{name}`: {why}" for (what, name), why in sorted(found.items())]
    lines += [f"* contestant `{n}` never made an evaluation: {t}" for n, t in table.broken.items()]
    return "\n".join(lines) or "Nothing that was asked for is missing."


def uneven(table: Table) -> str:
    """Return who played fewer runs than others, and who had longer ones."""
    counts: dict[str, int] = {}
    for _, contestant, _ in table.rows:
        counts[contestant] = counts.get(contestant, 0) + 1
    most = max(counts.values(), default=0)
    few = [f"{name} {n}" for name, n in counts.items() if n < most]
    text = f"Every contestant has {most} runs."
    if few:
        text = (
            f"The full number of runs is {most}; fewer have: {', '.join(few)}. Wins compare the"
            " runs that both have."
        )
    longer = [n for n in in_order(table.contestants) if table.reach(n) > table.budget]
    if longer:
        text += f" All runs are longer than {table.budget} evaluations of: {', '.join(longer)}."
    return text


def made_by(sessions: Sequence[Row]) -> str:
    """Return commands, dates and machine."""
    if not sessions:
        return "The files do not say what made them."
    commands = "\n".join(dict.fromkeys(row["command"] for row in sessions))
    dates = sorted(row["date"] for row in sessions)
    cores = sorted({f"{row['cores']} cores" for row in sessions})
    pythons = sorted({f"Python {row['python']}" for row in sessions})
    commits = sorted({row["commit"] for row in sessions if row["commit"]})
    facts = [", ".join(cores), ", ".join(pythons), " – ".join(dict.fromkeys((dates[0], dates[-1])))]
    if commits:
        facts.append(f"this project at {', '.join(commits)}")
    return f"```\n{commands}\n```\n\n{'; '.join(facts)}. One BLAS thread a run."


def contestants(table: Table) -> str:
    """Return who took part: in which version and how it was set up."""
    versions: dict[str, set[str]] = {}
    for (_, name, _), row in table.rows.items():
        versions.setdefault(name, set()).add(row.get("version") or "–")
    known = registry.entries()
    rows = []
    for name in in_order(versions):
        entry = known.get(name) or ours.variant(name)
        rows.append([name, "/".join(sorted(versions[name])), entry.notes if entry else ""])
    head = ["contestant", "version", "set up"]
    return markdown(head, rows, head)
