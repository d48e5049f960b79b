"""Trials as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bayesopt.errors import MissingDependencyError
from bayesopt.trial import TrialRecord

if TYPE_CHECKING:
    import pandas as pd


def flat_row(record: TrialRecord, n_objectives: int) -> dict[str, Any]:
    """Return one trial as a flat mapping of column name to plain value."""
    values = record.values or (None,) * n_objectives
    names = ["value"] if n_objectives == 1 else [f"value_{i}" for i in range(n_objectives)]
    noise = zip(
        [name.replace("value", "variance") for name in names], record.variances or (), strict=False
    )
    return {
        "number": record.number,
        "state": record.state.name,
        **dict(zip(names, values, strict=True)),
        **{f"params_{name}": value for name, value in record.params.items()},
        **{f"constraint_{name}": value for name, value in record.constraints.items()},
        **{f"user_attrs_{name}": value for name, value in record.user_attrs.items()},
        **dict(noise),
        "cost": record.cost,
        "duration_s": record.duration_s,
        "started_at": record.started_at,
        "finished_at": record.finished_at,
        "sampler": record.sampler,
        "fallback": record.fallback,
        "attempt": record.attempt,
        "error": record.error,
    }


def trials_dataframe(records: Sequence[TrialRecord], n_objectives: int) -> pd.DataFrame:
    """Return one row per trial; times are UTC timestamps.

    Raises
    ------
    MissingDependencyError
        If pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise MissingDependencyError(
            "trials_dataframe", expected="pandas", remedy="pip install pandas"
        ) from error
    table = pd.DataFrame([flat_row(record, n_objectives) for record in records])
    for column in ("started_at", "finished_at"):
        if column in table:
            table[column] = pd.to_datetime(table[column], unit="s", utc=True)
    return table
