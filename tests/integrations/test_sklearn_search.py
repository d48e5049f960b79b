"""The search against scikit-learn's own, and what it does besides."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest

pytest.importorskip("sklearn")

import sklearn
from scipy.stats import loguniform, poisson, randint, rv_discrete, uniform
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import make_classification, make_regression
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    RandomizedSearchCV,
    ShuffleSplit,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier

import bayesopt as bo
from bayesopt.errors import SettingsError, SpaceError
from bayesopt.integrations.sklearn import BayesSearchCV
from bayesopt.schedulers import Decision
from bayesopt.trial import TrialState

X, Y = make_classification(120, 8, n_informative=4, flip_y=0.2, random_state=0)
TREES = {
    "max_depth": randint(1, 12),
    "min_samples_leaf": randint(1, 20),
    "ccp_alpha": uniform(0, 0.05),
}
TREE = DecisionTreeClassifier(random_state=0)
SCORES = [f"split{k}_test_score" for k in range(4)]


def search_of(estimator=TREE, space=TREES, **settings) -> BayesSearchCV:
    given = {"sampler": "random", "n_iter": 8, "cv": 4, "random_state": 0, **settings}
    return BayesSearchCV(estimator, space, **given)


def scores_of(search) -> np.ndarray:
    return np.column_stack([search.cv_results_[name] for name in SCORES])


def grid_of(search, **settings) -> GridSearchCV:
    """Evaluate the same candidates with GridSearchCV."""
    grid = [{name: [value] for name, value in p.items()} for p in search.cv_results_["params"]]
    return GridSearchCV(search.estimator, grid, cv=search.cv, **settings).fit(X, Y)


class Stubborn(BaseEstimator, ClassifierMixin):
    """Refuses to be fitted where its parameter says so."""

    def __init__(self, x=0.0, fails_from=0.5):
        self.x, self.fails_from = x, fails_from

    def fit(self, X, y):
        if self.x >= self.fails_from:
            raise ValueError("too much")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.where(np.arange(len(X)) < self.x * len(X), *self.classes_)


# ------------------------------------------------------------ as scikit-learn's searches


@pytest.mark.parametrize("scoring", [None, "balanced_accuracy", ["accuracy", "f1"]])
def test_the_same_candidates_have_the_same_results_as_in_a_grid_search(scoring):
    refit = "f1" if isinstance(scoring, list) else True
    ours = search_of(scoring=scoring, refit=refit, return_train_score=True).fit(X, Y)
    grid = grid_of(ours, scoring=scoring, refit=refit, return_train_score=True)
    assert ours.cv_results_.keys() == grid.cv_results_.keys()
    for name, column in grid.cv_results_.items():
        if "time" not in name:
            np.testing.assert_array_equal(ours.cv_results_[name], column, err_msg=name)
    assert ours.best_index_ == grid.best_index_
    assert ours.best_score_ == grid.best_score_
    assert ours.score(X, Y) == grid.score(X, Y)
    np.testing.assert_array_equal(ours.predict(X), grid.predict(X))


def test_columns_look_like_those_of_randomized_search():
    space = [
        {"kind": [StandardScaler(), MinMaxScaler()], "clf__C": loguniform(0.01, 10)},
        {"clf__tol": [1e-3], "clf__fit_intercept": [True, False]},
    ]
    pipeline = Pipeline([("kind", StandardScaler()), ("clf", LogisticRegression())])
    ours = search_of(pipeline, space, n_iter=12).fit(X, Y)
    theirs = RandomizedSearchCV(pipeline, space, n_iter=12, cv=4, random_state=0).fit(X, Y)
    assert ours.cv_results_.keys() == theirs.cv_results_.keys()
    for name, column in theirs.cv_results_.items():
        assert type(ours.cv_results_[name]) is type(column)
        if name != "params":
            assert ours.cv_results_[name].dtype == column.dtype
    C, tol = ours.cv_results_["param_clf__C"], ours.cv_results_["param_clf__tol"]
    assert (C.mask != tol.mask).all()  # a candidate belongs to one of the dicts
    assert 0 < C.mask.sum() < 12
    chosen = {type(each) for each in ours.cv_results_["param_kind"].compressed()}
    assert chosen == {StandardScaler, MinMaxScaler}
    assert isinstance(ours.best_estimator_.named_steps["clf"], LogisticRegression)


def test_it_can_be_cloned_and_pickled():
    space = bo.Space({"max_depth": bo.Int(1, 9)})
    search = search_of(space=space, sampler=bo.TPESampler(), scheduler=bo.MedianScheduler())
    copy = clone(search)
    assert copy.get_params()["param_distributions"] == space
    assert copy.sampler == search.sampler
    fitted = pickle.loads(pickle.dumps(copy.fit(X, Y)))
    np.testing.assert_array_equal(fitted.predict(X), copy.predict(X))
    assert fitted.history_.n == 8


def test_two_jobs_find_what_one_finds():
    """Times are not looked at; the Gaussian process is, whose answers depend on all before."""
    settings = {"sampler": "auto", "n_iter": 14, "batch_size": 2, "scheduler": "median"}
    one = search_of(**settings).fit(X, Y)
    two = search_of(**settings, n_jobs=2).fit(X, Y)
    assert one.cv_results_["params"] == two.cv_results_["params"]
    np.testing.assert_array_equal(scores_of(one), scores_of(two))


def test_random_state():
    first, again, other = (
        search_of(random_state=seed).fit(X, Y).cv_results_["params"]
        for seed in (1, np.random.RandomState(1), 2)
    )
    assert first == again != other


def test_the_splits_are_the_same_for_all_candidates_even_if_the_splitter_is_random():
    """Of a tree that no parameter changes all candidates score the same on a split."""
    splitter = ShuffleSplit(4, test_size=0.3)
    search = search_of(space={"min_impurity_decrease": uniform(10, 1)}, cv=splitter).fit(X, Y)
    scores = scores_of(search)
    assert (scores == scores[0]).all()
    assert len(set(scores[0])) > 1


def test_groups_go_to_the_splitter():
    groups = np.arange(len(Y)) % 6
    with pytest.raises(ValueError, match="groups"):
        search_of(cv=GroupKFold(3)).fit(X, Y)
    search = search_of(cv=GroupKFold(3)).fit(X, Y, groups=groups)
    assert search.n_splits_ == 3


def test_sample_weights_go_to_the_fit_and_to_the_scorer():
    weights = np.random.default_rng(0).uniform(0.1, 5.0, len(Y))
    ours = search_of().fit(X, Y, sample_weight=weights)
    grid = [{k: [v] for k, v in p.items()} for p in ours.cv_results_["params"]]
    theirs = GridSearchCV(TREE, grid, cv=4).fit(X, Y, sample_weight=weights)
    np.testing.assert_array_equal(scores_of(ours), scores_of(theirs))
    assert not np.array_equal(scores_of(ours), scores_of(search_of().fit(X, Y)))


def test_metadata_routing():
    weights, groups = np.random.default_rng(0).uniform(0.1, 5.0, len(Y)), np.arange(len(Y)) % 6
    with sklearn.config_context(enable_metadata_routing=True):
        tree = clone(TREE).set_fit_request(sample_weight=True)
        scorer = make_scorer(accuracy_score).set_score_request(sample_weight=False)
        settings = {"scoring": scorer, "cv": GroupKFold(4)}
        ours = search_of(tree, **settings).fit(X, Y, sample_weight=weights, groups=groups)
        grid = [{k: [v] for k, v in p.items()} for p in ours.cv_results_["params"]]
        theirs = GridSearchCV(tree, grid, **settings)
        theirs.fit(X, Y, sample_weight=weights, groups=groups)
        np.testing.assert_array_equal(scores_of(ours), scores_of(theirs))
        assert ours.get_metadata_routing().consumes("fit", ["sample_weight", "groups"])


def test_verbose_says_what_it_will_do(capsys):
    search_of(verbose=1).fit(X, Y)
    search_of(verbose=1, scheduler="median").fit(X, Y)
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "Fitting 4 folds for each of 8 candidates, totalling 32 fits"
    assert said[1].endswith("totalling up to 32 fits")


def test_what_needs_no_y():
    from sklearn.neighbors import KernelDensity

    search = BayesSearchCV(KernelDensity(), {"bandwidth": loguniform(0.1, 10)}, random_state=0)
    assert np.isfinite(search.fit(X).best_score_)


def test_there_are_no_callbacks():
    with pytest.raises(SettingsError, match="callbacks"):
        search_of().set_callbacks(object())


# --------------------------------------------------------------------------- metrics, refit


def test_the_metric_that_refit_names_is_the_objective():
    search = search_of(scoring=["accuracy", "f1"], refit="f1").fit(X, Y)
    np.testing.assert_allclose(-search.history_.values[:, 0], search.cv_results_["mean_test_f1"])


@pytest.mark.parametrize("is_callable", [False, True])
def test_several_metrics_are_several_objectives_if_none_is_named(is_callable):
    def both(estimator, X, y):
        right = estimator.predict(X) == y
        return {"accuracy": right.mean(), "size": -estimator.get_n_leaves()}

    scoring = both if is_callable else {"accuracy": "accuracy", "f1": "f1"}
    second = "size" if is_callable else "f1"
    search = search_of(scoring=scoring, refit=False, sampler="tpe", n_iter=15).fit(X, Y)
    means = [search.cv_results_[f"mean_test_{name}"] for name in ("accuracy", second)]
    np.testing.assert_allclose(-search.history_.values, np.column_stack(means))
    assert not hasattr(search, "best_index_")


def test_refit_may_be_a_function():
    def simplest(results):
        return int(np.argmin(results["param_max_depth"]))

    search = search_of(refit=simplest).fit(X, Y)
    depths = search.cv_results_["param_max_depth"]
    assert search.best_params_["max_depth"] == depths.min()
    assert search.best_estimator_.max_depth == depths.min()
    assert not hasattr(search, "best_score_")


def test_without_refit_nothing_is_fitted():
    search = search_of(refit=False).fit(X, Y)
    assert search.best_score_ == search.cv_results_["mean_test_score"].max()
    assert not hasattr(search, "best_estimator_")


def test_several_metrics_need_to_know_which_one_to_refit():
    with pytest.raises(ValueError, match="refit"):
        search_of(scoring=["accuracy", "f1"]).fit(X, Y)
    with pytest.raises(ValueError, match="refit"):
        search_of(scoring=lambda e, X, y: {"a": 1.0, "b": 2.0}).fit(X, Y)
    with pytest.raises(ValueError, match="refit"):
        search_of(scoring=lambda e, X, y: {"score": 1.0}).fit(X, Y)


# -------------------------------------------------------------------------------- failures


@pytest.mark.parametrize("error_score", [np.nan, -1.0])
@pytest.mark.parametrize("scheduler", [None, "median"])
def test_what_fails_to_fit_counts_as_failed(error_score, scheduler):
    search = search_of(Stubborn(), {"x": uniform()}, error_score=error_score, scheduler=scheduler)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search.fit(X, Y)
    failed = np.asarray(search.cv_results_["param_x"] >= 0.5)
    assert 0 < failed.sum() < 8
    assert (search.history_.is_failed == failed).all()
    first = np.asarray(search.cv_results_["split0_test_score"])[failed]
    np.testing.assert_array_equal(first, np.full(failed.sum(), error_score))
    assert search.best_params_["x"] < 0.5


def test_failures_are_told_at_the_end_and_once():
    with pytest.warns(FitFailedWarning, match="fits failed out of a total of 32") as caught:
        search_of(Stubborn(), {"x": uniform()}, error_score=0.0).fit(X, Y)
    assert len(caught) == 1


def test_if_everything_fails_it_is_an_error():
    with pytest.raises(ValueError, match="All the 32 fits failed"):
        search_of(Stubborn(fails_from=-1.0), {"x": uniform()}).fit(X, Y)
    with pytest.raises(ValueError, match="too much"):
        search_of(Stubborn(), {"x": uniform()}, error_score="raise").fit(X, Y)


def test_scores_that_are_no_numbers_count_as_failed():
    def score(estimator, X, y):
        return np.nan if estimator.x >= 0.5 else estimator.x

    search = search_of(Stubborn(fails_from=2.0), {"x": uniform()}, scoring=score)
    with pytest.warns(UserWarning, match="non-finite"):
        search.fit(X, Y)
    assert (search.history_.is_failed == (search.cv_results_["param_x"] >= 0.5)).all()


def test_metrics_that_are_known_only_after_failures():
    """The first candidates fail: how many objectives there are is learned later."""

    def both(estimator, X, y):
        return {"a": estimator.x, "b": -estimator.x}

    space = {"x": [0.9, 0.1, 0.8, 0.2, 0.7]}
    search = search_of(Stubborn(), space, scoring=both, refit="a", n_iter=5, error_score=-5.0)
    with pytest.warns(FitFailedWarning):
        search.fit(X, Y)
    assert search.best_params_ == {"x": 0.2}
    by_x = dict(zip(search.cv_results_["param_x"], search.cv_results_["mean_test_b"], strict=True))
    assert by_x == {0.9: -5.0, 0.1: -0.1, 0.8: -5.0, 0.2: -0.2, 0.7: -5.0}


def test_failures_teach_several_objectives_too():
    def both(estimator, X, y):
        return {"a": estimator.x, "b": -estimator.x}

    search = search_of(Stubborn(fails_from=0.3), {"x": uniform()}, scoring=both, refit=False)
    with pytest.warns(FitFailedWarning), pytest.warns(UserWarning, match="non-finite"):
        search.fit(X, Y)
    assert search.history_.n_objectives == 2
    assert (search.history_.is_failed == (search.cv_results_["param_x"] >= 0.3)).all()


# ---------------------------------------------------------------------------------- spaces


def test_every_candidate_is_tried_once_and_then_there_are_no_more():
    space = {"max_depth": [1, 2, 3], "splitter": ["best", "random"]}
    search = search_of(space=space, n_iter=50)
    with pytest.warns(UserWarning, match="smaller than n_iter=50. Running 6"):
        search.fit(X, Y)
    assert len({tuple(p.items()) for p in search.cv_results_["params"]}) == 6


@pytest.mark.parametrize("sampler", ["random", "auto"])
def test_values_of_discrete_distributions_are_tried_once(sampler):
    search = search_of(space={"max_depth": poisson(5, loc=1)}, n_iter=12, sampler=sampler).fit(X, Y)
    assert len(set(search.cv_results_["param_max_depth"])) == 12
    depths = rv_discrete(values=([1, 3, 7], [0.2, 0.3, 0.5]))
    search = search_of(space={"max_depth": depths}, n_iter=3, sampler=sampler).fit(X, Y)
    assert sorted(search.cv_results_["param_max_depth"]) == [1, 3, 7]


def test_no_parameters_are_one_candidate():
    with pytest.warns(UserWarning, match="Running 1"):
        assert search_of(space={}).fit(X, Y).cv_results_["params"] == [{}]


def test_a_space_with_conditions_and_constraints():
    space = bo.Space(
        {
            "criterion": bo.Categorical(["gini", "entropy"]),
            "max_depth": bo.Int(1, 9, when={"criterion": "gini"}),
            "min_samples_leaf": bo.Int(1, 9),
            "min_samples_split": bo.Int(2, 18),
        },
        constraints=["min_samples_split >= 2 * min_samples_leaf"],
    )
    results = search_of(space=space, n_iter=20).fit(X, Y).cv_results_
    for params in results["params"]:
        assert ("max_depth" in params) == (params["criterion"] == "gini")
        assert params["min_samples_split"] >= 2 * params["min_samples_leaf"]
    assert (results["param_max_depth"].mask == (results["param_criterion"] != "gini")).all()


def test_constraints_may_leave_less_than_there_seems_to_be():
    space = bo.Space({"max_depth": bo.Int(1, 10)}, constraints=["max_depth <= 3"])
    search = search_of(space=space, n_iter=9).fit(X, Y)
    assert sorted(p["max_depth"] for p in search.cv_results_["params"]) == [1, 2, 3]


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"space": {"max_depth": 3}}, SpaceError),
        ({"space": {"max_depth": []}}, SpaceError),
        ({"space": "max_depth"}, ValueError),
        ({"space": []}, SpaceError),
        ({"space": {"no_such": [1, 2]}, "n_iter": 2}, ValueError),
        ({"sampler": "no such"}, SettingsError),
        ({"scheduler": "no such"}, SettingsError),
        ({"scheduler": "pbt"}, SettingsError),
        ({"scheduler": "pb2"}, SettingsError),
        ({"scheduler": bo.PBTScheduler(max_steps=4)}, SettingsError),
        ({"n_iter": 0}, ValueError),
        ({"batch_size": 0}, ValueError),
        ({"cv": iter([])}, ValueError),
    ],
)
def test_what_cannot_be_used_is_refused_by_fit_not_before(settings, error):
    search = search_of(**settings)
    with pytest.raises(error):
        search.fit(X, Y)


# --------------------------------------------------------------------- folds as a budget


def median_by_hand(scores: np.ndarray, n_startup: int = 5) -> list[int]:
    """Return how many folds each candidate gets, one candidate after the other."""
    finished: list[np.ndarray] = []
    lengths = []
    for row in scores:
        means = np.array([row[: k + 1].mean() for k in range(len(row))])
        n = len(row)
        for k in range(1, len(row)):
            rivals = [known[:k].max() for known in finished]
            if len(rivals) >= n_startup and means[:k].max() < np.median(rivals):
                n = k
                break
        finished.append(means[:n])
        lengths.append(n)
    return lengths


def test_the_median_rule_against_a_reference():
    """A sampler that does not learn proposes the same candidates, whatever is dropped."""
    whole = search_of(n_iter=30).fit(X, Y)
    search = search_of(n_iter=30, scheduler="median").fit(X, Y)
    wanted = median_by_hand(scores_of(whole))
    assert search.cv_results_["params"] == whole.cv_results_["params"]
    assert search.cv_results_["n_folds_run"].tolist() == wanted
    assert min(wanted) < 4
    was_run = np.arange(4) < np.array(wanted)[:, None]
    np.testing.assert_array_equal(scores_of(search), np.where(was_run, scores_of(whole), np.nan))
    is_whole = was_run.all(axis=1)
    for kind in ("mean", "std"):
        column = np.where(is_whole, whole.cv_results_[f"{kind}_test_score"], np.nan)
        np.testing.assert_array_equal(search.cv_results_[f"{kind}_test_score"], column)
    assert np.isfinite(search.cv_results_["mean_fit_time"]).all()
    assert (search.history_.is_complete == is_whole).all()
    assert (search.history_.is_pruned == ~is_whole).all()


@pytest.mark.parametrize("batch_size", [1, 9])
def test_halving_lays_aside_and_goes_on(batch_size):
    """9 candidates begin, 3 get to the third fold, 1 to the last: 9 + 3 · 2 + 1 fits."""
    settings = {"n_iter": 9, "batch_size": batch_size}
    whole = search_of(**settings).fit(X, Y)
    search = search_of(scheduler="halving", **settings).fit(X, Y)
    scores, n_folds = scores_of(whole), search.cv_results_["n_folds_run"]
    assert sorted(n_folds) == [1] * 6 + [3] * 2 + [4]
    first, third = scores[:, 0], scores[:, :3].mean(axis=1)
    assert first[n_folds >= 3].min() >= first[n_folds == 1].max()
    assert third[n_folds == 4].max() >= third[n_folds == 3].max()
    assert search.best_index_ == np.argmax(n_folds)


def test_a_batch_goes_from_fold_to_fold_together():
    """What is run side by side does not depend on how long it takes."""
    seen = []

    def score(estimator, X, y):
        seen.append((estimator.max_depth, len(seen)))
        return -abs(estimator.max_depth - 6)

    space = {"max_depth": list(range(1, 9))}
    search_of(space=space, scheduler="median", batch_size=4, scoring=score, refit=False).fit(X, Y)
    depths = [depth for depth, _ in seen]
    assert depths[:4] == depths[4:8] == depths[8:12] == depths[12:16]


class Never:
    """Stops whoever has not seen all folds."""

    name = "stop"

    def decide(self, history, number, rng):
        return Decision.STOP


def test_refit_takes_no_candidate_that_lacks_folds():
    search = search_of(scheduler=Never()).fit(X, Y)
    n_folds = search.cv_results_["n_folds_run"]
    assert sorted(n_folds) == [1] * 7 + [4]
    assert n_folds[search.best_index_] == 4
    assert search.cv_results_["split0_test_score"][search.best_index_] == max(
        search.cv_results_["split0_test_score"]
    )
    assert np.isfinite(search.best_score_)
    bad = int(np.argmin(n_folds))
    with pytest.raises(ValueError, match="not evaluated on all folds"):
        search_of(scheduler=Never(), refit=lambda results: bad).fit(X, Y)


def test_train_scores_and_metrics_of_folds_not_run_are_nan():
    search = search_of(
        scheduler=Never(), scoring=["accuracy", "f1"], refit="f1", return_train_score=True
    ).fit(X, Y)
    is_whole = search.cv_results_["n_folds_run"] == 4
    for name in ("mean_test_accuracy", "split3_test_f1", "mean_train_f1", "split1_train_accuracy"):
        np.testing.assert_array_equal(np.isfinite(search.cv_results_[name]), is_whole)
    assert search.cv_results_["rank_test_f1"].tolist() == np.where(is_whole, 1, 2).tolist()


def test_a_scheduler_saves_fits_and_a_regressor_is_fine_too():
    A, b = make_regression(80, 5, noise=10.0, random_state=0)
    space = {"alpha": loguniform(1e-3, 1e3)}
    search = BayesSearchCV(Ridge(), space, n_iter=30, scheduler="asha", sampler="tpe", cv=5)
    search.set_params(random_state=0).fit(A, b)
    assert search.cv_results_["n_folds_run"].sum() < 100
    assert search.best_score_ > 0.9
    assert search.history_.count(TrialState.RUNNING, TrialState.PAUSED) == 0
