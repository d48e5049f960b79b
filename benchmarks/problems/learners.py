"""The models of suite "sklearn": their parameters, and how a configuration becomes an estimator.

Imported when the first of these problems is loaded; needs scikit-learn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sklearn.decomposition import PCA
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC, SVR

import bayesopt as bo
from bayesopt.space import Parameter

Config = Mapping[str, Any]
N_EPOCHS = 10


@dataclass(frozen=True)
class Learner:
    """One model.

    Attributes
    ----------
    space : mapping of str to Parameter
    build : callable
        ``build(config, classify, n_epochs) -> estimator``.
    score : str
        What its classifiers are judged by: "error" or "log_loss".
    """

    space: Mapping[str, Parameter]
    build: Callable[[Config, bool, int], Any]
    score: str


_CLASS_WEIGHTS = {"equal": None, "balanced": "balanced"}  # text: some contestants take no None


def _scaled(estimator: Any) -> Any:
    return make_pipeline(StandardScaler(), estimator)


def _with_weights(config: Config) -> Config:
    if "class_weight" not in config:
        return config
    return {**config, "class_weight": _CLASS_WEIGHTS[config["class_weight"]]}


# ------------------------------------------------------------------------------ support vectors


def _svm(config: Config, classify: bool, n_epochs: int) -> Any:
    model = (SVC if classify else SVR)(cache_size=50, max_iter=20_000)
    return _scaled(model.set_params(**_with_weights(config)))


_C = bo.Float(1e-3, 1e3, log=True)
_GAMMA = bo.Float(1e-5, 10.0, log=True)

SVM_RBF = Learner({"C": _C, "gamma": _GAMMA}, _svm, "error")
SVR_RBF = Learner(
    {
        "C": _C,
        "gamma": _GAMMA,
        "epsilon": bo.Float(1e-4, 1.0, log=True),
    },
    _svm,
    "error",
)
SVM = Learner(
    {
        "kernel": bo.Categorical(["linear", "poly", "rbf", "sigmoid"]),
        "C": _C,
        "gamma": _GAMMA.with_condition({"kernel": ["poly", "rbf", "sigmoid"]}),
        "degree": bo.Int(2, 5, when={"kernel": "poly"}),
        "coef0": bo.Float(-1.0, 1.0, when={"kernel": ["poly", "sigmoid"]}),
        "class_weight": bo.Categorical(list(_CLASS_WEIGHTS)),
    },
    _svm,
    "error",
)
SVR_KERNELS = Learner(
    {name: parameter for name, parameter in SVM.space.items() if name != "class_weight"}
    | {"epsilon": SVR_RBF.space["epsilon"]},
    _svm,
    "error",
)


# --------------------------------------------------------------------------------------- trees


def _forest(config: Config, classify: bool, n_epochs: int) -> Any:
    model = (RandomForestClassifier if classify else RandomForestRegressor)(random_state=0)
    return model.set_params(**config)


FOREST = Learner(
    {
        "n_estimators": bo.Int(4, 40, log=True),
        "max_depth": bo.Int(1, 20),
        "max_features": bo.Float(0.05, 1.0),
        "min_samples_leaf": bo.Int(1, 30, log=True),
        "min_samples_split": bo.Int(2, 40, log=True),
        "bootstrap": bo.Categorical([False, True]),
    },
    _forest,
    "log_loss",
)
FOREST_SAMPLES = Learner(
    {**FOREST.space, "max_samples": bo.Float(0.2, 1.0, when={"bootstrap": True})},
    _forest,
    "log_loss",
)


def _boosting(config: Config, classify: bool, n_epochs: int) -> Any:
    made = HistGradientBoostingClassifier if classify else HistGradientBoostingRegressor
    return made(early_stopping=False, random_state=0).set_params(**config)


BOOSTING = Learner(
    {
        "learning_rate": bo.Float(1e-3, 1.0, log=True),
        "max_iter": bo.Int(5, 50, log=True),
        "max_leaf_nodes": bo.Int(2, 31, log=True),
        "min_samples_leaf": bo.Int(1, 60, log=True),
        "l2_regularization": bo.Float(1e-6, 1e2, log=True),
        "max_features": bo.Float(0.1, 1.0),
        "max_bins": bo.Ordinal([15, 31, 63, 127, 255]),
    },
    _boosting,
    "log_loss",
)


# -------------------------------------------------------------------------------------- networks


def _mlp(config: Config, classify: bool, n_epochs: int) -> Any:
    chosen = dict(config)
    sizes = [chosen.pop(f"width{i}") for i in range(chosen.pop("n_layers"))]
    return _network(chosen, sizes, classify, n_epochs)


def _adam(config: Config, classify: bool, n_epochs: int) -> Any:
    return _network({**config, "solver": "adam", "batch_size": 32}, [24], classify, n_epochs)


def _network(chosen: Config, sizes: list[int], classify: bool, n_epochs: int) -> Any:
    made = MLPClassifier if classify else MLPRegressor
    # every run trains for all its epochs: nothing stops because it no longer improves
    fixed = {"max_iter": n_epochs, "n_iter_no_change": n_epochs + 1, "random_state": 0}
    return _scaled(made(hidden_layer_sizes=tuple(sizes)).set_params(**fixed, **chosen))


MLP = Learner(
    {
        "n_layers": bo.Int(1, 3),
        "width0": bo.Int(4, 64, log=True),
        "width1": bo.Int(4, 64, log=True, when={"n_layers": [2, 3]}),
        "width2": bo.Int(4, 64, log=True, when={"n_layers": 3}),
        "activation": bo.Categorical(["relu", "tanh", "logistic"]),
        "solver": bo.Categorical(["adam", "sgd"]),
        "learning_rate_init": bo.Float(1e-4, 1.0, log=True),
        "momentum": bo.Float(0.0, 0.99, when={"solver": "sgd"}),
        "alpha": bo.Float(1e-7, 1.0, log=True),
        "batch_size": bo.Ordinal([16, 32, 64, 128]),
    },
    _mlp,
    "log_loss",
)
ADAM = Learner(
    {
        "learning_rate_init": bo.Float(1e-4, 1.0, log=True),
        "alpha": bo.Float(1e-7, 10.0, log=True),
        "beta_1": bo.Float(0.5, 0.99),
        "beta_2": bo.Float(0.8, 0.9999),
    },
    _adam,
    "log_loss",
)


# ----------------------------------------------------------------------- neighbours, linear models


def _knn(config: Config, classify: bool, n_epochs: int) -> Any:
    chosen = dict(config)
    scalers = {"none": None, "standard": StandardScaler(), "range": MinMaxScaler()}
    steps = [scalers[chosen.pop("scaling")], PCA(chosen.pop("n_components"), random_state=0)]
    model = (KNeighborsClassifier if classify else KNeighborsRegressor)(**chosen)
    return make_pipeline(*(step for step in steps if step is not None), model)


KNN = Learner(
    {
        "n_neighbors": bo.Int(1, 60, log=True),
        "weights": bo.Categorical(["uniform", "distance"]),
        "metric": bo.Categorical(["euclidean", "manhattan", "chebyshev", "cosine"]),
        "scaling": bo.Categorical(["none", "standard", "range"]),
        "n_components": bo.Int(1, 10),
    },
    _knn,
    "error",
)


def _logistic(config: Config, classify: bool, n_epochs: int) -> Any:
    model = LogisticRegression(max_iter=30, random_state=0)
    return _scaled(model.set_params(**_with_weights(config)))


LOGISTIC = Learner(
    {
        "C": bo.Float(1e-4, 1e4, log=True),
        "solver": bo.Categorical(["lbfgs", "newton-cg", "saga"]),
        "l1_ratio": bo.Float(0.0, 1.0, when={"solver": "saga"}),
        "class_weight": bo.Categorical(list(_CLASS_WEIGHTS)),
        "tol": bo.Float(1e-5, 1e-1, log=True),
    },
    _logistic,
    "log_loss",
)


def _sgd(config: Config, classify: bool, n_epochs: int) -> Any:
    model = SGDClassifier(
        loss="log_loss",
        penalty="elasticnet",
        learning_rate="invscaling",
        max_iter=20,
        tol=None,
        random_state=0,
    )
    return _scaled(model.set_params(**config))


SGD = Learner(
    {
        "alpha": bo.Float(1e-6, 1.0, log=True),
        "l1_ratio": bo.Float(0.0, 1.0),
        "eta0": bo.Float(1e-4, 1.0, log=True),
        "power_t": bo.Float(0.0, 1.0),
    },
    _sgd,
    "log_loss",
)


# ------------------------------------------------------------------------- a choice among learners


def choice_of(learners: Mapping[str, Learner]) -> Learner:
    """Return the learner that is one of `learners`, each with its parameters under its name."""
    space: dict[str, Parameter] = {"learner": bo.Categorical(list(learners))}
    for name, learner in learners.items():
        for key, parameter in learner.space.items():
            terms = {} if parameter.condition is None else dict(parameter.condition)
            own = {f"{name}.{parent}": list(values) for parent, values in terms.items()}
            space[f"{name}.{key}"] = parameter.with_condition({"learner": name, **own})

    def build(config: Config, classify: bool, n_epochs: int) -> Any:
        prefix = f"{config['learner']}."
        own = {k.removeprefix(prefix): v for k, v in config.items() if k.startswith(prefix)}
        return learners[config["learner"]].build(own, classify, n_epochs)

    return Learner(space, build, "error")


_TREES_AND_MORE = {"forest": FOREST_SAMPLES, "knn": KNN, "boosting": BOOSTING, "mlp": MLP}
CASH = choice_of({"svm": SVM, **_TREES_AND_MORE})
CASH_REGRESSION = choice_of({"svr": SVR_KERNELS, **_TREES_AND_MORE})
CASH_OF_FOUR = choice_of({"svm": SVM, "forest": FOREST_SAMPLES, "knn": KNN, "logistic": LOGISTIC})

LEARNERS = {
    "svm_rbf": SVM_RBF,
    "svr_rbf": SVR_RBF,
    "svm": SVM,
    "forest": FOREST,
    "boosting": BOOSTING,
    "mlp": MLP,
    "adam": ADAM,
    "knn": KNN,
    "logistic": LOGISTIC,
    "sgd": SGD,
    "cash": CASH,
    "cash_regression": CASH_REGRESSION,
    "cash4": CASH_OF_FOUR,
}
