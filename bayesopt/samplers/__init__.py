"""Samplers: which configuration to evaluate next."""

from bayesopt.samplers.base import Sampler, Suggestion, from_spec, resolve, to_spec
from bayesopt.samplers.grid import GridSampler
from bayesopt.samplers.qmc import QMCSampler
from bayesopt.samplers.random import RandomSampler
from bayesopt.samplers.tpe import TPESampler

__all__ = [
    "GridSampler",
    "QMCSampler",
    "RandomSampler",
    "Sampler",
    "Suggestion",
    "TPESampler",
    "from_spec",
    "resolve",
    "to_spec",
]
