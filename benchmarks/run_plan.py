"""What is to be run: which problems, which contestants, in which order."""

from __future__ import annotations

import fnmatch
import importlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.contestants import ours
from benchmarks.contestants.base import Entry

PROBLEMS = "benchmarks.problems.registry"
CONTESTANTS = "benchmarks.contestants.registry"


@dataclass(frozen=True)
class Job:
    """One run.

    Attributes
    ----------
    seed : int
        Of the contestant, and of the problem's noise: the same for all contestants.
    budget : int
        Evaluations.
    time_limit_s : float
        Of everything that the contestant and the evaluations take.
    data : str or None
        Folder of tables.
    problems, contestants : str
        Modules that know them by name.
    """

    problem: str
    contestant: str
    seed: int
    budget: int
    time_limit_s: float = 3600.0
    data: str | None = None
    problems: str = PROBLEMS
    contestants: str = CONTESTANTS

    @property
    def key(self) -> tuple[str, str, int, int]:
        """What makes a run different from others."""
        return (self.problem, self.contestant, self.seed, self.budget)


def key_of(row: Mapping[str, Any]) -> tuple[str, str, int, int]:
    """Return the key of the run that a row records."""
    return (row["problem"], row["contestant"], row["seed"], row["budget"])


def entries(module: str = CONTESTANTS) -> dict[str, Entry]:
    """Return all contestants by name."""
    return dict(importlib.import_module(module).entries())


def find_entry(name: str, known: Mapping[str, Entry]) -> Entry:
    """Return a contestant, or a variant of one of ours. Raises ValueError."""
    found = known.get(name) or ours.variant(name)
    if found is None:
        raise ValueError(f"no contestant is called {name!r}; there are {', '.join(sorted(known))}")
    return found


def chosen_contestants(patterns: Iterable[str], module: str = CONTESTANTS) -> list[str]:
    """Return the names that match ("all", "ours-*", "ours-tpe:n_startup=5").

    Raises ValueError for a pattern that nothing matches.
    """
    known = entries(module)
    chosen: dict[str, None] = {}
    for pattern in patterns:
        names = list(known) if pattern == "all" else fnmatch.filter(known, pattern)
        chosen.update(dict.fromkeys(names or [find_entry(pattern, known).name]))
    return list(chosen)


def chosen_problems(
    suites: Sequence[str],
    sets: Sequence[str],
    patterns: Sequence[str],
    data: str | None = None,
    module: str = PROBLEMS,
) -> list[str]:
    """Return the names of the problems of suites and sets; `patterns` choose among them, or of all.

    Raises ValueError for an unknown suite or set, and if nothing is left.
    """
    registry = importlib.import_module(module)
    names: dict[str, None] = {}
    for chosen in sets:
        names.update(dict.fromkeys(_known(registry.SETS, "set", chosen)))
    for suite in suites or ([] if sets else registry.suites()):
        _known(registry.suites(), "suite", suite)
        names.update(dict.fromkeys(registry.problem_names(suite, data)))
    if patterns:
        names = {n: None for n in names if any(fnmatch.fnmatchcase(n, p) for p in patterns)}
    if not names:
        raise ValueError("no problem is called like that, or its data is not there")
    return list(names)


def _known(table: Mapping[str, Any], kind: str, name: str) -> Any:
    if name not in table:
        raise ValueError(f"no {kind} is called {name!r}; there are {', '.join(sorted(table))}")
    return table[name]


def seed_major(
    problems: Sequence[str], contestants: Sequence[str], seeds: Sequence[int]
) -> Iterator[tuple[str, str, int]]:
    """Yield (problem, contestant, seed) so that a run that is cut short still compares fairly.

    All contestants play a problem before the next one, all problems a seed before the next one.
    """
    for seed in seeds:
        for problem in problems:
            for contestant in contestants:
                yield problem, contestant, seed


def parse_seeds(text: str) -> list[int]:
    """Return the seeds that "10" (0 … 9), "10-19" or "3,7" name. Raises ValueError."""
    if "," in text:
        return [int(part) for part in text.split(",") if part]
    low, dash, high = text.partition("-")
    return list(range(int(low), int(high) + 1)) if dash else list(range(int(low)))
