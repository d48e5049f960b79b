"""Commands that write trials to files and read them back."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import TextIO

from bayesopt.cli.opened import opened
from bayesopt.study.exchange import export_trials, import_trials


def export(args: Namespace) -> int:
    """Write all trials to a file, or to standard output."""
    with opened(args) as study:
        if args.output == "-":
            export_trials(study, _as_utf8(sys.stdout, "utf-8"), args.format or "csv")
        else:
            n_trials = export_trials(study, args.output, args.format)
            print(f"{n_trials} trials written to {args.output}", file=sys.stderr)
    return 0


def import_(args: Namespace) -> int:
    """Add the finished trials of a file: all, or none."""
    source = _as_utf8(sys.stdin, "utf-8-sig") if args.file == "-" else args.file
    with opened(args) as study:
        done = import_trials(
            study,
            source,
            args.format,
            dry_run=args.dry_run,
            allow_outside=args.allow_outside,
        )
    if done.numbers:
        print(f"{done.n_trials} trials imported, numbers {done.numbers[0]} to {done.numbers[-1]}")
    else:
        print(f"{done.n_trials} trials {'can be' if args.dry_run else 'were'} imported")
    for state, count in sorted(done.left_out.items()):
        print(f"left out: {count} trials that are {state}", file=sys.stderr)
    for column in done.ignored_columns:
        print(f"left out: column {column!r}, which means nothing here", file=sys.stderr)
    return 0


def _as_utf8(stream: TextIO, encoding: str) -> TextIO:
    """Make files the same whatever the locale."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(encoding=encoding)
    return stream
