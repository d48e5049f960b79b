"""What plots show, against the trials themselves."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bayesopt as bo
from bayesopt.errors import InvalidValueError, NoTrialsError
from bayesopt.storage.base import Proposal, Result
from bayesopt.visualization.data.curves import learning_curves
from bayesopt.visualization.data.fronts import pareto_front, volume_history
from bayesopt.visualization.data.history import distributions, optimization_history
from bayesopt.visualization.data.model import contour, posteriors
from bayesopt.visualization.data.parameters import (
    parallel_coordinates,
    rank_panels,
    ranks,
    slices,
)
from bayesopt.visualization.data.thinning import MOST_CURVES, MOST_POINTS, evenly, thinned
from bayesopt.visualization.data.timeline import parallel_tracks, timeline
from bayesopt.visualization.figures import curves as curve_figures
from bayesopt.visualization.scales import robust_range
from bayesopt.visualization.snapshot import take


def complete_and_feasible(study):
    return [
        t
        for t in study.trials
        if t.state is bo.TrialState.COMPLETE and t.is_feasible and all(map(math.isfinite, t.values))
    ]


def test_history_is_the_trials_and_the_best_so_far(study):
    data = optimization_history(study)
    expected = complete_and_feasible(study)
    assert data.complete.numbers.tolist() == [t.number for t in expected]
    assert data.complete.values.tolist() == [t.value for t in expected]
    best, steps = math.inf, []
    for trial in expected:
        if trial.value < best:
            best = trial.value
            steps.append((trial.number, best))
    assert list(zip(data.best.numbers[:-1], data.best.values[:-1], strict=True)) == steps
    assert data.best.numbers[-1] == len(study.trials) - 1
    assert data.best.values[-1] == study.best_value
    failed = [t.number for t in study.trials if t.state is bo.TrialState.FAIL]
    assert data.failed.tolist() == failed
    pruned = [t for t in study.trials if t.state is bo.TrialState.PRUNED]
    assert data.pruned.values.tolist() == [t.reports[2.0][0] for t in pruned]
    violating = [t for t in study.trials if t.constraints.get("memory", 0.0) > 0.0]
    assert set(data.infeasible.numbers) == {
        t.number for t in violating if t.state is bo.TrialState.COMPLETE
    }


def test_the_best_of_a_maximised_objective_is_the_largest(several):
    data = optimization_history(several, 1)
    assert (np.diff(data.best.values) >= 0.0).all()
    assert data.best.values[-1] == max(t.values[1] for t in complete_and_feasible(several))


def test_slices_hold_the_trials_that_have_the_parameter(study):
    panels = {panel.scale.name: panel for panel in slices(study).panels}
    assert list(panels) == list(study.space.names)
    having = [t for t in complete_and_feasible(study) if "momentum" in t.params]
    panel = panels["momentum"]
    assert panel.numbers.tolist() == [t.number for t in having]
    assert panel.positions.tolist() == [t.params["momentum"] for t in having]
    kinds = panels["kind"]
    names = [kinds.scale.choices[int(i)] for i in kinds.positions]
    assert names == [t.params["kind"] for t in complete_and_feasible(study)]
    assert kinds.numbers[kinds.best] == study.best_trial.number


def test_parallel_lines_end_where_the_values_are(study):
    data = parallel_coordinates(study)
    assert data.values[-1] == study.best_value  # the best is drawn last
    assert data.goodness[-1] == 1.0
    assert data.fractions[-1, 1] == pytest.approx(study.best_params["width"])
    lr = study.best_params["lr"]
    assert data.fractions[-1, 0] == pytest.approx((math.log10(lr) + 5.0) / 4.0)
    conditional = data.fractions[:, 3]
    has = ["momentum" in study.get_trial(i).params for i in data.numbers.tolist()]
    assert (np.isfinite(conditional) == has).all()


def test_ranks_share_what_is_equal():
    assert ranks(np.array([3.0, 1.0, 3.0, 2.0])).tolist() == [2.5 / 3, 0.0, 2.5 / 3, 1 / 3]
    assert ranks(np.array([7.0])).tolist() == [0.5]  # one alone is not the worst


def test_rank_panels_pair_parameters(study):
    panels = rank_panels(study, ["lr", "momentum"])
    assert panels[0][0] is None
    assert panels[1][1] is None
    pair = panels[0][1]
    assert (pair.x.name, pair.y.name) == ("momentum", "lr")
    assert all("momentum" in study.get_trial(i).params for i in pair.numbers.tolist())
    with pytest.raises(NoTrialsError):
        rank_panels(study, ["lr"])


def test_the_front_is_that_of_the_study(several):
    data = pareto_front(several)
    assert sorted(data.front.tolist()) == [t.number for t in several.best_trials]
    everything = [*data.front, *data.dominated, *data.infeasible]
    assert len(set(everything)) == len(everything) == data.n
    assert data.values[data.front[0]].tolist() == list(several.get_trial(data.front[0]).values)
    two = pareto_front(several, [2, 0])
    assert two.values[two.front[0]].tolist() == [
        several.get_trial(two.front[0]).values[j] for j in (2, 0)
    ]


def test_volume_is_that_of_the_study(several):
    data = volume_history(several)
    assert data.volumes.tolist() == several.hypervolume().tolist()
    assert data.numbers.tolist() == list(range(len(several.trials)))
    with pytest.raises(InvalidValueError):
        volume_history(several, [1.0])


@pytest.mark.parametrize("wanted", [[0], [0, 0], [0, 5], [0, 1, 2, 0]])
def test_a_front_has_two_or_three_objectives(several, wanted):
    with pytest.raises(InvalidValueError):
        pareto_front(several, wanted)


@pytest.mark.parametrize("wanted", [None, [0, 1]])
def test_one_objective_has_no_front(study, wanted):
    with pytest.raises(InvalidValueError, match="two objectives or more, got one objective"):
        pareto_front(study, wanted)


def test_curves_are_the_reports(study):
    data = learning_curves(study)
    reported = [t for t in study.trials if t.reports]
    assert data.n == len(reported) == len(data.curves)
    for curve in data.curves:
        reports = study.get_trial(curve.number).reports
        assert curve.steps.tolist() == sorted(reports)
        assert curve.values.tolist() == [reports[step][0] for step in curve.steps.tolist()]
    assert data.curves[-1].is_best
    assert data.curves[-1].number == study.best_trial.number
    assert data.n_stopped == sum(t.state is bo.TrialState.PRUNED for t in study.trials)


def test_the_curve_of_a_clone_branches_off_its_parents():
    scheduler = bo.PBTScheduler(max_steps=4, population=2, interval=2)
    study = bo.create_study({"x": bo.Float(0, 1)}, scheduler=scheduler, sampler="random", seed=0)
    for trial in study.ask(2):
        for step in (1, 2):
            trial.report(trial.params["x"], step)
        study.tell(trial, state="pruned")
    clone = study.ask()
    clone.report(0.5, 3)
    (curve,) = [each for each in learning_curves(study).curves if each.number == clone.number]
    parent = study.get_trial(clone.parent)
    assert curve.steps.tolist() == [2.0, 3.0]
    assert curve.values.tolist() == [parent.reports[2.0][0], 0.5]


def test_curves_of_trials_that_wait_are_counted_and_marked_where_they_stand():
    scheduler = bo.ASHAScheduler(max_steps=9, mode="pause")
    study = bo.create_study({"x": bo.Float(0, 1)}, sampler="random", scheduler=scheduler, seed=0)

    def train(trial):
        for step in range(1, 10):
            trial.report(trial.params["x"] + 1 / step, step)
            if trial.should_prune():
                raise bo.TrialPruned
        return trial.params["x"]

    study.optimize(train, n_trials=12, progress=False)
    states = [trial.state for trial in study.trials]
    data = learning_curves(study)
    assert data.n_paused == states.count(bo.TrialState.PAUSED) > 0
    figure = curve_figures.learning_curves(data)
    (marks,) = [trace for trace in figure["data"] if trace["name"] == "where paused"]
    waiting = {n: t for n, t in enumerate(study.trials) if t.state is bo.TrialState.PAUSED}
    stand = [(max(t.reports), t.reports[max(t.reports)][0]) for t in waiting.values()]
    assert sorted(zip(marks["x"], marks["y"], strict=True)) == sorted(stand)
    assert f"{data.n_paused} paused" in figure["layout"]["title"]["text"]


def test_a_curve_has_gaps_where_nothing_finite_was_reported():
    study = bo.create_study({"x": bo.Float(0, 1)}, sampler="random", seed=0)
    trial = study.ask()
    for step, value in enumerate([1.0, math.nan, math.inf, 0.5]):
        trial.report(value, step)
    (curve,) = learning_curves(study).curves
    assert np.isnan(curve.values).tolist() == [False, True, True, False]


def test_distribution_counts_trials_as_good(study, several):
    (one,) = distributions(study)
    values = np.array([t.value for t in complete_and_feasible(study)])
    for x, share in zip(one.values, one.share, strict=True):
        assert share == pytest.approx((values <= x).mean())
    (other,) = distributions(several, 1)
    values = np.array([t.values[1] for t in complete_and_feasible(several)])
    for x, share in zip(other.values, other.share, strict=True):
        assert share == pytest.approx((values >= x).mean())


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10)), max_size=25))
def test_tracks_do_not_overlap_and_are_as_few_as_can_be(pairs):
    starts = np.array([a for a, _ in pairs], dtype=float)
    ends = starts + np.array([b for _, b in pairs], dtype=float)
    tracks = parallel_tracks(starts, ends)
    for i in range(len(pairs)):
        for j in range(i):
            if tracks[i] == tracks[j]:
                assert ends[i] <= starts[j] or ends[j] <= starts[i]
    at_once = max((int(((starts <= t) & (t < ends)).sum()) for t in starts), default=0)
    assert tracks.max(initial=-1) + 1 == at_once


def test_a_running_trial_lasts_until_now(study):
    record = study.trials[-1]
    data = timeline(study, now=record.started_at + 100.0)
    assert data.numbers[-1] == record.number
    assert data.ends[-1] == record.started_at + 100.0


def test_thinning_keeps_what_matters():
    numbers = np.arange(10_000)
    kept = thinned(numbers, 100, np.array([17, 4711]))
    assert len(kept) == 100
    assert {17, 4711, 0, 9999} <= set(kept.tolist())
    assert (np.diff(kept) > 0).all()
    assert evenly(5, 10).tolist() == [0, 1, 2, 3, 4]


def test_very_many_trials_are_thinned_but_the_best_is_exact():
    study = bo.create_study({"x": bo.Float(-1, 1)}, sampler="random", seed=0)
    drawn = np.random.default_rng(0).uniform(-1.0, 1.0, 2 * MOST_POINTS + 100).tolist()
    results = [
        Result(bo.TrialState.COMPLETE, (x**2,), reports={} if i % 8 else {0.0: (1.0,)})
        for i, x in enumerate(drawn)
    ]
    study.storage.add_finished(1, [Proposal({"x": x}) for x in drawn], results)
    data = optimization_history(study)
    assert data.n == 2 * MOST_POINTS + 100
    assert data.n_shown == len(data.complete.numbers) == MOST_POINTS
    assert set(data.best.numbers[:-1]) <= set(data.complete.numbers)
    assert data.best.values[-1] == study.best_value
    panel = slices(study).panels[0]
    assert panel.values.min() == study.best_value
    assert len(panel.numbers) <= MOST_POINTS
    assert study.best_value in parallel_coordinates(study).values
    assert len(learning_curves(study).curves) == MOST_CURVES


def test_the_model_is_shown_along_and_over_parameters(study):
    insight = take(study).insight()
    (along,) = posteriors(study, ["lr"])
    at = {**insight.incumbent, "lr": along.positions[7]}
    assert along.median[7] == pytest.approx(insight.predict([at]).median[0])
    assert (along.low <= along.median).all()
    assert (along.median <= along.high).all()
    data = contour(study, ["width", "layers"])
    at = {**insight.incumbent, "width": data.x_positions[3], "layers": int(data.y_positions[2])}
    assert data.median[2, 3] == pytest.approx(insight.predict([at]).median[0])
    assert posteriors(study)[0].scale.name == "lr"


def test_the_model_over_a_parameter_and_its_condition_has_gaps():
    space = {"kind": bo.Categorical(["a", "b"]), "x": bo.Float(0, 1, when={"kind": "a"})}
    study = bo.create_study(space, sampler="random", seed=0)
    for _ in range(12):
        trial = study.ask()
        study.tell(trial, trial.params.get("x", 2.0))
    data = contour(study, ["x", "kind"])
    assert np.isfinite(data.median[0]).all()
    assert np.isnan(data.median[1]).all()


@pytest.mark.parametrize(
    "make",
    [
        optimization_history,
        slices,
        parallel_coordinates,
        rank_panels,
        learning_curves,
        distributions,
        timeline,
        volume_history,
        posteriors,
        contour,
    ],
)
def test_an_empty_study_has_nothing_to_show(make, empty):
    with pytest.raises(NoTrialsError):
        make(empty)


@pytest.mark.parametrize("make", [slices, parallel_coordinates, rank_panels, posteriors, contour])
@pytest.mark.parametrize("names", [["nope", "lr"], ["fixed", "lr"]])
def test_what_is_not_searched_cannot_be_plotted(make, names, study):
    with pytest.raises(InvalidValueError, match="expected one of"):
        make(study, names)


def test_an_objective_that_is_not_there(study):
    with pytest.raises(InvalidValueError):
        optimization_history(study, 1)


def test_values_outside_a_changed_space_have_no_place():
    study = bo.create_study({"kind": bo.Categorical(["a", "b"])}, sampler="random", seed=0)
    for i in range(8):
        study.add_trial({"kind": "ab"[i % 2]}, float(i))
    study.space = bo.Space({"kind": bo.Categorical(["b", "c"])})
    (panel,) = slices(study).panels
    assert panel.numbers.tolist() == [1, 3, 5, 7]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0] * 20, None),
        (list(range(20)), None),
        ([*range(40), 1e9], (2.0, 38.0)),
        ([1e308, -1e308, *range(40)], (1.0, 38.0)),
        ([1e308] * 4 + list(range(16)), None),
        ([math.nan, 1.0], None),
    ],
)
def test_a_few_extremes_do_not_hide_the_others(values, expected):
    found = robust_range(np.array(values, dtype=float))
    assert found is None if expected is None else found == pytest.approx(expected, abs=2.0)
