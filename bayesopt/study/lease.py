"""Renewing the leases of the trials that this process is evaluating."""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref

from bayesopt.errors import BayesOptError
from bayesopt.storage.base import Storage
from bayesopt.study.identity import Identity

_log = logging.getLogger("bayesopt")
_MAX_PERIOD_S = 3600.0

Held = tuple[int, int]
"""Number and attempt."""


class LeaseKeeper:
    """A daemon thread that renews held leases three times per lease, while any is held.

    It stops by itself when its owner is garbage-collected or closed. A forked child holds nothing:
    the trials belong to its parent.
    """

    def __init__(self, storage: Storage, study_id: int, identity: Identity, lease_s: float) -> None:
        self._storage, self._study_id = storage, study_id
        self._identity, self._lease_s = identity, lease_s
        self._period_s = min(lease_s / 3, _MAX_PERIOD_S)
        self._hold_nothing()
        _alive.add(self)

    def _hold_nothing(self) -> None:
        self._lock = threading.Lock()
        self._held: set[Held] = set()
        self._renewed_at = time.time()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def hold(self, number: int, attempt: int) -> None:
        """Renew the lease of an attempt from now on."""
        with self._lock:
            if not self._held:
                self._renewed_at = time.time()
            self._held.add((number, attempt))
            if self._thread is None or not self._thread.is_alive() or self._stop.is_set():
                self._start()

    def _start(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=_renew_until_stopped,
            args=(weakref.ref(self), self._stop, self._period_s),
            name="bayesopt-leases",
            daemon=True,
        )
        self._thread.start()

    def drop(self, number: int, attempt: int) -> None:
        """Stop renewing the lease of an attempt."""
        with self._lock:
            self._held.discard((number, attempt))

    def holds(self, number: int) -> bool:
        """Tell whether any attempt at a trial is renewed here."""
        with self._lock:
            return any(held == number for held, _ in self._held)

    def close(self) -> None:
        """Stop renewing anything."""
        with self._lock:
            self._stop.set()
            self._held.clear()

    def renew(self) -> None:
        """Renew all held leases; forget the attempts that another worker took over."""
        with self._lock:
            held = sorted(self._held)
        if held:
            gone = self._storage.renew(self._study_id, held, self._identity.owner, self._lease_s)
            for number, attempt in held:
                if number in gone:
                    self.drop(number, attempt)
        self._renewed_at = time.time()

    def renew_if_due(self) -> None:
        """Renew if the thread could not: after the machine slept, or under a heavy load.

        Called before leases are looked at, so that a process never takes its own trials for lost.
        """
        if not 0.0 <= time.time() - self._renewed_at < 2 * self._period_s:
            self.renew()


_alive: weakref.WeakSet[LeaseKeeper] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for keeper in list(_alive):
        keeper._hold_nothing()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)


def _renew_until_stopped(
    keeper_ref: weakref.ref[LeaseKeeper], stop: threading.Event, period_s: float
) -> None:
    while not stop.wait(period_s):
        keeper = keeper_ref()
        if keeper is None:
            return
        try:
            keeper.renew()
        except BayesOptError as error:  # the next round may succeed before the lease runs out
            _log.warning("could not renew trial leases: %s", error)
        del keeper
