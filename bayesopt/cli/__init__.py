"""The command line: ``bayesopt create``, ``ask``, ``tell`` and what belongs to them."""

from bayesopt.cli.main import main

__all__ = ["main"]
