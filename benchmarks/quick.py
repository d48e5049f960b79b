"""``python -m benchmarks quick``: has a change made a sampler better, worse, or neither?

Our samplers play a fixed set of cheap problems. What they find is compared with what they found
when results were last landed, and with stored results of peers: same problems, seeds and noise.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks import measures, quick_store
from benchmarks.contestants.ours import PREFIX
from benchmarks.measures import Interval, Table
from benchmarks.measures.table import F
from benchmarks.report.names import in_order, is_ours
from benchmarks.report.tables import markdown, number, percent
from benchmarks.run import Contest, contest, session_row
from benchmarks.run_plan import Job, chosen_contestants, parse_seeds, seed_major
from benchmarks.run_rows import Row, read_rows
from benchmarks.run_workers import ROOT

SET = "quick"
BUDGET, SEEDS = 50, "5"
LANDED = "landed "
"""Before the names of contestants whose results are those that were landed."""


@dataclass(frozen=True)
class Verdict:
    """A sampler now against the same one when results were last landed.

    Attributes
    ----------
    word : str
        "better", "same", "worse"; "identical" if every run found the same; "new" without a past.
    wins : Interval
        How often it wins now.
    gain : Interval
        How much lower the normalised regret is now.
    """

    word: str
    wins: Interval
    gain: Interval


def verdict(table: Table, name: str) -> Verdict:
    """Compare a sampler with its landed self, after all evaluations."""
    nothing = Interval(np.nan, np.nan, np.nan)
    if LANDED + name not in table.contestants:
        return Verdict("new", nothing, nothing)
    now, then = table.of(name), table.of(LANDED + name)
    best = table.at(table.budget)
    outcomes = measures.wins(best[:, now], best[:, then])
    rate = measures.bootstrap_mean(outcomes)
    regrets = measures.regret(table, measures.anchors(table))[..., table.budget - 1]
    gain = measures.bootstrap_mean(regrets[:, then] - regrets[:, now])
    return Verdict(_word(outcomes, rate), rate, gain)


def _word(outcomes: F, rate: Interval) -> str:
    if rate.n and bool((outcomes[~np.isnan(outcomes)] == 0.5).all()):
        return "identical"
    return "better" if rate.above(0.5) else "worse" if rate.below(0.5) else "same"


def table_of(now: Iterable[Row], landed: Iterable[Row], peers: Iterable[Row]) -> Table:
    """Return one table of all, the landed ones under another name."""
    old = (
        {**row, "contestant": LANDED + row["contestant"]} for row in landed if row["row"] == "run"
    )
    return measures.build_table([*peers, *old, *now])


def page(table: Table) -> str:
    """Return the verdicts, and the win rates over stored peers, as Markdown."""
    best = table.at(table.budget)
    ends = measures.anchors(table)
    regrets = measures.regret(table, ends)[..., table.budget - 1]
    ours = [n for n in in_order(table.contestants) if is_ours(n)]
    peers = [n for n in in_order(table.contestants) if not _of_us(n)]
    rows = []
    for name in ours:
        found = verdict(table, name)
        regret = measures.bootstrap_mean(regrets[:, table.of(name)])
        own = best[:, table.of(name)]
        against = [percent(measures.win_rate(own, best[:, table.of(peer)])) for peer in peers]
        rows.append([name, found.word, percent(found.wins), _signed(found.gain),
                     number(regret.mean), *against])  # fmt: skip
    head = ["sampler", "is", "wins over landed", "regret lower by", "regret"]
    head += [f"wins over {peer}" for peer in peers]
    return markdown(head, rows)


def _of_us(name: str) -> bool:
    return is_ours(name.removeprefix(LANDED))


def _signed(interval: Interval) -> str:
    if np.isnan(interval.mean):
        return "–"
    return f"{interval.mean:+.3f} ({interval.low:+.3f} – {interval.high:+.3f})"


def code_hash() -> str:
    """Return a hash of the sources: results of another state of the code are not gone on with."""
    folders = (ROOT / "bayesopt", ROOT / "kernels", ROOT / "benchmarks")
    paths = sorted(path for folder in folders for path in folder.rglob("*.py"))
    return f"{zlib.crc32(b''.join(path.read_bytes() for path in paths)):08x}"


def planned(options: argparse.Namespace, pattern: Job) -> list[Job]:
    """Return the jobs, every sampler of ours that is asked for."""
    from importlib import import_module

    problems = import_module(pattern.problems).SETS[SET]
    names = chosen_contestants(options.samplers.split(","), pattern.contestants)
    return [
        replace(pattern, problem=problem, contestant=name, seed=seed)
        for problem, name, seed in seed_major(problems, names, parse_seeds(SEEDS))
    ]


def play(jobs: Sequence[Job], out: Path, n_jobs: int, arguments: Sequence[str]) -> Contest:
    """Play the jobs that are not in the file of this state of the code."""
    return contest(jobs, out, n_jobs, session_row(arguments, "quick"))


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks quick", description=__doc__)
    add = parser.add_argument
    add("--samplers", default=f"{PREFIX}*", help="names or globs; by commas")
    add("--jobs", type=int, default=2, help="runs at a time")
    add("--folder", type=Path, default=Path("results"), help="where results go")
    add("--stored", type=Path, default=quick_store.FOLDER, help="where stored results are")
    add("--land", action="store_true", help="store the results as what later ones are held to")
    add("--store-peers", type=Path, nargs="+", metavar="FILE", help="store runs of peers; no run")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Run, compare, print; return 1 if a sampler is worse than it was, 2 for a misuse."""
    options = parsed(arguments)
    if options.store_peers:
        print(quick_store.store_peers(options.store_peers, options.stored / quick_store.PEERS))
        return 0
    out = options.folder / f"quick-{code_hash()}.jsonl"
    try:
        jobs = planned(options, Job("", "", 0, BUDGET, 120.0))
        ended = play(jobs, out, options.jobs, arguments)
    except (ValueError, BlockingIOError) as error:
        print(f"benchmarks quick: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return conclude(ended, out, options)


def conclude(ended: Contest, out: Path, options: argparse.Namespace) -> int:
    """Print the comparison, land it if asked to; return the exit status."""
    now = list(read_rows(out))
    landed = quick_store.load(options.stored / quick_store.OURS)
    peers = quick_store.load(options.stored / quick_store.PEERS)
    table = table_of(now, landed, peers)
    print(page(table))
    for lines in (quick_store.origin("landed", landed), quick_store.origin("peers", peers)):
        print(f"\n{lines}", end="")
    print("".join(f"\nmissing {what} {name}: {why}" for (what, name), why in ended.missing.items()))
    if options.land:
        print(quick_store.land(now, options.stored / quick_store.OURS))
    words = [verdict(table, n).word for n in table.contestants if is_ours(n)]
    return 1 if "worse" in words and not options.land else 0
