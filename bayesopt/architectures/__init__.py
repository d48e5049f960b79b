"""Architecture search: spaces of networks, and the networks that a configuration makes of them.

`Network` goes into a `Space`, beside learning rates and whatever else is tuned; its parts say what
is open. ``space["net"].read(params)`` returns the `Architecture` of a configuration, and
``space["net"].build(params)`` the module of torch.
"""

from bayesopt.architectures.architecture import Architecture
from bayesopt.architectures.blocks import Repeat, Stage
from bayesopt.architectures.cells import Cell, Graph
from bayesopt.architectures.group import NetworkGroup
from bayesopt.architectures.links import Residual, Use
from bayesopt.architectures.network import Network
from bayesopt.architectures.operations import OPERATIONS, Operation
from bayesopt.architectures.parts import Choice, Layer, Part, Sequential

__all__ = [
    "OPERATIONS",
    "Architecture",
    "Cell",
    "Choice",
    "Graph",
    "Layer",
    "Network",
    "NetworkGroup",
    "Operation",
    "Part",
    "Repeat",
    "Residual",
    "Sequential",
    "Stage",
    "Use",
]
