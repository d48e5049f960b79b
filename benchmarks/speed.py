"""``python -m benchmarks speed``: time per ask and tell, start-up, memory, a whole study.

Contestants take turns, one ask and tell each, in processes of their own: a busy moment of the
machine hits all of them. What is compared is the median of a contestant's turns, and its ratio to
that of another in the same rounds.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.run import session_row
from benchmarks.run_plan import CONTESTANTS, chosen_contestants
from benchmarks.run_rows import Row, RowFile
from benchmarks.run_workers import Worker
from benchmarks.speed_tables import speed_page

SIZES = "10,100,1000,10000,100000"
N_FIRST = 30
"""Trials of a start-up measurement: past the random ones of every tool."""

STUDY = ("mixed", 10, 1000)
"""Kind, columns and trials of the whole study."""


@dataclass
class Seat:
    """A contestant in its process.

    Attributes
    ----------
    over : str
        Why it takes no more turns: "missing", "unsupported", "slow", "crashed"; "" while it does.
    """

    name: str
    worker: Worker | None
    over: str = ""
    text: str = ""
    version: str = ""
    make_s: float = 0.0
    memory_mib: float = 0.0
    how: str = ""
    ask_s: list[float] = field(default_factory=list)
    tell_s: list[float] = field(default_factory=list)

    def order(self, patience_s: float, **order: Any) -> list[Any] | None:
        """Have an order carried out; return what came back, None if that is the end of it."""
        if self.worker is None or self.over:
            return None
        self.worker.send(order)
        for status, *content in self.worker.messages(time.monotonic() + patience_s):
            if status == "ok":
                return content
            self.over, self.text = status, content[0]
            return None
        alive = self.worker.alive
        self.over = "slow" if alive else "crashed"
        self.text = f"no answer within {patience_s:g} s" if alive else self.worker.obituary()
        return None

    def turn(self, limit_s: float) -> None:
        """Time one ask and tell."""
        if (got := self.order(limit_s, do="pair")) is not None:
            ask_s, tell_s = got
            self.ask_s.append(round(ask_s, 7))
            self.tell_s.append(round(tell_s, 7))

    def weigh(self) -> None:
        """Look at the peak memory."""
        if (got := self.order(30.0, do="memory")) is not None:
            self.memory_mib = got[0]

    def close(self) -> None:
        """End the process."""
        if self.worker is not None:
            self.worker.close(kill=True)
            self.worker = None


@dataclass(frozen=True)
class Setting:
    """What is measured.

    Attributes
    ----------
    rounds : int
        Turns of each contestant in a cell.
    limit_s : float
        What a contestant may take for its turns in a cell.
    fill_limit_s : float
        What it may take to know the evaluations of a cell.
    """

    names: Sequence[str]
    sizes: Sequence[int]
    dims: Sequence[int]
    kinds: Sequence[str]
    rounds: int
    limit_s: float
    fill_limit_s: float
    contestants: str = CONTESTANTS


def seat(
    setting: Setting, name: str, kind: str, d: int, extra: dict[str, str] | None = None
) -> Seat:
    """Return a contestant in its process, made, or with the reason why not."""
    made = Seat(name, Worker("benchmarks.speed_worker", extra))
    order = {"contestant": name, "kind": kind, "d": d, "seed": 0}
    got = made.order(120.0, do="open", contestants=setting.contestants, **order)
    if got is not None:
        made.make_s, made.version = got
    return made


def latency(setting: Setting, say: Any) -> Iterator[Row]:
    """Yield a row per contestant and cell (kind, d, n)."""
    for kind in setting.kinds:
        for d in setting.dims:
            seats = [seat(setting, name, kind, d) for name in setting.names]
            for each in filter(lambda one: one.over, seats):
                yield latency_row(each, kind, d, setting.sizes[0])
            try:
                for n in setting.sizes:
                    say(f"{kind}, {d} columns, {n} evaluations")
                    yield from cell(setting, seats, kind, d, n)
            finally:
                for each in seats:
                    each.close()


def cell(setting: Setting, seats: Sequence[Seat], kind: str, d: int, n: int) -> Iterator[Row]:
    """Let everyone know `n` evaluations, then take turns; yield their rows."""
    playing = [each for each in seats if not each.over]
    for each in playing:
        each.ask_s, each.tell_s = [], []
        limit_s = setting.fill_limit_s
        if (got := each.order(2 * limit_s + 60.0, do="grow", n=n, limit_s=limit_s)) is not None:
            each.how = got[0]
        else:
            each.close()
        warm_up(setting, each)
    for _ in range(setting.rounds):
        for each in playing:
            if not each.over and sum(each.ask_s) + sum(each.tell_s) < setting.limit_s:
                each.turn(setting.limit_s + 10.0)
    for each in playing:
        each.weigh()
        yield latency_row(each, kind, d, n)


def warm_up(setting: Setting, each: Seat) -> None:
    """Take a turn that does not count, since it compiles and fits anew; it does if it was long."""
    if not each.over:
        each.turn(setting.fill_limit_s)
    if sum(each.ask_s) + sum(each.tell_s) < setting.limit_s:
        each.ask_s, each.tell_s = [], []


def latency_row(each: Seat, kind: str, d: int, n: int) -> Row:
    """Return what a contestant did in a cell, or why it did nothing."""
    return {"row": "latency", "kind": kind, "d": d, "n": n, **facts(each)}


def facts(each: Seat) -> Row:
    """Return what is known of a contestant in a cell."""
    return {
        "contestant": each.name,
        "version": each.version,
        "status": each.over or "done",
        "text": each.text,
        "how": each.how,
        "ask_s": each.ask_s,
        "tell_s": each.tell_s,
        "memory_mib": each.memory_mib,
    }


def starts(setting: Setting, say: Any) -> Iterator[Row]:
    """Yield how long the first trials of fresh processes take; ours with and without a cache."""
    for name in setting.names:
        say(f"start of {name}")
        with tempfile.TemporaryDirectory() as cache:
            ours = name.startswith("ours-")
            for label in ("empty", "warm") if ours else ("",):
                yield {"row": "start", "cache": label, **_first_trials(setting, name, cache)}


def _first_trials(setting: Setting, name: str, cache: str) -> Row:
    start = time.perf_counter()
    each = seat(setting, name, "mixed", 10, {"NUMBA_CACHE_DIR": cache})
    ready_s = time.perf_counter() - start
    for _ in range(N_FIRST):
        each.turn(setting.limit_s + 60.0)
    row = {"make_s": each.make_s, "ready_s": ready_s, "total_s": time.perf_counter() - start}
    each.weigh()
    each.close()
    return {**facts(each), **row}


def studies(setting: Setting, say: Any) -> Iterator[Row]:
    """Yield how long a whole study takes in a fresh process, its start included."""
    kind, d, n = STUDY
    for name in setting.names:
        say(f"a study of {n} trials, {name}")
        start = time.perf_counter()
        each = seat(setting, name, kind, d)
        limit_s = 10 * setting.limit_s
        while not each.over and len(each.ask_s) < n:
            each.turn(limit_s)
            if time.perf_counter() - start > limit_s and len(each.ask_s) < n:
                each.over, each.text = "slow", f"{len(each.ask_s)} of {n} trials in {limit_s:g} s"
        total_s = time.perf_counter() - start
        each.weigh()
        each.close()
        yield {"row": "study", "kind": kind, "d": d, "n": n, "total_s": total_s, **facts(each)}


PARTS = {"latency": latency, "start": starts, "study": studies}


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks speed", description=__doc__)
    add = parser.add_argument
    add("--peers", default="random,ours-*", help="contestants: names, globs, all; by commas")
    add("--against", default="", help="whose times ratios are to; the first contestant by default")
    add("--parts", default=",".join(PARTS), help="latency, start, study; by commas")
    add("--sizes", default=SIZES, help="evaluations known; by commas")
    add("--dims", default="5,20,50", help="columns; by commas")
    add("--kinds", default="numeric,mixed", help="by commas")
    add("--rounds", type=int, default=15, help="turns of each contestant in a cell")
    add("--cell-limit", type=float, default=20.0, metavar="S", help="seconds of each in a cell")
    add("--fill-limit", type=float, default=60.0, metavar="S", help="seconds to fill a history")
    add("--out", type=Path, default=Path("results/speed.jsonl"))
    return parser.parse_args(arguments)


def measure(setting: Setting, parts: Sequence[str], out: Path, session: Row) -> list[Row]:
    """Measure; rows go to `out` as they come, and are returned."""
    from tqdm import tqdm

    rows = [session]
    with RowFile(out) as file, tqdm(total=0, bar_format="{desc} {elapsed}") as line:
        file.add(session)
        for part in parts:
            for row in PARTS[part](setting, line.set_description_str):
                file.add(row)
                rows.append(row)
    return rows


def main(arguments: Sequence[str]) -> int:
    """Measure and print tables; return 0, or 2 for a misuse."""
    options = parsed(arguments)
    parts = options.parts.split(",")
    try:
        unknown = set(parts) - set(PARTS)
        if unknown:
            raise ValueError(
                f"no part is called {', '.join(unknown)}; there are {', '.join(PARTS)}"
            )
        setting = Setting(
            chosen_contestants(options.peers.split(",")),
            [int(n) for n in options.sizes.split(",")],
            [int(d) for d in options.dims.split(",")],
            options.kinds.split(","),
            options.rounds,
            options.cell_limit,
            options.fill_limit,
        )
        rows = measure(setting, parts, options.out, session_row(arguments, "speed"))
    except (ValueError, BlockingIOError) as error:
        print(f"benchmarks speed: {error}", file=sys.stderr)
        return 2
    print(speed_page(rows, [options.against or setting.names[0]]))
    return 0
