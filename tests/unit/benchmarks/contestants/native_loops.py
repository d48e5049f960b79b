"""Plays a peer twice, through its adapter and through its own loop, inside its environment.

Run: .peers/ENVIRONMENT/bin/python native_loops.py NAME N, with the repository on PYTHONPATH. Prints
the losses of both as JSON. Both minimise Branin's function with the same seed.
"""

from __future__ import annotations

import json
import math
import os
import sys
import tempfile
import warnings

import numpy as np

from benchmarks.contestants.flat import Number
from benchmarks.contestants.server import seed_all
from benchmarks.contestants.tools import load

SEED = 1
NAMES, LOW, HIGH = ("x", "y"), (-5.0, 0.0), (10.0, 15.0)
BOUNDS = {"x": (-5.0, 10.0), "y": (0.0, 15.0)}


def branin(x, y):
    bend = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    return bend**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


def adapter(name, n):
    seed_all(SEED)
    tool = load(name, tuple(map(Number, NAMES, LOW, HIGH)), SEED, n)
    losses = []
    for _ in range(n):
        losses.append(branin(**tool.ask()))
        tool.tell(losses[-1], False)
    return losses


def hyperopt(n):
    from hyperopt import Trials, fmin, hp, tpe

    trials = Trials()
    fmin(
        lambda config: branin(**config),
        {name: hp.uniform(name, *bounds) for name, bounds in BOUNDS.items()},
        algo=tpe.suggest,
        max_evals=n,
        trials=trials,
        rstate=np.random.default_rng(SEED),
        show_progressbar=False,
    )
    return trials.losses()


def optuna(sampler):
    def loop(n):
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        study = optuna.create_study(sampler=getattr(optuna.samplers, sampler)(seed=SEED))

        def objective(trial):
            return branin(*map(trial.suggest_float, NAMES, LOW, HIGH))

        study.optimize(objective, n_trials=n)
        return [trial.value for trial in study.trials]

    return loop


def rustuna(n):
    import rustuna

    study = rustuna.create_study(sampler=rustuna.samplers.TPESampler(seed=SEED))
    losses = []

    def objective(trial):
        losses.append(branin(*map(trial.suggest_float, NAMES, LOW, HIGH)))
        return losses[-1]

    study.optimize(objective, n_trials=n)
    return losses


def skopt(n):
    from skopt import gp_minimize

    bounds = list(BOUNDS.values())
    return gp_minimize(lambda p: branin(*p), bounds, n_calls=n, random_state=SEED).func_vals


def bayes_opt(n):
    from bayes_opt import BayesianOptimization

    optimizer = BayesianOptimization(
        lambda x, y: -branin(x, y), BOUNDS, random_state=SEED, verbose=0
    )
    optimizer.maximize(init_points=5, n_iter=n - 5)
    return [-result["target"] for result in optimizer.res]


def smac(facade):
    def loop(n):
        import smac
        from ConfigSpace import ConfigurationSpace, Float

        space = ConfigurationSpace(seed=SEED)
        space.add([Float(name, bounds) for name, bounds in BOUNDS.items()])
        losses = []

        def target(config, seed=0):
            losses.append(branin(**dict(config)))
            return losses[-1]

        with tempfile.TemporaryDirectory() as folder:
            scenario = smac.Scenario(
                space, n_trials=n, deterministic=True, seed=SEED, output_directory=folder
            )
            getattr(smac, facade)(scenario, target, logging_level=False).optimize()
        return losses

    return loop


def nevergrad(n):
    import nevergrad as ng

    scalars = {f"p{i}": ng.p.Scalar(lower=LOW[i], upper=HIGH[i]) for i in range(2)}
    space = ng.p.Dict(**scalars)
    space.random_state = np.random.RandomState(SEED)
    losses = []

    def objective(values):
        losses.append(branin(values["p0"], values["p1"]))
        return losses[-1]

    ng.optimizers.NGOpt(space, budget=n, num_workers=1).minimize(objective)
    return losses


LOOPS = {
    "hyperopt-tpe": hyperopt,
    "optuna-random": optuna("RandomSampler"),
    "optuna-tpe": optuna("TPESampler"),
    "optuna-gp": optuna("GPSampler"),
    "optuna-cmaes": optuna("CmaEsSampler"),
    "rustuna-tpe": rustuna,
    "skopt": skopt,
    "bayes-opt": bayes_opt,
    "smac": smac("HyperparameterOptimizationFacade"),
    "smac-bb": smac("BlackBoxFacade"),
    "nevergrad": nevergrad,
}
"""The tools that have a loop of their own."""


def main(name, n):
    warnings.simplefilter("ignore")
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    both = (adapter(name, n), LOOPS[name](n))
    channel.write(json.dumps([[float(loss) for loss in losses] for losses in both]))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
