"""One BLAS thread while a model works.

The matrices of a model are small: threads that wait for each other on a busy machine cost many
times what they save.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _Turn:
    """Whose turn it is: the number of BLAS threads is the process's, so models work in turn.

    Threads would overlap little in any case: all but BLAS holds the interpreter's lock.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.limiter: Any = None

    def forked(self) -> None:
        """Start anew in a child: a thread that was inside exists in its parent only."""
        self.lock = threading.RLock()
        if self.limiter is not None:
            self.limiter.restore_original_limits()
            self.limiter = None


_turn = _Turn()
os.register_at_fork(after_in_child=_turn.forked)


@functools.cache
def _controller() -> Any:
    import scipy.linalg  # noqa: F401 - it has a BLAS of its own, which must be loaded to be found
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS to one thread inside, and restore the number afterwards; also a decorator.

    Threads wait for each other; one that is inside may enter again.
    """
    with _turn.lock:
        if _turn.limiter is not None:
            yield
            return
        with _controller().limit(limits=1, user_api="blas") as _turn.limiter:
            try:
                yield
            finally:
                _turn.limiter = None
