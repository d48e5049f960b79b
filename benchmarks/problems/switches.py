"""Suite "switches": many columns that are choices or integers, as of flags, features, schedules.

Instances are drawn from fixed seeds. Sources: Packebusch and Mertens, J. Phys. A 49, 2016 (low
autocorrelation); Kauffman and Levin, J. Theor. Biol. 128, 1987 (NK); Deb and Goldberg, Foundations
of Genetic Algorithms 2, 1993 (traps); Hu, Hu, Xu, Wang and Cao, "Contamination control in food
supply chain", WSC 2010, and Oh, Tomczak, Gavves and Welling, "Combinatorial Bayesian optimization
using the graph Cartesian product", NeurIPS 2019 (contamination, pests, satisfiability).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import bayesopt as bo
from benchmarks.problems.base import Problem, from_formula

F = NDArray[np.float64]
Numbers = NDArray[Any]
Value = Callable[[Numbers], float]

_MOST_PRESENT = 0.1  # of a lot that may be contaminated, or of a field infested


def names(suite: str) -> list[str]:
    """Return the names of all problems."""
    return [f"{suite}/{name}" for name in _MAKERS]


def load(name: str, data: str | Path | None = None) -> Problem:
    """Return one problem; KeyError if the name is none of `names`."""
    if name not in names("switches"):
        raise KeyError(f"no problem {name!r}; there are {', '.join(names('switches'))}")
    space, value = _MAKERS[name.removeprefix("switches/")]()
    columns = list(space.parameters)
    return from_formula(name, space, lambda config: value(np.array([config[c] for c in columns])))


def switches(d: int, value: Value, n_choices: int = 2) -> tuple[bo.Space, Value]:
    """Return the space of d choices 0, 1, ..., and what they are worth."""
    choices = list(range(n_choices))
    return bo.Space({f"c{j}": bo.Categorical(choices) for j in range(d)}), value


def merit_factor(bits: Numbers) -> float:
    """Return d² / (2 Σ_k C_k²) of a sequence of bits as ±1, C_k its autocorrelation at shift k."""
    signs = 2 * bits - 1
    shifts = range(1, signs.size)
    energy = sum(float(signs[:-k] @ signs[k:]) ** 2 for k in shifts)
    return signs.size**2 / (2.0 * energy)


def satisfiability(d: int, n_clauses: int, seed: int) -> Value:
    """Return minus the weight of the clauses of three literals that bits satisfy."""
    rng = np.random.default_rng(seed)
    variables = np.array([rng.choice(d, 3, replace=False) for _ in range(n_clauses)])
    wanted = rng.integers(0, 2, (n_clauses, 3))
    weights = rng.uniform(0.2, 1.0, n_clauses)
    return lambda bits: -float(weights @ (bits[variables] == wanted).any(axis=1))


def quadratic(d: int, seed: int) -> Value:
    """Return a sum of single effects and of a tenth of all pairs' ones."""
    rng = np.random.default_rng(seed)
    pairs = rng.normal(size=(d, d)) * (rng.random((d, d)) < 0.1)
    single = rng.normal(size=d)
    return lambda bits: float(bits @ pairs @ bits + single @ bits)


def landscape(d: int, k: int, seed: int) -> Value:
    """Return Kauffman's NK model: each bit's worth hangs on k others."""
    rng = np.random.default_rng(seed)
    others = [rng.choice(np.delete(np.arange(d), j), k, replace=False) for j in range(d)]
    groups = np.column_stack([np.arange(d), np.array(others)])
    worth, places = rng.random((d, 2 ** (k + 1))), 2 ** np.arange(k + 1)
    return lambda bits: -float(worth[np.arange(d), bits[groups] @ places].mean())


def knapsack(d: int, seed: int) -> Value:
    """Return minus the value of what is packed; what is too heavy costs five times its excess."""
    rng = np.random.default_rng(seed)
    value = rng.uniform(1.0, 10.0, d)
    weight = rng.uniform(1.0, 10.0, d) + 0.5 * value
    return lambda bits: float(-value @ bits + 5.0 * max(0.0, weight @ bits - weight.sum() / 3.0))


def traps(bits: Numbers) -> float:
    """Return minus what groups of three are worth: 3 if all are set, else the less the more are."""
    n_set = bits.reshape(-1, 3).sum(axis=1)
    return -float(np.where(n_set == 3, 3.0, 2.0 - 0.9 * n_set).sum())


def contamination(d: int, seed: int) -> Value:
    """Return what prevention at some of d stages costs, and too much that gets through.

    A hundred lots start with a little contamination; each stage adds some, or takes some away.
    """
    rng = np.random.default_rng(seed)
    first = rng.beta(1.0, 30.0, 100)
    added, removed = rng.beta(1.0, 17.0 / 3.0, (d, 100)), rng.beta(1.0, 3.0 / 7.0, (d, 100))

    def value(bits: Numbers) -> float:
        present, cost = first, 0.0
        for j, prevents in enumerate(bits.tolist()):
            grown = present + added[j] * (1.0 - present)
            present = (1.0 - removed[j]) * present if prevents else grown
            cost += prevents + 0.95 - float((present <= _MOST_PRESENT).mean())
        return cost

    return value


def pests(d: int, seed: int) -> Value:
    """Return what d treatments cost, one of four or none each, and the fields that are infested.

    The more often one was used before, the cheaper it is, and the less it does.
    """
    rng = np.random.default_rng(seed)
    first, spread = rng.beta(1.0, 30.0, 1000), 0.4 * rng.random((d, 1000))
    price, rebate = (0.0, 1.0, 0.8, 0.7, 0.5), (0.0, 0.2, 0.3, 0.3, 0.0)
    strength, fading = (0.0, 2 / 7, 3 / 7, 3 / 7, 5 / 7), (0.0, 0.03, 0.07, 0.06, 0.015)

    def value(treatments: Numbers) -> float:
        infested, cost, used = first, 0.0, [0] * 5
        for j, k in enumerate(treatments.tolist()):
            infested = infested + spread[j] * (1.0 - infested)
            infested = infested * (1.0 - max(0.0, strength[k] - fading[k] * used[k]))
            used[k] += k > 0
            cost += price[k] * (1.0 - rebate[k] * used[k] / d)
            cost += float((infested > _MOST_PRESENT).mean())
        return cost

    return value


def effects(d: int, n_choices: int, seed: int) -> Value:
    """Return a sum of what single choices do and what d pairs of them do."""
    rng = np.random.default_rng(seed)
    single = rng.normal(size=(d, n_choices))
    pairs = np.array([rng.choice(d, 2, replace=False) for _ in range(d)])
    joint = 0.7 * rng.normal(size=(d, n_choices, n_choices))

    def value(chosen: Numbers) -> float:
        both = joint[np.arange(d), chosen[pairs[:, 0]], chosen[pairs[:, 1]]]
        return float(single[np.arange(d), chosen].sum() + both.sum())

    return value


def features() -> Value:
    """Return the log loss of five neighbours that see some of 30 real and 20 idle features."""
    from sklearn.neighbors import KNeighborsClassifier

    X, y, is_test = _tumours()

    def value(bits: Numbers) -> float:
        seen = bits.astype(bool)
        if not seen.any():
            return 1.0
        model = KNeighborsClassifier(5).fit(X[~is_test][:, seen], y[~is_test])
        chances = model.predict_proba(X[is_test][:, seen])[np.arange(is_test.sum()), y[is_test]]
        return float(-np.log(np.clip(chances, 0.02, 1.0)).mean() + 0.001 * seen.sum())

    return value


@cache
def _tumours() -> tuple[F, Numbers, NDArray[np.bool_]]:
    """Return features [n, 50], classes [n], and which rows test."""
    from sklearn.datasets import load_breast_cancer

    X, y = load_breast_cancer(return_X_y=True)
    rng = np.random.default_rng(0)
    X = np.hstack([(X - X.mean(axis=0)) / X.std(axis=0), rng.normal(size=(len(X), 20))])
    return X, y, rng.permutation(len(X)) >= 300


def integers(d: int, rugged: float, seed: int) -> tuple[bo.Space, Value]:
    """Return a bowl of 3/4 integers of 4, 8 or 16 values and 1/4 numbers, its sides 100 : 1.

    `rugged` is the height of ripples, three on each side.
    """
    rng = np.random.default_rng(seed)
    high = rng.choice([3, 7, 15], d)
    high[3 * d // 4 :] = 1
    center, steep = rng.uniform(0.2, 0.8, d), 10.0 ** rng.uniform(-1.0, 1.0, d)
    columns: dict[str, Any] = {f"i{j}": bo.Int(0, int(high[j])) for j in range(3 * d // 4)}
    columns |= {f"x{j}": bo.Float(0.0, 1.0) for j in range(3 * d // 4, d)}

    def value(row: Numbers) -> float:
        off = row / high - center
        return float(steep @ (4.0 * off**2 + rugged * (1.0 - np.cos(6.0 * np.pi * off))))

    return bo.Space(columns), value


_MAKERS: dict[str, Callable[[], tuple[bo.Space, Value]]] = {
    "autocorrelation-d40": lambda: switches(40, lambda bits: -merit_factor(bits)),
    "satisfiability-d60": lambda: switches(60, satisfiability(60, 150, 1)),
    "quadratic-d50": lambda: switches(50, quadratic(50, 3)),
    "landscape-d30": lambda: switches(30, landscape(30, 3, 1)),
    "knapsack-d40": lambda: switches(40, knapsack(40, 2)),
    "traps-d30": lambda: switches(30, traps),
    "contamination-d25": lambda: switches(25, contamination(25, 5)),
    "pests-d25": lambda: switches(25, pests(25, 6), 5),
    "effects-d24": lambda: switches(24, effects(24, 4, 3), 4),
    "features-d50": lambda: switches(50, features()),
    "bowl-d32": lambda: integers(32, 0.0, 1),
    "ripples-d32": lambda: integers(32, 0.3, 2),
}
