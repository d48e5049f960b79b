"""What schedulers require of the settings that make rungs: steps and how many go on."""

from __future__ import annotations

import math

from bayesopt.checks import is_number
from bayesopt.errors import SettingsError, short_repr

_LEAST_ETA = 1.1


def require_min_steps(min_steps: object) -> None:
    """Raise SettingsError unless 0 < min_steps < inf."""
    if not (is_number(min_steps) and 0 < min_steps < math.inf):  # type: ignore[operator]
        raise SettingsError(
            "min_steps",
            expected="a finite number > 0",
            got=short_repr(min_steps),
            remedy="Report 1 after the first step, not 0: nothing can be said after no training.",
        )


def require_max_steps(max_steps: object, min_steps: float) -> None:
    """Raise SettingsError unless min_steps < max_steps < inf."""
    if not (is_number(max_steps) and min_steps < max_steps < math.inf):  # type: ignore[operator]
        raise SettingsError(
            "max_steps",
            expected=f"a finite number > min_steps, {min_steps}",
            got=short_repr(max_steps),
            remedy="It is the step that a trial reports at the end of a whole training; "
            "by its short name alone a scheduler that needs it cannot be had.",
        )


def require_eta(eta: object) -> None:
    """Raise SettingsError unless 1.1 <= eta < inf: closer to 1, rungs grow beyond number."""
    if not (is_number(eta) and _LEAST_ETA <= eta < math.inf):  # type: ignore[operator]
        raise SettingsError(
            "eta",
            expected=f"a finite number >= {_LEAST_ETA}",
            got=short_repr(eta),
            remedy="One of so many trials goes on from a rung; 2 to 4 are usual.",
        )
