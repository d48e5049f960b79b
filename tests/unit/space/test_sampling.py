"""Random rows: distributed as promised, feasible always, an error when nothing is."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bayesopt.errors import InfeasibleSpaceError, InvalidConfigError
from bayesopt.space import Categorical, Float, Int, Ordinal, Space

rng_of = np.random.default_rng


def chi2(values: list, expected: dict) -> float:
    counts = [values.count(value) for value in expected]
    total = sum(expected.values())
    return float(stats.chisquare(counts, [len(values) * e / total for e in expected.values()])[1])


def test_each_kind_has_its_distribution() -> None:
    space = Space(
        {
            "x": Float(-1, 3),
            "lr": Float(1e-4, 1e2, log=True),
            "n": Int(1, 6),
            "m": Int(1, 6, log=True),
            "c": Categorical(list("abcde")),
            "s": Float(0, 1, step=0.25),
        }
    )
    configs = space.decode(space.sample(20_000, rng_of(0)))
    column = {name: [config[name] for config in configs] for name in space.names}
    assert stats.kstest(column["x"], stats.uniform(-1, 4).cdf).pvalue > 1e-3
    assert stats.kstest(np.log10(column["lr"]), stats.uniform(-4, 6).cdf).pvalue > 1e-3
    assert chi2(column["n"], dict.fromkeys(range(1, 7), 1)) > 1e-3
    logs = {m: np.log((m + 0.5) / (m - 0.5)) for m in range(1, 7)}
    assert chi2(column["m"], logs) > 1e-3
    assert chi2(column["c"], dict.fromkeys("abcde", 1)) > 1e-3
    assert chi2(column["s"], dict.fromkeys((0.0, 0.25, 0.5, 0.75, 1.0), 1)) > 1e-3


def test_same_generator_same_rows() -> None:
    space = Space({"x": Float(0, 1), "y": Float(0, 1)}, ["x < y"])
    assert (space.sample(9, rng_of(5)) == space.sample(9, rng_of(5))).all()
    assert (space.sample(9, rng_of(5)) != space.sample(9, rng_of(6))).any()


@pytest.mark.parametrize(
    ("constraint", "check"),
    [
        ("x < y", lambda c: c["x"] < c["y"]),
        ("x ** 2 + y ** 2 <= 1", lambda c: c["x"] ** 2 + c["y"] ** 2 <= 1),
        ("abs(x - y) < 0.001", lambda c: abs(c["x"] - c["y"]) < 0.001),
        ("x > 0.999 and y > 0.999", lambda c: c["x"] > 0.999 and c["y"] > 0.999),
    ],
)
def test_constraints_are_honoured(constraint: str, check: object) -> None:
    space = Space({"x": Float(0, 1), "y": Float(0, 1)}, [constraint])
    u = space.sample(100, rng_of(0))
    assert u.shape == (100, 2)
    assert all(map(check, space.decode(u)))  # type: ignore[arg-type]
    assert space.feasible(u).all()
    assert (space.snap(u) == u).all()


def test_constrained_rows_are_uniform_where_they_may_be() -> None:
    space = Space({"x": Float(0, 1), "y": Float(0, 1)}, ["x < y"])
    u = space.sample(5000, rng_of(3))
    assert stats.kstest(u[:, 0], lambda x: 2 * x - x**2).pvalue > 1e-3


def test_forbidden_combination_plus_condition() -> None:
    space = Space(
        {
            "a": Categorical(["p", "q", "r"]),
            "b": Int(0, 9, when={"a": ["p", "q"]}),
            "c": Float(0, 1, when={"b": [4, 5]}),
        },
        ["not (a == 'p' and b > 3)", "c > 0.9"],
    )
    configs = space.decode(space.sample(3000, rng_of(1)))
    assert not any(c["a"] == "p" and c["b"] > 3 for c in configs)
    assert all(c["c"] > 0.9 for c in configs if "c" in c)
    assert {"r"} == {c["a"] for c in configs if "b" not in c}
    assert sum("c" in c for c in configs) > 5


def test_a_needle_in_a_small_haystack_is_found_by_listing_it() -> None:
    digits = {f"d{i}": Int(0, 9) for i in range(4)}
    space = Space(digits, ["d0 * 1000 + d1 * 100 + d2 * 10 + d3 == 4711"])
    assert space.decode(space.sample(3, rng_of(0))) == [{"d0": 4, "d1": 7, "d2": 1, "d3": 1}] * 3


def test_listing_keeps_the_probabilities_of_rejection() -> None:
    wide = {f"d{i}": Int(0, 39) for i in range(2)}
    space = Space(
        {**wide, "m": Int(1, 8, log=True), "k": Categorical(["a", "b"])},
        [lambda c: c["d0"] == 7 and c["d1"] == 7],
    )
    configs = space.decode(space.sample(4000, rng_of(0)))
    assert all(c["d0"] == 7 and c["d1"] == 7 for c in configs)
    logs = {m: np.log((m + 0.5) / (m - 0.5)) for m in range(1, 9)}
    assert chi2([c["m"] for c in configs], logs) > 1e-3
    assert chi2([c["k"] for c in configs], {"a": 1, "b": 1}) > 1e-3


@pytest.mark.parametrize(
    "constraints",
    [
        ["x0 < x1", "x1 < x2", "x2 < x3", "x3 < x4", "x4 < x5", "x5 < x6", "x6 < x7", "x7 < x8",
         "x8 < x9", "x9 < x10", "x10 < x11"],  # one in 479 million
        ["abs(x0 + x1 + x2 + x3 + x4 + x5 - 3) < 1e-6", "x0 < 0.1 or x1 > 0.95", "x2 > 0.9"],
        ["x0 * x1 * x2 > 0.999"],
    ],
)  # fmt: skip
def test_needles_in_large_haystacks_are_found_by_searching(constraints: list[str]) -> None:
    space = Space({f"x{i}": Float(0, 1) for i in range(12)}, constraints)
    u = space.sample(30, rng_of(0))
    assert space.feasible(u).all()
    assert len(np.unique(u, axis=0)) == 30  # spread, not thirty copies
    assert np.ptp(u[:, 11]) > 0.2


@pytest.mark.parametrize(
    ("space", "says"),
    [
        (Space({"x": Float(0, 1)}, ["x > 2"]), "searches"),
        (Space({"n": Int(0, 9)}, ["n > 9"]), "all 10"),
        (Space({"n": Int(0, 9)}, [lambda c: False]), "all 10"),
        (Space({"x": Float(0, 1)}, [lambda c: False]), "searches"),
        (Space({"x": Float(0, 1), "y": Float(0, 1)}, ["x + y == 0.5 ** 0.5"]), "tolerance"),
    ],
)
def test_constraints_that_nothing_satisfies(space: Space, says: str) -> None:
    with pytest.raises(InfeasibleSpaceError, match=says):
        space.sample(1, rng_of(0))


def nested() -> Space:
    return Space(
        {
            "a": Categorical([f"c{i}" for i in range(200)]),
            "b": Ordinal([1, 2, 3], when={"a": ["c7", "c8"]}),
            "x": Float(0, 1, when={"b": 2}),
            "y": Float(0, 1),
        },
        ["x < y"],
    )


def test_complete_holds_what_is_given() -> None:
    space = nested()
    for seed in range(5):
        u = space.complete({"x": 0.25}, rng_of(seed))
        assert u.shape == (1, 4)
        config = space.decode(u)[0]
        assert config["x"] == 0.25
        assert config["a"] in ("c7", "c8")
        assert config["b"] == 2
        assert config["y"] > 0.25
    assert space.decode(space.complete({"a": "c3"}, rng_of(0)))[0].keys() == {"a", "y"}
    assert set(space.decode(space.complete({}, rng_of(0)))[0]) >= {"a", "y"}
    full = {"a": "c7", "b": 2, "x": 0.25, "y": 0.5}
    assert space.decode(space.complete(full, rng_of(0))) == [full]


@pytest.mark.parametrize(
    ("partial", "error"),
    [
        ({"typo": 1}, InvalidConfigError),
        ({"y": 2}, InvalidConfigError),
        ({"a": "c3", "b": 1}, InvalidConfigError),
        ({"a": "c3", "x": 0.5}, InvalidConfigError),
        ({"b": 1, "x": 0.5}, InvalidConfigError),
        ({"x": 0.5, "y": 0.1}, InfeasibleSpaceError),
    ],
)
def test_complete_refuses_what_cannot_be(partial: dict, error: type[Exception]) -> None:
    with pytest.raises(error):
        nested().complete(partial, rng_of(0))


@pytest.mark.parametrize(
    "space",
    [
        Space({f"d{i}": Int(1, 9, log=True) for i in range(4)}, ["d0 + d1 + d2 + d3 == 36"]),
        Space({f"x{i}": Float(1e-300, 1, log=True) for i in range(4)},
              ["x0 * x1 * x2 * x3 < 1e-280", "exp(1 / x0) > 1"]),
    ],
)  # fmt: skip
def test_sampling_is_silent_whatever_numpy_is_told(space: Space) -> None:
    with np.errstate(all="raise"):
        u = space.sample(5, rng_of(0))
        assert space.feasible(u).all()
