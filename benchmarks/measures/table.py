"""Runs as one array: best loss so far by problem, contestant, seed and evaluation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from benchmarks.run_rows import Row

F = npt.NDArray[np.float64]

RANDOM = "random"
"""The contestant that regrets and speed-ups are measured against."""

NOT_PLAYED = frozenset({"unsupported"})
"""Ways to end that say nothing about how good a contestant is."""


@dataclass(frozen=True, eq=False)
class Table:
    """Runs.

    Attributes
    ----------
    problems, contestants : tuple of str
    seeds : tuple of int
    kinds : tuple of str
        Of each problem.
    known : f64[p]
        Best known loss of each problem, NaN where nobody knows.
    best : f64[p, c, s, t]
        Best loss after evaluation t (the first one is t = 0): inf as long as every evaluation
        failed, NaN where there is no run or it had a smaller budget. A run that ended early (its
        contestant crashed, ran out of time or of configurations) keeps what it had.
    draws : sequence of f64[n]
        Of each problem: the losses of single random draws, failed ones inf.
    budget : int
        After how many evaluations contestants are compared: the largest number that all runs had.
        A part of a table keeps that of the whole, so that all parts tell of the same moment.
    rows : mapping of (problem, contestant, seed) to row
        What else is known of the runs.
    unsupported : frozenset of (problem, contestant)
        What a contestant cannot express.
    broken : mapping of str to str
        Contestants that never got as far as an evaluation, and why: they do not run here, which
        says nothing about how good they are.
    """

    problems: tuple[str, ...]
    contestants: tuple[str, ...]
    seeds: tuple[int, ...]
    kinds: tuple[str, ...]
    known: F
    best: F
    draws: Sequence[F]
    budget: int = 0
    rows: Mapping[tuple[str, str, int], Row] = field(default_factory=dict)
    unsupported: frozenset[tuple[str, str]] = frozenset()
    broken: Mapping[str, str] = field(default_factory=dict)

    @property
    def longest(self) -> int:
        """The largest number of evaluations that any run had."""
        return self.best.shape[-1]

    @property
    def played(self) -> npt.NDArray[np.bool_]:
        """Which contestant played which problem, with any seed, bool[p, c]."""
        return ~np.isnan(self.best[..., :1]).all(axis=(2, 3))

    @property
    def complete(self) -> tuple[str, ...]:
        """The contestants that played every problem: their means are over the same ones."""
        everywhere = self.played.all(axis=0)
        pairs = zip(self.contestants, everywhere, strict=True)
        return tuple(name for name, is_complete in pairs if is_complete)

    def reach(self, contestant: str) -> int:
        """Return the number of evaluations that all runs of a contestant had, 0 without runs."""
        lengths = (~np.isnan(self.best[:, self.of(contestant)])).sum(axis=-1)
        return int(lengths[lengths > 0].min(initial=self.longest)) if lengths.any() else 0

    def at(self, n: int) -> F:
        """Return the best loss after `n` evaluations, f64[p, c, s]; NaN beyond the table."""
        if n > self.best.shape[-1]:
            return np.full(self.best.shape[:-1], np.nan)
        return self.best[..., n - 1]

    def of(self, contestant: str) -> int:
        """Return the index of a contestant. Raises ValueError."""
        return self.contestants.index(contestant)

    def only(
        self, problems: Iterable[str] | None = None, contestants: Iterable[str] | None = None
    ) -> Table:
        """Return the table of some problems and contestants, in the order of this one."""
        ps = _kept(self.problems, problems)
        cs = _kept(self.contestants, contestants)
        return replace(
            self,
            problems=tuple(self.problems[p] for p in ps),
            contestants=tuple(self.contestants[c] for c in cs),
            kinds=tuple(self.kinds[p] for p in ps),
            known=self.known[ps],
            best=self.best[np.ix_(ps, cs)],
            draws=[self.draws[p] for p in ps],
        )

    def of_kind(self, kind: str) -> Table:
        """Return the problems of a kind."""
        names = [p for p, k in zip(self.problems, self.kinds, strict=True) if k == kind]
        return self.only(problems=names)


def _kept(names: Sequence[str], wanted: Iterable[str] | None) -> list[int]:
    chosen = set(names if wanted is None else wanted)
    return [i for i, name in enumerate(names) if name in chosen]


def build_table(rows: Iterable[Row]) -> Table:
    """Return the table of rows; of equal runs the last one, of several budgets the largest."""
    runs, unsupported = _newest(rows)
    broken = _broken(runs)
    runs = {key: row for key, row in runs.items() if key[1] not in broken}
    problems = tuple(dict.fromkeys(problem for problem, _, _ in runs))
    contestants = tuple(dict.fromkeys(contestant for _, contestant, _ in runs))
    seeds = tuple(sorted({seed for _, _, seed in runs}))
    longest = max((row["budget"] for row in runs.values()), default=0)
    best = np.full((len(problems), len(contestants), len(seeds), longest), np.nan)
    places = [{name: i for i, name in enumerate(axis)} for axis in (problems, contestants, seeds)]
    for key, row in runs.items():
        p, c, s = (place[name] for place, name in zip(places, key, strict=True))
        best[p, c, s, : row["budget"]] = best_so_far(row["losses"], row["budget"])
    about = {problem: row for (problem, _, _), row in runs.items()}
    return Table(
        problems,
        contestants,
        seeds,
        kinds=tuple(about[problem].get("kind", "") for problem in problems),
        known=np.array([_known(runs, problem) for problem in problems]),
        best=best,
        draws=[_draws(runs, problem) for problem in problems],
        budget=min((row["budget"] for row in runs.values()), default=0),
        rows=runs,
        unsupported=frozenset(unsupported),
        broken=broken,
    )


def _newest(rows: Iterable[Row]) -> tuple[dict[tuple[str, str, int], Row], set[tuple[str, str]]]:
    runs: dict[tuple[str, str, int], Row] = {}
    unsupported: set[tuple[str, str]] = set()
    for row in rows:
        if row["row"] != "run":
            continue
        key = (row["problem"], row["contestant"], row["seed"])
        if row["status"] in NOT_PLAYED:
            unsupported.add(key[:2])
        elif key not in runs or runs[key]["budget"] <= row["budget"]:
            runs[key] = row
    return runs, unsupported


def _broken(runs: Mapping[tuple[str, str, int], Row]) -> dict[str, str]:
    """Return the contestants without any evaluation, and the first reason."""
    reasons = {contestant: row["text"] for (_, contestant, _), row in reversed(runs.items())}
    lucky = {contestant for (_, contestant, _), row in runs.items() if row["losses"]}
    return {name: reason for name, reason in reasons.items() if name not in lucky}


def _known(runs: Mapping[tuple[str, str, int], Row], problem: str) -> float:
    """Return the best known loss of a problem: the lowest that a row tells, NaN if none does."""
    told = [row.get("best") for (name, _, _), row in runs.items() if name == problem]
    return min((float(loss) for loss in told if loss is not None), default=np.nan)


def losses_of(losses: Sequence[float | None]) -> F:
    """Return losses as numbers, inf where the evaluation failed."""
    return np.array([np.inf if loss is None else loss for loss in losses], dtype=np.float64)


def best_so_far(losses: Sequence[float | None], budget: int) -> F:
    """Return the running minimum f64[budget], continued where the run ended early."""
    values = losses_of(losses)[:budget]
    padded = np.full(budget, np.inf)
    padded[: len(values)] = values
    return np.minimum.accumulate(padded)


def _draws(runs: Mapping[tuple[str, str, int], Row], problem: str) -> F:
    found = [
        losses_of(row["losses"])
        for (name, contestant, _), row in runs.items()
        if name == problem and contestant == RANDOM
    ]
    return np.concatenate(found) if found else np.empty(0)
