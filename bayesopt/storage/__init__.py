"""Where studies are kept: in memory, or in a SQLite file that several processes share."""

from bayesopt.storage.memory import MemoryStorage

__all__ = ["MemoryStorage"]
