"""The history of a study in columns: what every sampler and scheduler reads."""

from bayesopt.history.history import ChangesLike, History
from bayesopt.history.reports import ReportColumns

__all__ = ["ChangesLike", "History", "ReportColumns"]
