"""The peers: what each is, where it lives and how it is set up."""

from __future__ import annotations

from functools import partial

import bayesopt as bo
from benchmarks.contestants.base import Entry
from benchmarks.contestants.remote import Remote
from benchmarks.peers import environments

_DEFINE_BY_RUN = "conditions by define-by-run; ordinals as integer indices"

_FLATTENED = "conditions flattened, ordinals and steps as integer indices"


def _make(tool: str, environment: str, space: bo.Space, seed: int, budget: int) -> Remote:
    return Remote(space, tool, environment, seed, budget)


def _entry(name: str, distribution: str, environment: str, notes: str) -> Entry:
    return Entry(
        name,
        partial(_make, name, environment),
        partial(environments.version, environment, distribution),
        notes=f"{notes} (environment {environment})",
    )


ENTRIES: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        _entry("optuna-random", "optuna", "main", f"RandomSampler; {_DEFINE_BY_RUN}"),
        _entry("optuna-tpe", "optuna", "main", f"TPESampler, its defaults; {_DEFINE_BY_RUN}"),
        _entry(
            "optuna-tpe-group",
            "optuna",
            "main",
            f"TPESampler(multivariate=True, group=True); {_DEFINE_BY_RUN}",
        ),
        _entry(
            "optuna-gp",
            "optuna",
            "main",
            f"GPSampler, its defaults; {_DEFINE_BY_RUN}: those of some trials only are drawn"
            " independently",
        ),
        _entry(
            "optuna-cmaes",
            "optuna",
            "main",
            f"CmaEsSampler, its defaults; {_DEFINE_BY_RUN}: those of some trials only, and"
            " categoricals, are drawn independently",
        ),
        _entry("rustuna-tpe", "rustuna", "main", f"TPESampler, its defaults; {_DEFINE_BY_RUN}"),
        _entry(
            "hyperopt-tpe",
            "hyperopt",
            "main",
            "tpe.suggest, its defaults; conditions on one choice nested in hp.choice, others"
            " flattened",
        ),
        _entry(
            "botorch",
            "botorch",
            "main",
            "max(10, 2 d) Sobol points, then SingleTaskGP and LogEI; integers relaxed and rounded,"
            f" categoricals one-hot; {_FLATTENED}",
        ),
        _entry(
            "ax",
            "ax-platform",
            "main",
            "Client, its default strategy; conditions on one value of a choice as dependent"
            " parameters, others flattened; ordinals and steps as integer indices",
        ),
        _entry("nevergrad", "nevergrad", "main", f"NGOpt; {_FLATTENED}"),
        _entry(
            "skopt", "scikit-optimize", "main", f"Optimizer, its defaults (gp_hedge); {_FLATTENED}"
        ),
        _entry(
            "bayes-opt",
            "bayesian-optimization",
            "smac",
            "BayesianOptimization, its defaults (UCB), 5 random points; logarithmic parameters as"
            f" logarithms; {_FLATTENED}",
        ),
        _entry(
            "smac",
            "smac",
            "smac",
            "HyperparameterOptimizationFacade, its defaults; conditions and ordinals of"
            " ConfigSpace, steps as integer indices",
        ),
        _entry(
            "smac-bb",
            "smac",
            "smac",
            "BlackBoxFacade, its defaults: a Gaussian process; conditions and ordinals of"
            " ConfigSpace, steps as integer indices",
        ),
        _entry("hebo", "HEBO", "hebo", f"HEBO, its defaults; {_FLATTENED}"),
    )
}
