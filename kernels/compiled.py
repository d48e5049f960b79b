"""How kernels are compiled.

A function is compiled along with each one that calls it, so what only kernels call is `inner`: it
gets no entry from Python and no file in the cache, and the first ask comes seconds earlier.
Divisions by zero follow IEEE 754.
"""

from __future__ import annotations

from numba import njit

kernel = njit(cache=True, error_model="numpy", no_cfunc_wrapper=True)
"""For functions that Python calls."""

inner = njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""For functions that only compiled ones call."""

inlined = njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True, inline="always")
"""For inner ones that become part of the loops that call them."""

_SUMS = {"reassoc", "contract", "nsz"}

kernel_of_sums = njit(cache=True, error_model="numpy", no_cfunc_wrapper=True, fastmath=_SUMS)
"""The same, and sums may be taken in any order, so that they become vector instructions."""

inner_of_sums = njit(
    error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True, fastmath=_SUMS
)
