"""Ranges that change while a study of Optuna's runs: what is modelled is what trials ask for."""

from __future__ import annotations

import itertools
import random

import pytest

optuna = pytest.importorskip("optuna")

from optuna.distributions import (  # noqa: E402
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from bayesopt.integrations import optuna_ranges  # noqa: E402
from bayesopt.integrations.optuna import BayesOptSampler  # noqa: E402
from bayesopt.integrations.optuna_mirror import Mirror  # noqa: E402

optuna.logging.set_verbosity(optuna.logging.WARNING)

WIDE, NARROW = FloatDistribution(-100, 100), FloatDistribution(-5, 5)


def mirror_of(study):
    mirror = Mirror(["minimize"], seed=0, noisy=False)
    mirror.follow(study.get_trials(deepcopy=False), len(study.trials))
    return mirror


def study_of(*trials):
    """Return a study of complete trials: each a mapping of name to (value, distribution)."""
    study = optuna.create_study()
    for trial in trials:
        params = {name: value for name, (value, _) in trial.items()}
        distributions = {name: each for name, (_, each) in trial.items()}
        made = optuna.trial.create_trial(params=params, distributions=distributions, value=0.0)
        study.add_trial(made)
    return study


def x_of(*ranges):
    return study_of(*({"x": (each.low + 0.01 * i, each)} for i, each in enumerate(ranges)))


def modelled(study, name="x"):
    mirror = mirror_of(study)
    parameter = mirror.history.space[name]
    given = mirror.distributions[name]
    assert (parameter.low, parameter.high) == (given.low, given.high)
    return given


def test_three_trials_that_agree_narrow_a_range_and_older_ones_are_outside():
    assert modelled(x_of(*[WIDE] * 5, *[NARROW] * 2)) == WIDE
    study = x_of(*[WIDE] * 5, *[NARROW] * 3)
    assert modelled(study) == NARROW
    assert mirror_of(study).history.inside.tolist() == [False] * 5 + [True] * 3


def test_a_range_that_is_moved_or_widened_again_is_followed():
    up, both = FloatDistribution(200, 300), FloatDistribution(-100, 300)
    assert modelled(x_of(*[WIDE] * 5, up)) == both
    assert modelled(x_of(*[WIDE] * 5, *[up] * 3)) == up
    assert modelled(x_of(*[WIDE] * 5, *[NARROW] * 3, WIDE)) == WIDE


def test_another_step_is_followed():
    ones, twos = IntDistribution(0, 20), IntDistribution(0, 20, step=2)
    study = study_of(*({"k": (k, ones)} for k in (1, 2, 3)), *({"k": (k, twos)} for k in (4, 6, 8)))
    assert modelled(study, "k") == twos
    assert mirror_of(study).history.inside.tolist() == [False, True, False, True, True, True]


def test_the_more_a_range_changed_the_more_trials_must_agree():
    changing = [WIDE, NARROW] * 3
    assert modelled(x_of(*changing, *[NARROW] * 8)) == WIDE
    assert modelled(x_of(*changing, *[NARROW] * 9)) == NARROW


def up_to(n, k):
    """Return a trial that has k <= n."""
    return {"n": (n, IntDistribution(1, 20)), "k": (k, IntDistribution(1, n))}


def test_ranges_that_differ_from_trial_to_trial_stay_joined():
    rng = random.Random(0)
    study = study_of(*(up_to(n, rng.randint(1, n)) for n in rng.choices(range(1, 21), k=40)))
    assert modelled(study, "k").high == max(t.params["n"] for t in study.trials)


def test_a_range_that_came_along_with_another_value_needs_ten_trials():
    stuck = [up_to(14, 11), *(up_to(4, 1 + i % 4) for i in range(9))]
    assert modelled(study_of(*stuck), "k").high == 14
    assert modelled(study_of(*stuck, up_to(4, 1)), "k").high == 4


def test_the_order_in_which_trials_came_to_be_known_leaves_no_trace():
    trials = x_of(*[WIDE] * 3, NARROW, WIDE, *[NARROW] * 6).get_trials()
    found = []
    for seed in range(5):
        ranges = optuna_ranges.Ranges()
        for trial in random.Random(seed).sample(trials, len(trials)):
            ranges.add(trial)
            ranges.add(trial)
        found.append((ranges.now(), ranges.whole()))
    assert all(each == ({"x": NARROW}, {"x": WIDE}) for each in found)


def test_following_step_by_step_gives_the_ranges_of_reading_at_once():
    sampler, width = BayesOptSampler("tpe", seed=0), itertools.chain([9.0] * 12, [1.0] * 12)

    def objective(trial):
        w = next(width)
        return trial.suggest_float("x", -w, w) ** 2 + trial.suggest_int("k", 1, 1 + int(9 * w))

    study = optuna.create_study(sampler=sampler)
    for _ in range(24):
        study.optimize(objective, n_trials=1)
        trial = study.ask()
        space = sampler.infer_relative_search_space(study, trial._get_latest_trial())
        study.tell(trial, state=optuna.trial.TrialState.FAIL)
        assert space == mirror_of(study).distributions


@pytest.mark.parametrize("sampler", ["tpe", "gp"])
def test_proposals_follow_a_range_that_is_narrowed(sampler, monkeypatch):
    width, drawn = [100.0], []

    def objective(trial):
        x, y = (trial.suggest_float(name, -width[0], width[0]) for name in "xy")
        return (x - 0.3) ** 2 + (y + 0.4) ** 2

    study = optuna.create_study(sampler=BayesOptSampler(sampler, seed=0))
    study.optimize(objective, n_trials=12)
    width[0] = 5.0
    study.optimize(objective, n_trials=3)
    draw = BayesOptSampler.sample_independent
    monkeypatch.setattr(
        BayesOptSampler,
        "sample_independent",
        lambda self, *args: drawn.append(args) or draw(self, *args),
    )
    study.optimize(objective, n_trials=12)
    assert not drawn
    assert min(t.value for t in study.trials[15:]) < 0.5


def layers(trial):
    x = trial.suggest_float("x", -1, 1)
    n = trial.suggest_int("n", 1, 3)
    return x**2 + sum(trial.suggest_float(f"width{i}", 0, 1) for i in range(n))


def dynamic(trial):
    n = trial.suggest_int("n", 1, 20)
    return abs(n - 12) + abs(trial.suggest_int("k", 1, n) - 8)


@pytest.mark.parametrize(("sampler", "n"), [("tpe", 30), ("gp", 14)])
@pytest.mark.parametrize("objective", [layers, dynamic])
def test_proposals_are_those_of_joined_ranges_where_no_range_is_narrowed(
    objective, sampler, n, monkeypatch
):
    runs = []
    for _ in range(2):
        study = optuna.create_study(sampler=BayesOptSampler(sampler, seed=0))
        study.optimize(objective, n_trials=n)
        runs.append([t.params for t in study.trials])
        monkeypatch.setattr(optuna_ranges.Ranges, "now", optuna_ranges.Ranges.whole)
    assert runs[0] == runs[1]


def test_the_space_is_made_once_where_nothing_changes(monkeypatch):
    made, settled = [], Mirror._space
    monkeypatch.setattr(
        Mirror, "_space", lambda self, fixed: made.append(1) or settled(self, fixed)
    )
    study = optuna.create_study(sampler=BayesOptSampler("random", seed=0))
    study.optimize(lambda t: t.suggest_float("x", 0, 1) + t.suggest_int("k", 1, 5), n_trials=20)
    assert len(made) == 1


def deep(n, most):
    depth = {"n": (n, IntDistribution(1, most)), "x": (n / 10, FloatDistribution(0, 1))}
    widths = {f"width{i}": (0.1 * i, FloatDistribution(0, 1)) for i in range(n)}
    return depth | widths


def test_what_can_be_asked_for_no_more_is_left_out():
    known = [deep(n, 5) for n in (1, 2, 3, 4, 5, 3, 5)]
    assert "width4" in mirror_of(study_of(*known)).history.space.names
    space = mirror_of(study_of(*known, *(deep(n, 3) for n in (1, 3, 2)))).history.space
    assert set(space.names) == {"n", "x", "width0", "width1", "width2"}
    assert dict(space["width2"].condition) == {"n": (3,)}
    again = mirror_of(study_of(*known, *(deep(n, 3) for n in (1, 3, 2)), deep(5, 5)))
    assert "width4" in again.history.space.names


def test_what_depends_on_what_is_left_out_is_left_out():
    choice = CategoricalDistribution(["a", "b"])

    def trial(n, most, sub=None):
        made = {"n": (n, IntDistribution(1, most))}
        if sub is not None:
            made["sub"] = sub, choice
        if sub == "b":
            made["deep"] = 0.5, FloatDistribution(0, 1)
        return made

    known = [trial(n, 4, sub) for n in (3, 4) for sub in "abab"] + [trial(n, 4) for n in (1, 2) * 3]
    assert set(mirror_of(study_of(*known)).history.space.names) == {"n", "sub", "deep"}
    space = mirror_of(study_of(*known, *(trial(n, 2) for n in (1, 2, 1)))).history.space
    assert set(space.names) == {"n"}
