"""What a search leaves out that has been to some basins."""

from __future__ import annotations

import numpy as np
import pytest

from bayesopt.acquisition.basins import gets_on, in_basin, in_basins, is_plateau, rest_of

F = np.ndarray


def kin(rows: F, center: F) -> F:
    """Rows within .1 of the center belong to its basin, those at .1 exactly as well."""
    return np.where(np.abs(rows - center).max(axis=1) <= 0.1 + 1e-12, 0.3, 0.29)


def column(*x: float) -> F:
    return np.array(x)[:, None]


def test_a_basin_is_what_goes_together_with_its_best_row() -> None:
    rows = column(0.1, 0.2, 0.25, 0.9)
    np.testing.assert_array_equal(in_basin(kin, rows, rows[0]), [True, True, False, False])
    found = in_basins(kin, rows, column(0.1, 0.9))
    np.testing.assert_array_equal(found, [True, True, False, True])


def test_the_basin_of_the_best_row_is_left_out_at_once() -> None:
    X = column(0.1, 0.15, 0.5, 0.6, 0.7, 0.8, 0.9)
    y = np.array([-2.0, -1.0, 0.5, 0.4, 0.3, 0.2, 0.1])
    rest = rest_of(kin, X, y, patience=2)
    assert rest is not None
    np.testing.assert_array_equal(rest.kept, [False, False, True, True, True, True, True])
    np.testing.assert_array_equal(rest.centers, [[0.1]])


@pytest.mark.parametrize("patience", [2, 3])
def test_another_basin_is_left_out_once_it_was_searched_in_vain(patience: int) -> None:
    """That at .5 did not get better by its last two trials; a trifle is no better."""
    X = column(0.1, 0.5, 0.52, 0.48, 0.7, 0.75, 0.8, 0.9, 0.95)
    y = np.array([-2.0, -1.0, -1.01, -0.5, 0.5, 0.4, 0.3, 0.2, 0.1])
    rest = rest_of(kin, X, y, patience)
    assert rest is not None
    visited = [[0.1], [0.52]] if patience == 2 else [[0.1]]
    np.testing.assert_array_equal(rest.centers, visited)
    assert rest.kept.sum() == (5 if patience == 2 else 8)
    assert rest_of(kin, X[:8], y[:8], 2) is None  # four are too few


def test_failed_trials_are_no_values_but_stay_with_their_place() -> None:
    X = column(0.1, 0.15, 0.5, 0.6, 0.7, 0.8, 0.9)
    y = np.array([-2.0, np.inf, 0.5, 0.4, 0.3, 0.2, np.inf])
    assert rest_of(kin, X, y, 2) is None
    more = rest_of(kin, np.append(X, [[0.3]], 0), np.append(y, 0.6), 2)
    assert more is not None
    np.testing.assert_array_equal(more.kept, [False, False] + [True] * 6)
    assert rest_of(kin, X, np.full(7, np.inf), 2) is None


def test_a_rest_gets_on_that_improved_of_late_while_the_whole_did_not() -> None:
    X = column(0.1, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
    y = np.array([-2.0, 0.6, 0.5, 0.4, 0.2, 0.3, 0.35])
    rest = rest_of(kin, X, y, 2)
    assert rest is not None
    assert gets_on(rest, y, n_stuck=6, patience=3)
    assert not gets_on(rest, y, n_stuck=6, patience=2)  # two since the last improvement
    assert not gets_on(rest, y, n_stuck=2, patience=3)  # which was before the whole was stuck


def test_a_plateau_is_a_spell_of_trials_that_all_but_equal_the_best() -> None:
    y = np.array([0.5, -1.0, 0.2, -0.9995, -1.0001, np.inf, -0.99])
    assert is_plateau(y, 2)
    assert not is_plateau(y, 3)  # the first of -1 is the improvement itself
    assert not is_plateau(np.append(y, -1.5), 1)  # nothing came after that one
    assert not is_plateau(np.empty(0), 1)
