"""What asking and telling share: the study's storage, its history and this process's identity."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import uuid
import weakref
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from bayesopt.history import History
from bayesopt.lineage import Origin
from bayesopt.schedulers.base import Decision
from bayesopt.space import Space
from bayesopt.storage.base import Storage, StudyRecord, StudySpec
from bayesopt.study.follow import Follower
from bayesopt.study.identity import Identity
from bayesopt.study.lease import LeaseKeeper


class Judgement(NamedTuple):
    """That an attempt is to stop or to pause, and whether it has asked since."""

    attempt: int
    decision: Decision
    is_heard: bool = False


class Clearance(NamedTuple):
    """That an attempt goes on from where the trial was paused.

    Attributes
    ----------
    attempt : int
    stood_at : float
        The step that it was paused at; NaN if it had reported nothing.
    is_last : bool
        Whether it goes on because no others were to come.
    """

    attempt: int
    stood_at: float
    is_last: bool


@dataclass(eq=False)
class StudyContext:
    """One process's connection to one stored study.

    Attributes
    ----------
    key : str
        Tells the study from every other one, also of the same name.
    follower : Follower
        The study's space and history, brought up to date on demand under `lock`.
    lease_s : float or None
        How long a trial stays ours without a sign of life; None for ever.
    leases : LeaseKeeper or None
        Renews the leases of trials under evaluation here; None where there are none.
    checkpoints : Path
        Where trials keep theirs; it need not exist.
    evaluating : set of int
        Trials that ``optimize`` of this process is evaluating.
    to_pause : dict of int to int
        Trials that were advised to pause, with their attempt: as pruned they end paused.
    cleared : dict of int to Clearance
        Paused trials that were handed out to go on.
    is_bred : bool
        Whether trials may come from others, so that it matters from which.
    origins : dict of int to (Origin or None, bool)
        Where trials come from, and whether they were evaluated elsewhere.
    traced, n_traced : History or None, int
        Which history was told of them, and of how many.
    judged : dict of int to Judgement
        Trials that are to stop or to pause since they reported at a rung.
    costed : History or None, int
        Which history was told what open trials have cost, and up to which version.
    """

    storage: Storage
    study_id: int
    spec: StudySpec
    key: str
    follower: Follower
    identity: Identity
    lease_s: float | None
    leases: LeaseKeeper | None
    checkpoints: Path
    evaluating: set[int] = field(default_factory=set)
    to_pause: dict[int, int] = field(default_factory=dict)
    cleared: dict[int, Clearance] = field(default_factory=dict)
    is_bred: bool = False
    origins: dict[int, tuple[Origin | None, bool]] = field(default_factory=dict)
    traced: History | None = None
    n_traced: int = 0
    judged: dict[int, Judgement] = field(default_factory=dict)
    costed: tuple[History | None, int] = (None, 0)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        _alive.add(self)

    @property
    def define_by_run(self) -> bool:
        """Whether objectives declare the parameters (the study was created without a space)."""
        return self.follower.define_by_run

    @property
    def owner(self) -> str:
        """The name under which this process takes trials."""
        return self.identity.owner

    def hold(self, number: int, attempt: int) -> None:
        """Keep the lease of an attempt alive from now on."""
        if self.leases is not None:
            self.leases.hold(number, attempt)

    def drop(self, number: int, attempt: int) -> None:
        """Let the lease of an attempt go, and forget what was decided of it."""
        self.judged.pop(number, None)
        self.cleared.pop(number, None)
        if self.leases is not None:
            self.leases.drop(number, attempt)

    def holds(self, number: int) -> bool:
        """Tell whether a trial is being evaluated here."""
        return self.leases is not None and self.leases.holds(number)


def connect(
    storage: Storage, record: StudyRecord, like: Space | None, lease_s: float | None
) -> StudyContext:
    """Follow a stored study under a new identity."""
    lease_s = lease_s if storage.is_shared else None
    identity = Identity(is_detached=lease_s is None)
    files = storage.files(record.id)
    context = StudyContext(
        storage=storage,
        study_id=record.id,
        spec=record.spec,
        key=f"{record.id}:{record.created_at!r}:{record.spec.seed}:{record.spec.name}",
        follower=Follower(storage, record.id, record.spec, like),
        identity=identity,
        lease_s=lease_s,
        leases=None if lease_s is None else LeaseKeeper(storage, record.id, identity, lease_s),
        checkpoints=_temporary() if files is None else files / "checkpoints",
    )
    if files is None:
        weakref.finalize(context, _remove, context.checkpoints, os.getpid())
    return context


def _temporary() -> Path:
    """Name a folder for a study that ends with this process."""
    return Path(tempfile.gettempdir()) / f"bayesopt-{uuid.uuid4().hex}"


def _remove(folder: Path, pid: int) -> None:
    if os.getpid() == pid:  # not in a forked child
        shutil.rmtree(folder, ignore_errors=True)


_alive: weakref.WeakSet[StudyContext] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for context in list(_alive):
        context.lock = threading.RLock()  # another thread of the parent may have held it
        context.evaluating = set()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
