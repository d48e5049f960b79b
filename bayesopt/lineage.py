"""Where a trial's training begins: from nothing, or from what another trial had learned.

A trial that is cloned from another one records that in an attribute, written together with the
trial itself, so that there is never a clone whose parent is not known. Its configuration is its
own, and never changes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ATTRIBUTE = "bayesopt:origin"
"""The attribute of a trial that says where it comes from, one of ``SYSTEM_PREFIX``."""

_CHECKPOINT = re.compile(r"\d{6,}-\d{6,}|")


@dataclass(frozen=True, slots=True)
class Origin:
    """Which training a trial goes on from.

    Attributes
    ----------
    parent : int
        The trial that was cloned.
    step : float
        How far the parent had trained by then, in the unit of the steps that trials report.
    checkpoint : str
        Name of the parent's checkpoint; "" if it had left none, so that the clone began anew.
    """

    parent: int
    step: float
    checkpoint: str = ""

    def to_attr(self) -> dict[str, Any]:
        """Return what is kept under :data:`ATTRIBUTE`."""
        return {"parent": self.parent, "step": self.step, "checkpoint": self.checkpoint}


def origin_of(attrs: Mapping[str, Any]) -> Origin | None:
    """Return where a trial with these attributes comes from; None for one that began from nothing.

    So does one whose attribute is not what :meth:`Origin.to_attr` writes.
    """
    known = attrs.get(ATTRIBUTE)
    if not isinstance(known, Mapping):
        return None
    parent, step, checkpoint = (known.get(name) for name in ("parent", "step", "checkpoint"))
    if not (isinstance(parent, int) and not isinstance(parent, bool) and parent >= 0):
        return None
    if not (isinstance(step, int | float) and math.isfinite(step) and step >= 0):
        return None
    if not (isinstance(checkpoint, str) and _CHECKPOINT.fullmatch(checkpoint)):
        return None
    return Origin(parent, float(step), checkpoint)


def origin_attrs(attr: object) -> dict[str, Any]:
    """Return the attributes of a trial that comes from there; none if `attr` is no origin's."""
    origin = origin_of({ATTRIBUTE: attr})
    return {} if origin is None else {ATTRIBUTE: origin.to_attr()}
