"""The trials of a study of this package, as Optuna's."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from optuna.trial import FrozenTrial
from optuna.trial import TrialState as OptunaState

from bayesopt.integrations.optuna_note import KEY, Shown, note_of
from bayesopt.integrations.optuna_space import Outward, outward
from bayesopt.space import Space
from bayesopt.space.labels import Label
from bayesopt.study import Study
from bayesopt.study.exchange import stored_trials
from bayesopt.trial import TrialRecord, TrialState

_ENDED = {
    TrialState.COMPLETE: OptunaState.COMPLETE,
    TrialState.PRUNED: OptunaState.PRUNED,
    TrialState.PAUSED: OptunaState.PRUNED,
    TrialState.FAIL: OptunaState.FAIL,
    TrialState.INVALID: OptunaState.FAIL,
}


def optuna_trials(study: Study) -> list[FrozenTrial]:
    """Return all trials in the order of their numbers; O(n d)."""
    records = stored_trials(study)
    outwards = _outwards(study, records)
    return [_frozen(record, outwards, len(study.directions)) for record in records]


def _outwards(study: Study, records: list[TrialRecord]) -> dict[str, Outward]:
    """Return the distribution of each parameter that any trial had, wide enough for all of them."""
    parameters: dict[str, Any] = {}
    for text in study.storage.spaces(study._context.study_id):
        parameters |= Space.from_json(text).parameters
    parameters |= study.space.parameters
    labels: dict[str, list[Label]] = {}
    for record in records:
        for name, label in record.params.items():
            labels.setdefault(name, []).append(label)
    return {name: outward(parameters.get(name), had) for name, had in labels.items()}


def _frozen(record: TrialRecord, outwards: Mapping[str, Outward], n_objectives: int) -> FrozenTrial:
    params = {name: outwards[name].value(label) for name, label in record.params.items()}
    if record.state not in _ENDED:
        return _queued(record, params)
    state, values = _ending(record)
    began, ended = _moments(record)
    constraints = {n: math.inf if math.isnan(c) else c for n, c in record.constraints.items()}
    reports = _whole_steps(record) if n_objectives == 1 else {}
    shown = Shown(params, values, constraints, reports, (ended - began).total_seconds())
    note = note_of(record, shown)
    trial = _trial(
        state,
        record,
        values=values,
        params=params,
        distributions={name: outwards[name].distribution for name in params},
        system_attrs={KEY: note} if note else {},
        intermediate_values=reports,
        datetime_start=began,
        datetime_complete=ended,
    )
    for name, value in constraints.items():
        trial.set_constraint(name, value)
    return trial


def _queued(record: TrialRecord, params: dict[str, Any]) -> FrozenTrial:
    """Return a trial that is to be evaluated, with what ``enqueue_trial`` gives one."""
    note = note_of(record, Shown(params, record.values, {}, {}, record.cost))
    attrs: dict[str, Any] = {"fixed_params": params}
    return _trial(OptunaState.WAITING, record, system_attrs=attrs | ({KEY: note} if note else {}))


def _trial(state: OptunaState, record: TrialRecord, **given: Any) -> FrozenTrial:
    """Return a trial with nothing but what is given; the study that takes it numbers it."""
    nothing: dict[str, Any] = {
        "datetime_start": None,
        "datetime_complete": None,
        "params": {},
        "distributions": {},
        "system_attrs": {},
        "intermediate_values": {},
    }
    return FrozenTrial(
        -1,
        state,
        None,
        trial_id=-1,
        user_attrs=dict(record.user_attrs),
        **{**nothing, **given},
    )


def _ending(record: TrialRecord) -> tuple[OptunaState, tuple[float, ...] | None]:
    """Return how a finished or paused trial ends in Optuna.

    A failure has no value there. A value that is infinite fails a trial here and completes it
    there; NaN fails it in both.
    """
    state, values = _ENDED[record.state], record.values
    if record.state is TrialState.PAUSED:
        values = record.reports[max(record.reports)] if record.reports else None
    if values is not None and any(map(math.isnan, values)):
        return state, None
    if record.state is TrialState.FAIL and values is not None and any(map(math.isinf, values)):
        return OptunaState.COMPLETE, values
    return state, None if state is OptunaState.FAIL else values


def _moments(record: TrialRecord) -> tuple[datetime, datetime]:
    """Return when a trial began and ended, in local time; Optuna wants both.

    What is not known of a trial that was evaluated elsewhere is taken from when it was recorded.
    """
    began = record.created_at if math.isnan(record.started_at) else record.started_at
    ended = began if math.isnan(record.finished_at) else record.finished_at
    return datetime.fromtimestamp(began), datetime.fromtimestamp(ended)


def _whole_steps(record: TrialRecord) -> dict[int, float]:
    """Return the intermediate values that Optuna can hold: those at whole steps."""
    return {
        int(step): values[0] for step, values in record.reports.items() if float(step).is_integer()
    }
