from __future__ import annotations

import itertools
import math

import pytest

from bayesopt.active import Trial, TrialSetup
from bayesopt.errors import InvalidConfigError, InvalidValueError, SpaceChangedError, SpaceError
from bayesopt.space import Categorical, Float, Int


class Port:
    def __init__(self):
        self.calls = []
        self.prune = False

    def report(self, trial, step, values):
        self.calls.append((trial.number, step, values))

    def should_prune(self, trial):
        return self.prune

    def set_user_attr(self, trial, name, value):
        if name == "refused":
            raise InvalidValueError("user attribute")
        self.calls.append((trial.number, name, value))


def _trial(params=None, **setup):
    return Trial(TrialSetup(5, 2, params or {}, **setup), Port())


def _free(params=None, seed=0):
    return _trial(params, define_by_run=True, seed=seed)


# -- a declared space -----------------------------------------------------------------------------
def test_a_trial_shows_what_it_is():
    trial = _trial({"x": 1.5}, sampler="gp", fallback="one trial only", user_attrs={"a": 1})
    assert (trial.number, trial.attempt, trial.sampler) == (5, 2, "gp")
    assert (trial.fallback, trial.params, trial.user_attrs) == (
        "one trial only",
        {"x": 1.5},
        {"a": 1},
    )
    assert repr(trial) == "Trial(number=5, params={'x': 1.5})"


def test_changing_what_it_shows_changes_nothing():
    trial = _trial({"x": 1.5}, user_attrs={"a": 1})
    trial.params["x"] = 2.0
    trial.user_attrs["a"] = 2
    assert (trial.params, trial.user_attrs) == ({"x": 1.5}, {"a": 1})
    with pytest.raises(TypeError):
        trial.suggested["x"] = None


def test_suggestions_on_a_declared_space_are_the_proposal():
    trial = _trial({"x": 0.5, "n": 3, "act": "relu"})
    assert trial.suggest_float("x", 0, 1) == 0.5
    assert trial.suggest_int("n", 1, 8) == 3
    assert trial.suggest_categorical("act", ["relu", "tanh"]) == "relu"
    assert trial.suggested == {}


def test_a_parameter_that_the_space_does_not_have():
    with pytest.raises(InvalidConfigError, match="'y' of trial 5"):
        _trial({"x": 0.5}).suggest_float("y", 0, 1)


@pytest.mark.parametrize(
    "suggest",
    [
        lambda trial: trial.suggest_float("x", 0.6, 1),
        lambda trial: trial.suggest_float("x", 0, 0.4),
        lambda trial: trial.suggest_categorical("x", ["relu"]),
        lambda trial: trial.suggest_int("x", 0, 1),
    ],
)
def test_a_distribution_without_the_declared_value(suggest):
    with pytest.raises(SpaceChangedError, match="bounds that the study's space has"):
        suggest(_trial({"x": 0.5}))


# -- define-by-run --------------------------------------------------------------------------------
def _suggest_all(trial, order):
    suggest = {
        "x": lambda: trial.suggest_float("x", -1, 1),
        "lr": lambda: trial.suggest_float("lr", 1e-6, 1.0, log=True),
        "n": lambda: trial.suggest_int("n", 1, 10_000),
        "act": lambda: trial.suggest_categorical("act", list("abcdefgh")),
    }
    for name in order:
        suggest[name]()
    return trial.params


def test_new_names_get_values_whatever_the_order():
    values = [_suggest_all(_free(), o) for o in itertools.permutations(["x", "lr", "n", "act"])]
    assert all(value == values[0] for value in values)


def test_values_depend_on_seed_trial_and_name():
    def draw(seed, number, name):
        setup = TrialSetup(number, 1, {}, seed=seed, define_by_run=True)
        return Trial(setup, Port()).suggest_float(name, 0, 1)

    keys = list(itertools.product((0, 1), (0, 1), ("x", "y")))
    assert len({draw(*key) for key in keys}) == len(keys)
    assert [draw(*key) for key in keys] == [draw(*key) for key in keys]


def test_values_lie_in_the_distribution_and_have_its_type():
    for seed in range(20):
        trial = _free(seed=seed)
        _suggest_all(trial, ["x", "lr", "n", "act"])
        for parameter, value in trial.suggested.values():
            assert parameter.contains(value)
        assert [type(trial.params[name]) for name in ("x", "lr", "n")] == [float, float, int]


def test_steps_and_single_values():
    trial = _free()
    assert trial.suggest_float("x", 0, 1, step=0.25) in (0.0, 0.25, 0.5, 0.75, 1.0)
    assert trial.suggest_int("n", 0, 100, step=50) in (0, 50, 100)
    assert trial.suggest_float("same", 2.5, 2.5) == 2.5
    assert trial.suggest_categorical("one", [None]) is None


def test_offers_are_taken_where_they_fit():
    trial = _free({"x": 0.25, "n": 7, "act": "b", "unused": 1})
    assert trial.suggest_float("x", -1, 1) == 0.25
    assert trial.suggest_int("n", 1, 10) == 7
    assert trial.suggest_categorical("act", ["a", "b"]) == "b"
    assert trial.params == {"x": 0.25, "n": 7, "act": "b"}


def test_narrower_bounds_than_the_offer_draw_afresh_as_if_there_were_none():
    offered, fresh = _free({"x": 0.9, "n": 700, "act": "b"}), _free()
    for trial in (offered, fresh):
        trial.suggest_float("x", 0.0, 0.5)
        trial.suggest_int("n", 1, 10)
        trial.suggest_categorical("act", ["c", "d"])
    assert offered.params == fresh.params
    assert offered.params["x"] <= 0.5


def test_an_offer_of_another_kind_is_not_taken():
    trial = _free({"x": "relu", "n": 2.5, "act": 1})
    assert 0 <= trial.suggest_float("x", 0, 1) <= 1
    assert trial.suggest_int("n", 1, 3) in (1, 2, 3)
    assert trial.suggest_categorical("act", ["a", True]) in ("a", True)


def test_the_same_suggestion_again_is_the_same_value():
    trial = _free()
    assert trial.suggest_float("x", 0, 1) == trial.suggest_float("x", 0.0, 1.0)
    first = trial.suggest_categorical("act", ["a", "b"])
    assert trial.suggest_categorical("act", ["a", "b"]) == first
    assert list(trial.suggested) == ["x", "act"]


@pytest.mark.parametrize(
    "again",
    [
        lambda trial: trial.suggest_float("x", 0, 2),
        lambda trial: trial.suggest_float("x", 0, 1, step=0.5),
        lambda trial: trial.suggest_int("x", 0, 1),
        lambda trial: trial.suggest_categorical("x", [0, 1]),
    ],
)
def test_a_changed_distribution_within_one_trial(again):
    trial = _free()
    value = trial.suggest_float("x", 0, 1)
    with pytest.raises(SpaceChangedError, match="another name"):
        again(trial)
    assert trial.params == {"x": value}


@pytest.mark.parametrize(
    "ill",
    [
        lambda trial: trial.suggest_float("x", 1, 0),
        lambda trial: trial.suggest_float("x", 0, math.nan),
        lambda trial: trial.suggest_float("x", 0, 1, log=True),
        lambda trial: trial.suggest_int("x", 0.5, 2),
        lambda trial: trial.suggest_categorical("x", []),
    ],
)
def test_an_ill_defined_distribution_is_refused_and_forgotten(ill):
    trial = _free()
    with pytest.raises(SpaceError):
        ill(trial)
    assert trial.params == {}


@pytest.mark.parametrize(
    "name", ["", "a'b\"c", "two\nlines", "naïve 🚀", "\ud800", "x; DROP TABLE"]
)
def test_hostile_names_draw_like_others(name):
    assert 0 <= _free().suggest_float(name, 0, 1) <= 1


def test_suggested_keeps_distributions_with_values():
    trial = _free()
    x = trial.suggest_float("x", 0, 1)
    trial.suggest_int("n", 1, 5, log=True)
    trial.suggest_categorical("act", {"double": len, "half": abs})
    assert trial.suggested["x"] == (Float(0, 1), x)
    assert trial.suggested["n"][0] == Int(1, 5, log=True)
    assert trial.suggested["act"][0] == Categorical({"double": len, "half": abs})
    assert trial.suggested["act"][1] in (len, abs)


# -- reports and attributes -----------------------------------------------------------------------
def test_reports_are_coerced_on_the_way():
    trial = _trial()
    trial.report(1, 0)
    trial.report(math.nan, True)
    assert trial._port.calls[0] == (5, 0.0, (1.0,))
    assert math.isnan(trial._port.calls[1][2][0])


@pytest.mark.parametrize(("value", "step"), [("1", 0), (None, 0), (1.0, -1), (1.0, math.nan)])
def test_bad_reports_go_nowhere(value, step):
    trial = _trial()
    with pytest.raises(InvalidValueError):
        trial.report(value, step)
    assert trial._port.calls == []


def test_reports_of_several_objectives():
    trial = _trial(n_objectives=2)
    trial.report([1, 2], 3)
    assert trial._port.calls == [(5, 3.0, (1.0, 2.0))]
    with pytest.raises(InvalidValueError):
        trial.report(1.0, 4)


def test_pruning_is_the_ports_word():
    trial = _trial()
    assert trial.should_prune() is False
    trial._port.prune = True
    assert trial.should_prune() is True


def test_attributes_are_kept_once_the_study_took_them():
    trial = _trial(user_attrs={"a": 1})
    trial.set_user_attr("b", [2])
    assert trial.user_attrs == {"a": 1, "b": [2]}
    with pytest.raises(InvalidValueError):
        trial.set_user_attr("refused", 3)
    assert "refused" not in trial.user_attrs
