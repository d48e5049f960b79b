"""Schedulers: which running trials are not worth finishing."""

from bayesopt.schedulers.base import Decision, Scheduler, from_spec, resolve, to_spec
from bayesopt.schedulers.median import MedianScheduler
from bayesopt.schedulers.never import NeverScheduler

__all__ = [
    "Decision",
    "MedianScheduler",
    "NeverScheduler",
    "Scheduler",
    "from_spec",
    "resolve",
    "to_spec",
]
