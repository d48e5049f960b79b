"""What a Gaussian-process sampler says of itself."""

from __future__ import annotations

import numpy as np
import pytest

from bayesopt.errors import InvalidValueError, NoTrialsError
from bayesopt.history import History
from bayesopt.samplers import AutoSampler, GPSampler, RandomSampler
from bayesopt.samplers.base import Sampler
from bayesopt.samplers.gp_data import observe
from bayesopt.samplers.inspect import Insight, look_inside
from bayesopt.space import Categorical, Float, Int, Space
from bayesopt.surrogates.diagnostics import cross_validate

SPACE = Space(
    {
        "x": Float(-2.0, 2.0),
        "idle": Float(0.0, 1.0),
        "i": Int(1, 4),
        "c": Categorical(["a", "b"]),
        "deep": Float(0.0, 1.0, when={"c": "b"}),
    }
)


def look(direction: str = "minimize") -> tuple[Insight, History]:
    history = History(SPACE, seed=0, directions=(direction,))
    for config in SPACE.decode(SPACE.sample(60, np.random.default_rng(0))):
        value = (config["x"] - 0.5) ** 2 + 0.2 * config["i"] + (config["c"] == "b")
        history.tell(history.append(config), value if direction == "minimize" else -value)
    return look_inside(GPSampler(), SPACE, history), history


def test_a_slice_follows_the_objective_and_its_band_holds_the_median() -> None:
    insight, _ = look()
    found = insight.slice("x", {"x": 0.0, "idle": 0.3, "i": 2, "c": "a"}, n=33)
    assert len(found.values) == len(found.log_gain) == 33
    truth = (np.array(found.values) - 0.5) ** 2 + 0.4
    near = truth < 4.0  # the worst outcomes are cut off
    np.testing.assert_allclose(found.band.median[near], truth[near], atol=0.25)
    assert (found.band.low <= found.band.median).all()
    assert (found.band.median <= found.band.high).all()
    assert insight.slice("i").values == [1, 2, 3, 4]
    assert insight.slice("c").values == ["a", "b"]


def test_a_maximised_objective_comes_back_in_its_own_direction() -> None:
    low, high = look()[0], look("maximize")[0]
    assert low.incumbent == high.incumbent
    a, b = low.slice("x").band, high.slice("x").band
    np.testing.assert_array_equal(a.median, -b.median)
    np.testing.assert_array_equal(a.low, -b.high)


def test_a_surface_holds_both_slices() -> None:
    insight, _ = look()
    at = {"x": 0.0, "idle": 0.3, "i": 2, "c": "a"}
    found = insight.surface("x", "i", at, n=9)
    assert found.median.shape == (len(found.y.values), len(found.x.values)) == (4, 9)
    np.testing.assert_allclose(found.median[1], found.x.band.median)
    middle = found.x.values.index(0.0)
    np.testing.assert_allclose(found.median[:, middle], found.y.band.median)


def test_what_varies_exists_at_the_incumbent() -> None:
    insight, _ = look()
    assert insight.varying()[0] == "x"
    assert ("deep" in insight.varying()) == (insight.incumbent["c"] == "b")


def test_what_does_nothing_is_the_least_important() -> None:
    insight, _ = look()
    importance = insight.importance()
    assert sum(importance.values()) == pytest.approx(1.0)
    assert list(importance)[-1] in ("idle", "deep")
    assert importance["x"] > 3 * importance["idle"]
    assert insight.lengthscales()["x"] < insight.lengthscales()["idle"]


def test_cross_validated_predictions_are_near_the_outcomes() -> None:
    insight, history = look()
    found = insight.cross_validated()
    told, predicted = found.observed, found.predicted
    assert found.r2 > 0.9
    known = np.sort(history.values[:, 0])[:50]  # the worst are cut off
    np.testing.assert_allclose(np.sort(told)[:50], known, rtol=1e-6)
    assert np.corrcoef(told, predicted.median)[0, 1] > 0.95
    np.testing.assert_array_less(insight.predict([insight.incumbent]).median, np.median(told))


def told(n: int, noise: float = 1.0) -> tuple[Space, History]:
    """Return a space and a history of which a search would learn the low end alone."""
    space = Space({"k": Int(1, 9), "x": Float(0.0, 1.0)})
    history, rng = History(space, seed=0), np.random.default_rng(0)
    for config in space.decode(space.sample(n, rng)):
        history.tell(history.append(config), config["k"] ** 2 + noise * rng.normal())
    return space, history


@pytest.mark.parametrize("sampler", [AutoSampler(), GPSampler(max_points=150), RandomSampler()])
def test_what_is_learned_from_stands_for_all_trials(sampler: Sampler) -> None:
    space, history = told(1300)
    insight = look_inside(sampler, space, history)
    assert insight.n_values == 1300
    assert insight.n_learned <= 800
    found = insight.predict([{"k": k, "x": 0.5} for k in range(1, 10)]).median
    np.testing.assert_allclose(found, np.arange(1, 10) ** 2, atol=1.5)
    check = insight.cross_validated()
    assert len(check.observed) == len(check.predicted.median) == len(check.z) == 1300
    assert check.r2 > 0.99


def test_trials_that_were_left_out_are_predicted_too() -> None:
    space, history = told(600, 0.0)
    process = GPSampler(max_points=40)
    data, learned = observe(history), process.believe(space, observe(history))  # the low end
    insight = Insight(space, learned, learned, False, data)
    check = insight.cross_validated()
    assert len(check.observed) == 600
    assert check.r2 < 0.5  # the high end is not known
    assert cross_validate(learned).r2 > 0.9
    order = np.argsort(np.concatenate([learned.learned, np.setdiff1d(range(600), learned.learned)]))
    below = check.observed.max() - 1e-9  # the worst are cut off
    seen = check.observed[order]
    np.testing.assert_allclose(seen[seen < below], data.y[seen < below], atol=1e-6)


def test_one_of_several_objectives_is_looked_at() -> None:
    space = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)})
    history = History(space, 2, seed=0, directions=("minimize", "maximize"))
    for config in space.decode(space.sample(30, np.random.default_rng(0))):
        history.tell(history.append(config), [config["x"] ** 2, config["y"] ** 2])
    first, second = (look_inside(AutoSampler(), space, history, j) for j in (0, 1))
    assert first.lengthscales()["x"] < first.lengthscales()["y"]
    assert second.varying()[0] == "y"
    assert second.incumbent["y"] == max(space.decode(history.X), key=lambda c: c["y"])["y"]
    assert second.predict([{"x": 0.5, "y": 0.5}]).median[0] == pytest.approx(0.25, abs=0.05)


def test_what_cannot_be_looked_at_is_named() -> None:
    with pytest.raises(NoTrialsError):
        look_inside(GPSampler(), SPACE, History(SPACE))
    with pytest.raises(InvalidValueError, match="one objective"):
        look_inside(GPSampler(), SPACE, History(SPACE, 2))
    with pytest.raises(InvalidValueError, match="below 2"):
        look_inside(GPSampler(), SPACE, History(SPACE, 2), 2)
    insight, _ = look()
    with pytest.raises(InvalidValueError):
        insight.slice("deep", {"x": 0.0, "idle": 0.3, "i": 2, "c": "a"})
    with pytest.raises(InvalidValueError):
        insight.slice("nothing")
    with pytest.raises(InvalidValueError, match="two parameters"):
        insight.surface("x", "x")
