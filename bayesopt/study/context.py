"""What asking and telling share: the study's storage, its history and this process's identity."""

from __future__ import annotations

import os
import threading
import weakref
from dataclasses import dataclass, field

from bayesopt.space import Space
from bayesopt.storage.base import Storage, StudyRecord, StudySpec
from bayesopt.study.follow import Follower
from bayesopt.study.identity import Identity
from bayesopt.study.lease import LeaseKeeper


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
    evaluating : set of int
        Trials that ``optimize`` of this process is evaluating.
    """

    storage: Storage
    study_id: int
    spec: StudySpec
    key: str
    follower: Follower
    identity: Identity
    lease_s: float | None
    leases: LeaseKeeper | None
    evaluating: set[int] = field(default_factory=set)
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
        """Let the lease of an attempt go."""
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
    return StudyContext(
        storage=storage,
        study_id=record.id,
        spec=record.spec,
        key=f"{record.id}:{record.created_at!r}:{record.spec.seed}:{record.spec.name}",
        follower=Follower(storage, record.id, record.spec, like),
        identity=identity,
        lease_s=lease_s,
        leases=None if lease_s is None else LeaseKeeper(storage, record.id, identity, lease_s),
    )


_alive: weakref.WeakSet[StudyContext] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for context in list(_alive):
        context.lock = threading.RLock()  # another thread of the parent may have held it
        context.evaluating = set()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
