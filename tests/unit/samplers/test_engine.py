"""Which engine computes, and that the suggestions are the same whichever it is."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import bayesopt as bo
from bayesopt.errors import MissingDependencyError, SettingsError
from bayesopt.history import History
from bayesopt.rng import trial_rng
from bayesopt.samplers import GPSampler
from bayesopt.samplers.engine import machinery
from bayesopt.space import Categorical, Float, Int, Space
from bayesopt.trial import TrialState

PLANE = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)})
MIXED = Space(
    {
        "x": Float(0.0, 1.0),
        "lr": Float(1e-5, 1.0, log=True),
        "i": Int(0, 40),
        "c": Categorical(["a", "b", "c"]),
        "y": Float(-1.0, 1.0, when={"c": "b"}),
    }
)
EXACT = {"tolerance": 1e-10, "n_iterations": 200}


def told(space: Space, n: int, *, fails: bool = False, noise: float = 0.0) -> History:
    rng = np.random.default_rng(0)
    history, rows = History(space, seed=1), space.sample(n, rng)
    for config, row in zip(space.decode(rows), rows, strict=True):
        number = history.append(config)
        if fails and row[0] > 0.8:
            history.tell(number, None, TrialState.FAIL)
        else:
            value = np.sin(4.0 * row[0]) + ((row[1:] - 0.35) ** 2).sum()
            history.tell(number, float(value + noise * rng.normal()))
    return history


def suggested(history: History, device: str | None, n: int = 1, **settings: object) -> np.ndarray:
    sampler = GPSampler(device=device, search=EXACT, **settings)
    made = sampler.propose(history.space, history, n, trial_rng(1, history.n))
    assert not made.fallback
    assert made.sampler == "gp"
    return made.rows


def test_devices_are_checked() -> None:
    for device in ("gpu", "cuda:x", 0, "CPU"):
        with pytest.raises(SettingsError, match="device"):
            GPSampler(device=device)


def test_the_compiled_engine_is_the_default() -> None:
    assert machinery(None).model.name == "compiled"


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gpytorch", None)
    machinery.cache_clear()
    with pytest.raises(MissingDependencyError, match=r"gpytorch.*bayesopt\[gpu\]"):
        GPSampler(device="cpu").propose(PLANE, History(PLANE), 1, trial_rng(0, 0))


torch = pytest.importorskip("torch")
pytest.importorskip("gpytorch")
pytest.importorskip("botorch")


def test_a_missing_gpu_is_said_before_the_first_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    machinery.cache_clear()
    study = bo.create_study({"x": bo.Float(0.0, 1.0)}, sampler=GPSampler(device="cuda"))
    with pytest.raises(MissingDependencyError, match="a GPU that torch can use"):
        study.ask()


@pytest.mark.parametrize(
    ("space", "facts", "settings"),
    [
        (PLANE, {}, {}),
        (PLANE, {"noise": 0.2}, {"acquisition": "ucb"}),
        (PLANE, {"fails": True}, {"acquisition": "pi"}),
        (MIXED, {}, {}),
        (MIXED, {"fails": True}, {}),
        (MIXED, {}, {"model": {"input_warp": True, "kernel": "matern32"}}),
    ],
)
def test_suggestions_are_those_of_the_compiled_engine(
    space: Space, facts: dict, settings: dict
) -> None:
    history = told(space, 25, **facts)
    ours = suggested(history, None, **settings)
    theirs = suggested(history, "cpu", **settings)
    np.testing.assert_allclose(theirs, ours, atol=1e-3)


def test_batches_too() -> None:
    history = told(PLANE, 24)
    np.testing.assert_allclose(suggested(history, "cpu", 4), suggested(history, None, 4), atol=1e-3)


def test_suggestions_are_the_same_bits_each_time() -> None:
    history = told(MIXED, 25)
    assert np.array_equal(suggested(history, "cpu"), suggested(history, "cpu"))


def test_torchs_settings_stay_as_they_are() -> None:
    def state() -> tuple:
        return (
            torch.get_default_dtype(),
            torch.get_num_threads(),
            torch.is_grad_enabled(),
            torch.are_deterministic_algorithms_enabled(),
            torch.get_default_device(),
            torch.random.get_rng_state().sum().item(),
        )

    before, history = state(), told(MIXED, 25, fails=True)
    found = suggested(history, "cpu")
    assert state() == before
    with torch.inference_mode():
        assert np.array_equal(suggested(history, "cpu"), found)


def test_a_study_keeps_its_device() -> None:
    study = bo.create_study({"x": bo.Float(0.0, 1.0)}, sampler=GPSampler(device="cpu"), seed=0)
    study.optimize(lambda trial: (trial.params["x"] - 0.3) ** 2, n_trials=8)
    assert study.best_value < 1e-3
    assert study.trials[-1].sampler == "gp"
    inside = study.look_inside()
    assert inside.cross_validated().r2 > 0.5
    assert inside.slice("x").log_gain.shape == (101,)
    study.sampler = GPSampler()
    scales = study.look_inside().lengthscales()
    assert inside.lengthscales() == pytest.approx(scales, rel=1e-4)
