"""Samplers: which configuration to evaluate next."""

from bayesopt.samplers.auto import AutoSampler
from bayesopt.samplers.base import Sampler, Suggestion, from_spec, resolve, to_spec
from bayesopt.samplers.cmaes import CMAESSampler
from bayesopt.samplers.evolution import EvolutionSampler
from bayesopt.samplers.gp import GPSampler
from bayesopt.samplers.grid import GridSampler
from bayesopt.samplers.qmc import QMCSampler
from bayesopt.samplers.random import RandomSampler
from bayesopt.samplers.tpe import TPESampler

__all__ = [
    "AutoSampler",
    "CMAESSampler",
    "EvolutionSampler",
    "GPSampler",
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
