"""Creating, opening, listing and deleting studies."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import Any

from bayesopt import samplers, schedulers
from bayesopt.checks import checked_flag
from bayesopt.errors import (
    SpaceChangedError,
    StorageError,
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
from bayesopt.study import checks
from bayesopt.study.knowledge import Earlier, with_knowledge
from bayesopt.study.study import Study
from bayesopt.study.versions import as_space

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
    noisy: bool | None = None,
    load_if_exists: bool = False,
    lease_s: float | None = 60.0,
    prior: Mapping[str, Any] | None = None,
    learn_from: Sequence[Earlier] | Earlier | None = None,
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
        Whether a configuration may give another value next time. If not (the default), none is
        asked twice.
    load_if_exists : bool
        Continue a study of that name. What is given of space, directions, seed and noisy must be
        the same; the sampler and the scheduler given here are used from now on by this process.
        Without a sampler it is the stored one, which knows what it knew when it was created: the
        studies of `learn_from` may be gone by then.
    lease_s : float, optional
        In a shared storage: seconds without a sign of life after which a trial is handed to
        another worker. None: never (for evaluations that outlive the asking process).
    prior : mapping, optional
        Where you think that the best values lie, by parameter: a value, ``Near(value, within=)``,
        or a mapping of choices to weights (1 of those left out). It counts like 10 trials and fades
        with the evidence.
    learn_from : study, path, (path, name), or a list of these, optional
        Earlier studies on the same or an overlapping space. Their trials are copied, and trusted
        as far as they put the trials of this study in the right order.

    Raises
    ------
    SettingsError
        If the sampler cannot use `prior` or `learn_from`, or they do not fit the space.
    StudyExistsError
        If the name is taken, and `load_if_exists` is False or directions, seed or noisy differ.
    SpaceChangedError
        If the stored space is another one; assign ``study.space`` to change it.
    StorageError, StudyNotFoundError
        If the storage, or an earlier study, cannot be read.
    """
    store = open_storage(storage)
    space = as_space(space)
    wanted = _checked_directions(direction, directions)
    name = checks.text("name of a study", name)
    load_if_exists = checked_flag("load_if_exists", load_if_exists)
    told = sampler, space, prior, learn_from, len(wanted)
    knowing = _knowing(*told, is_there=lambda: load_if_exists and _is_there(store, name))
    spec = StudySpec(
        name=name,
        directions=wanted,
        seed=new_seed() if seed is None else checks.integer("seed", seed, below=2**63),
        noisy=False if noisy is None else checked_flag("noisy", noisy),
        sampler=samplers.to_spec(knowing),
        scheduler=schedulers.to_spec(schedulers.resolve(scheduler)),
    )
    try:
        store.create_study(spec, (Space({}) if space is None else space).to_json())
    except StudyExistsError:
        if not load_if_exists:
            raise
    else:
        return _open(store, name, space, knowing, scheduler, lease_s)
    given = {
        "directions": not (direction is None and directions is None),
        "seed": seed is not None,
        "noisy": noisy is not None,
    }
    _require_same_spec(spec, store.find_study(name).spec, [what for what in given if given[what]])
    study = _open(store, name, space, None if sampler is None else knowing, scheduler, lease_s)
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
    space = as_space(space)
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
        lease_s=checks.seconds("lease_s", lease_s),
    )


def _knowing(
    sampler: Sampler | str | None,
    space: Space | None,
    prior: Mapping[str, Any] | None,
    learn_from: Sequence[Earlier] | Earlier | None,
    n_objectives: int,
    *,
    is_there: Callable[[], bool],
) -> Sampler:
    """Return the sampler, with what it is to know from the start.

    If an earlier study cannot be read, a study that ``is_there()`` goes on with its stored sampler,
    which knows it already; then what is returned does not matter.
    """
    made = samplers.resolve(sampler)
    try:
        return with_knowledge(made, space, prior, learn_from, n_objectives)
    except (StorageError, StudyNotFoundError) as error:
        if sampler is not None or not is_there():
            raise
        _log.info("a study knows what it learned when it was created: %s", error)
        return made


def _is_there(store: Storage, name: str) -> bool:
    return any(record.spec.name == name for record in store.list_studies())


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
    if space is None or space in (study.space, study._context.follower.stored):
        return
    raise SpaceChangedError(
        f"space of study {study.name!r}",
        expected="the stored space",
        got=f"another one ({study.space.changed_to(space)})",
        remedy="Load the study without a space and assign study.space = new_space to change it.",
    )


def _require_same_spec(given: StudySpec, stored: StudySpec, names: Sequence[str]) -> None:
    """Refuse a study that is there with another value of what the caller named."""
    for name in names:
        if getattr(stored, name) != getattr(given, name):
            raise StudyExistsError(
                f"study {given.name!r} exists",
                expected=f"its {name}, {getattr(stored, name)}",
                got=f"{getattr(given, name)}",
                remedy="Use another name for another study.",
            )


def _checked_directions(direction: str | None, directions: Sequence[str] | None) -> tuple[str, ...]:
    if direction is not None and directions is not None:
        raise StudyError(
            "direction", expected="direction or directions", got="both", remedy="Give one of them."
        )
    given = ["minimize" if direction is None else direction] if directions is None else directions
    is_list = isinstance(given, Sequence) and not isinstance(given, str) and len(given) > 0
    if not is_list or not all(each in ("minimize", "maximize") for each in given):
        raise StudyError(
            "directions of a study",
            expected="'minimize' or 'maximize' for each objective",
            got=short_repr(given),
        )
    return tuple(given)
