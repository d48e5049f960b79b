"""The storages under test, and a clock that passes when told to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from bayesopt.storage import MemoryStorage, SQLiteStorage, Storage
from bayesopt.storage.base import Proposal, StudySpec, Ticket

SPEC = StudySpec("study", ("minimize",), seed=7)


class Clock:
    """Time that passes when told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Ask(Protocol):
    """Hands out the study's next trial."""

    def __call__(self, lease_s: float | None = 10.0) -> Ticket: ...


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "sqlite"])
def storage(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Storage]:
    made: Storage
    if request.param == "memory":
        made = MemoryStorage(clock=clock)
    else:
        made = SQLiteStorage(tmp_path / "study.db", clock=clock)
    yield made
    made.close()


@pytest.fixture
def study(storage: Storage) -> int:
    return storage.create_study(SPEC, '{"space":0}')


@pytest.fixture
def ask(storage: Storage, study: int) -> Ask:
    def hand_out(lease_s: float | None = 10.0) -> Ticket:
        n = storage.find_study(SPEC.name).n_trials
        tickets = storage.ask(study, [Proposal({"x": n})], n, owner="me", lease_s=lease_s)
        assert tickets is not None
        return tickets[0]

    return hand_out
