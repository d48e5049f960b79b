"""Randomness keyed by (study seed, trial number), so that order and parallelism do not matter."""

from __future__ import annotations

import copy
import secrets
import zlib

import numpy as np


def new_seed() -> int:
    """Draw a seed from the operating system, for a study that was given none."""
    return secrets.randbits(63)


def trial_rng(seed: int, number: int) -> np.random.Generator:
    """Return the generator of trial `number`, independent of every other trial's."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(number,))))


def named_rng(seed: int, number: int, name: str) -> np.random.Generator:
    """Return the generator of one parameter of one trial, whatever order they are drawn in."""
    key = (number, zlib.crc32(name.encode("utf-8", "surrogatepass")))
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))


def aside(rng: np.random.Generator) -> np.random.Generator:
    """Return a generator that the state of another decides, which stays where it is.

    What is drawn from it leaves the other's numbers as they would be if nothing were.
    """
    key = copy.deepcopy(rng).integers(2**32, size=4).tolist()
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))
