"""How kernels are compiled.

A function is compiled along with each one that calls it, so what only kernels call is `inner`: it
gets no entry from Python and no file in the cache, and the first ask comes seconds earlier.
Divisions by zero follow IEEE 754.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _decorator(**options: Any) -> Callable[[_Function], _Function]:
    """Return a decorator that compiles; what it makes keeps its type for who checks types."""
    options = {"error_model": "numpy", "no_cfunc_wrapper": True, **options}
    made: Callable[[_Function], _Function] = njit(**options)
    return made


kernel = _decorator(cache=True, _nrt=False)
"""For functions that Python calls."""

inner = _decorator(no_cpython_wrapper=True, _nrt=False)
"""For functions that only compiled ones call."""

inlined = _decorator(no_cpython_wrapper=True, inline="always", _nrt=False)
"""For inner ones that become part of the loops that call them."""

_SUMS = {"reassoc", "contract", "nsz"}

kernel_of_sums = _decorator(cache=True, _nrt=False, fastmath=_SUMS)
"""For kernels whose sums may be taken in any order, so that they become vector instructions."""

inner_of_sums = _decorator(no_cpython_wrapper=True, _nrt=False, fastmath=_SUMS)
"""The same of inner ones."""
