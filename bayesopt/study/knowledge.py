"""What is known before a study begins: guesses, and earlier studies, made part of its sampler."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

from bayesopt.errors import SettingsError, StudyNotFoundError, short_repr
from bayesopt.samplers.base import Sampler
from bayesopt.samplers.earlier import check_objectives
from bayesopt.space import Space
from bayesopt.space.guess import labelled
from bayesopt.storage import open_storage
from bayesopt.storage.base import Storage, StudyRecord
from bayesopt.study.study import Study
from bayesopt.trial import TrialRecord, TrialState

Earlier = Study | str | PathLike[str] | tuple[str | PathLike[str], str] | Mapping[str, Any]
"""An earlier study: itself, the path of its storage, or (path, name)."""

Frozen = tuple[dict[str, Any], float | None]
"""Labels of a trial, and its value; None if it failed."""

MOST_TRIALS = 150
"""That are taken over from an earlier study: the best half, and others evenly over its course."""


def with_knowledge(
    sampler: Sampler,
    space: Space | None,
    prior: Mapping[str, Any] | None,
    learn_from: Sequence[Earlier] | Earlier | None,
    n_objectives: int = 1,
) -> Sampler:
    """Return a sampler that knows more: of guesses, and of the trials of earlier studies.

    Raises
    ------
    SettingsError
        If the sampler cannot use it, a guess is not of the space, an earlier study has several
        objectives, or shares no parameter with the space.
    StudyNotFoundError
        If there is no such study.
    """
    known = {} if space is None else space.parameters
    changes: dict[str, Any] = {}
    fields = getattr(sampler, "__dataclass_fields__", {})  # a sampler of the user's may have none
    if prior is not None:
        changes["prior"] = labelled(space or Space({}), prior)
    elif space is not None and known and "prior_trials" in fields:
        labelled(space, sampler.prior)  # type: ignore[attr-defined]  # a misspelt name never counts
    if learn_from is not None:
        changes["sources"] = [frozen(each, known) for each in _listed(learn_from)]
        check_objectives(changes["sources"], n_objectives)
    if not changes:
        return sampler
    for name, what in (("prior", "prior"), ("sources", "learn_from")):
        if name in changes and name not in fields:
            raise SettingsError(
                what,
                expected="a sampler that can use it: auto, gp" + (", tpe" * (name == "prior")),
                got=f"sampler {sampler.name!r}",
            )
    return dataclasses.replace(sampler, **changes)  # type: ignore[type-var]


def frozen(given: Earlier, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the finished trials of an earlier study as a sampler holds them.

    Of failed ones and of those that violate outcome constraints it keeps that they failed. Pruned
    ones are left out: their values are those of another budget.
    """
    if isinstance(given, Mapping):
        return dict(given)
    name, directions, records = _read(given)
    if len(directions) != 1:
        raise SettingsError(
            "learn_from", expected="studies with one objective", got=f"{name!r} with several"
        )
    trials = [
        (dict(record.params), _value_of(record))
        for record in records
        if record.state in (TrialState.COMPLETE, TrialState.FAIL)
    ]
    if known and not any(set(params) & set(known) for params, _ in trials):
        raise SettingsError(
            "learn_from",
            expected=f"finished trials with some of the parameters {sorted(known)}",
            got=f"{len(trials)} trials in study {name!r} without",
        )
    kept = _most_telling(trials, -1.0 if directions[0] == "maximize" else 1.0)
    return {"name": name, "direction": directions[0], "trials": kept}


def _listed(given: Sequence[Earlier] | Earlier) -> Sequence[Earlier]:
    is_one = isinstance(given, Study | str | PathLike | Mapping) or _is_place(given)
    if is_one:
        return [given]  # type: ignore[list-item]
    if isinstance(given, Sequence):
        return given
    raise SettingsError(
        "learn_from", expected="studies, paths, or (path, name) pairs", got=short_repr(given)
    )


def _is_place(given: object) -> bool:
    return isinstance(given, tuple) and len(given) == 2 and isinstance(given[1], str)


def _read(given: Earlier) -> tuple[str, tuple[str, ...], list[TrialRecord]]:
    if isinstance(given, Study):
        storage, record = given.storage, given.storage.find_study(given.name)
    elif isinstance(given, str | PathLike):
        storage = open_storage(given, must_exist=True)
        record = _only(storage)
    elif isinstance(given, tuple) and _is_place(given):
        storage = open_storage(given[0], must_exist=True)
        record = storage.find_study(given[1])
    else:
        raise SettingsError(
            "learn_from", expected="a study, a path, or (path, name)", got=short_repr(given)
        )
    return record.spec.name, record.spec.directions, storage.trials(record.id, None)


def _only(storage: Storage) -> StudyRecord:
    records = storage.list_studies()
    if len(records) != 1:
        names = short_repr([record.spec.name for record in records])
        raise StudyNotFoundError(
            "earlier study",
            expected="a storage of one study, or (path, name)",
            got=f"{len(records)}: {names}",
        )
    return records[0]


def _value_of(record: TrialRecord) -> float | None:
    value = record.value
    if record.state is TrialState.FAIL or value is None or not math.isfinite(value):
        return None
    return value if record.is_feasible else None


def _most_telling(trials: list[Frozen], sign: float) -> list[Frozen]:
    """Return at most 150 trials in order: the best half, and the others evenly over the course."""
    n = len(trials)
    if n <= MOST_TRIALS:
        return trials
    worth = [math.inf if value is None else sign * value for _, value in trials]
    best = sorted(range(n), key=lambda i: (worth[i], i))[: MOST_TRIALS // 2]
    rest = sorted(set(range(n)) - set(best))
    n_rest = MOST_TRIALS - len(best)
    spread = [rest[i * len(rest) // n_rest] for i in range(n_rest)]
    return [trials[i] for i in sorted([*best, *spread])]
