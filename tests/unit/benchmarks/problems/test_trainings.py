"""The trainings: what is scored on which rows, against scikit-learn's own cross-validation."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from problem_promises import check_promises, configs_of
from sklearn.model_selection import cross_val_score

from benchmarks.problems import registry, trainings
from benchmarks.problems.learners import LEARNERS, Learner

NAMES = registry.problem_names("sklearn")
FIXED = {
    "svm-wine": {"kernel": "rbf", "C": 2.0, "gamma": 0.05, "class_weight": "equal"},
    "logistic-wine": {"C": 0.5, "solver": "lbfgs", "class_weight": "equal", "tol": 1e-4},
    "svr_rbf-diabetes": {"C": 1.0, "gamma": 0.01, "epsilon": 0.1},
}
SCORING = {"error": "accuracy", "log_loss": "neg_log_loss", "rmse": "neg_root_mean_squared_error"}


@pytest.mark.parametrize("name", NAMES)
def test_two_random_configurations_train(name):
    check_promises(registry.load(name), name, 2)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_many_random_configurations_train(name):
    check_promises(registry.load(name), name, 60)


@pytest.mark.parametrize("name", NAMES)
def test_every_row_becomes_an_estimator_with_valid_parameters(name):
    problem = registry.load(name)
    model, data_set = name.removeprefix("sklearn/").split("-")
    for config in configs_of(problem, 200):
        built = LEARNERS[model].build(config, data_set != "diabetes", 3)
        last = built[-1] if hasattr(built, "steps") else built
        last._validate_params()


@pytest.mark.parametrize("name", FIXED)
def test_the_score_is_that_of_scikit_learn_on_the_same_folds(name):
    problem = registry.load(f"sklearn/{name}")
    model, data_set = name.split("-")
    task = trainings.task_of(data_set)
    estimator = LEARNERS[model].build(FIXED[name], task.classify, 1)
    scoring = SCORING[problem.objective]
    theirs = cross_val_score(estimator, task.X, task.y, cv=list(task.folds), scoring=scoring).mean()
    expected = 1.0 - theirs if problem.objective == "error" else -theirs
    assert problem.loss(FIXED[name]) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("data_set", ["digits", "breast_cancer", "wine", "diabetes"])
def test_folds_part_the_rows_and_the_smallest_share_holds_every_class(data_set):
    task = trainings.task_of(data_set)
    tested = np.concatenate([test for _, test in task.folds])
    assert sorted(tested) == list(range(len(task.X)))
    for train, test in task.folds:
        assert not set(train) & set(test)
        if task.classify:
            kept = train[: round(trainings.LOW_SHARE * len(train))]
            assert set(task.y[kept]) == set(task.y)


class Stub:
    """Counts the rows that it is given; fails as told."""

    seen: list[int] = []  # noqa: RUF012
    complaint = ""

    def __init__(self, n_epochs):
        self.n_epochs = n_epochs

    def fit(self, X, y):
        self.seen.append((len(X), self.n_epochs))
        if self.complaint:
            raise ValueError(self.complaint)

    def predict(self, X):
        return np.zeros(len(X))


@pytest.fixture
def stub(monkeypatch):
    monkeypatch.setattr(Stub, "seen", [])
    learner = Learner(LEARNERS["svm"].space, lambda c, classify, n: Stub(n), "error")
    for name in ("svm", "mlp"):
        monkeypatch.setitem(LEARNERS, name, learner)
    return Stub


def test_the_budget_is_rows_for_most_and_epochs_for_networks(stub):
    svm = registry.load("sklearn/svm-wine")
    svm.evaluate({})
    svm.evaluate({}, fidelity=0.5)
    mlp = registry.load("sklearn/mlp-breast_cancer")
    mlp.evaluate({}, fidelity=2)
    rows = [n for n, _ in stub.seen]
    assert sum(rows[:3]) == 2 * 178
    assert sum(rows[3:6]) == pytest.approx(178, abs=3)
    assert [epochs for _, epochs in stub.seen[6:]] == [2, 2, 2]
    assert sum(rows[6:]) == 2 * 569
    assert (svm.fidelity.name, mlp.fidelity.name) == ("train_share", "epochs")


def test_a_training_that_diverges_is_a_failure_and_a_wrong_argument_is_an_error(stub, monkeypatch):
    problem = registry.load("sklearn/svm-wine")
    monkeypatch.setattr(stub, "complaint", "Solver produced non-finite parameter weights.")
    assert problem.evaluate({}).failed
    monkeypatch.setattr(stub, "complaint", "n_components=12 must be smaller")
    with pytest.raises(ValueError, match="n_components"):
        problem.evaluate({})


def test_classes_are_weighted_when_asked_for():
    for model in ("svm", "logistic"):
        built = [
            LEARNERS[model].build({"C": 1.0, "class_weight": weight}, True, 1)[-1].class_weight
            for weight in ("equal", "balanced")
        ]
        assert built == [None, "balanced"]


def test_a_choice_among_learners_keeps_the_conditions_of_each():
    space = registry.load("sklearn/cash4-digits").space
    assert dict(space["svm.degree"].when) == {"learner": ("svm",), "svm.kernel": ("poly",)}
    assert dict(space["forest.max_samples"].when) == {
        "learner": ("forest",),
        "forest.bootstrap": (True,),
    }
    for config in configs_of(registry.load("sklearn/cash4-digits"), 100):
        assert {k.split(".")[0] for k in config} == {"learner", config["learner"]}


def test_a_choice_among_learners_scores_like_the_learner():
    config = {"C": 0.5, "solver": "lbfgs", "class_weight": "equal", "tol": 1e-4}
    prefixed = {"learner": "logistic"} | {f"logistic.{k}": v for k, v in config.items()}
    task = trainings.task_of("digits")
    alone = trainings.validate(LEARNERS["logistic"], task, config, "error", 1.0, 1)
    assert registry.load("sklearn/cash4-digits").loss(prefixed) == alone


def test_without_the_package_the_message_says_what_to_install(monkeypatch):
    monkeypatch.delitem(sys.modules, "benchmarks.problems.learners")
    monkeypatch.setitem(sys.modules, "sklearn.decomposition", None)
    with pytest.raises(ImportError, match="pip install scikit-learn"):
        registry.load("sklearn/svm-wine")
