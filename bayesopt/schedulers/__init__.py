"""Schedulers: which trials are not worth finishing, which wait, go on, or have clones."""

from bayesopt.schedulers.asha import ASHAScheduler
from bayesopt.schedulers.base import (
    BreedingScheduler,
    Brood,
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
from bayesopt.schedulers.pb2 import PB2Scheduler
from bayesopt.schedulers.pbt import PBTScheduler
from bayesopt.schedulers.replay import HyperparameterSchedule, Stretch, schedule_of

__all__ = [
    "ASHAScheduler",
    "BreedingScheduler",
    "Brood",
    "BudgetScheduler",
    "Decision",
    "HyperbandScheduler",
    "HyperparameterSchedule",
    "MedianScheduler",
    "NeverScheduler",
    "PB2Scheduler",
    "PBTScheduler",
    "PatienceScheduler",
    "PausingScheduler",
    "Scheduler",
    "Settled",
    "Stretch",
    "SuccessiveHalvingScheduler",
    "from_spec",
    "resolve",
    "schedule_of",
    "settle",
    "to_spec",
    "view",
]
