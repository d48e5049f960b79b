"""When more trials no longer help: how many trials stopping rules save, and what that costs.

``play`` runs a sampler and records every value, and every five trials what rules go by. ``judge``
replays such records, ``stored`` the runs behind the reports (which have values only, so that rules
without a model can be judged); both print what rules would have saved and lost.

    python -m benchmarks.stopping play --data DATA --out results/stopping.jsonl
    python -m benchmarks.stopping judge --out results/stopping.jsonl
    python -m benchmarks.stopping stored
"""

from __future__ import annotations

import argparse
import math
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import bayesopt as bo
from bayesopt.acquisition.ground import Ground, whole_cube
from bayesopt.acquisition.maximize import maximize
from bayesopt.history.gains import WINDOW, expected_record, gains
from bayesopt.rng import named_rng
from bayesopt.samplers.gp_data import observe
from bayesopt.samplers.gp_search import Plan, best_rows, lengthscales, search_settings, utility_of
from bayesopt.samplers.outlook import ENOUGH, model_gain
from bayesopt.surrogates.blas import one_blas_thread
from bayesopt.surrogates.diagnostics import averaged
from benchmarks.measures.regret import CAP
from benchmarks.problems.base import Problem
from benchmarks.problems.registry import SETS, MissingData, load
from benchmarks.run_rows import Row, RowFile, read_rows

F = npt.NDArray[np.float64]

_STORED = Path(__file__).parent / "stored"
_SLOW = "sklearn/"  # trainings take longer than what is judged here
_EVERY = 5  # trials, after which rules are asked
_BETA = 2.0  # standard deviations of the regret bound
_WIDE = 20  # columns, from which a process takes minutes for a run


def main(arguments: Sequence[str]) -> int:
    """Play, or judge what was played."""
    options = _parsed(arguments)
    if options.what == "play":
        play(options)
    elif options.what == "judge":
        judge(options)
    else:
        judge_stored()
    return 0


def play(options: argparse.Namespace) -> None:
    """Play what is missing in the file, one seed after the other."""
    path = Path(options.out)
    known = {(row["problem"], row["sampler"], row["seed"]) for row in read_rows(path)}
    with RowFile(path) as rows:
        for seed in range(options.seeds):
            for problem in _problems(options.data):
                if (problem.name, options.sampler, seed) not in known:
                    rows.add(played(problem, options.sampler, seed, options.budget))
                    print(problem.name, options.sampler, seed, flush=True)


def _problems(data: str | None) -> Iterator[Problem]:
    for name in SETS["main"]:
        if not name.startswith(_SLOW):
            try:
                problem = load(name, data)
            except MissingData as error:
                print(f"left out: {error}", file=sys.stderr)
                continue
            if problem.space.d <= _WIDE:
                yield problem


def played(problem: Problem, sampler: str, seed: int, budget: int) -> Row:
    """Return the record of one run: losses, those without noise, and views on the way."""
    study = bo.create_study(problem.space, sampler=sampler, seed=seed)
    told, true, views = [], [], []
    process = bo.GPSampler() if not isinstance(study.sampler, bo.GPSampler) else study.sampler
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number in range(budget):
            try:
                trial = study.ask()
            except bo.SpaceExhausted:
                break
            losses = problem.losses(trial.params, seed=1000 * seed + number)
            if math.isfinite(losses[0]):
                study.tell(trial, losses[0])
            else:
                study.tell(trial, state="fail")
            told.append(losses[0])
            true.append(losses[1])
            if number + 1 >= ENOUGH and (number + 1) % _EVERY == 0:
                views.append(_view(study.history, process))
    return {
        "problem": problem.name,
        "sampler": sampler,
        "seed": seed,
        "views": views,
        "told": [loss if math.isfinite(loss) else None for loss in told],
        "true": [loss if math.isfinite(loss) else None for loss in true],
    }


def _view(history: bo.History, process: bo.GPSampler) -> dict[str, float | int | None]:
    """Return what rules go by, at this point of a run."""
    past = gains(history)
    return {
        "n": history.n,
        "model": model_gain(process, history) if past.n >= ENOUGH else None,
        "bound": regret_bound(process, history) if past.n >= ENOUGH else None,
        "record": past.expected,
        "progress": past.progress,
    }


@one_blas_thread()
def regret_bound(process: bo.GPSampler, history: bo.History) -> float:
    """Return how far the best may be from the optimum (Makarova et al., 2022), in user's units.

    The lowest upper bound among the trials less the lowest lower bound in the space, at _BETA
    standard deviations.
    """
    space = history.space
    with np.errstate(all="ignore"):
        belief = process.believe(space, observe(history), deterministic=True)
        plan = Plan("ucb", 0.0, _BETA, has_region=False, n_design=0, search={})
        ground = Ground(space, lambda rows: np.zeros(len(rows), bool), whole_cube(space.d))
        found = maximize(
            utility_of(plan, belief, "calm"),
            ground,
            best_rows(belief),
            lengthscales(belief),
            named_rng(0, history.n, "bound"),
            search_settings(plan, len(belief.X)),
            plan.searcher.climb,
        )
        mean, var = averaged(belief, belief.X)
        upper = np.array([(mean + _BETA * np.sqrt(var)).min(), belief.incumbent]).min()
        lower = -found.values[:1]
        high, low = belief.to_outcome(np.array([upper])), belief.to_outcome(lower)
        return float((high - low).max(initial=0.0))


# -- judging --------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Run:
    """A record, as rules see it.

    Attributes
    ----------
    best : float64 [n]
        Running best of the told losses; infinite before the first.
    first : float
        Median of the first ten.
    low, high : float
        Losses that count as regret 0 and 1.
    models, bounds : mapping of int to float
        Expected gain and regret bound by a Gaussian process after so many trials.
    """

    best: F
    first: float
    low: float
    high: float
    models: Mapping[int, float] = field(default_factory=dict)
    bounds: Mapping[int, float] = field(default_factory=dict)

    def regret(self, n: int) -> float:
        """Return the regret after n trials, as in the reports."""
        return float(np.clip((self.best[n - 1] - self.low) / (self.high - self.low), 0.0, CAP))

    def recent(self, n: int, window: int = WINDOW) -> float:
        """Return what the last trials of a window gained."""
        return float(self.best[n - 1 - window] - self.best[n - 1]) if n > window else math.inf


Rule = Callable[[Run, int, float], bool]
"""Whether a run stops after n trials; the last argument is what the search has gained."""


def _window(least: float) -> Rule:
    return lambda run, n, gained: run.recent(n) < least * gained


def _record(least: float) -> Rule:
    return lambda run, n, gained: expected_record(run.best[:n]) < least * gained


def _model(least: float) -> Rule:
    return lambda run, n, gained: run.models.get(n, math.inf) < least * gained


def _bound(least: float) -> Rule:
    return lambda run, n, gained: run.bounds.get(n, math.inf) < least * gained


def _all(*rules: Rule) -> Rule:
    return lambda run, n, gained: all(rule(run, n, gained) for rule in rules)


def free_rules() -> dict[str, Rule]:
    """Return rules that need no model."""
    rules = {"window 1e-3": _window(1e-3), "record 1e-3": _record(1e-3)}
    for least in (1e-2, 3e-3, 1e-3, 3e-4):
        rules[f"record and window {least:g}"] = _all(_record(least), _window(least))
    return rules


def model_rules() -> dict[str, Rule]:
    """Return rules that ask a Gaussian process."""
    rules = {"model 1e-3": _model(1e-3), "model 1e-5": _model(1e-5), "bound 1e-2": _bound(1e-2)}
    rules["bound 1e-2 and window 1e-3"] = _all(_bound(1e-2), _window(1e-3))
    rules["model and window 1e-3"] = _all(_model(1e-3), _window(1e-3))
    for least in (1e-2, 3e-3, 1e-3, 3e-4):
        rules[f"StopWhenIdle({least:g})"] = _all(_model(least), _record(least), _window(least))
    return rules


def stop_of(run: Run, rule: Rule, every: int = 1) -> int:
    """Return after how many trials a rule stops a run; all of them if it does not."""
    for n in range(ENOUGH, len(run.best), every):
        gained = run.first - run.best[n - 1]
        if 0.0 < gained < math.inf and rule(run, n, gained):
            return n
    return len(run.best)


def table(runs: Sequence[Run], rules: Mapping[str, Rule], every: int = 1) -> list[str]:
    """Return a Markdown table of what rules save and lose, a fixed budget of equal mean beside."""
    lines = [
        "| rule | trials | stopped | regret lost | same, fixed budget | lost over 0.05 | most |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name, rule in rules.items():
        stops = np.array([stop_of(run, rule, every) for run in runs])
        lost = _lost(runs, stops)
        fixed = _lost(runs, np.full(len(runs), round(float(stops.mean()))))
        early = np.mean([n < len(run.best) for n, run in zip(stops, runs, strict=True)])
        lines.append(
            f"| {name} | {stops.mean():.0f} | {early:.0%} | {lost.mean():.3f} "
            f"| {fixed.mean():.3f} | {np.mean(lost > 0.05):.0%} | {lost.max():.2f} |"
        )
    return lines


def _lost(runs: Sequence[Run], stops: npt.NDArray[np.int64]) -> F:
    return np.array(
        [
            run.regret(min(int(n), len(run.best))) - run.regret(len(run.best))
            for n, run in zip(stops, runs, strict=True)
        ]
    )


def judge(options: argparse.Namespace) -> None:
    """Print what rules do to the runs of a file."""
    rows = list(read_rows(Path(options.out)))
    ends = _ends(stored_rows("report"), rows)
    runs = [
        _run(row["told"], ends[row["problem"]], row["views"])
        for row in rows
        if row["problem"] in ends
    ]
    names = {row["problem"] for row in rows if row["problem"] in ends}
    print(f"{len(runs)} runs on {len(names)} problems, asked every {_EVERY} trials\n")
    print("\n".join(table(runs, {**free_rules(), **model_rules()}, _EVERY)))


def judge_stored() -> None:
    """Print what rules without a model do to the runs behind the reports."""
    report, wide, long = stored_rows("report"), stored_rows("wide"), stored_rows("report", 200)
    main = {row["problem"] for row in report}
    beyond = [row for row in wide if row["problem"] not in main]
    for title, rows, name in (
        ("main", report, "ours-gp"),
        ("main", report, "ours-tpe"),
        ("wide without main", beyond, "ours-tpe"),
        ("main, 200 evaluations", long, "ours-tpe"),
        ("main, 200 evaluations", long, "optuna-tpe"),
    ):
        ends = _ends(
            report if rows is long else rows, [{**row, "true": row["losses"]} for row in long]
        )
        runs = [
            _run(row["losses"], ends[row["problem"]], [])
            for row in rows
            if row["contestant"] == name and row["problem"] in ends
        ]
        print(f"\n{name}, {title}: {len(runs)} runs\n")
        print("\n".join(table(runs, free_rules())))


def stored_rows(name: str, n: int = 100) -> list[Row]:
    """Return the first n evaluations of the runs behind a report that have as many."""
    whole = {
        (row["problem"], row["contestant"], row["seed"]): {**row, "losses": row["losses"][:n]}
        for row in read_rows(_STORED / f"{name}.jsonl.gz")
        if row["row"] == "run" and len(row["losses"]) >= n
    }
    return list(whole.values())


def _ends(rows: Sequence[Row], more: Sequence[Row]) -> dict[str, tuple[float, float]]:
    """Return the losses of regret 0 and 1 by problem: the best known, and random search's."""
    by_problem: dict[str, list[Row]] = {}
    for row in rows:
        by_problem.setdefault(row["problem"], []).append(row)
    ends = {}
    for problem, runs in by_problem.items():
        known = [_least(row["losses"]) for row in runs]
        known += [_least(row["true"]) for row in more if row["problem"] == problem]
        known += [row["best"] for row in runs[:1] if row.get("best") is not None]
        drawn = [_least(row["losses"]) for row in runs if row["contestant"] == "random"]
        high = float(np.median(drawn)) if drawn else math.nan
        if high > min(known):
            ends[problem] = (min(known), high)
    return ends


def _least(losses: Sequence[float | None]) -> float:
    return min((loss for loss in losses if loss is not None), default=math.inf)


def _run(
    losses: Sequence[float | None], ends: tuple[float, float], views: Sequence[dict[str, Any]]
) -> Run:
    told = np.array([math.inf if loss is None else loss for loss in losses])
    usable = told[np.isfinite(told)]
    return Run(
        np.minimum.accumulate(told),
        float(np.median(usable[:10])),
        *ends,
        {view["n"]: view["model"] for view in views if view["model"] is not None},
        {view["n"]: view["bound"] for view in views if view["bound"] is not None},
    )


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.stopping", description=__doc__)
    parser.add_argument("what", choices=["play", "judge", "stored"])
    parser.add_argument("--sampler", default="gp")
    parser.add_argument("--budget", type=int, default=100, help="evaluations of a run")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data", help="folder of tables, else BAYESOPT_BENCH_DATA")
    parser.add_argument("--out", default="results/stopping.jsonl")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
