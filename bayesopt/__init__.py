"""Bayesian optimization by ask and tell.

>>> import bayesopt as bo
>>> study = bo.create_study({"x": bo.Float(-5.0, 5.0)}, seed=0)
>>> trial = study.ask()
>>> study.tell(trial, trial.params["x"] ** 2)

Names are loaded when first used, so that the import stays light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bayesopt.active import Trial
    from bayesopt.errors import (
        BayesOptError,
        CorruptStoreError,
        ExecutionError,
        ExpressionError,
        InfeasibleSpaceError,
        InvalidConfigError,
        InvalidValueError,
        MissingDependencyError,
        NothingToAskError,
        NoTrialsError,
        ReportConflictError,
        SchemaVersionError,
        SettingsError,
        ShapeError,
        SpaceChangedError,
        SpaceError,
        SpaceExhausted,
        StaleTrialError,
        StorageBusyError,
        StorageError,
        StudyError,
        StudyExistsError,
        StudyNotFoundError,
        TellConflictError,
        TrialNotFoundError,
        TrialPruned,
        TrialTimeoutError,
        WorkerLostError,
    )
    from bayesopt.held_out import HeldOut, HeldOutWarning
    from bayesopt.history import History
    from bayesopt.host import Decision
    from bayesopt.samplers import (
        AutoSampler,
        CMAESSampler,
        EvolutionSampler,
        GPSampler,
        GridSampler,
        QMCSampler,
        RandomSampler,
        TPESampler,
    )
    from bayesopt.schedulers import (
        ASHAScheduler,
        HyperbandScheduler,
        HyperparameterSchedule,
        MedianScheduler,
        PatienceScheduler,
        PB2Scheduler,
        PBTScheduler,
        SuccessiveHalvingScheduler,
    )
    from bayesopt.space import (
        Categorical,
        Constant,
        Float,
        Int,
        LearningRateSchedule,
        Near,
        Ordinal,
        Space,
    )
    from bayesopt.storage import MemoryStorage, SQLiteStorage
    from bayesopt.study import (
        StopWhenIdle,
        Study,
        create_study,
        delete_study,
        list_studies,
        load_study,
        minimize,
    )
    from bayesopt.trial import TrialRecord, TrialState

__version__ = "0.1.0"

_HOMES = {
    "active": ["Trial"],
    "errors": [
        "BayesOptError",
        "CorruptStoreError",
        "ExecutionError",
        "ExpressionError",
        "InfeasibleSpaceError",
        "InvalidConfigError",
        "InvalidValueError",
        "MissingDependencyError",
        "NoTrialsError",
        "NothingToAskError",
        "ReportConflictError",
        "SchemaVersionError",
        "SettingsError",
        "ShapeError",
        "SpaceChangedError",
        "SpaceError",
        "SpaceExhausted",
        "StaleTrialError",
        "StorageBusyError",
        "StorageError",
        "StudyError",
        "StudyExistsError",
        "StudyNotFoundError",
        "TellConflictError",
        "TrialNotFoundError",
        "TrialPruned",
        "TrialTimeoutError",
        "WorkerLostError",
    ],
    "held_out": ["HeldOut", "HeldOutWarning"],
    "history": ["History"],
    "host": ["Decision"],
    "samplers": [
        "AutoSampler",
        "CMAESSampler",
        "EvolutionSampler",
        "GPSampler",
        "GridSampler",
        "QMCSampler",
        "RandomSampler",
        "TPESampler",
    ],
    "schedulers": [
        "ASHAScheduler",
        "HyperbandScheduler",
        "HyperparameterSchedule",
        "MedianScheduler",
        "PB2Scheduler",
        "PBTScheduler",
        "PatienceScheduler",
        "SuccessiveHalvingScheduler",
    ],
    "space": [
        "Categorical",
        "Constant",
        "Float",
        "Int",
        "LearningRateSchedule",
        "Near",
        "Ordinal",
        "Space",
    ],
    "storage": ["MemoryStorage", "SQLiteStorage"],
    "study": [
        "StopWhenIdle",
        "Study",
        "create_study",
        "delete_study",
        "list_studies",
        "load_study",
        "minimize",
    ],
    "trial": ["TrialRecord", "TrialState"],
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "ASHAScheduler",
    "AutoSampler",
    "BayesOptError",
    "CMAESSampler",
    "Categorical",
    "Constant",
    "CorruptStoreError",
    "Decision",
    "EvolutionSampler",
    "ExecutionError",
    "ExpressionError",
    "Float",
    "GPSampler",
    "GridSampler",
    "HeldOut",
    "HeldOutWarning",
    "History",
    "HyperbandScheduler",
    "HyperparameterSchedule",
    "InfeasibleSpaceError",
    "Int",
    "InvalidConfigError",
    "InvalidValueError",
    "LearningRateSchedule",
    "MedianScheduler",
    "MemoryStorage",
    "MissingDependencyError",
    "Near",
    "NoTrialsError",
    "NothingToAskError",
    "Ordinal",
    "PB2Scheduler",
    "PBTScheduler",
    "PatienceScheduler",
    "QMCSampler",
    "RandomSampler",
    "ReportConflictError",
    "SQLiteStorage",
    "SchemaVersionError",
    "SettingsError",
    "ShapeError",
    "Space",
    "SpaceChangedError",
    "SpaceError",
    "SpaceExhausted",
    "StaleTrialError",
    "StopWhenIdle",
    "StorageBusyError",
    "StorageError",
    "Study",
    "StudyError",
    "StudyExistsError",
    "StudyNotFoundError",
    "SuccessiveHalvingScheduler",
    "TPESampler",
    "TellConflictError",
    "Trial",
    "TrialNotFoundError",
    "TrialPruned",
    "TrialRecord",
    "TrialState",
    "TrialTimeoutError",
    "WorkerLostError",
    "__version__",
    "create_study",
    "delete_study",
    "list_studies",
    "load_study",
    "minimize",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
