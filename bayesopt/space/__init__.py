"""Search spaces: parameters, conditions, constraints, and the unit cube they are encoded in."""

from bayesopt.space.categorical import Categorical, Ordinal
from bayesopt.space.change import SpaceChange
from bayesopt.space.encoding import INACTIVE
from bayesopt.space.grid import Grid
from bayesopt.space.groups import Bundle
from bayesopt.space.guess import Near
from bayesopt.space.numeric import Float, Int
from bayesopt.space.parameters import Constant, Parameter
from bayesopt.space.schedules import LearningRateSchedule, Schedule, ScheduleGroup
from bayesopt.space.space import Space

__all__ = [
    "INACTIVE",
    "Bundle",
    "Categorical",
    "Constant",
    "Float",
    "Grid",
    "Int",
    "LearningRateSchedule",
    "Near",
    "Ordinal",
    "Parameter",
    "Schedule",
    "ScheduleGroup",
    "Space",
    "SpaceChange",
]
