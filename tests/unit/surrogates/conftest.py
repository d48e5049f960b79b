"""Spaces, data, and a plain dense reference of the covariance."""

from __future__ import annotations

import numpy as np
import pytest

import bayesopt as bo
from bayesopt.space.domain import NOMINAL


def mixed_space() -> bo.Space:
    """Return a space with every kind of column; three exist in some rows only."""
    return bo.Space(
        {
            "a": bo.Float(0.0, 1.0),
            "b": bo.Float(1e-3, 1.0, log=True),
            "c": bo.Categorical(["x", "y", "z"]),
            "d": bo.Ordinal([1, 2, 4, 8]),
            "e": bo.Float(0.0, 1.0, when={"c": "x"}),
            "f": bo.Int(1, 9, when={"c": ["x", "y"]}),
            "g": bo.Categorical(["u", "v", "w"], when={"c": "z"}),
            "one": bo.Categorical(["only"]),
        }
    )


def numeric_space(d: int) -> bo.Space:
    return bo.Space({f"x{j}": bo.Float(0.0, 1.0) for j in range(d)})


@pytest.fixture
def mixed() -> bo.Space:
    return mixed_space()


@pytest.fixture
def numeric():
    return numeric_space


@pytest.fixture
def dense():
    """The covariance, written down plainly; the hyperparameters may be complex."""
    return dense_covariance


def dense_covariance(space, X1, X2, weight, signal, gap, kernel, offset=0.0):
    domain = space.domain
    A1, A2 = space.active(X1), space.active(X2)
    r2 = np.zeros((len(X1), len(X2)), dtype=np.result_type(weight, gap))
    for j in range(domain.d):
        both = A1[:, None, j] & A2[None, :, j]
        one = A1[:, None, j] ^ A2[None, :, j]
        if domain.kind[j] == NOMINAL:
            square = both * (X1[:, None, j] != X2[None, :, j]) + 0.5 * one
        else:
            square = (X1[:, None, j] - X2[None, :, j]) ** 2
        r2 = r2 + weight[j] * square + gap * one
    if kernel == "rbf":
        return signal * np.exp(-r2 / 2) + offset
    s = np.sqrt((5 if kernel == "matern52" else 3) * r2)
    polynomial = 1 + s + s**2 / 3 if kernel == "matern52" else 1 + s
    return signal * polynomial * np.exp(-s) + offset


def smooth(X: np.ndarray) -> np.ndarray:
    return np.sin(5.0 * X[:, 0]) + X[:, 1] ** 2 - 0.5 * X[:, -1]


@pytest.fixture
def objective():
    return smooth
