"""Renewing the leases of the trials that this process is evaluating."""

from __future__ import annotations

import logging
import threading
import weakref

from bayesopt.errors import BayesOptError
from bayesopt.storage.base import Storage

_log = logging.getLogger("bayesopt")


class LeaseKeeper:
    """A daemon thread that renews held leases three times per lease, while any is held.

    It stops by itself when its owner is garbage-collected or closed. After a fork the child holds
    nothing: the trials belong to the parent.
    """

    def __init__(self, storage: Storage, study_id: int, owner: str, lease_s: float) -> None:
        self._storage, self._study_id = storage, study_id
        self._owner, self._lease_s = owner, lease_s
        self._held: dict[int, int] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def hold(self, number: int, attempt: int) -> None:
        """Renew the lease of a trial from now on."""
        with self._lock:
            self._held[number] = attempt
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(
                    target=_renew_until_stopped,
                    args=(weakref.ref(self), self._stop, self._lease_s / 3),
                    name="bayesopt-leases",
                    daemon=True,
                )
                self._thread.start()

    def drop(self, number: int) -> None:
        """Stop renewing the lease of a trial."""
        with self._lock:
            self._held.pop(number, None)

    def close(self) -> None:
        """Stop renewing anything."""
        self._stop.set()

    def renew(self) -> None:
        """Renew all held leases once; forget those that another worker took over."""
        with self._lock:
            held = list(self._held.items())
        if not held:
            return
        for number in self._storage.renew(self._study_id, held, self._owner, self._lease_s):
            self.drop(number)


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
