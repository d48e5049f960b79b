"""BoTorch's acquisitions and climbs against the compiled ones."""

from __future__ import annotations

import numpy as np
import pytest

import bayesopt as bo
from bayesopt.acquisition.climb import climb
from bayesopt.acquisition.engine import COMPILED_SEARCH
from bayesopt.acquisition.functions import UCB, LogEI, LogPI
from bayesopt.acquisition.ground import Ground, Region, whole_cube
from bayesopt.acquisition.utility import Gain, Success, Utility
from bayesopt.surrogates.compiled import COMPILED
from bayesopt.surrogates.hyper import default_theta, new_frame
from bayesopt.surrogates.inputs import to_inputs
from bayesopt.surrogates.settings import GPSettings
from bayesopt.surrogates.success import Link, SuccessModel

torch = pytest.importorskip("torch")
pytest.importorskip("gpytorch")
pytest.importorskip("botorch")

from bayesopt.acquisition.torch_search import TorchGain, TorchSearch  # noqa: E402
from bayesopt.surrogates.torch_gp import TorchEngine  # noqa: E402

CPU = torch.device("cpu")
SEARCH, ENGINE = TorchSearch(CPU), TorchEngine(CPU)
SPACE = bo.Space(
    {
        "a": bo.Float(0.0, 1.0),
        "b": bo.Float(1e-3, 1.0, log=True),
        "c": bo.Categorical(["x", "y", "z"]),
        "e": bo.Float(0.0, 1.0, when={"c": "x"}),
        "f": bo.Int(1, 40, when={"c": ["x", "y"]}),
    }
)
WEIGHTS = np.array([0.3, 0.7])
X = SPACE.sample(30, np.random.default_rng(0))
Q = SPACE.sample(40, np.random.default_rng(1))
Y = np.sin(5.0 * X[:, 0]) + X[:, 1] ** 2 - 0.5 * (X[:, 2] > 0.5)
ACQUISITIONS = [(LogEI(-0.8), True), (LogEI(-30.0), True), (LogPI(-0.9), True), (UCB(1.8), False)]


def members(engine):
    frame = new_frame(SPACE.domain, GPSettings())
    thetas = [default_theta(frame, scale) for scale in (0.3, 0.8)]
    inputs = to_inputs(SPACE.domain, X)
    return [
        engine.observe(SPACE.domain, engine.factorise(frame, theta, inputs), Y) for theta in thetas
    ]


OURS, THEIRS = members(COMPILED), members(ENGINE)


@pytest.mark.parametrize(("acquisition", "is_log"), ACQUISITIONS)
@pytest.mark.parametrize("count", [1, 2])
def test_acquisitions_are_the_same(acquisition, is_log: bool, count: int) -> None:
    weights = WEIGHTS if count == 2 else np.ones(1)
    ours = COMPILED_SEARCH.gain(OURS[:count], weights, acquisition, is_log)
    theirs = SEARCH.gain(THEIRS[:count], weights, acquisition, is_log)
    assert isinstance(theirs, TorchGain)
    (value, slope), (found, by_x) = ours.value_grad(Q), theirs.value_grad(Q)
    np.testing.assert_allclose(found, value, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(by_x, slope, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(theirs.value(Q), found, rtol=1e-10)


def test_other_acquisitions_take_the_plain_way() -> None:
    class Mean:
        def partials(self, mean, var):
            return -mean, -np.ones_like(mean), np.zeros_like(mean)

    theirs = SEARCH.gain(THEIRS, WEIGHTS, Mean(), False)
    ours = COMPILED_SEARCH.gain(OURS, WEIGHTS, Mean(), False)
    assert isinstance(theirs, Gain)
    np.testing.assert_allclose(theirs.value_grad(Q)[1], ours.value_grad(Q)[1], atol=1e-7)


def utilities() -> tuple[Utility, Utility]:
    success = Success(SuccessModel(OURS[0], Link(1.0, 0.5), np.zeros(30)))
    return (
        Utility((COMPILED_SEARCH.gain(OURS, WEIGHTS, LogEI(-0.5), True), success)),
        Utility((SEARCH.gain(THEIRS, WEIGHTS, LogEI(-0.5), True), success)),
    )


@pytest.mark.parametrize("is_whole", [True, False])
def test_climbs_end_at_the_same_tops(is_whole: bool) -> None:
    ours, theirs = utilities()
    region = whole_cube(5)
    if not is_whole:
        region = Region(np.full(5, 0.2), np.full(5, 0.7), np.full(5, 0.5))
    ground = Ground(SPACE, lambda rows: np.zeros(len(rows), dtype=bool), region)
    starts, active = ground.snap(Q[:8])
    if not is_whole:
        starts = np.where(ground.is_climbed & active, np.clip(starts, 0.25, 0.65), starts)
    rest = ground, starts, active, np.ones(5), 200, 1e-12
    (tops, heights), (found, values) = climb(ours, *rest), SEARCH.climb(theirs, *rest)
    held = ~(active & ground.is_climbed)
    assert np.array_equal(found[held], starts[held])
    free = ~held
    assert (found >= region.lower - 1e-12)[free].all()
    assert (found <= region.upper + 1e-12)[free].all()
    np.testing.assert_allclose(values, theirs.value(found), atol=1e-9)
    same = np.abs(found - tops).max(axis=1) < 1e-3
    assert same.sum() >= 6  # two ways up may part where a start lies between two tops
    np.testing.assert_allclose(values[same], heights[same], atol=1e-6)


def test_climbs_that_break_stay_where_they_are() -> None:
    class Broken:
        def value(self, rows):
            return np.full(len(rows), np.nan)

        def value_grad(self, rows):
            return self.value(rows), np.full(rows.shape, np.nan)

    ground = Ground(SPACE, lambda rows: np.zeros(len(rows), dtype=bool), whole_cube(5))
    starts, active = ground.snap(Q[:4])
    tops, _ = SEARCH.climb(Utility((Broken(),)), ground, starts, active, np.ones(5), 20, 1e-6)
    assert np.array_equal(tops, starts)


def test_a_start_without_free_columns_stays() -> None:
    space = bo.Space({"c": bo.Categorical(["x", "y"]), "d": bo.Categorical(["u", "v"])})
    ground = Ground(space, lambda rows: np.zeros(len(rows), dtype=bool), whole_cube(2))
    rows = space.sample(3, np.random.default_rng(0))

    class Flat:
        terms = ()

        def value(self, rows):
            return np.zeros(len(rows))

    tops, values = SEARCH.climb(Flat(), ground, rows, rows >= 0, np.ones(2), 10, 1e-6)
    assert np.array_equal(tops, rows)
    assert np.array_equal(values, np.zeros(3))
