"""Schedulers: which trials are not worth finishing, which wait, and which of those go on."""

from bayesopt.schedulers.asha import ASHAScheduler
from bayesopt.schedulers.base import (
    BudgetScheduler,
    Decision,
    PausingScheduler,
    Scheduler,
    Settled,
    from_spec,
    resolve,
    settle,
    to_spec,
    view,
)
from bayesopt.schedulers.hyperband import HyperbandScheduler, SuccessiveHalvingScheduler
from bayesopt.schedulers.median import MedianScheduler
from bayesopt.schedulers.never import NeverScheduler
from bayesopt.schedulers.patience import PatienceScheduler

__all__ = [
    "ASHAScheduler",
    "BudgetScheduler",
    "Decision",
    "HyperbandScheduler",
    "MedianScheduler",
    "NeverScheduler",
    "PatienceScheduler",
    "PausingScheduler",
    "Scheduler",
    "Settled",
    "SuccessiveHalvingScheduler",
    "from_spec",
    "resolve",
    "settle",
    "to_spec",
    "view",
]
