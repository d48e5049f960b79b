"""scikit-learn's own checks of estimators, on the search as they run on its RandomizedSearchCV."""

from __future__ import annotations

import warnings

import pytest

pytest.importorskip("sklearn")

from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import RandomizedSearchCV
from sklearn.pipeline import Pipeline
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

from bayesopt.integrations.sklearn import BayesSearchCV

SETTINGS = {"cv": 2, "error_score": "raise", "random_state": 0, "n_iter": 2}
CLASSIFIER = BayesSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, **SETTINGS)
RIDGE = BayesSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, **SETTINGS)
PIPELINE = Pipeline([("pca", PCA()), ("ridge", Ridge())])
OTHERS = [
    RIDGE,
    BayesSearchCV(PIPELINE, {"ridge__alpha": [0.1, 1.0]}, **SETTINGS),
    BayesSearchCV(
        LogisticRegression(), {"C": [0.1, 1.0]}, scheduler="median", batch_size=2, **SETTINGS
    ),
]


def expected_failures(search):
    """Return what the search cannot help: Ridge accepts a column as y, without a warning."""
    if isinstance(search.estimator, LogisticRegression):
        return {}
    return {"check_supervised_y_2d": "the estimator does not warn"}


def run(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("default")  # some checks count warnings
        warnings.filterwarnings("ignore", message="invalid value encountered in cast")
        check(estimator)


@parametrize_with_checks([CLASSIFIER])
def test_checks(estimator, check):
    run(estimator, check)


@pytest.mark.slow
@parametrize_with_checks(OTHERS, expected_failed_checks=expected_failures)
def test_checks_of_other_searches(estimator, check):
    run(estimator, check)


@pytest.mark.slow
def test_it_fails_no_check_that_randomized_search_passes():
    def failed(search):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results = check_estimator(search, on_fail=None, on_skip=None)
        return {each["check_name"] for each in results if each["status"] == "failed"}

    assert failed(RIDGE) <= failed(RandomizedSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, **SETTINGS))
