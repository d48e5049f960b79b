"""How far the cost of a configuration counts: settings and history in, an exponent out."""

from __future__ import annotations

import numpy as np

from bayesopt.checks import is_number, require_number
from bayesopt.errors import SettingsError, short_repr
from bayesopt.history import History
from bayesopt.history.spending import committed, spent

_DESIGN_SHARE = 0.125  # of a budget (Lee et al., 2020)
_LEAST_KNOWN = 4  # values before a model is asked in place of the design


def check_cost(cost: object, budget: object) -> None:
    """Raise SettingsError unless `cost` and `budget` are what samplers take."""
    if not (isinstance(cost, str) and cost in ("auto", "off")) and not is_number(cost, 0.0, 1.0):
        raise SettingsError(
            "cost", expected="'auto', 'off' or an exponent from 0 to 1", got=short_repr(cost)
        )
    if budget is not None:
        require_number("cost_budget", budget, 0.0, above=True)


def cost_exponent(
    cost: str | float, budget: float | None, history: History, n_design: int
) -> float:
    """Return the exponent of the predicted cost that a gain is divided by; O(n).

    A number is itself. "auto" follows the budget: 1 at the end of the design, 0 when all is spent;
    what is being evaluated counts as spent. Without a budget it is 0.
    """
    if not isinstance(cost, str):
        return float(cost)
    if cost == "off" or budget is None:
        return 0.0
    from bayesopt.acquisition.price import cooled

    with np.errstate(over="ignore"):
        design = float(np.nansum(history.cost[:n_design]))
    return cooled(committed(history), min(design, _DESIGN_SHARE * budget), budget)


def is_design_paid(cost: str | float, budget: float | None, history: History) -> bool:
    """Whether the design has used up its share of a budget of cost, an eighth; O(n).

    What follows can be chosen for being cheap, which the design is not. Four values are wanted
    even so.
    """
    if cost != "auto" or budget is None or history.comparable().size < _LEAST_KNOWN:
        return False
    return spent(history) >= _DESIGN_SHARE * budget
