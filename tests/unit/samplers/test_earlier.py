"""Earlier studies and guesses in samplers: what is read of them, and what is proposed."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from bayesopt import samplers
from bayesopt.errors import SettingsError
from bayesopt.history import History
from bayesopt.rng import trial_rng
from bayesopt.samplers import AutoSampler, GPSampler, Sampler, TPESampler
from bayesopt.samplers.earlier import N_PORTFOLIO, plain_sources, rows_of
from bayesopt.space import Categorical, Constant, Float, Int, Near, Ordinal, Space

SPACE = Space(
    {
        "x": Float(0.0, 10.0),
        "lr": Float(1e-4, 1e-1, log=True),
        "n": Int(1, 10),
        "c": Categorical(["a", "b"]),
        "m": Float(0.0, 1.0, when={"c": "a"}),
    }
)
BEST = {"x": 7.0, "lr": 1e-2, "n": 3, "c": "a", "m": 0.8}


def loss(config: dict[str, object], shift: float = 0.0) -> float:
    found = (config["x"] / 10 - 0.7 - shift) ** 2 + (np.log10(config["lr"]) + 2.0) ** 2 / 9
    found += (config["n"] - 3) ** 2 / 100
    return float(found + (0.3 if config["c"] == "b" else (config["m"] - 0.8) ** 2))


def earlier(seed: int, sign: float = 1.0, n: int = 30, space: Space = SPACE) -> dict[str, object]:
    configs = space.decode(space.sample(n, np.random.default_rng(seed)))
    trials = [[config, sign * (5.0 * loss(config, 0.02 * seed) + 3.0)] for config in configs]
    return {"name": f"old{seed}", "direction": "minimize", "trials": trials}


GOOD, BAD = [earlier(1), earlier(2)], [earlier(1, -1.0), earlier(2, -1.0)]
PRIOR = {"x": Near(7.0, within=1.0), "lr": 1e-2, "n": 3, "c": {"a": 3}}


def run(sampler: Sampler, n: int, space: Space = SPACE, seed: int = 5) -> History:
    history = History(space, seed=seed)
    for _ in range(n):
        made = sampler.propose(space, history, 1, trial_rng(seed, history.n))
        assert made.fallback == ""
        config = space.decode(made.rows)[0]
        history.tell(history.append(config), loss(config))
    return history


def best(history: History) -> np.ndarray:
    return np.minimum.accumulate(history.values[:, 0])


def test_trials_are_matched_by_name() -> None:
    wider = Space(
        {
            "x": Float(-10.0, 20.0),
            "lr": Float(1e-6, 1.0, log=True),
            "n": Int(1, 40),
            "c": Categorical(["a", "b", "z"]),
            "other": Float(0.0, 1.0),
        }
    )
    configs = [
        {"x": -5.0, "lr": 1e-5, "n": 5, "c": "b", "other": 0.1},
        {"x": 5.0, "lr": 1e-2, "n": 15, "c": "b", "other": 0.1},
        {"x": 5.0, "lr": 1e-2, "n": 5, "c": "z", "other": 0.1},
        {"x": 5.0, "lr": 1e-6, "n": 5, "c": "b", "other": 0.1},
        {"x": 5.0, "lr": 1e-2, "n": 40, "c": "b", "other": 0.1},
    ]
    assert all(wider.validate(config) for config in configs)
    data = {"name": "", "direction": "maximize", "trials": [[c, i] for i, c in enumerate(configs)]}
    (found,) = rows_of(SPACE, plain_sources([data]))
    np.testing.assert_array_equal(found.y, [0.0, -1.0, -3.0])  # z, and 40, are too far
    np.testing.assert_allclose(found.X[0, :3], [-0.5, -1 / 3, 0.45], atol=1e-9)
    np.testing.assert_allclose(found.X[1, :3], [0.5, 2 / 3, 1.45], atol=1e-9)
    np.testing.assert_allclose(found.X[2, :3], [0.5, -2 / 3, 0.45], atol=1e-9)
    assert found.known.tolist() == [True, True, True, True, False]


def test_the_same_space_gives_the_same_rows() -> None:
    (found,) = rows_of(SPACE, [GOOD[0]])
    np.testing.assert_array_equal(found.X, SPACE.encode([c for c, _ in GOOD[0]["trials"]]))


def test_studies_that_say_nothing_are_left_out() -> None:
    nothing = {"name": "", "direction": "minimize", "trials": [[{"q": 1.0}, 1.0]] * 5}
    failed = {"name": "", "direction": "minimize", "trials": [[{"x": 1.0}, None]] * 5}
    assert rows_of(SPACE, [nothing, failed]) == ()
    history = run(GPSampler(sources=[nothing, failed]), 12)
    np.testing.assert_array_equal(history.X, run(GPSampler(), 12).X)


def test_the_best_of_one_study_come_first_in_order() -> None:
    old = earlier(1)
    made = GPSampler(sources=[old]).propose(SPACE, History(SPACE, seed=5), 4, trial_rng(5, 0))
    in_order = sorted(old["trials"], key=lambda trial: trial[1])
    np.testing.assert_array_equal(made.rows, SPACE.encode([config for config, _ in in_order[:4]]))


def test_what_failed_in_an_earlier_study_is_not_proposed_again() -> None:
    old = earlier(1)
    for trial in old["trials"][3:]:
        trial[1] = None
    history = run(GPSampler(sources=[old]), 6)
    failed = SPACE.encode([config for config, value in old["trials"] if value is None])
    assert not history.contains(failed).any()
    good = SPACE.encode([config for config, value in old["trials"] if value is not None])
    assert history.contains(good).all()


def test_a_constant_that_differs_is_another_problem() -> None:
    space = Space({"x": Float(0.0, 1.0), "k": Constant(1)})
    trials = [[{"x": 0.1, "k": 1}, 1.0], [{"x": 0.2, "k": 2}, 1.0], [{"x": 0.3}, 2.0]]
    (found,) = rows_of(space, [{"name": "", "direction": "minimize", "trials": trials}])
    np.testing.assert_allclose(found.X[:, 0], [0.1, 0.3])


def test_earlier_studies_save_evaluations() -> None:
    plain, helped = best(run(GPSampler(), 16)), best(run(GPSampler(sources=GOOD), 16))
    assert helped[N_PORTFOLIO - 1] < plain[9]
    assert helped[10] < plain[10] / 2


def test_a_misleading_study_costs_its_portfolio_and_no_more() -> None:
    misled, plain = run(GPSampler(sources=BAD), 30), run(GPSampler(), 30)
    floor = np.median([loss(c) for c in SPACE.decode(SPACE.sample(200, np.random.default_rng(0)))])
    assert (misled.values[:N_PORTFOLIO, 0] > floor).all()  # so they did mislead
    assert best(misled)[-1] < 0.05 * floor
    assert best(misled)[-1] < best(plain)[-1] + 0.02
    late = misled.values[10:, 0]
    assert np.median(late) < 0.5 * floor


@pytest.mark.parametrize(("sources", "then"), [(BAD, "gp:design"), (GOOD, "gp")])
def test_where_nothing_is_trusted_a_design_follows(sources: list[object], then: str) -> None:
    sampler = GPSampler(sources=sources)
    end = N_PORTFOLIO + sampler.n_design(SPACE)
    for n, made_by in ((N_PORTFOLIO, then), (end - 1, then), (end, "gp")):
        made = sampler.propose(SPACE, run(sampler, n), 1, trial_rng(5, n))
        assert made.sampler == made_by


@pytest.mark.parametrize("make", [GPSampler, AutoSampler])
def test_the_same_history_gives_the_same_bits_with_any_cache(make: type) -> None:
    sampler, history = make(sources=GOOD, prior=PRIOR), History(SPACE, seed=5)
    for i in range(14):
        made = sampler.propose(SPACE, history, 1, trial_rng(5, history.n))
        anew = samplers.from_spec(samplers.to_spec(sampler))
        assert anew == sampler
        again = anew.propose(SPACE, history, 1, trial_rng(5, history.n))
        np.testing.assert_array_equal(made.rows, again.rows, err_msg=str(i))
        config = SPACE.decode(made.rows)[0]
        history.tell(history.append(config), loss(config))


SCRIPT = """
import json, sys
from bayesopt import samplers
from bayesopt.history import History
from bayesopt.rng import trial_rng
from bayesopt.space import Space
spec, space, told = json.load(sys.stdin)
sampler, space = samplers.from_spec(spec), Space.from_json(space)
history = History(space, seed=5)
for config, value in told:
    history.tell(history.append(config), value)
rows = sampler.propose(space, history, 2, trial_rng(5, history.n)).rows
print(json.dumps([[u.hex() for u in row] for row in rows.tolist()]))
"""


def test_another_process_proposes_the_same_bits() -> None:
    sampler = GPSampler(sources=GOOD, prior=PRIOR)
    history = run(sampler, 12)
    configs = SPACE.decode(history.X)
    told = [[config, loss(config)] for config in configs]
    content = json.dumps([samplers.to_spec(sampler), SPACE.to_json(), told])
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], input=content, capture_output=True, text=True, check=True
    )
    there = [[float.fromhex(u) for u in row] for row in json.loads(done.stdout)]
    here = sampler.propose(SPACE, history, 2, trial_rng(5, history.n)).rows
    np.testing.assert_array_equal(here, there)


@pytest.mark.parametrize("make", [GPSampler, TPESampler])
def test_the_first_trial_is_the_guess(make: type) -> None:
    made = make(prior=PRIOR).propose(SPACE, History(SPACE, seed=5), 1, trial_rng(5, 0))
    config = SPACE.decode(made.rows)[0]
    assert config["x"] == pytest.approx(7.0)
    assert config["lr"] == pytest.approx(1e-2)
    assert (config["n"], config["c"]) == (3, "a")


@pytest.mark.parametrize("make", [GPSampler, TPESampler])
def test_a_right_guess_helps_and_a_wrong_one_is_overcome(make: type) -> None:
    random = [loss(c) for c in SPACE.decode(SPACE.sample(300, np.random.default_rng(0)))]
    right = best(run(make(prior=PRIOR), 15))
    assert right[0] < np.quantile(random, 0.05)
    wrong = {"x": Near(1.0, within=0.5), "lr": 1e-4, "n": 10, "c": "b"}
    misled = best(run(make(prior=wrong), 30 if make is GPSampler else 60, seed=1))
    assert misled[0] > np.median(random)
    assert misled[-1] < np.quantile(random, 0.02)


def test_a_guess_that_is_worth_nothing_changes_the_design_alone() -> None:
    rows = SPACE.sample(15, np.random.default_rng(3))
    history = History(SPACE, seed=5)
    for config in SPACE.decode(rows):
        history.tell(history.append(config), loss(config))
    for make in (GPSampler, TPESampler):
        said = make(prior=PRIOR, prior_trials=0.0).propose(SPACE, history, 2, trial_rng(5, 15))
        plain = make().propose(SPACE, history, 2, trial_rng(5, 15))
        np.testing.assert_array_equal(said.rows, plain.rows)


@pytest.mark.parametrize(
    "sources",
    [
        3,
        "runs.db",
        [1],
        [{"name": "a"}],
        [{"name": "a", "direction": "up", "trials": []}],
        [{"name": "a", "direction": "minimize", "trials": [[{"x": 1.0}, "low"]]}],
        [{"name": "a", "direction": "minimize", "trials": [{"x": 1.0}]}],
    ],
)
def test_sources_are_checked(sources: object) -> None:
    with pytest.raises(SettingsError):
        GPSampler(sources=sources)


def test_several_objectives_have_no_earlier_studies() -> None:
    history = History(SPACE, 2, seed=5)
    with pytest.raises(SettingsError, match="one objective"):
        GPSampler(sources=GOOD).propose(SPACE, history, 1, trial_rng(5, 0))


def test_spaces_of_choices_only_and_batches_work() -> None:
    space = Space({"c": Categorical(["a", "b", "z"]), "o": Ordinal([1, 2, 4])})
    trials = [[{"c": c, "o": o}, float(o + (c == "b"))] for c in "abz" for o in (1, 2, 4)]
    source = {"name": "", "direction": "minimize", "trials": trials}
    history = History(space, seed=1)
    made = GPSampler(sources=[source]).propose(space, history, 9, trial_rng(1, 0))
    assert len(np.unique(made.rows, axis=0)) == 9


def test_models_that_break_give_way_to_the_design(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: object) -> None:
        raise np.linalg.LinAlgError("not positive definite")

    monkeypatch.setattr("bayesopt.surrogates.transfer.build_belief", broken)
    sampler, history = GPSampler(sources=GOOD), History(SPACE, seed=5)
    end = N_PORTFOLIO + sampler.n_design(SPACE)
    for i in range(end + 1):
        made = sampler.propose(SPACE, history, 1, trial_rng(5, i))
        assert (made.sampler, "not positive" in made.fallback) == (
            ("gp:design", False) if i < end else ("gp", True)
        )
        history.tell(history.append(SPACE.decode(made.rows)[0]), float(i))


def test_the_other_engine_learns_from_earlier_studies_too() -> None:
    pytest.importorskip("botorch")
    history = run(GPSampler(sources=GOOD), 6)
    here = GPSampler(sources=GOOD, prior=PRIOR)
    there = GPSampler(sources=GOOD, prior=PRIOR, device="cpu")
    rows = [one.propose(SPACE, history, 1, trial_rng(5, 6)) for one in (here, there)]
    assert rows[1].fallback == ""
    np.testing.assert_allclose(rows[0].rows, rows[1].rows, atol=0.02)


def test_a_noisy_study_learns_from_earlier_ones() -> None:
    history, rng = History(SPACE, seed=5, noisy=True), np.random.default_rng(0)
    sampler = GPSampler(sources=GOOD)
    for _ in range(14):
        made = sampler.propose(SPACE, history, 1, trial_rng(5, history.n))
        assert made.fallback == ""
        config = SPACE.decode(made.rows)[0]
        history.tell(history.append(config), loss(config) + 0.1 * rng.standard_normal())
