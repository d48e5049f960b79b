"""``python -m benchmarks architectures``: architecture search on the tables of NAS-Bench-201.

Every cell of four nodes was trained, with up to three seeds: 15,625 trainings are looked up. Each
contestant meets the space twice: as six choices (the table as it is), and as a `Network` whose cell
is asked once for all that compute the same ("+distinct"). A finished run is a row in the file; the
same command again plays what is missing.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import bayesopt as bo
from bayesopt.architectures import Cell, Layer, Network, Sequential
from bayesopt.architectures.equivalence import dense_edges
from benchmarks.contestants.ours import Ours
from benchmarks.problems import hpo_grids
from benchmarks.problems.base import Problem
from benchmarks.run_rows import Row, RowFile, read_rows

PROBLEMS = ("nasbench201/cifar100", "nasbench201/imagenet")
AGEING = {"survival": "age"}
SAMPLERS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "random": ("random", {}),
    "ageing": ("evolution", AGEING),
    "ageing-50": ("evolution", {**AGEING, "population_size": 50, "tournament_size": 10}),
    "ageing-many": ("evolution", {**AGEING, "mutation_rate": 1.0 / 6.0}),
    "evolution": ("evolution", {}),
    "tpe": ("tpe", {}),
    "gp": ("gp", {}),
    "auto": ("auto", {}),
}
DISTINCT = "+distinct"
OPTUNA = "optuna-tpe"
CONTESTANTS = (*(n + tail for n in SAMPLERS for tail in ("", DISTINCT)), OPTUNA)
SIZES = (50, 100, 200, 300)


def cell_network() -> Network:
    """Return the cells of NAS-Bench-201 as a space of networks: a stem and one cell.

    Dong and Yang, "NAS-Bench-201", ICLR 2020: figure 1 and table 1.
    """

    def relu_conv_bn(kernel: int) -> Sequential:
        conv = Layer("conv", kernel=kernel, bias=False)
        return Sequential([Layer("activation"), conv, Layer("norm")])

    operations = {
        "none": Layer("zero"),
        "skip_connect": Layer("skip"),
        "nor_conv_1x1": relu_conv_bn(1),
        "nor_conv_3x3": relu_conv_bn(3),
        "avg_pool_3x3": Layer("avg_pool", kernel=3, stride=1),
    }
    body = {"stem": Layer("conv", width=16), "cell": Cell(4, operations)}
    return Network(body, input_shape=(3, 32, 32), outputs=100)


class OnTable:
    """A contestant that sees the table's own columns, or a network space."""

    def __init__(self, contestant: str, space: bo.Space, seed: int, budget: int) -> None:
        name, settings = SAMPLERS[contestant.removesuffix(DISTINCT)]
        self._edges = None
        if contestant.endswith(DISTINCT):
            self._edges = [f"net.cell.{i}-{j}" for i, j in dense_edges(4)]
            space = bo.Space({"net": cell_network()})
        self._player = Ours(space, seed, budget, name, settings)

    def ask(self) -> dict[str, Any]:
        """Return a configuration in the columns of the table."""
        config = self._player.ask()
        if self._edges is None:
            return config
        return {f"Op{k}": config[edge] for k, edge in enumerate(self._edges)}

    def tell(self, loss: float) -> None:
        """Take the loss of what was asked for."""
        self._player.tell({}, loss, failed=False)


class Optunas:
    """Optuna's TPE with its defaults."""

    def __init__(self, space: bo.Space, seed: int) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
        self._choices = {name: [e.value for e in p.entries] for name, p in space.parameters.items()}

    def ask(self) -> dict[str, Any]:
        """Return a configuration."""
        self._trial = self._study.ask()
        return {n: self._trial.suggest_categorical(n, c) for n, c in self._choices.items()}

    def tell(self, loss: float) -> None:
        """Take the loss of what was asked for."""
        self._study.tell(self._trial, loss)


def played(problem: Problem, contestant: str, seed: int, budget: int) -> Row:
    """Return the row of one run: after each evaluation the regret of the best one told so far.

    The best is chosen by the values told, of one training each; its regret is that of the mean of
    all trainings of that cell, in percent of accuracy. Seconds are processor time of ask and tell.
    """
    made: Any = Optunas(problem.space, seed) if contestant == OPTUNA else None
    made = made or OnTable(contestant, problem.space, seed, budget)
    assert problem.best_loss is not None
    least, regret, regrets, seconds = np.inf, np.inf, [], 0.0
    for _ in range(budget):
        start = time.process_time()
        config = made.ask()
        seconds += time.process_time() - start
        told, judged = problem.losses(config, seed)
        if told < least:
            least, regret = told, judged - problem.best_loss
        start = time.process_time()
        made.tell(told)
        seconds += time.process_time() - start
        regrets.append(round(regret, 6))
    key = {"problem": problem.name, "contestant": contestant, "seed": seed, "budget": budget}
    return {**key, "regrets": regrets, "seconds": round(seconds, 2)}


def table(rows: Sequence[Row], budget: int) -> str:
    """Return a table per problem: regret after so many evaluations, median and quartiles."""
    sizes = [n for n in SIZES if n < budget] + [budget]
    lines: list[str] = []
    for problem in sorted({row["problem"] for row in rows}):
        mine = [row for row in rows if row["problem"] == problem]
        names = {row["contestant"] for row in mine}
        lines += [f"### {problem}", "", _header(sizes), f"| --- |{' --: |' * (len(sizes) + 3)}"]
        lines += [_line(name, mine, sizes) for name in sorted(names, key=partial(_last, mine))]
        lines.append("")
    return "\n".join(lines)


def _header(sizes: Sequence[int]) -> str:
    columns = "".join(f" after {n} |" for n in sizes)
    return f"| contestant |{columns} mean at the end | runs | s per run |"


def _last(rows: Sequence[Row], name: str) -> float:
    """Return the mean regret at the end."""
    return float(np.mean([row["regrets"][-1] for row in rows if row["contestant"] == name]))


def _line(name: str, rows: Sequence[Row], sizes: Sequence[int]) -> str:
    mine = [row for row in rows if row["contestant"] == name]
    cells = []
    for n in sizes:
        at = [row["regrets"][n - 1] for row in mine]
        low, middle, high = np.quantile(at, [0.25, 0.5, 0.75])
        cells.append(f"{middle:.2f} ({low:.2f}–{high:.2f})")
    seconds = np.median([row["seconds"] for row in mine])
    tail = [f"{_last(rows, name):.2f}", str(len(mine)), f"{seconds:.0f}"]
    return f"| {name} | {' | '.join([*cells, *tail])} |"


def main(arguments: Sequence[str]) -> int:
    """Play what is missing, then print the tables of all rows."""
    options = _parsed(arguments)
    path, patterns = Path(options.out), options.peers.split(",")
    if not options.table:
        known = {_key(row) for row in read_rows(path)}
        problems = [hpo_grids.load(name, options.data) for name in options.problems.split(",")]
        names = [n for n in CONTESTANTS if any(fnmatch(n, each) for each in patterns)]
        with RowFile(path) as rows, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for seed in range(options.seeds):
                for problem in problems:
                    for name in names:
                        if (problem.name, name, seed, options.budget) not in known:
                            rows.add(played(problem, name, seed, options.budget))
                            print(problem.name, name, seed, flush=True)
    rows_of = [row for row in read_rows(path) if row["budget"] == options.budget]
    print(table(rows_of, options.budget))
    return 0


def _key(row: Row) -> tuple[str, str, int, int]:
    return row["problem"], row["contestant"], row["seed"], row["budget"]


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks architectures", description=__doc__)
    parser.add_argument("--problems", default=",".join(PROBLEMS))
    parser.add_argument("--peers", default="*", help=f"globs among {', '.join(CONTESTANTS)}")
    parser.add_argument("--budget", type=int, default=max(SIZES), help="evaluations of a run")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--data", help="folder of tables, else BAYESOPT_BENCH_DATA")
    parser.add_argument("--out", default="results/architectures.jsonl")
    parser.add_argument("--table", action="store_true", help="only print the tables of --out")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    import sys

    sys.exit(main(sys.argv[1:]))
