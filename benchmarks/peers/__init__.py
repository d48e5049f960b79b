"""The peers' environments, pinned; ``python -m benchmarks peers`` makes them."""

from benchmarks.peers.environments import main

__all__ = ["main"]
