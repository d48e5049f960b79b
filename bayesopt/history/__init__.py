"""The history of a study in columns: what every sampler and scheduler reads."""

from bayesopt.history.changes import ChangesLike
from bayesopt.history.history import History
from bayesopt.history.levels import Levels
from bayesopt.history.reports import ReportColumns

__all__ = ["ChangesLike", "History", "Levels", "ReportColumns"]
