"""What asks take, by feature: each feature's study is what it says."""

from __future__ import annotations

import pytest

from benchmarks import feature_cost


@pytest.mark.parametrize("name", sorted(set(feature_cost.FEATURES) - {"100 columns"}))
def test_a_features_study_is_asked_and_told(name):
    feature = feature_cost.FEATURES[name]
    study = feature_cost.study_of(feature, 5)
    assert len(study.directions) == feature.n_objectives
    last = study.trials[-1]
    assert len(last.constraints or {}) == feature.n_constraints
    assert (last.cost is not None) == ("cost" in feature.tell)


def test_the_table_has_a_line_for_each():
    found = {"first": 1.0, "median": 2.0, "mb": 3.0, "held": 4.0}
    lines = feature_cost.table([7], lambda name, n: found)
    assert len(lines) == 2 + len(feature_cost.FEATURES)
    assert lines[2] == "| one objective | 7 | 1 ms | 2 ms | 3 MB | 4 MB |"
