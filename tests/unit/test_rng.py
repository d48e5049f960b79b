"""Streams of random numbers."""

from __future__ import annotations

import numpy as np

from bayesopt.rng import aside, trial_rng


def test_what_is_drawn_aside_leaves_a_generator_where_it_is() -> None:
    rng, other = trial_rng(3, 7), trial_rng(3, 7)
    drawn = aside(rng).random(5)
    later = rng.random(5)
    np.testing.assert_array_equal(later, other.random(5))
    assert not np.isin(drawn, later).any()


def test_the_state_of_a_generator_decides_what_is_drawn_aside() -> None:
    rng = trial_rng(3, 7)
    first = aside(rng).random()
    assert first == aside(trial_rng(3, 7)).random()
    rng.random()
    assert first != aside(rng).random()
    assert first != aside(trial_rng(3, 8)).random()


def test_any_bit_generator_will_do() -> None:
    for kind in (np.random.MT19937, np.random.SFC64, np.random.Philox):
        rng = np.random.Generator(kind(1))
        assert aside(rng).random() == aside(rng).random()
