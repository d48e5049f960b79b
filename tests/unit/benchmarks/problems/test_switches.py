"""The problems of the suite "switches" against plain loops and what is known of them."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from benchmarks.problems import registry, switches

RNG = np.random.default_rng(0)


def bits(d: int, n: int = 20) -> np.ndarray:
    return np.random.default_rng(d).integers(0, 2, (n, d))


def test_the_sequence_of_barker_has_its_merit_factor() -> None:
    barker = np.array([1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 1, 0, 1])
    assert switches.merit_factor(barker) == pytest.approx(169 / 12)


def test_satisfied_clauses_are_those_with_a_literal_that_holds() -> None:
    value = switches.satisfiability(9, 30, 4)
    rng = np.random.default_rng(4)
    variables = [rng.choice(9, 3, replace=False).tolist() for _ in range(30)]
    wanted = rng.integers(0, 2, (30, 3)).tolist()
    weights = rng.uniform(0.2, 1.0, 30).tolist()
    for row in bits(9):
        held = sum(
            weight
            for names, signs, weight in zip(variables, wanted, weights, strict=True)
            if any(row[name] == sign for name, sign in zip(names, signs, strict=True))
        )
        assert value(row) == pytest.approx(-held)


def test_what_a_bit_is_worth_hangs_on_itself_and_k_others() -> None:
    value, d, k = switches.landscape(8, 2, 5), 8, 2
    for row in bits(d, 5):
        flipped = [np.where(np.arange(d) == j, 1 - row, row) for j in range(d)]
        assert all(value(each) != value(row) for each in flipped)
        assert -1.0 <= value(row) <= 0.0
    assert len({round(value(np.array(row)), 12) for row in product([0, 1], repeat=d)}) > 2 ** (
        k + 1
    )


def test_the_best_knapsack_is_not_too_heavy() -> None:
    d, seed = 10, 2
    rng = np.random.default_rng(seed)
    worth = rng.uniform(1.0, 10.0, d)
    weight = rng.uniform(1.0, 10.0, d) + 0.5 * worth
    rows = np.array(list(product([0, 1], repeat=d)))
    best = max(worth @ row for row in rows if weight @ row <= weight.sum() / 3.0)
    value = switches.knapsack(d, seed)
    assert min(value(row) for row in rows) == pytest.approx(-best)


def test_traps_lead_away_from_their_best() -> None:
    assert switches.traps(np.ones(30, int)) == -30.0
    assert switches.traps(np.zeros(30, int)) == -20.0
    one, two = np.zeros(3, int), np.zeros(3, int)
    one[0] = two[0] = two[1] = 1
    assert switches.traps(np.zeros(3, int)) < switches.traps(one) < switches.traps(two)


def test_prevention_lowers_contamination() -> None:
    d = 12
    value, everywhere, nowhere = switches.contamination(d, 3), np.ones(d, int), np.zeros(d, int)
    assert 0.95 * d <= value(everywhere) <= 1.1 * d  # nearly all lots stay clean: d + .95 d - d
    assert value(nowhere) > 0.5 * d
    assert min(value(row) for row in bits(d, 200)) < min(value(everywhere), value(nowhere))


def test_the_more_a_treatment_was_used_the_less_it_does() -> None:
    d = 10
    value = switches.pests(d, 6)
    untreated = value(np.zeros(d, int))
    once = [value(np.eye(d, dtype=int)[0] * k) for k in range(1, 5)]
    assert min(once) < untreated
    always = {k: value(np.full(d, k)) for k in (1, 2, 3, 4)}
    mixed = min(value(np.roll(np.arange(d) % 4 + 1, shift)) for shift in range(4))
    assert mixed < max(always.values())


def test_features_that_carry_nothing_cost() -> None:
    value = switches.features()
    real, idle = np.repeat([1, 0], [30, 20]), np.repeat([0, 1], [30, 20])
    assert value(real) < value(np.ones(50, int)) < value(idle)
    assert value(np.zeros(50, int)) == 1.0


def test_a_bowl_is_lowest_near_its_center_and_ripples_lie_above_it() -> None:
    problem = registry.load("switches/bowl-d32")
    assert problem.space.d == 32
    space, value = switches.integers(8, 0.0, 3)
    _, rippled = switches.integers(8, 0.3, 3)
    rows = [np.array(list(config.values())) for config in space.decode(space.sample(300, RNG))]
    assert all(0.0 <= value(row) <= rippled(row) for row in rows)
