"""Creating, opening, listing and deleting studies."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

from bayesopt import samplers, schedulers
from bayesopt.errors import (
    InvalidValueError,
    SpaceChangedError,
    StudyError,
    StudyExistsError,
    StudyNotFoundError,
    short_repr,
)
from bayesopt.rng import new_seed
from bayesopt.samplers.base import Sampler
from bayesopt.schedulers.base import Scheduler
from bayesopt.space import Space
from bayesopt.storage import open_storage
from bayesopt.storage.base import Storage, StudyRecord, StudySpec
from bayesopt.study.study import Study

_log = logging.getLogger("bayesopt")

StorageLike = str | PathLike[str] | Storage | None
DEFAULT_NAME = "study"


def create_study(
    space: Space | Mapping[str, Any] | None = None,
    direction: str | None = None,
    *,
    directions: Sequence[str] | None = None,
    sampler: Sampler | str | None = None,
    scheduler: Scheduler | str | None = None,
    storage: StorageLike = None,
    name: str = DEFAULT_NAME,
    seed: int | None = None,
    noisy: bool = False,
    load_if_exists: bool = False,
    lease_s: float | None = 60.0,
) -> Study:
    """Create a study.

    Parameters
    ----------
    space : Space or mapping, optional
        What to search. None: objectives declare their parameters (``trial.suggest_float`` …).
    direction : {"minimize", "maximize"}, optional
        Of a single objective; "minimize" by default.
    directions : sequence of str, optional
        One per objective instead.
    sampler : Sampler or str, optional
        An object or a short name such as "random"; None chooses the best one for most problems.
    scheduler : Scheduler or str, optional
        Advises which trials to stop early; None never does.
    storage : path or Storage, optional
        A path makes the study durable (SQLite); None keeps it in memory.
    name : str
        The study's name in its storage.
    seed : int, optional
        Same seed and same told results give the same suggestions; drawn and kept if None.
    noisy : bool
        Whether a configuration may give another value next time. If not, none is asked twice.
    load_if_exists : bool
        Continue a study of that name. Its space and directions must be the same; the sampler and
        the scheduler given here are used from now on by this process.
    lease_s : float, optional
        In a shared storage: seconds without a sign of life after which a trial is handed to
        another worker. None: never (for evaluations that outlive the asking process).

    Raises
    ------
    StudyExistsError
        If the name is taken, and `load_if_exists` is False or the directions differ.
    SpaceChangedError
        If the stored space is another one; assign ``study.space`` to change it.
    """
    store = open_storage(storage)
    space = Space(space) if isinstance(space, Mapping) else space
    spec = StudySpec(
        name=_checked_name(name),
        directions=_checked_directions(direction, directions),
        seed=_checked_seed(seed),
        noisy=bool(noisy),
        sampler=samplers.to_spec(samplers.resolve(sampler)),
        scheduler=schedulers.to_spec(schedulers.resolve(scheduler)),
    )
    try:
        store.create_study(spec, (Space({}) if space is None else space).to_json())
    except StudyExistsError:
        if not load_if_exists:
            raise
    else:
        return _open(store, name, space, sampler, scheduler, lease_s)
    _require_same_directions(store.find_study(name), spec, direction, directions)
    study = _open(store, name, space, sampler, scheduler, lease_s)
    _require_same_space(study, space)
    return study


def load_study(
    storage: StorageLike,
    name: str | None = None,
    *,
    space: Space | Mapping[str, Any] | None = None,
    sampler: Sampler | str | None = None,
    scheduler: Scheduler | str | None = None,
    lease_s: float | None = 60.0,
) -> Study:
    """Open a stored study, with the sampler and the scheduler it was created with.

    Parameters
    ----------
    storage : path or Storage
    name : str, optional
        May be left out when the storage holds one study.
    space : Space or mapping, optional
        Needed to get objects (classes, functions) back as choices, and callables as constraints:
        the storage knows their labels only.
    sampler, scheduler, lease_s : optional
        As for :func:`create_study`.

    Raises
    ------
    StudyNotFoundError
        If there is no such study.
    SpaceChangedError
        If `space` is not the stored one.
    """
    store = open_storage(storage, must_exist=True)
    space = Space(space) if isinstance(space, Mapping) else space
    found = _only_name(store) if name is None else name
    study = _open(store, found, space, sampler, scheduler, lease_s)
    _require_same_space(study, space)
    return study


def list_studies(storage: StorageLike) -> list[StudyRecord]:
    """Return what studies a storage holds, oldest first."""
    return open_storage(storage, must_exist=True).list_studies()


def delete_study(storage: StorageLike, name: str) -> None:
    """Delete a study and all its trials. Raises StudyNotFoundError."""
    store = open_storage(storage, must_exist=True)
    store.delete_study(store.find_study(name).id)


def _open(
    store: Storage,
    name: str,
    like: Space | None,
    sampler: Sampler | str | None,
    scheduler: Scheduler | str | None,
    lease_s: float | None,
) -> Study:
    record = store.find_study(name)
    return Study(
        store,
        record,
        sampler=samplers.resolve(sampler)
        if sampler is not None
        else samplers.from_spec(record.spec.sampler),
        scheduler=schedulers.resolve(scheduler)
        if scheduler is not None
        else schedulers.from_spec(record.spec.scheduler),
        like=like,
        lease_s=_checked_lease(lease_s),
    )


def _only_name(store: Storage) -> str:
    names = [record.spec.name for record in store.list_studies()]
    if len(names) != 1:
        raise StudyNotFoundError(
            "study to load",
            expected="a name",
            got=f"none, and {len(names)} studies: {short_repr(names)}",
            remedy="Pass name=.",
        )
    return names[0]


def _require_same_space(study: Study, space: Space | None) -> None:
    if space is None or study.space == space:
        return
    raise SpaceChangedError(
        f"space of study {study.name!r}",
        expected="the stored space",
        got=f"another one ({study.space.changed_to(space)})",
        remedy="Load the study without a space and assign study.space = new_space to change it.",
    )


def _require_same_directions(
    record: StudyRecord, spec: StudySpec, direction: object, directions: object
) -> None:
    if direction is None and directions is None:
        return
    if record.spec.directions != spec.directions:
        raise StudyExistsError(
            f"study {record.spec.name!r} exists",
            expected=f"its directions {record.spec.directions}",
            got=f"{spec.directions}",
            remedy="Use another name for another problem.",
        )


def _checked_name(name: object) -> str:
    if not isinstance(name, str) or not name:
        raise InvalidValueError("name of a study", expected="a string", got=short_repr(name))
    return name


def _checked_directions(direction: str | None, directions: Sequence[str] | None) -> tuple[str, ...]:
    if direction is not None and directions is not None:
        raise StudyError(
            "direction", expected="direction or directions", got="both", remedy="Give one of them."
        )
    given = ["minimize" if direction is None else direction] if directions is None else directions
    if isinstance(given, str) or not given or set(given) - {"minimize", "maximize"}:
        raise StudyError(
            "directions of a study",
            expected="'minimize' or 'maximize' for each objective",
            got=short_repr(given),
        )
    return tuple(given)


def _checked_seed(seed: object) -> int:
    if seed is None:
        return new_seed()
    index = None if isinstance(seed, bool) else getattr(seed, "__index__", None)
    if index is None or not 0 <= index() < 2**63:
        raise InvalidValueError(
            "seed of a study", expected="an integer from 0 to 2**63 - 1", got=short_repr(seed)
        )
    return int(index())


def _checked_lease(lease_s: object) -> float | None:
    if lease_s is None:
        return None
    if isinstance(lease_s, bool) or not isinstance(lease_s, (int, float)) or not lease_s > 0:
        raise InvalidValueError(
            "lease_s", expected="a positive number of seconds or None", got=short_repr(lease_s)
        )
    return float(lease_s)
