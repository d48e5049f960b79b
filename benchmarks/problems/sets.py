"""The fixed selections of problems that results are reported on.

"main" balances the three kinds and the three origins: formulas, trainings done on the spot, and
tables of trainings and measurements. "pip" is for those without the tables: each table of "main"
is replaced by a formula or a training of the same kind. "quick" and "small" are parts of "main";
"quick" needs no tables, so that everybody can compare with what is stored for it. "wide" is for
fast contestants and for tighter intervals: "main", each of BBOB's functions once, all other
conditional problems, and every table that "main" leaves out. What is in it follows from that rule,
not from any result.
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

_DIMENSIONS = (2, 3, 5, 10, 20)
_WIDE_NUMERIC = (
    *(f"bbob/f{k}-i{k % 10 + 1}-d{_DIMENSIONS[k % 5]}" for k in range(1, 25)),
    "classic/ackley-d10",
    "classic/branin-noise20",
    "classic/levy5-in50",
    "sklearn/adam-diabetes",
    "sklearn/svm_rbf-digits",
    "olympus/photo_pce10",
)
_WIDE_MIXED = (
    *(f"mixint/f{k}-i{k % 10 + 1}-d{_DIMENSIONS[2 + k % 3]}" for k in (1, 6, 10, 17, 20, 23)),
    "classic/ranks-d7-noise20",
    "classic/choose-d4",
    "sklearn/forest-digits",
    "sklearn/boosting-breast_cancer",
    *(f"lcbench/{k}" for k in (7593, 126026, 126029, 146212, 167104, 167184, 168868)),
    *(f"rbv2_rpart/{k}" for k in (14, 54, 182)),
    "hpobench/australian",
    "hpobench/blood_transfusion",
    "fcnet/naval_propulsion",
    "nasbench201/imagenet",
    *(f"kernel_tuner/{k}" for k in ("A100", "A4000", "MI250X", "W6600", "W7800")),
    *(f"moot/SS-{k}" for k in "ACEIK"),
    *(f"olympus/{k}" for k in ("buchwald_a", "buchwald_c", "buchwald_e", "lnp3")),
)
_WIDE_CONDITIONAL = (
    "classic/branches-d12-noise5",
    "classic/branches-d12-noise20",
    "sklearn/svm-wine",
    "sklearn/mlp-digits",
    "sklearn/logistic-wine",
    "sklearn/cash-breast_cancer",
    "rbv2_xgboost/14",
    "rbv2_xgboost/16",
)

SETS: dict[str, tuple[str, ...]] = {
    "main": _MAIN,
    "numeric": _NUMERIC,
    "mixed": _MIXED,
    "conditional": _CONDITIONAL,
    "wide": _MAIN + _WIDE_NUMERIC + _WIDE_MIXED + _WIDE_CONDITIONAL,
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
