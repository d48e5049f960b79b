"""From the command line to a command, and from an exception to an exit code."""

from __future__ import annotations

import importlib
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence

from bayesopt.cli.parser import parse
from bayesopt.errors import (
    BayesOptError,
    InfeasibleSpaceError,
    InvalidConfigError,
    InvalidValueError,
    SettingsError,
    SpaceChangedError,
    SpaceError,
    SpaceExhausted,
)

OK, FAILED, MISUSED, EXHAUSTED = 0, 1, 2, 3
INTERRUPTED, BROKEN_PIPE = 130, 141  # 128 + signal, as the shell reports them

_MISUSE = (InvalidConfigError, InvalidValueError, SettingsError, SpaceError)
_REFUSALS = (InfeasibleSpaceError, SpaceChangedError)  # a sound space that does not suit


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code.

    0: done. 1: the study or its storage refused, or ``should-prune --exit-code`` says no.
    2: misuse. 3: the search is exhausted. 130, 141: interrupted, or the pipe's reader went away.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the program's name; those of the process by default.
    """
    debug = os.environ.get("BAYESOPT_DEBUG") == "1"
    args = Namespace()
    try:
        code = _run(sys.argv[1:] if argv is None else argv, args)
        sys.stdout.flush()  # a full disk or a closed pipe shows here, not at exit
        return code
    except BrokenPipeError:
        _abandon_stdout()
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        if debug:
            raise
        _complain(error)
        _settle_stdout()
        return _exit_code(error, args)


def _run(argv: Sequence[str], args: Namespace) -> int:
    """Fill `args` from the command line and run the command."""
    try:
        parse(argv, args)
    except SystemExit as stop:  # argparse has said what it has to say
        return stop.code if isinstance(stop.code, int) else MISUSED
    return _command(args)(args)


def _command(args: Namespace) -> Callable[[Namespace], int]:
    """Import the one function that does the work; ``--help`` needs none of it."""
    module, _, name = args.run.partition(":")
    command: Callable[[Namespace], int] = getattr(
        importlib.import_module(f"bayesopt.cli.{module}"), name
    )
    return command


def _exit_code(error: Exception, args: Namespace) -> int:
    if isinstance(error, SpaceExhausted):
        return EXHAUSTED
    if isinstance(error, _MISUSE) and not isinstance(error, _REFUSALS):
        return MISUSED
    # should-prune --exit-code says no with 1, so that 1 must not mean trouble there
    return MISUSED if getattr(args, "exit_code", False) else FAILED


def _complain(error: Exception) -> None:
    """Say on one line what is wrong."""
    if isinstance(error, BayesOptError | OSError):
        message = str(error)
    else:
        message = (
            f"internal error: {type(error).__name__}: {error}. "
            "BAYESOPT_DEBUG=1 shows where; please report it"
        )
    line = " ".join(message.split())
    line = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)
    print(f"bayesopt: {line}", file=sys.stderr)


def _settle_stdout() -> None:
    """Let nothing be left to write when the interpreter exits, on a full disk for instance."""
    try:
        sys.stdout.flush()
    except OSError:
        _abandon_stdout()


def _abandon_stdout() -> None:
    """Keep the interpreter from complaining about the closed pipe once more when it exits."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # stdout is no file, as in tests
        return
