"""Commands about whole studies."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from datetime import UTC, datetime

from bayesopt.cli.render import print_json_rows, print_table
from bayesopt.errors import InvalidValueError, StudyExistsError, StudyNotFoundError, short_repr
from bayesopt.storage import open_storage
from bayesopt.storage.base import StudyRecord


def create(args: Namespace) -> int:
    """Create a study, or make sure that the one that is there is the same."""
    from bayesopt.cli.spacefile import read_text, space_of
    from bayesopt.study.factory import DEFAULT_NAME, create_study

    study = create_study(
        space_of(read_text(args.space)),
        directions=args.direction or ["minimize"],
        sampler=args.sampler,
        scheduler=args.scheduler,
        storage=args.storage,
        name=args.name or DEFAULT_NAME,
        seed=args.seed,
        noisy=args.noisy,
        load_if_exists=args.if_exists == "continue",
        lease_s=None,
    )
    try:
        record = study.storage.find_study(study.name)
        _require_same_settings(args, record)
        print(
            f"{study.name}: {len(study.space)} parameters, {_directions(record)}, "
            f"{_sampler(record)}, seed {study.seed}, {record.n_trials} trials"
        )
    finally:
        study.close()
    return 0


def _require_same_settings(args: Namespace, record: StudyRecord) -> None:
    """Refuse settings that would be ignored, because the study is there already."""
    spec = record.spec
    different = [
        f"{name} {short_repr(had)}"
        for name, wanted, had in (
            ("seed", args.seed, spec.seed),
            ("sampler", args.sampler, _name_in(spec.sampler)),
            ("scheduler", args.scheduler, _name_in(spec.scheduler)),
            ("noisy", args.noisy or None, spec.noisy),
        )
        if wanted is not None and wanted != had
    ]
    if different:
        raise StudyExistsError(
            f"study {spec.name!r} exists",
            expected="the settings it was created with",
            got=f"others; it has {', '.join(different)}",
            remedy="Leave them out, or use another name.",
        )


def studies(args: Namespace) -> int:
    """List the studies of a storage."""
    storage = open_storage(args.storage, must_exist=True)
    try:
        records = storage.list_studies()
    finally:
        storage.close()
    if args.format == "json":
        print_json_rows(map(_as_json, records))
    else:
        print_table(
            ["name", "trials", "directions", "sampler", "created"],
            [[r.spec.name, r.n_trials, _directions(r), _sampler(r), _day(r)] for r in records],
        )
    return 0


def space(args: Namespace) -> int:
    """Print the newest space of a study, fit for ``create --space``."""
    storage = open_storage(args.storage, must_exist=True)
    try:
        text = storage.spaces(_found(storage.list_studies(), args.name).id)[-1]
    finally:
        storage.close()
    print(json.dumps(json.loads(text), indent=2))
    return 0


def delete(args: Namespace) -> int:
    """Delete a study, if the user means it."""
    storage = open_storage(args.storage, must_exist=True)
    try:
        record = storage.find_study(_required_name(args))
        if not args.yes:
            print(
                f"bayesopt: this deletes study {record.spec.name!r} with its "
                f"{record.n_trials} trials; repeat with --yes",
                file=sys.stderr,
            )
            return 2
        storage.delete_study(record.id)
    finally:
        storage.close()
    return 0


def _found(records: list[StudyRecord], name: str | None) -> StudyRecord:
    """Return the study of that name, or the only one. Raises StudyNotFoundError."""
    found = [record for record in records if name in (None, record.spec.name)]
    if len(found) == 1:
        return found[0]
    names = [record.spec.name for record in records]
    raise StudyNotFoundError(
        "study" if name is None else f"study {short_repr(name)}",
        expected=f"one of {short_repr(names)}" if names else "a study in the storage",
        got="no name" if name is None and names else "none",
        remedy="Give --name NAME or set BAYESOPT_STUDY." if names else "Use `bayesopt create`.",
    )


def _required_name(args: Namespace) -> str:
    if args.name:
        return str(args.name)
    raise InvalidValueError("study to delete", expected="--name NAME", got="none")


def _name_in(spec: str) -> str:
    """Return the short name of a sampler or scheduler from its stored settings."""
    try:
        found = json.loads(spec)
    except ValueError:
        return spec
    return str(found.get("name") or found.get("class")) if isinstance(found, dict) else spec


def _sampler(record: StudyRecord) -> str:
    return _name_in(record.spec.sampler)


def _directions(record: StudyRecord) -> str:
    return ", ".join(record.spec.directions)


def _day(record: StudyRecord) -> str:
    return datetime.fromtimestamp(record.created_at, UTC).strftime("%Y-%m-%d %H:%M")


def _as_json(record: StudyRecord) -> dict[str, object]:
    spec = record.spec
    return {
        "name": spec.name,
        "directions": list(spec.directions),
        "sampler": _name_in(spec.sampler),
        "scheduler": _name_in(spec.scheduler),
        "seed": spec.seed,
        "noisy": spec.noisy,
        "n_trials": record.n_trials,
        "created_at": record.created_at,
    }
