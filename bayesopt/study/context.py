"""What asking and telling share: the study's storage, its history and this process's identity."""

from __future__ import annotations

import os
import socket
import threading
import uuid
from dataclasses import dataclass, field

from bayesopt.space import Space
from bayesopt.storage.base import Storage, StudyRecord, StudySpec
from bayesopt.study.follow import Follower
from bayesopt.study.lease import LeaseKeeper


@dataclass(frozen=True)
class StudyContext:
    """One process's connection to one stored study.

    Attributes
    ----------
    follower : Follower
        The study's space and history, brought up to date on demand under `lock`.
    leases : LeaseKeeper or None
        Renews the leases of trials under evaluation here; None where no other process looks on.
    lease_s : float or None
        How long a trial stays ours without a sign of life; None for ever.
    define_by_run : bool
        Whether objectives declare the parameters (the study was created without a space).
    """

    storage: Storage
    study_id: int
    spec: StudySpec
    follower: Follower
    owner: str
    lease_s: float | None
    leases: LeaseKeeper | None
    define_by_run: bool
    lock: threading.RLock = field(default_factory=threading.RLock)

    def hold(self, number: int, attempt: int) -> None:
        """Keep the lease of a trial alive from now on."""
        if self.leases is not None:
            self.leases.hold(number, attempt)

    def drop(self, number: int) -> None:
        """Let the lease of a trial go."""
        if self.leases is not None:
            self.leases.drop(number)


def connect(
    storage: Storage, record: StudyRecord, like: Space | None, lease_s: float | None
) -> StudyContext:
    """Follow a stored study under a new identity."""
    owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
    lease_s = lease_s if storage.is_shared else None
    first_space = Space.from_json(storage.spaces(record.id)[0])
    return StudyContext(
        storage=storage,
        study_id=record.id,
        spec=record.spec,
        follower=Follower(storage, record.id, record.spec, like),
        owner=owner,
        lease_s=lease_s,
        leases=None if lease_s is None else LeaseKeeper(storage, record.id, owner, lease_s),
        define_by_run=not first_space.parameters,
    )
