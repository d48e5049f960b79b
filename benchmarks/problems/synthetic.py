"""Mixed, constrained and conditional functions whose least value is known.

Those without a reference are built so that it can be read off: sums of terms that are never
negative and all nought at one configuration, which lies off the centre.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import bayesopt as bo
from benchmarks.problems import functions as fn
from benchmarks.problems.base import Problem, from_formula

Config = Mapping[str, Any]


# ---------------------------------------------------------------------------------------- mixed


def ackley_bits(name: str, n_bits: int) -> Problem:
    """Return Ackley's function of many bits and three numbers.

    The bits of the optimum follow a fixed pattern. After Bliss, Wiggs, Kirkpatrick et al. (2018),
    there with all bits 0.
    """
    pattern = np.random.default_rng(n_bits).integers(2, size=n_bits)
    target = np.array([0.31, -0.57, 0.83])
    waves = fn.on_cube(fn.ackley_value, n_bits + 3, -1.0, 1.0, 0.0)
    bits = {f"bit{i}": bo.Categorical([0, 1]) for i in range(n_bits)}
    numbers = {f"x{i}": bo.Float(-1.0, 1.0) for i in range(3)}

    def value(config: Config) -> float:
        flipped = np.array([config[bit] for bit in bits]) != pattern
        x = np.array([config[column] for column in numbers])
        return waves.value(np.concatenate([flipped.astype(float), x - target]))

    return from_formula(name, bo.Space({**bits, **numbers}), value, 0.0)


_OPTIMIZERS = {"sgd": 0.6, "adam": 0.0, "rmsprop": 0.25, "adagrad": 0.9, "lion": 0.1}


def training(name: str) -> Problem:
    """Return a caricature of tuning a network, d = 7.

    A valley couples the learning rate and the batch size on their logarithms, and each optimizer
    shifts it; depth and width share a budget; dropout and weight decay trade off.
    """
    space = bo.Space(
        {
            "learning_rate": bo.Float(1e-6, 1.0, log=True),
            "batch_size": bo.Int(8, 1024, log=True),
            "optimizer": bo.Categorical(list(_OPTIMIZERS)),
            "depth": bo.Int(1, 12),
            "width": bo.Ordinal([16, 32, 64, 128, 256, 512]),
            "dropout": bo.Float(0.0, 0.9),
            "weight_decay": bo.Float(1e-7, 1e-1, log=True),
        }
    )

    def value(config: Config) -> float:
        shift = _OPTIMIZERS[config["optimizer"]]
        batch = math.log2(config["batch_size"] / 64.0)
        rate = math.log10(config["learning_rate"]) + 3.2 - 0.15 * batch + 2.0 * shift
        size = config["depth"] - 4 + 1.5 * math.log2(config["width"] / 128.0)
        decay = math.log10(config["weight_decay"]) + 4.5 + 3.0 * (config["dropout"] - 0.2)
        return float(
            1.0 - math.exp(-(rate**2))
            + 0.02 * batch**2
            + 0.3 * shift
            + 0.05 * size**2
            + 0.01 * (config["depth"] - 4) ** 2
            + 0.04 * decay**2
            + (config["dropout"] - 0.2) ** 2
        )  # fmt: skip

    return from_formula(name, space, value, 0.0)


_RANK_OF = (3, 0, 4, 1, 2)  # hidden order of the choices


def ranks(name: str) -> Problem:
    """Return Levy's function of seven columns: numbers, integers, and choices in hidden order."""
    space = bo.Space(
        {
            "x0": bo.Float(-10.0, 10.0),
            "x1": bo.Float(-10.0, 10.0),
            "k0": bo.Int(-10, 10),
            "k1": bo.Int(-10, 10),
            "choice0": bo.Categorical(list("abcde")),
            "choice1": bo.Categorical(list("abcde")),
            "level": bo.Ordinal(["tiny", "small", "middle", "large", "huge"]),
        }
    )
    levels = {"tiny": 0, "small": 1, "middle": 2, "large": 3, "huge": 4}
    function = fn.on_cube(fn.levy_value, 7, -10.0, 10.0, 1.0)

    def value(config: Config) -> float:
        hidden = [_RANK_OF[ord(config[key]) - ord("a")] for key in ("choice0", "choice1")]
        numbers = [config["x0"] + 4.3, config["x1"] - 2.9, config["k0"] + 6.0, config["k1"] - 3.0]
        steps = [4.0 * hidden[0], 4.0 * (hidden[1] - 3), 4.0 * (levels[config["level"]] - 1)]
        return function.value(1.0 + np.array(numbers + steps))

    return from_formula(name, space, value, 0.0)


_PAIR_OFFSETS = ((0.0, 0.7, 0.4), (0.5, 0.2, 0.9), (0.8, 0.3, 0.6))


def choose(name: str) -> Problem:
    """Return one of three plane functions by one choice, tilted by another, d = 4.

    After the functions Func-2C and Func-3C of Ru, Alvi, Nguyen, Osborne, Roberts (ICML 2020);
    least and middling values of the three are levelled, so that the choice is not given away.
    """
    scaled = [(fn.branin(), 30.0), (fn.six_hump_camel(), 8.0), (fn.rosenbrock(2), 10_000.0)]
    space = bo.Space(
        {
            "function": bo.Categorical(["branin", "camel", "rosenbrock"]),
            "tilt": bo.Categorical(["none", "left", "right"]),
            "u": bo.Float(0.0, 1.0),
            "v": bo.Float(0.0, 1.0),
        }
    )
    rows, columns = space["function"].choices, space["tilt"].choices

    def value(config: Config) -> float:
        i, j = rows.index(config["function"]), columns.index(config["tilt"])
        function, scale = scaled[i]
        x = function.low + np.array([config["u"], config["v"]]) * (function.high - function.low)
        height = max(function.value(x) - function.best, 0.0) / scale
        return math.sqrt(height) + 0.2 * _PAIR_OFFSETS[i][j]

    return from_formula(name, space, value, 0.0)


def pressure_vessel(name: str) -> Problem:
    """Return the cost of a pressure vessel: thicknesses in sixteenths of an inch, constraints.

    Kannan, Kramer (1994); the least cost is that of the literature, 6059.714335.
    """
    space = bo.Space(
        {
            "shell": bo.Int(1, 99),
            "head": bo.Int(1, 99),
            "radius": bo.Float(10.0, 200.0),
            "length": bo.Float(10.0, 200.0),
        },
        constraints=[
            "0.0193 * radius <= 0.0625 * shell",
            "0.00954 * radius <= 0.0625 * head",
            f"{math.pi} * radius ** 2 * length + {4 * math.pi / 3} * radius ** 3 >= 1296000",
        ],
    )

    def value(config: Config) -> float:
        shell, head = 0.0625 * config["shell"], 0.0625 * config["head"]
        r, length = config["radius"], config["length"]
        return float(
            0.6224 * shell * r * length
            + 1.7781 * head * r**2
            + (3.1661 * length + 19.84 * r) * shell**2
        )

    return from_formula(name, space, value, 6059.714335)


# ---------------------------------------------------------------------------------- conditional


def tree(name: str) -> Problem:
    """Return a binary tree of choices with numbers at its leaves, and two shared by subtrees.

    After Jenatton, Archambeau, Gonzalez, Seeger (ICML 2017); the leaves' minima are moved.
    """
    leaf = {"x4": ("0", "0"), "x5": ("0", "1"), "x6": ("1", "0"), "x7": ("1", "1")}
    second = {"0": "b", "1": "c"}
    space = bo.Space(
        {
            "a": bo.Categorical(["0", "1"]),
            "b": bo.Categorical(["0", "1"], when={"a": "0"}),
            "c": bo.Categorical(["0", "1"], when={"a": "1"}),
            **{
                column: bo.Float(-1.0, 1.0, when={"a": a, second[a]: b})
                for column, (a, b) in leaf.items()
            },
            "r8": bo.Float(0.0, 1.0, when={"a": "0"}),
            "r9": bo.Float(0.0, 1.0, when={"a": "1"}),
        }
    )

    def value(config: Config) -> float:
        a = config["a"]
        path = (a, config[second[a]])
        number, (column, _) = next(
            (n, item) for n, item in enumerate(leaf.items(), 1) if item[1] == path
        )
        shared = config["r8"] if a == "0" else config["r9"]
        return float((config[column] - 0.37) ** 2 + 0.1 * number + shared)

    return from_formula(name, space, value, 0.1)


_BRANCHES: dict[str, tuple[fn.Function, float, float]] = {
    "branin": (fn.branin(), 30.0, 0.05),
    "hartmann": (fn.hartmann(3), 3.3, 0.0),
    "levy": (fn.levy(4), 40.0, 0.1),
    "camel": (fn.six_hump_camel(), 8.0, 0.15),
}
"""Function, the height that counts as 1, and the least value of each branch."""


def branches(name: str) -> Problem:
    """Return four functions under one choice, each with numbers of its own, d = 12."""
    space: dict[str, bo.Categorical | bo.Float] = {"model": bo.Categorical(list(_BRANCHES))}
    columns: dict[str, list[str]] = {}
    for branch, (function, _, _) in _BRANCHES.items():
        columns[branch] = [f"{branch}.x{i}" for i in range(function.d)]
        bounds = zip(columns[branch], function.low.tolist(), function.high.tolist(), strict=True)
        space |= {key: bo.Float(low, high, when={"model": branch}) for key, low, high in bounds}

    def value(config: Config) -> float:
        branch = config["model"]
        function, scale, least = _BRANCHES[branch]
        x = np.array([config[column] for column in columns[branch]])
        return least + max(function.value(x) - function.best, 0.0) / scale

    return from_formula(name, bo.Space(space), value, 0.0)


_WIDTHS = (96, 48, 24, 12)  # of the best network, which has the first three


def layers(name: str) -> Problem:
    """Return a caricature of choosing a network: layers come and go, so do an optimizer's knobs.

    Each layer costs something for being far from its width; three layers are best; momentum exists
    for one optimizer only, warm-up for another.
    """
    widths = {
        f"width{i}": bo.Int(4, 256, log=True, when={"n_layers": list(range(i + 1, 5))})
        for i in range(4)
    }
    space = bo.Space(
        {
            "n_layers": bo.Int(1, 4),
            **widths,
            "optimizer": bo.Categorical(["sgd", "adam", "none"]),
            "momentum": bo.Float(0.0, 0.99, when={"optimizer": "sgd"}),
            "warmup": bo.Int(0, 20, when={"optimizer": "adam"}),
            "learning_rate": bo.Float(1e-5, 1.0, log=True, when={"optimizer": ["sgd", "adam"]}),
        }
    )

    def value(config: Config) -> float:
        n = config["n_layers"]
        sizes = sum(
            math.log2(config[key] / best) ** 2
            for key, best in zip(list(widths)[:n], _WIDTHS, strict=False)
        )
        return float(0.12 * abs(n - 3) + 0.05 * sizes + _optimizer_loss(config))

    return from_formula(name, space, value, 0.0)


def _optimizer_loss(config: Config) -> float:
    if config["optimizer"] == "none":
        return 0.5
    rate = math.log10(config["learning_rate"])
    if config["optimizer"] == "sgd":
        valley = rate + 1.0 - math.log10(1.0 - config["momentum"])
        return float(1.0 - math.exp(-(valley**2)) + 0.5 * (config["momentum"] - 0.9) ** 2)
    return float(0.05 + 1.0 - math.exp(-((rate + 3.0) ** 2)) + 0.001 * (config["warmup"] - 5) ** 2)


MAKERS: dict[str, Callable[[str], Problem]] = {
    "ackley_bits-d13": lambda name: ackley_bits(name, 10),
    "ackley_bits-d53": lambda name: ackley_bits(name, 50),
    "training-d7": training,
    "ranks-d7": ranks,
    "choose-d4": choose,
    "pressure_vessel": pressure_vessel,
    "tree-d9": tree,
    "branches-d12": branches,
    "layers-d9": layers,
}
