"""Which branch is neglected, and that a search within it stays there."""

from __future__ import annotations

import numpy as np

from bayesopt.acquisition.branches import branches_of, neglected_branch
from bayesopt.acquisition.ground import Ground, whole_cube
from bayesopt.acquisition.maximize import maximize
from bayesopt.acquisition.utility import Utility, Within
from bayesopt.rng import trial_rng
from bayesopt.space import Categorical, Float, Int, Space

SPACE = Space(
    {
        "model": Categorical(["a", "b", "c"]),
        "x": Float(0.0, 1.0, when={"model": "a"}),
        "kind": Categorical(["p", "q"], when={"model": "b"}),
        "y": Float(0.0, 1.0, when={"kind": "p"}),
        "free": Categorical(["u", "v"]),  # nothing depends on it
        "layers": Int(1, 3),
        "width": Int(1, 99, when={"layers": [2, 3]}),  # an order, no choice
    }
)
NAMES = ["model", "model", "model", "kind", "kind"]


def test_branches_are_the_values_of_choices_that_others_depend_on() -> None:
    found = branches_of(SPACE.domain)
    assert [SPACE.names[branch.column] for branch in found] == NAMES
    assert [branch.cell for branch in found] == [0, 1, 2, 0, 1]
    assert branches_of(Space({"x": Float(0.0, 1.0), "c": Categorical([1, 2])}).domain) == []


def test_rows_belong_to_the_branches_of_their_configurations() -> None:
    X = SPACE.sample(200, np.random.default_rng(0))
    configs = SPACE.decode(X)
    for branch in branches_of(SPACE.domain):
        name = SPACE.names[branch.column]
        value = SPACE.parameters[name].choices[branch.cell]
        wanted = [config.get(name) == value for config in configs]
        np.testing.assert_array_equal(branch.holds(X), wanted)


def test_the_branch_with_the_fewest_trials_is_neglected_below_log_n() -> None:
    one = {"free": "u", "layers": 1}
    a = {"model": "a", "x": 0.5, **one}
    c = {"model": "c", **one}
    p = {"model": "b", "kind": "p", "y": 0.5, **one}
    q = {"model": "b", "kind": "q", **one}

    def neglected(*counts: int) -> tuple[str, int] | None:
        each = zip((a, c, p, q), counts, strict=True)
        rows = SPACE.encode([config for config, n in each for _ in range(n)])
        found = neglected_branch(SPACE.domain, rows)
        return None if found is None else (SPACE.names[found.column], found.cell)

    assert neglected(5, 5, 5, 0) == ("kind", 1)
    assert neglected(10, 1, 5, 5) == ("model", 2)
    assert neglected(9, 4, 4, 4) is None  # log 21 is 3.04
    assert neglected(60, 4, 4, 4) == ("model", 2)


def test_a_search_within_a_branch_stays_there() -> None:
    class Slope:
        def value(self, X: np.ndarray) -> np.ndarray:
            return X[:, 1].copy()

        def value_grad(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return self.value(X), np.eye(SPACE.d)[np.ones(len(X), dtype=int)]

    ground = Ground(SPACE, lambda rows: np.zeros(len(rows), dtype=bool), whole_cube(SPACE.d))
    anchors = SPACE.sample(3, np.random.default_rng(0))
    for branch in branches_of(SPACE.domain):
        utility = Utility((Slope(), Within(branch.holds)))
        found = maximize(utility, ground, anchors, np.full(SPACE.d, 0.5), trial_rng(0, 0))
        assert branch.holds(found.rows).all()
        if branch.cell == 0 and SPACE.names[branch.column] == "model":
            assert found.rows[0, 1] > 0.99  # and climbs
