"""Commands about single trials: ask, tell and what lies between."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from bayesopt.cli.opened import ask_within, declared_space, give_back, opened, trial_by_number
from bayesopt.cli.render import as_args, as_env, print_json, print_table, variables_of
from bayesopt.errors import InvalidConfigError, InvalidValueError, short_repr
from bayesopt.study.exchange import stored_trials
from bayesopt.trial import TrialRecord


def ask(args: Namespace) -> int:
    """Print the next trials; they go back to the queue if that fails."""
    if args.format == "env" and args.n not in (None, 1):
        raise InvalidValueError(
            "-n with --format env", expected="1", got=f"{args.n}", remedy="Use json for batches."
        )
    if args.budget is not None and args.key is not None:
        raise InvalidValueError("ask", expected="--budget or --key", got="both")
    with opened(args, args.lease) as study:
        space = declared_space(study)
        variables = variables_of(space.parameters, args.prefix) if args.format == "env" else {}
        if args.budget is None:
            numbers = [trial.number for trial in study.ask(args.n or 1, key=args.key)]
        else:
            numbers = ask_within(study, args.n or 1, args.budget)
        records = stored_trials(study, numbers)
        try:
            _show(args, records, variables)
            sys.stdout.flush()
        except BaseException:
            if args.key is None:  # under a key they may be in somebody's hands already
                give_back(study, records)
            raise
    return 0


def _show(args: Namespace, records: Sequence[TrialRecord], variables: dict[str, str]) -> None:
    if args.format == "json":
        found = [_as_json(record) for record in records]
        print_json(found[0] if args.n is None and len(found) == 1 else found)
    elif args.format == "table":
        names = list(dict.fromkeys(name for record in records for name in record.params))
        rows = [[r.number, *(r.params.get(name, "") for name in names)] for r in records]
        print_table(["number", *names], rows)
    elif args.format == "args":
        for record in records:
            print(f"{record.number} " * args.with_number + as_args(record.params))
    else:
        print(as_env(records[0].number, records[0].attempt, records[0].params, variables))


def _as_json(record: TrialRecord) -> dict[str, Any]:
    return {"number": record.number, "params": dict(record.params), "attempt": record.attempt}


def tell(args: Namespace) -> int:
    """Record a result."""
    names = [name for name, _ in args.constraint]
    if len(set(names)) < len(names):
        raise InvalidValueError(
            "--constraint", expected="each name once", got=short_repr(sorted(names))
        )
    with opened(args) as study:
        trial = args.number
        if args.attempt is not None:
            trial = trial_by_number(study, args.number, args.attempt)
        study.tell(
            trial,
            args.values or None,
            state=args.state,
            constraints=dict(args.constraint) or None,
            cost=args.cost,
            variance=args.variance,
        )
    return 0


def report(args: Namespace) -> int:
    """Record an intermediate value."""
    with opened(args, args.lease) as study:
        trial_by_number(study, args.number, args.attempt).report(args.values, args.step)
    return 0


def should_prune(args: Namespace) -> int:
    """Say whether a trial should stop early."""
    with opened(args) as study:
        stop = trial_by_number(study, args.number).should_prune()
    if args.exit_code:
        return 0 if stop else 1
    print("yes" if stop else "no")
    return 0


def enqueue(args: Namespace) -> int:
    """Queue a configuration; print its number."""
    from bayesopt.cli.spacefile import parse_json, read_text

    params = parse_json(read_text(args.params), "configuration")
    if not isinstance(params, dict):
        raise InvalidConfigError("configuration", expected="a JSON object", got=short_repr(params))
    with opened(args) as study:
        print(study.enqueue(params))
    return 0


def invalidate(args: Namespace) -> int:
    """Strike out a finished trial."""
    with opened(args) as study:
        study.invalidate(args.number, args.reason)
    return 0
