"""Where the trials of a history come from: columns that are told on the side.

A storage keeps origins as attributes, which only a study under a scheduler that breeds reads.
"""

from __future__ import annotations

from bayesopt.history.history import History
from bayesopt.lineage import Origin


def trace(history: History, number: int, origin: Origin | None, *, imported: bool = False) -> None:
    """Note where a trial comes from, and whether it was evaluated elsewhere; O(1).

    Raises TrialNotFoundError.
    """
    number = history._checked_number(number)
    history._table["parent"][number] = -1 if origin is None else origin.parent
    history._table["fork_step"][number] = float("nan") if origin is None else origin.step
    history._table["imported"][number] = imported
    history._log.note((number,))
