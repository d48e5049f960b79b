"""Measures, by hand on small tables and against what must hold."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import measures
from benchmarks.measures.effort import evaluations_needed

INF = np.inf


def run_row(problem, contestant, seed, losses, budget=None, status="done", best=None):
    return {
        "row": "run",
        "problem": problem,
        "contestant": contestant,
        "seed": seed,
        "budget": budget or len(losses),
        "status": status,
        "text": "",
        "losses": losses,
        "kind": "numeric",
        "best": best,
        "ask_s": [0.1] * len(losses),
        "tell_s": [0.2] * len(losses),
    }


SMALL = [
    run_row("p", "random", 0, [9.0, 5.0, 7.0, 5.0], best=1.0),
    run_row("p", "random", 1, [7.0, None, 3.0, 4.0], best=1.0),
    run_row("p", "random", 2, [8.0, 6.0, 6.0, 4.0], best=1.0),
    run_row("p", "model", 0, [None, 4.0, 2.5, 1.0], best=1.0),
    run_row("p", "model", 1, [6.0, 4.0], budget=4, status="crashed", best=1.0),
]


def draws(n_problems, n_seeds, n_evaluations, seed=0):
    """Random searches on problems of different difficulty, best loss so far."""
    rng = np.random.default_rng(seed)
    losses = (
        rng.random((n_problems, n_seeds, n_evaluations))
        ** np.arange(1, n_problems + 1)[:, None, None]
    )
    return np.minimum.accumulate(losses, axis=-1)


def test_a_small_table_by_hand():
    table = measures.build_table(SMALL)
    assert table.contestants == ("random", "model")
    assert table.budget == 4
    np.testing.assert_array_equal(table.best[0, 1, 0], [INF, 4.0, 2.5, 1.0])
    np.testing.assert_array_equal(table.best[0, 1, 1], [6.0, 4.0, 4.0, 4.0])  # kept after a crash
    assert np.isnan(table.best[0, 1, 2]).all()  # no third run
    np.testing.assert_array_equal(table.at(2)[0, 0], [5.0, 7.0, 6.0])
    assert np.isnan(table.at(5)).all()


def test_normalised_regret_by_hand():
    table = measures.build_table(SMALL)
    search = measures.anchors(table, "search")
    assert (search.low[0], search.high[0]) == (1.0, 4.0)  # the median of 5, 3 and 4
    regrets = measures.regret(table, search)
    np.testing.assert_allclose(regrets[0, 1, 0], [2.0, 1.0, 0.5, 0.0])  # inf is cut off at 2
    np.testing.assert_allclose(regrets[0, 0, 1], [2.0, 2.0, 2 / 3, 2 / 3])
    np.testing.assert_allclose(measures.area(regrets)[0, 1, 0], 3.5 / 4)
    draw = measures.anchors(table, "draw")
    # 3 4 4 5 5 6 | 6 7 7 8 9 failed: the lower of the two middle ones
    assert draw.high[0] == 6.0


def test_a_better_loss_than_the_best_known_moves_the_zero():
    rows = [*SMALL, run_row("p", "lucky", 0, [2.0, 0.5, 0.5, 3.0], best=1.0)]
    assert measures.anchors(measures.build_table(rows)).low[0] == 0.5


def test_without_random_search_or_with_nothing_to_gain_there_is_no_scale():
    alone = measures.build_table([run_row("p", "model", 0, [1.0, 0.5])])
    assert np.isnan(measures.anchors(alone).high).all()
    assert np.isnan(measures.anchors(alone, "draw").high).all()
    easy = measures.build_table([run_row("p", "random", 0, [1.0, 1.0], best=1.0)])
    assert np.isnan(measures.anchors(easy).high).all()


def test_of_equal_runs_the_last_counts_and_of_budgets_the_largest():
    rows = [
        run_row("p", "a", 0, [3.0, 2.0, 1.0]),
        run_row("p", "a", 0, [5.0]),
        run_row("p", "a", 1, [3.0]),
        run_row("p", "a", 1, [4.0]),
    ]
    table = measures.build_table(rows)
    np.testing.assert_array_equal(table.best[0, 0, 0], [3.0, 2.0, 1.0])
    np.testing.assert_array_equal(table.best[0, 0, 1], [4.0, np.nan, np.nan])
    assert table.budget == 1


MIXED_BUDGETS = [
    run_row("p", "long", 0, [4.0, 3.0, 2.0, 1.0]),
    run_row("p", "long", 1, [4.0, 3.0, 3.0, 3.0]),
    run_row("p", "both", 0, [5.0, 2.0, 2.0, 2.0]),
    run_row("p", "both", 1, [5.0, 2.0]),
    run_row("q", "long", 0, [7.0, 7.0, 7.0, 6.0]),
]


def test_runs_of_different_budgets_are_compared_where_they_all_are():
    table = measures.build_table(MIXED_BUDGETS)
    assert (table.budget, table.longest) == (2, 4)
    assert (table.reach("long"), table.reach("both")) == (4, 2)
    assert table.only(contestants=["long"]).budget == 2  # a part tells of the same moment
    assert table.only(problems=["q"]).reach("both") == 0
    np.testing.assert_array_equal(table.at(4)[0, 1], [2.0, np.nan])  # beyond its run: nothing
    rate = measures.win_rate(table.at(4)[:, 0], table.at(4)[:, 1])
    assert (rate.mean, rate.n) == (1.0, 1)  # on the one run that both have


def test_who_played_everything():
    table = measures.build_table(MIXED_BUDGETS)
    np.testing.assert_array_equal(table.played, [[True, True], [True, False]])
    assert table.complete == ("long",)
    assert table.only(problems=["p"]).complete == ("long", "both")


def test_the_best_known_is_the_lowest_that_any_row_tells():
    told = [run_row("p", "a", s, [3.0], best=best) for s, best in enumerate([None, 2.0, 1.0, 1.5])]
    assert measures.build_table(told).known[0] == 1.0
    assert np.isnan(measures.build_table(told[:1]).known[0])


def test_a_longer_run_has_no_more_time_to_reach_the_target():
    rows = [run_row("p", "random", s, [9.0, 1.0]) for s in range(3)]
    rows += [run_row("p", "slow", s, [9.0, 9.0]) for s in range(3)]
    longer = [run_row("p", "slow", s, [9.0, 9.0, 9.0, 0.0]) for s in range(3)]
    found = [
        measures.speedup(measures.build_table([*rows, *more]), "slow") for more in ([], longer)
    ]
    assert found[0] == found[1]
    assert (found[0].factor, found[0].censored) == (1.0, True)


def test_what_a_contestant_cannot_express_is_no_defeat():
    rows = [*SMALL, run_row("p", "choosy", 0, [], budget=4, status="unsupported")]
    table = measures.build_table(rows)
    assert table.contestants == ("random", "model")
    assert table.unsupported == {("p", "choosy")}


def test_wins_and_ties():
    a = np.array([1.0, 2.0, 2.0, INF, np.nan, 1.0])
    b = np.array([2.0, 1.0, 2.0 + 1e-15, INF, 1.0, INF])
    np.testing.assert_array_equal(measures.wins(a, b), [1.0, 0.0, 0.5, 0.5, np.nan, 1.0])


def test_a_contestant_against_itself_is_even():
    curves = draws(20, 10, 50)
    same = measures.win_rate(curves[..., -1], curves[..., -1])
    assert same.mean == 0.5
    assert 0.5 in same


def test_a_contestant_against_other_seeds_of_itself_is_even():
    """The interval holds 50% about as often as it says: 95 times of 100."""
    held = 0
    for seed in range(40):
        curves = draws(15, 20, 30, seed)[..., -1]
        held += 0.5 in measures.win_rate(curves[:, :10], curves[:, 10:], seed)
    assert held >= 34


def test_random_search_with_twice_the_budget_is_better():
    curves = draws(20, 20, 100)
    double, single = curves[:, :10, 99], curves[:, 10:, 49]
    rate = measures.win_rate(double, single)
    assert rate.low > 0.5
    assert abs(rate.mean - 2 / 3) < 0.1  # the better of 100 is among the larger group: 100 of 150
    assert measures.win_rate(single, double).high < 0.5


def test_intervals_know_that_seeds_share_their_problem():
    """Ten seeds that all say the same of a problem are one witness, not ten."""
    rng = np.random.default_rng(0)
    per_problem = rng.integers(0, 2, size=(10, 1)).astype(float)
    clustered = measures.bootstrap_mean(np.repeat(per_problem, 10, axis=1))
    spread = measures.bootstrap_mean(rng.permuted(np.repeat(per_problem, 10, axis=1).ravel())
                                     .reshape(10, 10))  # fmt: skip
    assert clustered.high - clustered.low > 2 * (spread.high - spread.low)
    single = measures.bootstrap_mean(per_problem)
    assert single.high - single.low == pytest.approx(clustered.high - clustered.low, rel=0.2)


def test_problems_count_alike_whatever_their_number_of_seeds():
    values = np.array([[1.0, np.nan, np.nan], [0.0, 0.0, 0.0], [np.nan] * 3])
    found = measures.bootstrap_mean(values)
    assert found.mean == 0.5
    assert found.n == 4


def test_few_problems_are_never_certain():
    few, enough = np.ones((4, 10)), np.ones((5, 10))
    assert not measures.bootstrap_mean(few).above(0.5)
    assert measures.bootstrap_mean(enough).above(0.5)
    assert not measures.bootstrap_mean(1.0 - few).below(0.5)
    assert measures.bootstrap_mean(1.0 - enough).below(0.5)


def test_ranks_are_those_of_scipy():
    from scipy.stats import rankdata

    best = np.random.default_rng(0).integers(0, 4, size=(5, 6, 3)).astype(float)
    np.testing.assert_allclose(measures.ranks(best), rankdata(best, axis=1))
    best[0, 2] = np.nan
    ranks = measures.ranks(best)
    assert np.isnan(ranks[0, 2]).all()
    np.testing.assert_allclose(
        ranks[0, [0, 1, 3, 4, 5]], rankdata(best[0, [0, 1, 3, 4, 5]], axis=0)
    )
    assert measures.mean_ranks(measures.ranks(best)).mean() == pytest.approx(3.5, abs=0.2)


def test_the_critical_difference_is_that_of_the_paper():
    # Demšar 2006, table 5: q = 2.343 for three, 2.569 for four classifiers; his example has
    # 14 data sets and a critical difference of 1.25.
    assert measures.critical_difference(4, 14) == pytest.approx(1.25, abs=0.005)
    assert measures.critical_difference(3, 1) == pytest.approx(2.343 * np.sqrt(2.0), abs=0.002)


def test_friedman():
    rank = np.array([[1.0, 2.0, 3.0]] * 10)
    assert measures.friedman_p(rank) < 1e-3
    assert np.isnan(measures.friedman_p(rank[:, :2]))


def test_evaluations_needed_by_hand():
    best = np.array([[[3.0, 2.0, 1.0], [3.0, 3.0, 3.0], [np.nan] * 3]])
    np.testing.assert_array_equal(evaluations_needed(best, np.array([2.0])), [[2.0, INF, np.nan]])
    assert np.isnan(evaluations_needed(best, np.array([np.nan]))).all()


def test_speedup_by_hand():
    rows = [run_row("p", "random", s, [9.0] * 49 + [1.0] + [1.0] * 50) for s in range(3)]
    rows += [run_row("p", "fast", s, [9.0] * (9 + s) + [1.0] * (91 - s)) for s in range(3)]
    rows += [run_row("p", "never", s, [9.0] * 100) for s in range(3)]
    table = measures.build_table(rows)
    fast = measures.speedup(table, "fast")
    assert fast.factor == pytest.approx(100 / 11)
    assert (fast.censored, fast.reached, fast.n) == (False, 1.0, 1)
    never = measures.speedup(table, "never")
    assert (never.factor, never.censored, never.reached) == (1.0, True, 0.0)


def test_random_search_needs_about_as_many_evaluations_as_itself():
    curves = draws(30, 15, 100, seed=3)
    losses = [
        run_row(f"p{p}", "random", s, list(curves[p, s])) for p in range(30) for s in range(15)
    ]
    found = measures.speedup(measures.build_table(losses), "random")
    assert 0.9 < found.factor < 1.6


def test_times_are_of_asks_and_tells_of_all_runs():
    times = measures.all_step_times(SMALL)
    np.testing.assert_allclose(times["random"], [0.3] * 12)
    assert times["model"].shape == (6,)
    assert measures.all_step_times(SMALL, 3)["random"].shape == (9,)


def test_a_table_of_some_problems_and_contestants():
    rows = [*SMALL, {**run_row("q", "model", 0, [1.0] * 4), "kind": "mixed"}]
    table = measures.build_table(rows)
    assert table.of_kind("mixed").problems == ("q",)
    part = table.only(contestants=["model"])
    np.testing.assert_array_equal(part.best[0, 0, 0], table.best[0, 1, 0])
    assert measures.build_table([]).budget == 0


def test_who_never_made_an_evaluation_is_broken_and_not_beaten():
    rows = [*SMALL, {**run_row("p", "dead", 0, [], budget=4, status="crashed"), "text": "boom"}]
    table = measures.build_table(rows)
    assert table.contestants == ("random", "model")
    assert table.broken == {"dead": "boom"}
