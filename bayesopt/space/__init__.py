"""Search spaces: parameters, conditions, constraints, and the unit cube they are encoded in."""

from .categorical import Categorical, Ordinal
from .change import SpaceChange
from .encoding import INACTIVE
from .grid import Grid
from .groups import Bundle
from .numeric import Float, Int
from .parameters import Constant, Parameter
from .schedules import LearningRateSchedule, Schedule, ScheduleGroup
from .space import Space

__all__ = [
    "INACTIVE",
    "Bundle",
    "Categorical",
    "Constant",
    "Float",
    "Grid",
    "Int",
    "LearningRateSchedule",
    "Ordinal",
    "Parameter",
    "Schedule",
    "ScheduleGroup",
    "Space",
    "SpaceChange",
]
