"""What TPE owes beyond what every sampler does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bayesopt as bo
from bayesopt.errors import SettingsError
from bayesopt.history import History
from bayesopt.rng import trial_rng
from bayesopt.samplers import TPESampler
from bayesopt.samplers.order import Ledger
from bayesopt.space import Categorical, Float, Int, Ordinal, Space
from bayesopt.trial import TrialState

PLANE = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)})
BRANCHES = Space(
    {
        "c": Categorical(["a", "b"]),
        "u": Float(0.0, 1.0, when={"c": "a"}),
        "i": Int(1, 30, log=True, when={"c": "b"}),
        "o": Ordinal([1, 2, 4, 8]),
        "x": Float(1e-4, 1.0, log=True),
    }
)


def propose(history: History, n: int = 1, sampler: TPESampler | None = None) -> np.ndarray:
    sampler = sampler or TPESampler()
    return sampler.propose(history.space, history, n, trial_rng(history.seed, history.n)).rows


def bowl(config: Mapping[str, float]) -> float:
    return (config["x"] - 0.2) ** 2 + (config["y"] - 0.7) ** 2


def grown(
    space: Space,
    n: int,
    evaluate: Callable[[History, int, Mapping[str, float]], None],
    **kwargs: int,
) -> History:
    """Return a history of which each trial was proposed, added and told."""
    history, sampler = History(space, **kwargs), TPESampler()
    for _ in range(n):
        config = space.decode(propose(history, 1, sampler))[0]
        evaluate(history, history.append(config), config)
    return history


@pytest.mark.parametrize("n_trials", [3, 30])
def test_what_rows_stand_for_is_handed_on(n_trials: int) -> None:
    history = grown(BRANCHES, n_trials, lambda history, i, config: history.tell(i, config["x"]))
    made = TPESampler().propose(BRANCHES, history, 4, trial_rng(0, 99))
    read = [BRANCHES.read(row) for row in made.rows]
    assert [repr(each) for each in made.readings] == [repr(each) for each in read]
    assert np.array_equal(made.rows, np.array([each.row for each in made.readings]))


def test_it_finds_the_optimum_of_a_bowl() -> None:
    for seed in range(3):
        history = grown(PLANE, 60, lambda h, i, c: h.tell(i, bowl(c)), seed=seed)
        assert history.values.min() < 1e-2
        late = history.X[40:]
        assert np.median(np.linalg.norm(late - [0.2, 0.7], axis=1)) < 0.2


def test_failed_trials_are_bad() -> None:
    def evaluate(history: History, number: int, config: Mapping[str, float]) -> None:
        if config["x"] < 0.5:
            history.tell(number, None, TrialState.FAIL)
        else:
            history.tell(number, abs(config["y"] - 0.7))

    X = grown(PLANE, 60, evaluate).X
    assert np.mean(X[30:, 0] < 0.5) < 0.25


def test_which_part_is_good_is_a_matter_of_trials_inside_the_space() -> None:
    wide = History(Space({"x": Float(0.0, 1.0)}), define_by_run=True)
    for i in range(40):
        wide.tell(wide.append({"x": i / 40.0}), float(i))
    for high, n_good in ((1.0, 6), (0.475, 3), (0.075, 1)):
        space = Space({"x": Float(0.0, high)})
        parts, _ = TPESampler()._split(space, wide.in_space(space))
        assert parts.n_good == n_good
    beyond = Space({"x": Float(2.0, 3.0)})
    assert propose(wide.in_space(beyond)).shape == (1, 1)


def test_pruned_trials_count_by_what_they_reported() -> None:
    def evaluate(history: History, number: int, config: Mapping[str, float]) -> None:
        history.report(number, 3, bowl(config))
        history.tell(number, None, TrialState.PRUNED)

    X = grown(PLANE, 60, evaluate).X
    assert np.median(np.linalg.norm(X[40:] - [0.2, 0.7], axis=1)) < 0.25


def test_outcome_constraints_lead_to_what_satisfies_them() -> None:
    def evaluate(history: History, number: int, config: Mapping[str, float]) -> None:
        history.tell(number, bowl(config), constraints={"g": 0.8 - config["x"]})

    history = grown(PLANE, 60, evaluate)
    assert np.mean(history.feasible[40:]) > 0.5


def test_several_objectives_spread_along_the_front() -> None:
    def evaluate(history: History, number: int, config: Mapping[str, float]) -> None:
        off = (config["y"] - 0.5) ** 2
        history.tell(number, (config["x"] ** 2 + off, (1.0 - config["x"]) ** 2 + off))

    X = grown(PLANE, 60, evaluate, n_objectives=2).X[30:]
    assert np.abs(X[:, 1] - 0.5).mean() < 0.17
    assert np.ptp(X[:, 0]) > 0.5


def filled(space: Space, n: int, seed: int = 0) -> History:
    """Return a history of random trials, some of them failed."""
    history, rng = History(space, seed=seed), np.random.default_rng(seed)
    for config in space.decode(space.sample(n, rng)):
        history.append(config)
    for number in rng.permutation(n).tolist():
        if number % 7 == 3:
            history.tell(number, None, TrialState.FAIL)
        else:
            history.tell(number, float(np.sum((history.X[number] - 0.3) ** 2)))
    return history


@pytest.mark.parametrize("space", [PLANE, BRANCHES], ids=["plane", "branches"])
def test_the_order_in_which_results_came_leaves_no_trace(space: Space) -> None:
    """A sampler that saw each tell, in any order, against a new one that sees them all at once."""
    told = filled(space, 40)
    for seed in range(3):
        history, sampler = History(space, seed=0), TPESampler()
        for config in space.decode(told.X):
            history.append(config)
        for number in np.random.default_rng(seed).permutation(40).tolist():
            propose(history, 2, sampler)
            state = TrialState(int(told.state[number]))
            value = told.values[number, 0] if state is TrialState.COMPLETE else None
            history.tell(number, value, state)
        assert np.array_equal(propose(history, 3, sampler), propose(told, 3))


def test_a_struck_out_trial_leaves_no_trace() -> None:
    study = bo.create_study(PLANE, sampler="tpe", seed=1)
    for _ in range(30):
        trial = study.ask()
        study.tell(trial, bowl(trial.params))
    best = study.best_trial.number
    study.invalidate(best, "wrong data")
    trial = study.ask()
    study.tell(trial, bowl(trial.params))
    history = study.history
    used = propose(history, 2, study.sampler)
    assert np.array_equal(used, propose(history, 2))
    kept = Ledger(26).best(history)
    assert best not in [key.number for key in kept]


def test_running_trials_push_away_and_batches_spread() -> None:
    history = filled(PLANE, 30)
    batch = propose(history, 6)
    gaps = np.linalg.norm(batch[:, None] - batch[None], axis=2) + np.eye(6)
    assert gaps.min() > 1e-3
    copies = np.array([propose(filled(PLANE, 30), 1)[0] for _ in range(2)])
    assert np.array_equal(copies[0], copies[1])
    assert np.array_equal(batch[0], copies[0])
    pushed = history.with_pending(
        np.repeat(batch[:1], 8, axis=0) + np.linspace(0, 1e-9, 8)[:, None]
    )
    assert not np.array_equal(propose(pushed, 1), batch[1:2])


def test_a_feasible_row_is_found_where_candidates_are_not() -> None:
    space = Space({f"x{i}": Int(0, 50) for i in range(4)}, constraints=["x0 + x1 + x2 + x3 == 7"])
    history = History(space, seed=3)
    for config in space.decode(space.sample(12, np.random.default_rng(0))):
        history.tell(history.append(config), float(config["x0"]))
    suggestion = TPESampler(n_candidates=1).propose(space, history, 3, trial_rng(3, history.n))
    assert space.feasible(suggestion.rows).all()
    assert len(suggestion.rows) == 3
    for fallback in suggestion.fallbacks:
        assert fallback == "" or "drawn at random" in fallback


@pytest.mark.parametrize(
    "settings",
    [
        {"n_startup": 0},
        {"n_candidates": 2.5},
        {"most_good": True},
        {"most_alike": 0},
        {"good_fraction": 0.0},
        {"good_fraction": 1.5},
        {"width": float("nan")},
        {"least_width": -1},
        {"prior_weight": -0.1},
        {"acquisition": "ucb"},
        {"random_fraction": 1.5},
    ],
)
def test_settings_without_a_meaning_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match="tpe"):
        TPESampler(**settings)


FORBIDDING = Space(
    {
        "opt": Categorical(["sgd", "adam", None]),
        "momentum": Float(0.0, 0.9, when={"opt": "sgd"}),
        "nested": Categorical([False, True], when={"opt": "sgd"}),
        "deep": Int(1, 5, when={"nested": True}),
        "step": Float(0.0, 0.9, step=0.3),
        "rate": Float(1e-6, 1.0, log=True),
        "wide": Float(-1.7e308, 1.7e308),
        "only": Float(2.0, 2.0),
    },
    constraints=["not (opt == 'sgd' and step > 0.5)", "rate < 0.5"],
)

outcomes = st.sampled_from(
    [TrialState.COMPLETE, TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL, None]
)
values = st.sampled_from(
    [0.0, -0.0, 1.0, -1.0, 5e-324, 1e300, -1e300, 1.7976931348623157e308, -1.7976931348623157e308]
)
extreme_settings = st.fixed_dictionaries(
    {
        "n_startup": st.just(1),
        "n_candidates": st.sampled_from([1, 5, 64]),
        "good_fraction": st.sampled_from([1e-9, 0.15, 1.0]),
        "most_good": st.sampled_from([1, 25]),
        "most_alike": st.sampled_from([1, 3]),
        "most_others": st.sampled_from([1, 250]),
        "acquisition": st.sampled_from(["ei", "pi"]),
        "width": st.sampled_from([1e-300, 1.0, 1e6]),
        "least_width": st.sampled_from([1e-300, 0.03, 1e6]),
        "least_cell_width": st.sampled_from([0, 1.0, 1e6]),
        "prior_weight": st.sampled_from([0, 1.0, 1e6]),
        "spread_weight": st.sampled_from([0, 1.0, 1e6]),
        "choice_weight": st.sampled_from([0, 1.0, 1e6]),
        "random_fraction": st.sampled_from([0, 0.5, 1.0]),
    }
)


@given(
    told=st.lists(st.tuples(outcomes, values, values), min_size=1, max_size=12),
    copies=st.integers(1, 12),
    kwargs=extreme_settings,
)
@settings(max_examples=60)
def test_any_history_and_any_settings_give_feasible_rows(
    told: list[tuple[TrialState | None, float, float]], copies: int, kwargs: dict[str, object]
) -> None:
    """Repeated points, extreme values and settings, reports of NaN, broken constraints."""
    history = History(FORBIDDING, seed=0)
    rows = FORBIDDING.sample(copies, np.random.default_rng(copies))
    for i, (state, value, shortfall) in enumerate(told):
        number = history.append(FORBIDDING.decode(rows)[i % copies])
        if state is TrialState.COMPLETE:
            history.tell(number, value, state, {"g": shortfall})
        elif state is not None:
            history.report(number, i, np.nan if shortfall < 0.0 else value)
            history.tell(number, None, state)
    with np.errstate(all="raise"):
        suggestion = TPESampler(**kwargs).propose(FORBIDDING, history, 3, trial_rng(0, history.n))
    assert suggestion.rows.shape == (3, FORBIDDING.d)
    assert np.array_equal(FORBIDDING.snap(suggestion.rows), suggestion.rows)
    assert FORBIDDING.feasible(suggestion.rows).all()


_SCRIPT = """
import numpy as np
from bayesopt.history import History
from bayesopt.rng import trial_rng
from bayesopt.samplers import TPESampler
from bayesopt.space import *
space = Space({"c": Categorical(["a", "b"]), "u": Float(0.0, 1.0, when={"c": "a"}),
               "i": Int(1, 30, log=True), "x": Float(0.0, 1.0), "o": Ordinal([1, 2, 4])})
history = History(space, seed=5)
for k, config in enumerate(space.decode(space.sample(45, np.random.default_rng(1)))):
    history.tell(history.append(config), float(k * 7 % 11))
rows = TPESampler(n_candidates=12).propose(space, history, 3, trial_rng(5, 45)).rows
print([x.hex() for x in rows.ravel().tolist()])
"""


def test_without_compilation_it_is_the_same() -> None:
    outputs = [
        subprocess.run(
            [sys.executable, "-c", _SCRIPT],
            env={**os.environ, "NUMBA_DISABLE_JIT": flag},
            capture_output=True,
            text=True,
            check=True,
            timeout=110,
        ).stdout
        for flag in ("0", "1")
    ]
    assert outputs[0] == outputs[1]
    assert outputs[0].count("0x") == 15


def test_in_a_noisy_study_good_trials_weigh_alike_and_there_are_fewer_candidates() -> None:
    space = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)})

    def suggested(sampler: TPESampler, noisy: bool) -> np.ndarray:
        history = History(space, seed=3, noisy=noisy)
        for i, config in enumerate(space.decode(space.sample(30, np.random.default_rng(0)))):
            history.tell(history.append(config), float(i % 7) ** 3)
        return sampler.propose(space, history, 4, trial_rng(3, history.n)).rows

    for noisy, acquisition, n_candidates in ((False, "ei", 64), (True, "pi", 24)):
        named = TPESampler(acquisition=acquisition, n_candidates=n_candidates)
        assert np.array_equal(suggested(TPESampler(), noisy), suggested(named, noisy))


def test_an_idle_search_draws_a_share_of_its_trials_at_random() -> None:
    history = grown(PLANE, 12, lambda history, number, config: history.tell(number, bowl(config)))

    def names(share: float) -> list[str]:
        sampler = TPESampler(idle_random_fraction=share)
        return [sampler.propose(PLANE, history, 1, trial_rng(3, k)).sampler for k in range(150)]

    assert set(names(1.0)) == {"tpe"}
    while history.n <= int(history.values[: history.n, 0].argmin()) + 15:
        history.tell(history.append({"x": 0.9, "y": 0.9 - 1e-3 * history.n}), 1e3)
    assert set(names(0.0)) == {"tpe"}
    assert names(1.0 / 3.0).count("tpe:random") / 150 == pytest.approx(1.0 / 3.0, abs=0.1)
    history.tell(history.append({"x": 0.4, "y": 0.4}), -1.0)
    assert set(names(1.0)) == {"tpe"}


def ways(space: Space, sampler: TPESampler, n: int = 80, **kwargs: Any) -> list[str]:
    """Return the names of 150 proposals after `n` random trials, the last one the best."""
    history = History(space, **kwargs)
    for k, config in enumerate(space.decode(space.sample(n, np.random.default_rng(0)))):
        history.tell(history.append(config), [-float(k)] * history.n_objectives)
    return [sampler.propose(space, history, 1, trial_rng(0, k)).sampler for k in range(150)]


def test_half_of_the_trials_are_differences_once_a_dozen_are_good() -> None:
    assert set(ways(PLANE, TPESampler(), n=73)) == {"tpe"}
    names = ways(PLANE, TPESampler(), n=74)
    assert set(names) == {"tpe", "tpe:difference"}
    assert names.count("tpe:difference") / 150 == pytest.approx(0.5, abs=0.1)
    assert set(ways(PLANE, TPESampler(difference_fraction=0.0))) == {"tpe"}
    assert set(ways(PLANE, TPESampler(difference_fraction=1.0))) == {"tpe:difference"}


def test_there_are_no_differences_where_they_were_not_found_to_help() -> None:
    sampler = TPESampler(difference_fraction=1.0)
    assert set(ways(PLANE, sampler, noisy=True)) == {"tpe"}
    assert set(ways(PLANE, sampler, n_objectives=2)) == {"tpe"}
    for other in (Int(1, 9), Categorical(["a", "b"]), Ordinal([1, 2, 4])):
        assert set(ways(Space({"x": Float(0.0, 1.0), "o": other}), sampler)) == {"tpe"}


def test_the_difference_with_the_largest_ratio_is_proposed(monkeypatch: pytest.MonkeyPatch) -> None:
    history = History(PLANE)
    for config in PLANE.decode(PLANE.sample(80, np.random.default_rng(0))):
        history.tell(history.append(config), bowl(config))
    made = np.array([[0.9, 0.1], [0.25, 0.65], [0.6, 0.9]])
    monkeypatch.setattr("bayesopt.samplers.tpe.shift", lambda *_: made.copy())
    row = propose(history, 1, TPESampler(difference_fraction=1.0))
    np.testing.assert_allclose(row, made[1:2], atol=1e-9)


def test_where_no_difference_may_be_proposed_the_densities_find_a_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    space = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)}, constraints=["x + y <= 1"])
    monkeypatch.setattr("bayesopt.samplers.tpe.shift", lambda *_: np.full((3, 2), 0.9))
    assert set(ways(space, TPESampler(difference_fraction=1.0))) == {"tpe"}


@pytest.mark.parametrize("state", [TrialState.WAITING, TrialState.RUNNING])
def test_trials_without_a_result_do_not_make_a_search_idle(state: TrialState) -> None:
    history = grown(PLANE, 12, lambda history, number, config: history.tell(number, bowl(config)))
    sampler = TPESampler(idle_random_fraction=1.0)
    for k in range(40):
        history.append({"x": 0.9, "y": 0.9 - 1e-3 * k}, state)
    assert sampler.propose(PLANE, history, 1, trial_rng(3, 0)).sampler == "tpe"


def test_an_idle_search_goes_on_where_it_was_not_found_to_help() -> None:
    def name(space: Space, **kwargs: Any) -> str:
        history = History(space, **kwargs)
        for k, config in enumerate(space.decode(space.sample(60, np.random.default_rng(0)))):
            history.tell(history.append(config), float(k))
        sampler = TPESampler(idle_random_fraction=1.0)
        return sampler.propose(space, history, 1, trial_rng(0, 60)).sampler

    assert name(PLANE) == "tpe:random"
    assert name(PLANE, noisy=True) == "tpe"
    assert name(Space({"x": Float(0.0, 1.0), "k": Int(1, 9)})) == "tpe"
    assert name(Space({"x": Float(0.0, 1.0), "c": Categorical(["a", "b"])})) == "tpe"


def test_a_part_of_the_proposals_is_drawn_from_the_whole_space() -> None:
    history, rng = History(PLANE, seed=0), np.random.default_rng(0)
    for i in range(40):  # the good ones lie together
        history.tell(history.append({"x": 0.02 * rng.random(), "y": 0.02 * rng.random()}), float(i))

    def share_afar(fraction: float) -> float:
        sampler = TPESampler(random_fraction=fraction, idle_random_fraction=0.0)
        made = sampler.propose(PLANE, history, 300, trial_rng(0, 40))
        assert not any(made.fallbacks)
        return float((made.rows > 0.5).any(axis=1).mean())

    none = share_afar(0.0)
    assert share_afar(1.0) == pytest.approx(0.75, abs=0.08)
    assert share_afar(1.0 / 3.0) == pytest.approx(none + (0.75 - none) / 3.0, abs=0.1)
