"""The growth of the dominated volume, trial by trial."""

from __future__ import annotations

import numpy as np
import pytest

import bayesopt as bo
from bayesopt._kernels.hypervolume import hypervolume
from bayesopt.errors import InvalidValueError


def study_of(values: list[object], directions: list[str]) -> bo.Study:
    study = bo.create_study({"x": bo.Float(0.0, 1.0)}, directions=directions, sampler="random")
    for each in values:
        if each is None:
            study.tell(study.ask(), state="fail")
        else:
            study.tell(study.ask(), each)
    return study


def test_it_is_the_volume_of_the_trials_so_far() -> None:
    rng = np.random.default_rng(0)
    Y = rng.random((12, 2))
    study = study_of([None, *Y.tolist()], ["minimize", "maximize"])
    found = study.hypervolume(reference=[1.0, 0.0])
    minimised = Y * [1.0, -1.0]
    expected = [hypervolume(minimised[:k], np.array([1.0, 0.0])) for k in range(13)]
    np.testing.assert_allclose(found, expected)


def test_infeasible_trials_dominate_nothing() -> None:
    study = study_of([[0.5, 0.5]], ["minimize", "minimize"])
    study.tell(study.ask(), [0.1, 0.1], constraints={"g": 1.0})
    study.tell(study.ask(), [0.4, 0.4], constraints={"g": -1.0})
    volumes = study.hypervolume((1.0, 1.0))
    np.testing.assert_allclose(volumes, [0.0, 0.0, 0.36])  # the first one owes its constraint


def test_the_default_reference_is_a_tenth_beyond_the_front() -> None:
    study = study_of([[0.0, 1.0], [1.0, 0.0], [5.0, 5.0]], ["minimize"] * 2)
    assert study.hypervolume()[-1] == pytest.approx(1.1**2 - 1.0)
    lonely = study_of([[4.0, 4.0], [0.0, 0.0], [10.0, 5.0]], ["minimize"] * 2)
    assert lonely.hypervolume().tolist() == [0.0, 16.0, 16.0]  # a single best: up to the medians
    assert study_of([[0.0, 0.0]] * 9 + [[10.0, 5.0]], ["minimize"] * 2).hypervolume()[-1] == 0.5
    assert study_of([], ["minimize"] * 2).hypervolume().shape == (0,)


def test_a_volume_beyond_float64_is_its_largest_number_and_never_falls() -> None:
    values = [[1e200 * (9 - i), 1e200 * i] for i in range(10)]
    volumes = study_of([None, *values], ["minimize"] * 2).hypervolume()
    assert volumes[0] == 0.0
    assert volumes[-1] == np.finfo(np.float64).max
    assert (np.diff(volumes) >= 0.0).all()


@pytest.mark.parametrize("reference", [[1.0], "ab", [1.0, np.nan], 3.0])
def test_a_reference_is_one_number_per_objective(reference: object) -> None:
    with pytest.raises(InvalidValueError, match="one finite number"):
        study_of([[1.0, 2.0]], ["minimize"] * 2).hypervolume(reference)
