"""The engine as a program with its own records uses it."""

from __future__ import annotations

import numpy as np
import pytest

import bayesopt as bo
from bayesopt.errors import SettingsError, StudyError, TrialNotFoundError
from bayesopt.host import Decision, decide, make_sampler, make_scheduler, propose, settle
from bayesopt.trial import TrialState

SPACE = bo.Space({"x": bo.Float(-5.0, 5.0), "k": bo.Int(1, 3)})


def history_of(n: int, **settings) -> bo.History:
    history = bo.History(SPACE, **settings)
    rng = np.random.default_rng(0)
    for config in SPACE.decode(SPACE.sample(n, rng)):
        history.tell(history.append(config), config["x"] ** 2 + config["k"])
    return history


def test_a_host_gets_what_a_study_would_have_asked():
    study = bo.create_study(SPACE, seed=3, sampler="gp")
    history, sampler = bo.History(SPACE, seed=3), make_sampler("gp")
    for _ in range(8):
        trial = study.ask()
        (candidate,) = propose(sampler, history)
        assert candidate.config == dict(trial.params)
        value = candidate.config["x"] ** 2 + candidate.config["k"]
        study.tell(trial, value)
        history.tell(history.append(candidate.config), value)


def test_several_are_proposed_at_once_and_all_are_new():
    candidates = propose(make_sampler("random"), history_of(5), 4)
    assert len(candidates) == 4
    assert all(candidate.is_new for candidate in candidates)
    assert len({tuple(candidate.config.items()) for candidate in candidates}) == 4


def test_what_is_known_is_called_so():
    space = bo.Space({"k": bo.Int(1, 2)})
    history = bo.History(space)
    assert [c.is_new for c in propose(make_sampler("random"), history, 3)] == [True, True, False]
    for k in (1, 2):
        history.append({"k": k})
    (candidate,) = propose(make_sampler("random"), history)
    assert not candidate.is_new
    assert "exhausted" in candidate.fallback


@pytest.mark.parametrize(
    "wrong",
    [
        {"sampler": "gp"},
        {"sampler": bo.GPSampler},
        {"n": 0},
        {"n": 1.5},
        {"number": -1},
        {"history": None},
        {"history": []},
        {"scheduler": "asha"},
        {"scheduler": bo.MedianScheduler},
    ],
)
def test_what_makes_no_sense_is_refused(wrong):
    asked = {"sampler": make_sampler("random"), "history": history_of(2), **wrong}
    with pytest.raises(SettingsError):
        propose(**asked)


def test_a_name_is_no_scheduler():
    with pytest.raises(SettingsError, match="make_scheduler"):
        decide("median", history_of(2), 0)


@pytest.mark.parametrize("scheduler", [None, "asha", bo.ASHAScheduler, 3])
def test_what_is_no_scheduler_settles_nothing(scheduler):
    with pytest.raises(SettingsError):
        settle(scheduler, history_of(2))


def test_what_is_no_history_is_neither_decided_nor_settled():
    for ask in (
        lambda: decide(bo.MedianScheduler(), None, 0),
        lambda: settle(bo.MedianScheduler(), []),
    ):
        with pytest.raises(SettingsError, match="History"):
            ask()


def test_randomness_is_keyed_by_the_number_given():
    history, sampler = history_of(3, seed=1), make_sampler("random")
    by_default = propose(sampler, history)[0].config
    assert propose(sampler, history, number=3)[0].config == by_default
    assert propose(sampler, history, number=4)[0].config != by_default


def test_under_a_scheduler_the_sampler_sees_one_budget():
    seen = []

    class Spy:
        name = "spy"

        def propose(self, space, history, n, rng):
            seen.append(history)
            return bo.RandomSampler().propose(space, history, n, rng)

    history = bo.History(SPACE)
    for config in SPACE.decode(SPACE.sample(12, np.random.default_rng(0))):
        number = history.append(config)
        history.report(number, 1, config["x"])
        history.tell(number, state=TrialState.PRUNED)
    propose(Spy(), history, scheduler=make_scheduler("asha"))
    propose(Spy(), history)
    assert seen[0].is_complete.all()
    assert seen[1] is history


# ---------------------------------------------------------------------------- pausing


def test_pausing_schedulers_work_on_a_history_alone():
    """Successive halving: of 4 trials 2 go on after 1 step, and 1 of them after 2."""
    scheduler = bo.SuccessiveHalvingScheduler(max_steps=4, eta=2)
    history = bo.History(SPACE)
    numbers = [history.append({"x": float(x), "k": 1}) for x in (3, 1, 2, 0)]
    for number in numbers[:3]:
        history.report(number, 1, number)
        assert decide(scheduler, history, number) is Decision.PAUSE
        history.pause(number)
    history.report(3, 1, 3)
    assert decide(scheduler, history, 3) is Decision.STOP  # the last to arrive: all is known
    history.tell(3, state=TrialState.PRUNED)
    settled = settle(scheduler, history)
    assert settled.resume.tolist() == [0, 1]
    assert settled.stop.tolist() == [2]
    history.tell(2, state=TrialState.PRUNED)
    history.resume(0)
    history.report(0, 2, 0.0)
    assert decide(scheduler, history, 0) is Decision.PAUSE
    history.pause(0)
    history.resume(1)
    history.report(1, 2, -1.0)
    assert decide(scheduler, history, 1) is Decision.CONTINUE
    assert settle(scheduler, history).stop.tolist() == [0]


def test_a_paused_trial_keeps_its_curve_when_it_goes_on():
    history = history_of(2)
    number = history.append({"x": 0.0, "k": 1})
    for step in (1, 2):
        history.report(number, step, 10.0 * step)
    history.pause(number)
    history.pause(number)
    assert history.is_paused.tolist() == [False, False, True]
    assert not history.is_pending.any()
    assert history.contains(SPACE.encode([{"x": 0.0, "k": 1}])).all()
    history.resume(number)
    history.resume(number)
    assert history.is_running.tolist() == [False, False, True]
    history.report(number, 3, 30.0)
    steps, values = history.curve(number)
    assert steps.tolist() == [1, 2, 3]
    assert values[:, 0].tolist() == [10, 20, 30]


def test_a_resumed_trial_that_starts_over_is_judged_anew():
    history = bo.History(SPACE)
    number = history.append({"x": 0.0, "k": 1})
    for step in (1, 2, 3):
        history.report(number, step, 10.0 * step)
    history.pause(number)
    history.resume(number)
    before = history.generation
    history.report(number, 1, 7.0)
    assert history.curve(number)[1][:, 0].tolist() == [7.0]
    assert history.generation > before
    history.report(number, 2, 8.0)
    assert history.copy().curve(number)[1][:, 0].tolist() == [7.0, 8.0]


def test_only_what_runs_can_be_paused_and_only_what_is_paused_resumed():
    history = history_of(1)
    with pytest.raises(StudyError, match="COMPLETE"):
        history.pause(0)
    with pytest.raises(StudyError, match="COMPLETE"):
        history.resume(0)
    with pytest.raises(TrialNotFoundError):
        history.pause(5)


def test_a_paused_trial_may_be_told():
    history = bo.History(SPACE)
    number = history.append({"x": 0.0, "k": 1})
    history.pause(number)
    history.tell(number, 1.0)
    assert history.best() == number


def test_a_pruned_trial_has_the_values_of_its_last_report():
    history = bo.History(SPACE, directions=["maximize"])
    number = history.append({"x": 0.0, "k": 1})
    history.report(number, 2, 5.0)
    history.report(number, 1, 3.0)
    for _ in range(2):
        history.tell(number, state=TrialState.PRUNED)
    assert history.values[number].tolist() == [-5.0]
    silent = history.append({"x": 1.0, "k": 1})
    history.tell(silent, state=TrialState.PRUNED)
    assert np.isnan(history.values[silent]).all()
