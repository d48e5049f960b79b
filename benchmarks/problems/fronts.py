"""Suite "fronts": textbook problems of several objectives, all minimised.

Sources: Zitzler, Deb and Thiele, "Comparison of multiobjective evolutionary algorithms: empirical
results", Evol. Comput. 8, 2000 (ZDT); Deb, Thiele, Laumanns and Zitzler, "Scalable test problems
for evolutionary multiobjective optimization", 2005 (DTLZ).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import bayesopt as bo
from benchmarks.problems.base import NUMERIC, Outcome, Problem

F = NDArray[np.float64]

_NAME = re.compile(r"fronts/(zdt1|zdt2|zdt3|dtlz2)-d(\d+)-m(\d+)")
_LISTED = ("zdt1-d8-m2", "zdt2-d8-m2", "zdt3-d8-m2", "dtlz2-d6-m2", "dtlz2-d6-m3", "dtlz2-d7-m4")


def names(suite: str) -> list[str]:
    """Return the names of all problems."""
    return [f"{suite}/{name}" for name in _LISTED]


def load(name: str, data: str | Path | None = None) -> Problem:
    """Return one problem; raises KeyError for a name of another form."""
    match = _NAME.fullmatch(name)
    if match is None or (match[1] != "dtlz2" and match[3] != "2"):
        raise KeyError(f"no problem {name!r}; there are {', '.join(names('fronts'))}")
    d, m = int(match[2]), int(match[3])
    function = _FUNCTIONS[match[1]]

    def evaluate(
        config: Mapping[str, Any], seed: int = 0, fidelity: float | None = None
    ) -> Outcome:
        values = function(np.array([config[f"x{j}"] for j in range(d)]), m)
        return Outcome({f"f{j + 1}": float(value) for j, value in enumerate(values)})

    return Problem(
        name=name,
        kind=NUMERIC,
        space=bo.Space({f"x{j}": bo.Float(0.0, 1.0) for j in range(d)}),
        evaluate=evaluate,
        objectives={f"f{j + 1}": "minimize" for j in range(m)},
        objective="f1",
        source="ZDT (2000), DTLZ (2005)",
    )


def _zdt1(x: F, m: int) -> F:
    g = 1.0 + 9.0 * x[1:].mean()
    return np.array([x[0], g * (1.0 - np.sqrt(x[0] / g))])


def _zdt2(x: F, m: int) -> F:
    g = 1.0 + 9.0 * x[1:].mean()
    return np.array([x[0], g * (1.0 - (x[0] / g) ** 2)])


def _zdt3(x: F, m: int) -> F:
    g = 1.0 + 9.0 * x[1:].mean()
    ratio = x[0] / g
    return np.array([x[0], g * (1.0 - np.sqrt(ratio) - ratio * np.sin(10.0 * np.pi * x[0]))])


def _dtlz2(x: F, m: int) -> F:
    """Return an eighth of a sphere of radius 1 + g."""
    angle, radius = 0.5 * np.pi * x[: m - 1], 1.0 + ((x[m - 1 :] - 0.5) ** 2).sum()
    cosines = np.concatenate([[1.0], np.cumprod(np.cos(angle))])
    sines = np.concatenate([[1.0], np.sin(angle[::-1])])
    return np.asarray(radius * cosines[::-1] * sines)


_FUNCTIONS: dict[str, Callable[[F, int], F]] = {
    "zdt1": _zdt1,
    "zdt2": _zdt2,
    "zdt3": _zdt3,
    "dtlz2": _dtlz2,
}
