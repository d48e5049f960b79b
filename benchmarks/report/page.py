"""``python -m benchmarks report``: a Markdown page with tables and plots of results."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measures import Table, anchors, build_table
from benchmarks.measures.regret import Anchor
from benchmarks.measures.table import RANDOM
from benchmarks.problems import best_known, registry
from benchmarks.problems.base import CONDITIONAL, MIXED, NUMERIC
from benchmarks.report import plots, side_by_side, store, tables, values, wins_plot, words
from benchmarks.report.names import in_order, is_ours
from benchmarks.run_rows import Row, read_rows
from benchmarks.speed_tables import speed_page

TITLES = {NUMERIC: "Numeric", MIXED: "Mixed", CONDITIONAL: "Conditional"}
SPEED_AGAINST = ("optuna-tpe", "optuna-gp", RANDOM)
"""Whose times others are put in proportion to: the first that was measured together with them."""

FORMULA = {
    "search": "Regret is `(best − best known) / (median of random search's best after {n} − best"
    " known)`: 0 is the best that anyone knows, 1 what random search has after {n} evaluations,"
    " cut off at 2.",
    "draw": "Regret is `(best − best known) / (median of single random draws − best known)`: 0 is"
    " the best that anyone knows, 1 a random draw, cut off at 2.",
}


@dataclass(frozen=True)
class Options:
    """What a report is made from, and how.

    Attributes
    ----------
    files : sequence of Path
        What `run` and `speed` wrote.
    out : Path
        Folder of the page.
    sets : sequence of str
        Problems of these sets only; all by default.
    at : sequence of int
        After how many evaluations wins are counted; by default 50, 100 and 200.
    store : Path or None
        Where the rows behind the page go.
    """

    files: Sequence[Path]
    out: Path
    name: str = "report"
    anchor: Anchor = "search"
    sets: Sequence[str] = ()
    at: Sequence[int] = ()
    store: Path | None = None


@dataclass(frozen=True)
class Page:
    """What a page is made of; plots lie beside it as ``<name>-….png``."""

    rows: list[Row]
    table: Table
    options: Options

    @property
    def anchor(self) -> Anchor:
        """What a regret of 1 is."""
        return self.options.anchor

    def plot(self, draw: Callable[..., bool], suffix: str, alt: str, *arguments: object) -> str:
        """Draw a plot; return the line that shows it, "" where there is nothing to show."""
        file = f"{self.options.name}-{suffix}.png"
        drawn = draw(*arguments, self.options.out / file)
        return f"![{alt}]({file})\n" if drawn else ""


def sets_of(table: Table) -> list[tuple[str, str, Table]]:
    """Return (word for files, title, table) of all problems and of each kind there is."""
    kinds = [(kind, TITLES[kind], table.of_kind(kind)) for kind in TITLES]
    there = [each for each in kinds if each[2].problems]
    return [("all", "All problems", table), *(there if len(there) > 1 else [])]


def text(page: Page) -> Iterator[str]:
    """Yield the blocks of the page, and draw its plots."""
    table, sets = page.table, sets_of(page.table)
    named = [(title, part) for _, title, part in sets]
    yield "# Benchmark report"
    yield _opening(table, page.options.sets)
    yield page.plot(wins_plot.win_rates, "wins-all", "wins of ours", table, "All problems")
    yield "## Where ours is worse"
    yield words.where_ours_is_worse(named, page.options.at)
    yield words.lost_problems(table, page.anchor)
    for word, title, part in sets:
        yield f"## {title}"
        yield from _section(page, word, title, part)
    yield "## Time of an ask and a tell"
    yield page.plot(plots.step_time_curves, "time", "time of an ask and a tell", table)
    yield (
        "Taken while the runs were made, at different moments of a machine that may have had other"
        " work: for ratios, `python -m benchmarks speed` lets contestants take turns."
    )
    yield from _speed(page)
    yield "## What is missing, what went wrong"
    yield words.what_is_missing(page.rows, table)
    yield words.uneven(table)
    yield "\n".join(words.against_random_search(title, part) for title, part in named)
    yield tables.endings(table)
    yield "## What made these numbers"
    yield words.made_by([row for row in page.rows if row["row"] == "session"])
    yield words.contestants(table)
    yield "## Every problem"
    file = f"{page.options.name}-best.csv"
    yield (
        f"Median regret over seeds after {table.budget} evaluations, not cut off. The losses"
        f" themselves, after several numbers of evaluations: [{file}]({file})."
    )
    folded = tables.per_problem(table, page.anchor)
    yield f"<details><summary>{len(table.problems)} problems</summary>\n\n{folded}\n\n</details>"


def _opening(table: Table, sets: Sequence[str]) -> str:
    of_sets = f" (of {', '.join(f'`{name}`' for name in sets)})" if sets else ""
    longer = f", in some runs {table.longest}" if table.longest > table.budget else ""
    return (
        f"{len(table.rows)} runs of {len(table.contestants)} contestants on"
        f" {len(table.problems)} problems{of_sets}, up to {len(table.seeds)} seeds each; compared"
        f" after {table.budget} evaluations{longer}. Lower regret and rank are better; brackets and"
        " bands are 95% intervals of a bootstrap over problems, then seeds."
        " [What each measure means](README.md#measures)."
    )


def _speed(page: Page) -> Iterator[str]:
    """Yield what `speed` measured, if its rows are among the files."""
    kinds = plots.latency_kinds(page.rows)
    tables_of_speed = speed_page(page.rows, SPEED_AGAINST)
    if tables_of_speed:
        yield "## Speed"
    for kind, d in kinds:
        title = f"{kind.capitalize()}, {d} columns"
        yield page.plot(plots.latency_curves, f"speed-{kind}", title, page.rows, kind, d)
    yield tables_of_speed


def _section(page: Page, word: str, title: str, part: Table) -> Iterator[str]:
    yield _scale(page.anchor, part)
    yield tables.summary(part, page.anchor)
    if partial := side_by_side.some_only(part, page.anchor):
        yield (
            "These played some of the problems only, so their means say nothing beside those above."
            " “There”: the regret of others on the very same problems and seeds."
        )
        yield partial
    yield page.plot(plots.regret_curves, f"regret-{word}", f"regret, {title}", part, title)
    yield page.plot(plots.critical_difference, f"ranks-{word}", f"ranks, {title}", part, title)
    if part is not page.table:  # that of all problems is on top of the page
        yield page.plot(wins_plot.win_rates, f"wins-{word}", f"wins, {title}", part, title)
    yield (
        f"Each pair on the problems and seeds that both played; regrets after {part.budget}"
        " evaluations; wins with ties half, bold: more than half for certain, italic: less."
        " “on 8”: on so many problems only."
    )
    ours = [name for name in in_order(part.contestants) if is_ours(name)]
    for name in ours or in_order(part.contestants):
        yield side_by_side.against_all(part, name, page.anchor, page.options.at)


def _scale(anchor: Anchor, part: Table) -> str:
    """Return what a regret is, and how many problems have none."""
    note = FORMULA[anchor].format(n=part.budget)
    n_without = len(part.problems) - len(tables.scaled(part, anchors(part, anchor)).problems)
    if not n_without:
        return note
    return (
        f"{note} {n_without} of {len(part.problems)} problems have no such scale (random search"
        " already finds the best, or was not run) and count for ranks and win rates only."
    )


def rows_of(files: Sequence[Path], sets: Sequence[str] = ()) -> list[Row]:
    """Return the rows of files; runs on the problems of some sets only, if any are named.

    What is known today of a problem's best value counts for runs of yesterday too. Raises
    ValueError for an unknown set.
    """
    if unknown := set(sets) - set(registry.SETS):
        raise ValueError(f"no set is called {', '.join(sorted(unknown))}")
    kept = {problem for name in sets for problem in registry.SETS[name]}
    rows = [row for file in files for row in read_rows(file)]
    return [
        _with_best_known(row) if row["row"] == "run" else row
        for row in rows
        if row["row"] != "run" or not sets or row["problem"] in kept
    ]


def _with_best_known(row: Row) -> Row:
    told = (row.get("best"), best_known.best_loss(row["problem"]))
    return {**row, "best": min((loss for loss in told if loss is not None), default=None)}


def make(options: Options) -> Path:
    """Write the page and what lies beside it; return the page.

    Raises ValueError if there are no runs, and for an unknown set.
    """
    rows = rows_of(options.files, options.sets)
    table = build_table(rows)
    if not table.rows:
        raise ValueError(f"no runs in {', '.join(file.name for file in options.files)}")
    if options.store is not None:  # the page shows what is stored
        rows = store.compact(rows, table)
        table = build_table(rows)
        print(store.save(rows, options.store))
    page = Page(rows, table, options)
    options.out.mkdir(parents=True, exist_ok=True)
    best = options.out / f"{options.name}-best.csv"
    best.write_text(values.best_so_far(table), encoding="utf-8")
    blocks = [block for block in text(page) if block]
    target = options.out / f"{options.name}.md"
    target.write_text("\n\n".join(block.strip("\n") for block in blocks) + "\n", encoding="utf-8")
    return target


def parsed(arguments: Sequence[str]) -> Options:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks report", description=__doc__)
    add = parser.add_argument
    add("files", nargs="+", type=Path, help="what `run` and `speed` wrote")
    add("--out", type=Path, default=Path("docs/benchmarks"), help="folder")
    add("--name", default="report", help="of the page")
    add("--anchor", choices=("search", "draw"), default="search", help="what a regret of 1 is")
    add(
        "--set", action="append", default=[], dest="sets", help="its problems only; may be repeated"
    )
    add("--at", type=_numbers, default=[], help="count wins after so many evaluations; by commas")
    add("--store", type=Path, metavar="FILE", help="write the rows behind the page, compressed")
    return Options(**vars(parser.parse_args(arguments)))


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def main(arguments: Sequence[str]) -> int:
    """Make a report; return 0, or 2 for a misuse."""
    try:
        print(make(parsed(arguments)))
    except ValueError as error:
        print(f"benchmarks report: {error}", file=sys.stderr)
        return 2
    return 0
