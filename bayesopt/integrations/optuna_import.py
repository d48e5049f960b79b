"""The trials of an Optuna study, recorded in a study of this package."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial

from bayesopt import codec
from bayesopt.errors import InvalidConfigError, SpaceError
from bayesopt.integrations.optuna_mirror import duration_s
from bayesopt.integrations.optuna_note import SAMPLER, read_note
from bayesopt.integrations.optuna_space import declared, union
from bayesopt.lineage import origin_attrs
from bayesopt.storage.base import Proposal, Result
from bayesopt.study import Study
from bayesopt.study.records import proposal_of
from bayesopt.study.telling import make_result
from bayesopt.study.versions import grow_space
from bayesopt.trial import TrialState

_ENDED = {
    optuna.trial.TrialState.COMPLETE: TrialState.COMPLETE,
    optuna.trial.TrialState.PRUNED: TrialState.PRUNED,
    optuna.trial.TrialState.FAIL: TrialState.FAIL,
}


def import_trials(study: Study, trials: Sequence[FrozenTrial]) -> None:
    """Record trials under the numbers that they have, in a study that has none; O(n d).

    What is waiting or running in Optuna is queued. Everything is checked before anything is
    written.

    Raises
    ------
    SpaceError, SpaceChangedError
        If a parameter has no counterpart here.
    InvalidValueError
        If a result or an attribute is nothing that can be recorded.
    """
    if study._context.define_by_run:
        _declare(study, trials)
    checked = [(_proposal(study, trial), _result(study, trial)) for trial in trials]
    storage, study_id = study.storage, study._context.study_id
    for is_queued, run in groupby(checked, lambda pair: pair[1] is None):
        proposals, results = zip(*run, strict=True)
        if is_queued:
            storage.enqueue(study_id, proposals)
        else:
            storage.add_finished(study_id, proposals, results)
    for number, trial in enumerate(trials):
        if read_note(trial.system_attrs).get("state") == TrialState.INVALID.name:
            study.invalidate(number, "struck out before it was moved")


def _declare(study: Study, trials: Sequence[FrozenTrial]) -> None:
    """Make the study's space hold what any of the trials had."""
    known: dict[str, BaseDistribution] = {}
    for trial in trials:
        for name, more in trial.distributions.items():
            known[name] = union(known[name], more) if name in known else more
    suggested = {}
    for name, distribution in known.items():
        try:
            suggested[name] = declared(distribution), None
        except SpaceError as error:
            raise error.of_parameter(name) from error
    grow_space(study._context, suggested)


def _proposal(study: Study, trial: FrozenTrial) -> Proposal:
    """Return the configuration of a trial; one that is not in the space is kept as it is."""
    is_waiting = trial.state is optuna.trial.TrialState.WAITING
    note, attrs = read_note(trial.system_attrs), dict(trial.user_attrs)
    fixed = {} if trial.state.is_finished() else trial.system_attrs.get("fixed_params", {})
    given = {**fixed, **trial.params}  # of what still runs: it may not have asked for all yet
    if not study._context.define_by_run:  # its space has the labels that were noted
        given = note.get("params", given)
    try:
        made = proposal_of(study._context, given, attrs, partial=not trial.state.is_finished())
    except InvalidConfigError:
        made = Proposal(codec.plain_labels(given), user_attrs=attrs)
    origin = origin_attrs(note.get("origin"))
    return Proposal(
        made.params,
        str(note.get("sampler", "user" if is_waiting else SAMPLER)),
        str(note.get("fallback", "")),
        made.space_version,
        {**made.user_attrs, **origin},
    )


def _result(study: Study, trial: FrozenTrial) -> Result | None:
    """Return how a trial ended; None for one that did not."""
    if trial.state not in _ENDED:
        return None
    note, n_objectives = read_note(trial.system_attrs), len(study.directions)
    made = make_result(
        n_objectives,
        note.get("values", trial.values),
        _ENDED[trial.state],
        note.get("constraints", trial.constraints),
        note.get("cost", duration_s(trial)),
        str(note.get("error", "")),
        _reports(note, trial, n_objectives),
        note.get("variances"),
    )
    return Result(
        made.state,
        made.values,
        made.constraints,
        made.cost,
        made.error,
        made.reports,
        _epoch(trial.datetime_start),
        _epoch(trial.datetime_complete),
        made.variances,
    )


def _reports(note: Mapping[str, Any], trial: FrozenTrial, n_objectives: int) -> dict[Any, Any]:
    """Return intermediate values by step; Optuna has none with several objectives."""
    if "reports" in note:
        return dict(note["reports"])
    return dict(trial.intermediate_values) if n_objectives == 1 else {}


def _epoch(moment: datetime | None) -> float:
    """Return a moment of Optuna's, which is in local time, in seconds since the epoch."""
    return math.nan if moment is None else moment.timestamp()
