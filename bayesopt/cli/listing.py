"""Commands that show trials."""

from __future__ import annotations

import math
from argparse import Namespace
from collections.abc import Callable, Sequence

from bayesopt.cli.opened import opened
from bayesopt.cli.render import (
    as_args,
    as_env,
    print_json,
    print_json_rows,
    print_table,
    variables_of,
)
from bayesopt.errors import InvalidValueError, NoTrialsError
from bayesopt.study.exchange import row_of, stored_trials
from bayesopt.study.formats import to_json
from bayesopt.study.study import Study
from bayesopt.trial import TrialRecord


def trials(args: Namespace) -> int:
    """List trials, filtered, sorted and cut."""
    with opened(args) as study:
        records = stored_trials(study)
        directions = study.directions
    wanted = {state.upper() for state in args.state or ()}
    kept = [record for record in records if not wanted or record.state.name in wanted]
    kept = _sorted(kept, _key(args.sort, directions[0]), args.reverse)[: args.limit]
    if args.format == "json":
        print_json_rows(to_json(row_of(record)) for record in kept)
    else:
        _print_trials(kept, len(directions))
    return 0


def best(args: Namespace) -> int:
    """Show the best trial, or the Pareto front if there are several objectives."""
    with opened(args) as study:
        records = _best_records(study)
        if args.format == "table" and len(study.directions) == 1:
            _print_one(records[0])
        elif args.format == "table":
            _print_trials(records, len(study.directions))
        elif args.format == "json" and len(study.directions) > 1:
            print_json_rows(to_json(row_of(record)) for record in records)
        elif args.format == "json":
            print_json(to_json(row_of(records[0])))
        else:
            _print_for_shell(args, study, records)
    return 0


def _best_records(study: Study) -> list[TrialRecord]:
    if len(study.directions) == 1:
        return stored_trials(study, [study.best_trial.number])
    numbers = [record.number for record in study.best_trials]
    if not numbers:
        raise NoTrialsError(
            f"Pareto front of study {study.name!r}",
            expected="at least one complete and feasible trial",
            got="none",
        )
    return stored_trials(study, numbers)


def _print_for_shell(args: Namespace, study: Study, records: Sequence[TrialRecord]) -> None:
    if len(records) > 1:
        raise InvalidValueError(
            f"--format {args.format}",
            expected="one best trial",
            got=f"a Pareto front of {len(records)}",
            remedy="Use --format json.",
        )
    record = records[0]
    if args.format == "args":
        print(as_args(record.params))
    else:
        variables = variables_of(study.space.parameters, args.prefix)
        print(as_env(record.number, record.attempt, record.params, variables))


def _print_one(record: TrialRecord) -> None:
    """Print a trial downwards: a single one may be seen in full."""
    cost = [] if record.cost is None else [("cost", record.cost)]
    rows = [
        ("value", record.value),
        *cost,
        *record.constraints.items(),
        *record.params.items(),
    ]
    print_table(["trial", str(record.number)], rows)


def _print_trials(records: Sequence[TrialRecord], n_objectives: int) -> None:
    params = list(dict.fromkeys(name for record in records for name in record.params))
    constraints = list(dict.fromkeys(name for record in records for name in record.constraints))
    values = ["value"] if n_objectives == 1 else [f"value_{i}" for i in range(n_objectives)]
    header = ["number", "state", *values, *constraints, *params]
    rows = [
        [
            record.number,
            record.state.name,
            *(record.values or [None] * n_objectives),
            *(record.constraints.get(name) for name in constraints),
            *(record.params.get(name, "") for name in params),
        ]
        for record in records
    ]
    print_table(header, rows)


Key = Callable[[TrialRecord], float]


def _key(name: str, direction: str) -> Key:
    """Return what to sort by; NaN puts a trial last."""
    sign = -1.0 if direction == "maximize" else 1.0
    keys: dict[str, Key] = {
        "number": lambda record: float(record.number),
        "value": lambda record: sign * _or_nan(record.values[0] if record.values else None),
        "cost": lambda record: _or_nan(record.cost),
        "duration": lambda record: record.duration_s,
    }
    return keys[name]


def _or_nan(number: float | None) -> float:
    return math.nan if number is None else number


def _sorted(records: Sequence[TrialRecord], key: Key, reverse: bool) -> list[TrialRecord]:
    known = [record for record in records if not math.isnan(key(record))]
    unknown = [record for record in records if math.isnan(key(record))]
    return [*sorted(known, key=key, reverse=reverse), *unknown]
