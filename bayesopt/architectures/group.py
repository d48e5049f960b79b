"""The handle ``space["net"]`` of a network in a space."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bayesopt.architectures.architecture import Architecture
from bayesopt.architectures.network import Network
from bayesopt.architectures.rules import CellChoices, Distinct, Fitting, Rule, cells_of


@dataclass(frozen=True)
class NetworkGroup:
    """What a configuration says of a network.

    Attributes
    ----------
    name : str
        In the space.
    network : Network
    """

    name: str
    network: Network

    @classmethod
    def of(cls, name: str, definition: Mapping[str, Any]) -> NetworkGroup:
        """Return the handle of a stored network. Raises SpaceError if it is none."""
        return cls(name, Network.from_definition(definition))

    def read(self, params: Mapping[str, Any]) -> Architecture:
        """Return the architecture of a configuration.

        Raises
        ------
        InvalidConfigError
            If a parameter is missing, or has a value that is none of its own.
        """
        return self.network.read(params, self.name)

    def write(self, architecture: Architecture) -> dict[str, Any]:
        """Return the parameters of an architecture: the inverse of `read`.

        Raises
        ------
        InvalidConfigError
            If it is none of this network's.
        """
        return self.network.write(architecture, self.name)

    def build(self, params: Mapping[str, Any], operations: Mapping[str, Any] | None = None) -> Any:
        """Return the ``torch.nn.Module`` of a configuration.

        Parameters
        ----------
        params : mapping
            May hold other parameters too.
        operations : mapping of str to callable, optional
            Your own operations (see ``Architecture.build``).

        Raises
        ------
        InvalidConfigError
            As `read` does; ShapeError, one of them, if the shapes do not fit together.
        MissingDependencyError
            If torch is not installed.
        """
        return self.read(params).build(operations)

    def representative(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the configuration that stands for all that compute the same as `params`.

        Cells are rewritten (see ``equivalence``); all else stays as it is.
        """
        found = dict(params)
        for cell in self._cells:
            found = cell.first(found)
        return found

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """What every configuration of the space satisfies on account of this network."""
        rules: list[Rule] = []
        if self.network.distinct and self._cells:
            rules.append(Distinct(self.name, self._cells))
        if self.network.fitting and self.network.may_not_fit:
            rules.append(Fitting(self.name, self.network))
        return tuple(rules)

    @cached_property
    def _cells(self) -> tuple[CellChoices, ...]:
        return tuple(cells_of(self.network, self.name))
