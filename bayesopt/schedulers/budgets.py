"""What schedulers require of the settings that make rungs: steps and how many go on."""

from __future__ import annotations

from bayesopt.checks import is_number
from bayesopt.errors import SettingsError, short_repr

_LEAST_ETA, _MOST_ETA = 1.1, 1e6
_LEAST_STEPS, _MOST_STEPS = 1e-100, 1e100  # beyond, products and quotients overflow


def require_min_steps(min_steps: object) -> None:
    """Raise SettingsError unless 1e-100 <= min_steps <= 1e100."""
    if not is_number(min_steps, _LEAST_STEPS, _MOST_STEPS):
        raise SettingsError(
            "min_steps",
            expected=f"a number > 0, from {_LEAST_STEPS:g} to {_MOST_STEPS:g}",
            got=short_repr(min_steps),
            remedy="Report 1 after the first step, not 0: nothing can be said after no training.",
        )


def require_max_steps(max_steps: object, min_steps: float) -> None:
    """Raise SettingsError unless min_steps < max_steps, and 1e-100 <= max_steps <= 1e100."""
    is_usable = is_number(max_steps, _LEAST_STEPS, _MOST_STEPS)
    if not (is_usable and max_steps > min_steps):  # type: ignore[operator]
        raise SettingsError(
            "max_steps",
            expected=f"a finite number > min_steps, {min_steps}, at most {_MOST_STEPS:g}",
            got=short_repr(max_steps),
            remedy="It is the step that a trial reports at the end of a whole training; "
            "by its short name alone a scheduler that needs it cannot be had.",
        )


def require_eta(eta: object) -> None:
    """Raise SettingsError unless 1.1 <= eta <= 1e6: closer to 1, rungs grow beyond number."""
    if not is_number(eta, _LEAST_ETA, _MOST_ETA):
        raise SettingsError(
            "eta",
            expected=f"a number from {_LEAST_ETA} to {_MOST_ETA:g}",
            got=short_repr(eta),
            remedy="One of so many trials goes on from a rung; 2 to 4 are usual.",
        )
