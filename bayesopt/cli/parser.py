"""What may be typed: one parser per command. Imports nothing but the standard library."""

from __future__ import annotations

import os
import re
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from typing import Any

from bayesopt import __version__

_DESCRIPTION = """\
Tune from a shell: ask for a configuration, evaluate it, tell what it gave.

  export BAYESOPT_STORAGE=study.db
  bayesopt create --space '{"lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": true}}'
  while trial=$(bayesopt ask --budget 50 --format env); do
    eval "$trial"
    bayesopt tell "$BAYESOPT_TRIAL" "$(./train --lr "$LR")"
  done
  bayesopt best
"""
_EPILOG = """\
environment:
  BAYESOPT_STORAGE   default of --storage
  BAYESOPT_STUDY     default of --name
  BAYESOPT_LEASE     default of --lease
  BAYESOPT_DEBUG=1   show tracebacks

exit codes:
  0 done, 1 refused by the study or its storage, 2 misuse, 3 budget or search exhausted

`bayesopt COMMAND --help` shows the options of a command.
"""

# What a shell script passes as a number and argparse would take for an option.
_NEGATIVE = re.compile(r"-(\d|\.\d|inf|nan)", re.IGNORECASE)
_WITH_NUMBERS = ("tell", "report")


def parse(argv: Sequence[str], args: Namespace) -> None:
    """Put the options of the command that `argv` names into `args`; exits with 2 for misuse."""
    top, commands = build()
    if not argv or argv[0] not in commands:
        top.parse_args(argv)  # shows the help or the version, or complains about the command
        top.error("a command is missing; see bayesopt --help")
    name, rest = argv[0], list(argv[1:])
    if name in _WITH_NUMBERS:
        # With a blank in front a number is no option any more, and still a number.
        rest = [f" {word}" if _NEGATIVE.match(word) else word for word in rest]
    # Intermixed: `tell 3 --state pruned 0.5` is as good as `tell 3 0.5 --state pruned`.
    commands[name].parse_intermixed_args(rest, args)
    _check_place(commands[name], args)


def build() -> tuple[ArgumentParser, dict[str, ArgumentParser]]:
    """Return the parser of the program and the parsers of its commands."""
    top = ArgumentParser(
        prog="bayesopt",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"bayesopt {__version__}")
    adder = top.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    commands: dict[str, ArgumentParser] = {}
    for name, run, needs_study, text, add_options in _COMMANDS:
        parser = adder.add_parser(
            name, help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False
        )
        add_options(parser)
        _add_place(parser, needs_study)
        parser.set_defaults(run=run)
        commands[name] = parser
    return top, commands


def _add_place(parser: ArgumentParser, needs_study: bool) -> None:
    place = parser.add_argument_group("where")
    place.add_argument(
        "--storage",
        metavar="PATH",
        default=os.environ.get("BAYESOPT_STORAGE") or None,
        help="the SQLite file (default: $BAYESOPT_STORAGE)",
    )
    if needs_study:
        place.add_argument(
            "--name",
            "--study",
            metavar="NAME",
            dest="name",
            default=os.environ.get("BAYESOPT_STUDY") or None,
            help="the study (default: $BAYESOPT_STUDY, or the only one in the storage)",
        )


def _check_place(parser: ArgumentParser, args: Namespace) -> None:
    if not args.storage:
        parser.error("where is the study? Give --storage PATH or set BAYESOPT_STORAGE")


# -- one function per command -----------------------------------------------------------------


def _create(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--space",
        required=True,
        metavar="FILE",
        help="what to search: a JSON file, - for standard input, or the JSON itself",
    )
    add(
        "--direction",
        action="append",
        choices=["minimize", "maximize"],
        help="minimize by default; once per objective",
    )
    add("--sampler", metavar="NAME", help="random, grid, qmc, … (default: what suits most)")
    add(
        "--scheduler",
        metavar="NAME",
        help="asha, median or patience: which trials to stop early (default: none)",
    )
    add("--seed", type=int, help="same seed, same suggestions (default: drawn)")
    add("--noisy", action="store_true", help="equal configurations may give different values")
    add(
        "--if-exists",
        choices=["fail", "continue"],
        default="fail",
        help="what to do when the study is there already (default: fail)",
    )


def _ask(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("-n", type=_count, metavar="N", help="ask for a batch; JSON gives a list then")
    add(
        "--budget",
        type=_count,
        metavar="N",
        help="exit with 3 once N trials of the study are running or finished, by whomever",
    )
    add("--key", help="the same key gives the same trials again: safe to repeat")
    _add_lease(parser, "after so many seconds without a sign of life the trial goes to another")
    add(
        "--format",
        choices=["json", "table", "args", "env"],
        default="json",
        help="args: --lr 0.01 …; env: LR=0.01, for eval (default: json)",
    )
    add("--with-number", action="store_true", help="args: begin with the trial's number")
    add("--prefix", default="", help="env: put this before each name")


def _tell(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("number", type=int, metavar="NUMBER", help="which trial")
    add("values", type=float, metavar="VALUE", nargs="*", help="one per objective")
    add("--state", choices=["complete", "pruned", "fail", "paused"], help="default: complete")
    add(
        "--constraint",
        action="append",
        default=[],
        type=_named_number,
        metavar="NAME=NUMBER",
        help="an outcome constraint, feasible at <= 0; repeat for more",
    )
    add("--cost", type=float, help="what the evaluation cost, e.g. seconds")
    add(
        "--variance",
        action="append",
        type=float,
        help="how noisy the value is: its standard error, squared; repeat for each objective",
    )
    add("--attempt", type=int, help="refuse if the trial was handed to another worker meanwhile")


def _report(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("number", type=int, metavar="NUMBER", help="which trial")
    add("step", type=float, metavar="STEP", help="e.g. the epoch")
    add("values", type=float, metavar="VALUE", nargs="+", help="one per objective")
    add("--attempt", type=int, help="refuse if the trial was handed to another worker meanwhile")
    _add_lease(parser, "how long the trial stays ours from now; give what ask was given")


def _should_prune(parser: ArgumentParser) -> None:
    parser.add_argument("number", type=int, metavar="NUMBER", help="which trial")
    parser.add_argument(
        "--exit-code",
        action="store_true",
        help="print nothing: exit with 0 for yes, 1 for no, 2 for trouble",
    )


def _enqueue(parser: ArgumentParser) -> None:
    parser.add_argument(
        "params",
        metavar="JSON",
        help="a configuration, or a part of one, to be asked next; a file, - or the JSON itself",
    )


def _invalidate(parser: ArgumentParser) -> None:
    parser.add_argument("number", type=int, metavar="NUMBER", help="which trial")
    parser.add_argument("--reason", required=True, help="goes to the audit log")


def _studies(parser: ArgumentParser) -> None:
    _add_format(parser, "table", "json")


def _trials(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--state",
        action="append",
        choices=["waiting", "running", "complete", "pruned", "fail", "lost", "invalid", "paused"],
        help="only these; repeat for more",
    )
    add(
        "--sort",
        choices=["number", "value", "cost", "duration"],
        default="number",
        help="value: the best first (default: number)",
    )
    add("--reverse", action="store_true", help="the other way round")
    add("--limit", type=_count, metavar="N", help="only the first N after sorting")
    _add_format(parser, "table", "json")


def _best(parser: ArgumentParser) -> None:
    _add_format(parser, "table", "json", "args", "env")
    parser.add_argument("--prefix", default="", help="env: put this before each name")


def _export(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--format",
        choices=["csv", "json", "jsonl"],
        help="default: what the suffix of --output says; csv on standard output",
    )
    parser.add_argument(
        "--output",
        metavar="FILE",
        default="-",
        help="appears complete or not at all (default: standard output)",
    )


def _import(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("file", metavar="FILE", help="made by export, or a CSV file with params_… and value; or -")
    add("--format", choices=["csv", "json", "jsonl"], help="default: what the suffix says")
    add("--dry-run", action="store_true", help="check everything, record nothing")
    add(
        "--allow-outside",
        action="store_true",
        help="take trials whose parameters are not in the space",
    )


def _delete(parser: ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="really")


def _space(parser: ArgumentParser) -> None:
    """`space` has no options of its own."""


def _add_format(parser: ArgumentParser, *choices: str) -> None:
    parser.add_argument(
        "--format", choices=choices, default=choices[0], help=f"default: {choices[0]}"
    )


def _add_lease(parser: ArgumentParser, text: str) -> None:
    parser.add_argument(
        "--lease",
        type=_lease,
        metavar="SECONDS",
        default=os.environ.get("BAYESOPT_LEASE") or "none",
        help=f"{text} (default: $BAYESOPT_LEASE, or none: for ever)",
    )


# -- types ------------------------------------------------------------------------------------


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _lease(text: str) -> float | None:
    if text.lower() == "none":
        return None
    seconds = float(text)
    if not 0 < seconds < float("inf"):
        raise ValueError(text)
    return seconds


def _named_number(text: str) -> tuple[str, float]:
    name, equals, number = text.rpartition("=")
    if not (name and equals):
        raise ValueError(text)
    return name, float(number)


# argparse calls a type by its name when it complains: "invalid integer >= 1 value: '0'".
_count.__name__ = "integer >= 1"
_lease.__name__ = "number of seconds"
_named_number.__name__ = "NAME=NUMBER"

_COMMANDS: list[tuple[str, str, bool, str, Callable[[ArgumentParser], Any]]] = [
    ("create", "studies:create", True, "create a study", _create),
    ("ask", "trials:ask", True, "get the next configuration to evaluate", _ask),
    ("tell", "trials:tell", True, "record what a trial gave; repeating is fine", _tell),
    ("report", "trials:report", True, "record an intermediate value of a running trial", _report),
    (
        "should-prune",
        "trials:should_prune",
        True,
        "say whether a trial should stop early",
        _should_prune,
    ),
    ("enqueue", "trials:enqueue", True, "queue a configuration to be asked next", _enqueue),
    ("invalidate", "trials:invalidate", True, "strike out a finished trial", _invalidate),
    ("studies", "studies:studies", False, "list the studies of a storage", _studies),
    ("trials", "listing:trials", True, "list the trials of a study", _trials),
    ("best", "listing:best", True, "show the best trial, or the Pareto front", _best),
    ("space", "studies:space", True, "print the space of a study as JSON", _space),
    ("export", "files:export", True, "write all trials to a file", _export),
    ("import", "files:import_", True, "add the finished trials of a file: all or none", _import),
    ("delete", "studies:delete", True, "delete a study and all its trials", _delete),
]
