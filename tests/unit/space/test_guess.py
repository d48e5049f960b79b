"""Guesses of the optimum: from what users write to densities on the unit cube."""

from __future__ import annotations

import json

import numpy as np
import pytest

import bayesopt as bo
from bayesopt.errors import SettingsError
from bayesopt.space.guess import OptimumPrior, labelled, plain_prior, read_prior

SPACE = bo.Space(
    {
        "lr": bo.Float(1e-5, 1e-1, log=True),
        "x": bo.Float(-10.0, 10.0),
        "n": bo.Int(1, 20),
        "size": bo.Ordinal([16, 32, 64, 128]),
        "opt": bo.Categorical(["sgd", "adam", "lion"]),
        "mom": bo.Float(0.0, 1.0, when={"opt": "sgd"}),
        "free": bo.Float(0.0, 1.0),
    }
)
GUESS = {
    "lr": bo.Near(1e-3, within=10),
    "x": bo.Near(5.0, within=2.0),
    "n": 4,
    "size": bo.Near(64, within=1),
    "opt": {"adam": 3, "sgd": 1},
    "mom": 0.9,
}


def prior() -> OptimumPrior:
    return read_prior(SPACE, plain_prior(GUESS))


def column(name: str) -> int:
    return SPACE.names.index(name)


def test_a_guess_is_in_the_users_units_and_knows_the_scale() -> None:
    found = prior()
    for name, center, spread in (
        ("lr", 0.5, 0.25),
        ("x", 0.75, 0.1),
        ("n", 3.5 / 20, 0.15),
        ("size", 2.5 / 4, 0.25),
    ):
        assert found.center[column(name)] == pytest.approx(center)
        assert found.spread[column(name)] == pytest.approx(spread)
    assert np.isnan(found.center[column("free")])
    np.testing.assert_allclose(found.weights[column("opt")], [1 / 3, 1.0, 1 / 3])


def test_the_density_is_highest_at_the_guess_and_never_nothing() -> None:
    found = prior()
    rows = SPACE.sample(500, np.random.default_rng(0))
    peak = SPACE.snap(found.at_peak(rows[:1]))
    config = SPACE.decode(peak)[0]
    assert (config["n"], config["size"], config["opt"]) == (4, 64, "adam")
    assert config["lr"] == pytest.approx(1e-3, rel=1e-6)
    values = found.log_density(rows, SPACE.active(rows))
    assert values.max() <= found.log_density(peak, SPACE.active(peak))[0] <= 1e-9
    assert values.min() >= 6 * np.log(0.02)


def test_what_a_row_does_not_have_adds_nothing() -> None:
    found, row = prior(), SPACE.sample(1, np.random.default_rng(0))
    row[0, column("opt")] = 0.5  # adam: no momentum
    moved = row.copy()
    moved[0, column("mom")] = 0.1
    one, other = (found.log_density(each, SPACE.active(each)) for each in (row, moved))
    assert one == other


def test_the_gradient_is_that_of_the_value() -> None:
    found, h = prior(), 1e-6
    rows = SPACE.sample(20, np.random.default_rng(1)) * 0.9 + 0.05
    active = SPACE.active(rows)
    _, slope = found.log_density_grad(rows, active)
    for name in ("lr", "x", "n", "mom", "free"):
        step = h * np.eye(SPACE.d)[column(name)]
        high = found.log_density(rows + step, active)
        low = found.log_density(rows - step, active)
        np.testing.assert_allclose(slope[:, column(name)], (high - low) / (2 * h), atol=1e-6)
    assert (slope[:, column("opt")] == 0.0).all()


def test_even_rows_become_rows_of_the_prior() -> None:
    n = 4000
    U = np.random.default_rng(0).permuted(np.tile((np.arange(n) + 0.5) / n, (SPACE.d, 1)), axis=1).T
    rows = prior().moved(U)
    assert rows.min() >= 0.0
    assert rows.max() <= 1.0
    np.testing.assert_array_equal(rows[:, column("free")], U[:, column("free")])
    assert rows[:, column("x")].mean() == pytest.approx(0.75, abs=0.01)
    near = np.abs(rows[:, column("x")] - 0.75) < 0.1
    assert near.mean() == pytest.approx(0.69, abs=0.02)  # cut off at the bound
    choices = np.floor(rows[:, column("opt")] * 3).astype(int)
    np.testing.assert_allclose(np.bincount(choices) / n, [0.2, 0.6, 0.2], atol=0.01)


def test_it_is_json_and_reads_itself() -> None:
    plain = labelled(SPACE, GUESS)
    again = plain_prior(json.loads(json.dumps(plain)))
    assert again == plain
    np.testing.assert_array_equal(read_prior(SPACE, again).center, prior().center)


def test_choices_that_are_objects_are_kept_by_their_labels() -> None:
    space = bo.Space({"f": bo.Categorical([np.tanh, np.sin, None, (1, 2)])})
    for guess in (np.sin, {np.sin: 5.0}, None, (1, 2)):
        plain = json.loads(json.dumps(labelled(space, {"f": guess})))
        weights = read_prior(space, plain_prior(plain), strict=True).weights[0]
        assert (weights == 1.0).sum() == 1


@pytest.mark.parametrize(
    "guess",
    [
        {"nothing": 1.0},
        {"x": 11.0},
        {"x": "far"},
        {"opt": "adagrad"},
        {"opt": {"adagrad": 2.0}},
        {"opt": {"adam": -1.0}},
        {"opt": {"adam": 0.0}},
        {"opt": {"adam": "much"}},
        {"lr": {1e-3: 1.0}},
        {"lr": bo.Near(1e-3, within=0.5)},
        {3: 1.0},
        [1.0],
    ],
)
def test_a_guess_that_does_not_fit_is_refused(guess: object) -> None:
    with pytest.raises(SettingsError):
        labelled(SPACE, guess)


@pytest.mark.parametrize("within", [0.0, -1.0, np.inf, "far", True])
def test_within_is_a_distance(within: object) -> None:
    with pytest.raises(SettingsError):
        bo.Near(1.0, within=within)


def test_a_space_that_has_changed_since_ignores_what_it_has_not() -> None:
    plain = labelled(SPACE, GUESS)
    smaller = bo.Space({"x": bo.Float(-1.0, 1.0), "opt": bo.Categorical(["sgd", "adam"])})
    found = read_prior(smaller, plain)
    assert np.isnan(found.center).all()  # 5 lies outside
    np.testing.assert_allclose(found.weights[1], [1 / 3, 1.0])
