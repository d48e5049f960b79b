"""The fixed selections of problems that results are reported on.

"main" balances the three kinds and the three origins: formulas, trainings done on the spot, and
tables of trainings and measurements. "pip" is for those without the tables: each table of "main"
is replaced by a formula or a training of the same kind. "quick" and "small" are parts of "main";
"quick" needs no tables, so that everybody can compare with what is stored for it.
"""

from __future__ import annotations

_NUMERIC = (
    "bbob/f8-i2-d5",
    "bbob/f10-i1-d10",
    "bbob/f15-i3-d5",
    "bbob/f17-i1-d10",
    "bbob/f21-i4-d3",
    "bbob/f24-i2-d20",
    "classic/hartmann6",
    "classic/levy-d5-noise20",
    "classic/hartmann6-in60",
    "sklearn/sgd-breast_cancer",
    "sklearn/svr_rbf-diabetes",
    "iaml_glmnet/40981",
    "olympus/crossed_barrel",
)
_MIXED = (
    "classic/training-d7",
    "classic/ackley_bits-d53",
    "mixint/f3-i1-d5",
    "mixint/f15-i2-d10",
    "sklearn/knn-digits",
    "sklearn/boosting-diabetes",
    "lcbench/34539",
    "lcbench/167168",
    "lcbench/189908",
    "hpobench/vehicle",
    "fcnet/parkinsons_telemonitoring",
    "nasbench201/cifar100",
    "kernel_tuner/A6000",
    "moot/SS-J",
)
_CONDITIONAL = (
    "classic/tree-d9",
    "classic/branches-d12",
    "classic/layers-d9",
    "sklearn/logistic-breast_cancer",
    "sklearn/svm-digits",
    "sklearn/mlp-breast_cancer",
    "sklearn/cash4-digits",
    "sklearn/cash_regression-diabetes",
    "rbv2_xgboost/40981",
    "rbv2_xgboost/54",
    "rbv2_xgboost/1501",
    "iaml_xgboost/40981",
    "iaml_super/40981",
)
_STAND_INS = {
    "iaml_glmnet/40981": "sklearn/svm_rbf-digits",
    "olympus/crossed_barrel": "classic/branin-noise5",
    "lcbench/34539": "classic/ranks-d7",
    "lcbench/167168": "classic/choose-d4",
    "lcbench/189908": "sklearn/forest-diabetes",
    "hpobench/vehicle": "sklearn/knn-diabetes",
    "fcnet/parkinsons_telemonitoring": "sklearn/boosting-breast_cancer",
    "nasbench201/cifar100": "mixint/f21-i3-d20",
    "kernel_tuner/A6000": "classic/pressure_vessel",
    "moot/SS-J": "mixint/f8-i5-d5",
    "rbv2_xgboost/40981": "sklearn/cash-breast_cancer",
    "rbv2_xgboost/54": "sklearn/mlp-digits",
    "rbv2_xgboost/1501": "classic/branches-d12-noise20",
    "iaml_xgboost/40981": "sklearn/svm-wine",
    "iaml_super/40981": "sklearn/logistic-wine",
}
_MAIN = _NUMERIC + _MIXED + _CONDITIONAL

SETS: dict[str, tuple[str, ...]] = {
    "main": _MAIN,
    "numeric": _NUMERIC,
    "mixed": _MIXED,
    "conditional": _CONDITIONAL,
    "pip": tuple(_STAND_INS.get(name, name) for name in _MAIN),
    "quick": (
        "bbob/f10-i1-d10",
        "bbob/f15-i3-d5",
        "classic/hartmann6",
        "classic/levy-d5-noise20",
        "classic/training-d7",
        "mixint/f15-i2-d10",
        "sklearn/knn-digits",
        "classic/branches-d12",
        "classic/layers-d9",
        "sklearn/logistic-breast_cancer",
    ),
    "small": (
        "bbob/f15-i3-d5",
        "bbob/f17-i1-d10",
        "classic/hartmann6",
        "classic/training-d7",
        "lcbench/167168",
        "hpobench/vehicle",
        "classic/branches-d12",
        "rbv2_xgboost/40981",
    ),
}
