"""Every exception this package raises on purpose.

::

    BayesOptError
    ├── SpaceError (ValueError)             a parameter, condition or constraint is ill-defined
    │   ├── ExpressionError                 a constraint expression cannot be accepted
    │   ├── InfeasibleSpaceError            no configuration satisfies the constraints
    │   └── SpaceChangedError               a new definition contradicts what is recorded
    ├── InvalidConfigError (ValueError)     a configuration does not belong to its space
    │   └── ShapeError                      the parts of a network do not fit together
    ├── InvalidValueError (ValueError)      a told or reported value is not a usable number
    ├── SettingsError (ValueError)          a sampler or scheduler cannot be set up like this
    ├── StudyError
    │   ├── StudyExistsError
    │   ├── StudyNotFoundError (LookupError)
    │   ├── TrialNotFoundError (LookupError)
    │   ├── NoTrialsError (LookupError)     nothing finished (and feasible) to choose a best from
    │   ├── TellConflictError               a trial was told twice, differently
    │   ├── ReportConflictError             a step was reported twice, differently
    │   ├── StaleTrialError                 the trial was handed to another worker meanwhile
    │   └── NothingToAskError               what comes next depends on trials that still run
    ├── StorageError
    │   ├── CorruptStoreError
    │   ├── StorageBusyError
    │   └── SchemaVersionError
    ├── SpaceExhausted                      nothing is left to ask: a finished grid or population
    ├── ExecutionError                      a worker or a time limit ended an evaluation
    │   ├── TrialTimeoutError
    │   └── WorkerLostError
    └── MissingDependencyError (ImportError)
    TrialPruned                             raised *by an objective* to stop its trial early

Each message says what was expected, what was got and what to do about it.
"""

from __future__ import annotations

import reprlib

_REPR = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = 120


def short_repr(value: object) -> str:
    """Return ``repr(value)`` cut to a length that fits an error message."""
    try:
        return _REPR.repr(value)
    except Exception:  # a hostile __repr__ must not hide the error being reported
        return f"<{type(value).__name__} without a usable repr>"


class BayesOptError(Exception):
    """Base of all errors raised on purpose.

    Parameters
    ----------
    what : str
        What the message is about, e.g. ``"parameter 'lr'"``.
    expected, got, remedy : str, optional
        The three parts of a helpful message.
    """

    def __init__(self, what: str, *, expected: str = "", got: str = "", remedy: str = "") -> None:
        self.what, self.expected, self.got, self.remedy = what, expected, got, remedy
        parts = [f"expected {expected}" if expected else "", f"got {got}" if got else ""]
        detail = ", ".join(part for part in parts if part)
        message = f"{what}: {detail}" if detail else what
        super().__init__(f"{message}. {remedy}" if remedy else message)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.what, self.expected, self.got, self.remedy)


def _rebuild(
    kind: type[BayesOptError], what: str, expected: str, got: str, remedy: str
) -> BayesOptError:
    return kind(what, expected=expected, got=got, remedy=remedy)


class SpaceError(BayesOptError, ValueError):
    """A parameter, a condition or a constraint is ill-defined."""

    def of_parameter(self, name: str) -> SpaceError:
        """Return the same error, saying which parameter it is about."""
        what = f"parameter {name!r}: {self.what}"
        return SpaceError(what, expected=self.expected, got=self.got, remedy=self.remedy)


class ExpressionError(SpaceError):
    """A constraint expression uses something outside the whitelist."""


class InfeasibleSpaceError(SpaceError):
    """No configuration that satisfies the constraints was found."""


class SpaceChangedError(SpaceError):
    """A new definition of a parameter contradicts the recorded one."""


class InvalidConfigError(BayesOptError, ValueError):
    """A configuration does not belong to its space."""


class ShapeError(InvalidConfigError):
    """The parts of a network do not fit together."""


class InvalidValueError(BayesOptError, ValueError):
    """A told or reported value is not a usable number."""


class SettingsError(BayesOptError, ValueError):
    """A sampler or a scheduler is unknown, or cannot be set up like this."""


class StudyError(BayesOptError):
    """A study or one of its trials cannot do what was asked of it."""


class StudyExistsError(StudyError):
    """A study of that name is already in the storage."""


class StudyNotFoundError(StudyError, LookupError):
    """No study of that name is in the storage."""


class TrialNotFoundError(StudyError, LookupError):
    """The study has no trial of that number."""


class NoTrialsError(StudyError, LookupError):
    """No trial qualifies for the question, e.g. none is complete and feasible."""


class TellConflictError(StudyError):
    """The trial already has another result."""


class ReportConflictError(StudyError):
    """The step already has another reported value."""


class StaleTrialError(StudyError):
    """The trial was handed to another worker; this handle may no longer write."""


class NothingToAskError(StudyError):
    """What comes next depends on trials that still run; ask again when one got further."""


class StorageError(BayesOptError):
    """The storage cannot be used."""


class CorruptStoreError(StorageError):
    """The stored data are damaged."""


class StorageBusyError(StorageError):
    """The storage stayed locked by others for longer than the time-out."""


class SchemaVersionError(StorageError):
    """The store was written by a newer or an unknown version."""


class SpaceExhausted(BayesOptError):
    """Nothing is left to ask: all of a grid or a space was, or a population is trained."""


class ExecutionError(BayesOptError):
    """An evaluation ended without a result of its own."""


class TrialTimeoutError(ExecutionError):
    """The trial ran past its time limit and its process was killed."""


class WorkerLostError(ExecutionError):
    """The worker process of the trial died."""


class MissingDependencyError(BayesOptError, ImportError):
    """An optional package is needed for this."""


class TrialPruned(Exception):
    """Raise it in an objective to end the trial early; its last report is its result."""
