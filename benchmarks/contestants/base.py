"""What a contestant is: something to ask and to tell, one worker, made from a space and a seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import bayesopt as bo

Config = dict[str, Any]


class Contestant(Protocol):
    """An optimiser of one run; it minimises."""

    def ask(self) -> Config:
        """Return the next configuration, in the user's units, inactive parameters left out."""

    def tell(self, config: Config, loss: float, failed: bool) -> None:
        """Take the result of the configuration that was last asked for.

        Parameters
        ----------
        loss : float
            Finite, always. Of a failed evaluation: the worst loss told so far (1.0 before any).
        failed : bool
            Whether the evaluation failed. A tool with a documented notion of failure may use it.
        """


@dataclass(frozen=True)
class Entry:
    """A contestant that can be made.

    Attributes
    ----------
    name : str
        Such as "ours-gp", "optuna-tpe".
    make : callable
        ``make(space, seed, budget) -> Contestant``; imports the tool when it is called. Raises
        ImportError where the tool is missing, UnsupportedSpace where it cannot express the space.
    version : callable
        Returns the tool's version.
    notes : str
        How the tool is set up.
    """

    name: str
    make: Callable[[bo.Space, int, int], Contestant]
    version: Callable[[], str]
    notes: str = ""


class UnsupportedSpace(Exception):
    """The tool cannot express this space (conditions, constraints, choices)."""


def penalty(losses: Sequence[float]) -> float:
    """Return what a failed evaluation counts as: the worst loss so far, 1.0 before any."""
    return max(losses, default=1.0)
