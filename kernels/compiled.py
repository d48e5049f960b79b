"""How kernels are compiled.

A function is compiled along with each one that calls it, and what takes the time is the number of
statements, most of all of those that take an element of an array. So what only kernels call is
`inner`: it gets no entry from Python and no file in the cache, and has few levels, since LLVM works
on it again at each. Functions of scalars are those of `math`, not NumPy's. No kernel allocates;
what it writes into is passed in. So none counts references, which would be code around every use
of an array, and a wait in every inner loop that takes a row of one. What NumPy does about as fast
as a kernel is left to NumPy. Divisions by zero follow IEEE 754.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _decorator(**options: Any) -> Callable[[_Function], _Function]:
    """Return a decorator that compiles; what it makes keeps its type for who checks types."""
    # without _nrt, numba's memory management, an allocation is an error when it is compiled
    options = {"error_model": "numpy", "no_cfunc_wrapper": True, "_nrt": False, **options}
    made: Callable[[_Function], _Function] = njit(**options)
    return made


kernel = _decorator(cache=True)
"""For functions that Python calls."""

inner = _decorator(no_cpython_wrapper=True)
"""For functions that only compiled ones call."""

_SUMS = {"reassoc", "contract", "nsz"}

kernel_of_sums = _decorator(cache=True, fastmath=_SUMS)
"""For kernels whose sums may be taken in any order, so that they become vector instructions."""

inner_of_sums = _decorator(no_cpython_wrapper=True, fastmath=_SUMS)
"""The same of inner ones."""
