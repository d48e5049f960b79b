"""Encodings of trials whose labels will be heard of again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_MOST = 4096  # rows; a study with more trials under way encodes some of them twice


@dataclass(frozen=True, slots=True, eq=False)
class Encoding:
    """A configuration as labels and as a row of the unit cube.

    Attributes
    ----------
    labels : mapping of str to label
    row : float64 array [d]
    active : bool array [d]
    inside, whole : bool
        See the columns of the history; `whole` is that of a trial that has begun.
    """

    labels: Mapping[str, Any]
    row: npt.NDArray[np.float64]
    active: npt.NDArray[np.bool_]
    inside: bool = True
    whole: bool = True


class Encodings:
    """Remembers encodings by trial number. It only saves time, and may forget any of them."""

    def __init__(self) -> None:
        self._by_number: dict[int, Encoding] = {}

    def remember(self, number: int, encoding: Encoding) -> None:
        """Keep an encoding until `forget`."""
        if len(self._by_number) >= _MOST:
            self._by_number.clear()
        self._by_number[number] = encoding

    def forget(self, number: int) -> None:
        """Drop the encoding of a trial that will not change any more."""
        self._by_number.pop(number, None)

    def find(self, number: int, labels: Mapping[str, Any]) -> Encoding | None:
        """Return the encoding of exactly these labels, if it is known."""
        known = self._by_number.get(number)
        return known if known is not None and _same(known.labels, labels) else None


def _same(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    """Tell whether two label dicts are equal, types included: 1, 1.0 and True are three labels."""
    return a == b and list(map(type, a.values())) == list(map(type, b.values()))
