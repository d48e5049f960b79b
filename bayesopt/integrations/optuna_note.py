"""What a trial of this package has and Optuna has no place for: a note among its system attributes.

The note is one line of JSON in the convention of :mod:`bayesopt.codec`, so that a trial comes back
bit for bit; Optuna and its other samplers pass over it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bayesopt import codec
from bayesopt.errors import BayesOptError
from bayesopt.trial import TrialRecord, TrialState

KEY = "bayesopt"
SAMPLER = "optuna"  # what made the trials that come from there


@dataclass(frozen=True)
class Shown:
    """How a finished trial looks in Optuna.

    Attributes
    ----------
    params : mapping of str to object
    values : tuple of float or None
    constraints : mapping of str to float
    reports : mapping of int to float
        Intermediate values by step.
    cost : float or None
        Seconds between its two times, where both are known.
    """

    params: Mapping[str, Any]
    values: tuple[float, ...] | None
    constraints: Mapping[str, float]
    reports: Mapping[int, float]
    cost: float | None


def note_of(record: TrialRecord, shown: Shown) -> str | None:
    """Return what Optuna does not show of a finished trial; None if it shows everything."""
    note: dict[str, Any] = {
        name: text for name in ("fallback", "error") if (text := getattr(record, name))
    }
    if record.sampler != SAMPLER:
        note["sampler"] = record.sampler
    if record.params != shown.params:
        note["params"] = dict(record.params)
    if record.cost != shown.cost:
        note["cost"] = record.cost
    if record.values != shown.values and record.state is not TrialState.PAUSED:
        note["values"] = None if record.values is None else list(record.values)
    if any(map(math.isnan, record.constraints.values())):
        note["constraints"] = dict(record.constraints)
    if record.variances is not None:
        note["variances"] = list(record.variances)
    if len(record.reports) != len(shown.reports):
        note["reports"] = [[step, list(values)] for step, values in record.reports.items()]
    if record.origin is not None:
        note["origin"] = record.origin.to_attr()
    if record.state is TrialState.INVALID:
        note["state"] = record.state.name
    return codec.encode(note) if note else None


def read_note(system_attrs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the note among a trial's system attributes; empty if there is none of ours."""
    text = system_attrs.get(KEY)
    if not isinstance(text, str):
        return {}
    try:
        found = codec.decode(text)
    except BayesOptError:
        return {}
    return found if isinstance(found, dict) else {}
