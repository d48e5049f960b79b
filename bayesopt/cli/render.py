"""What commands print: tables that fit the terminal, JSON, shell words and assignments."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bayesopt.errors import InvalidConfigError, short_repr

TRIAL_VARIABLE, ATTEMPT_VARIABLE = "BAYESOPT_TRIAL", "BAYESOPT_ATTEMPT"

_GAP = "  "
_NARROWEST = 8  # what a column is cut down to before columns are left out
# Variables that a shell or the programs it starts obey; a parameter must not overwrite them.
_RESERVED = re.compile(
    r"PATH|IFS|ENV|HOME|SHELL|USER|LOGNAME|PWD|OLDPWD|CDPATH|TMPDIR|TERM|LANG|LC_.*|LD_.*|PS[0-4]|"
    r"BASH.*|SHELLOPTS|PROMPT_COMMAND|OPT(ARG|IND|ERR)|[EP]?PID|E?UID|GROUPS|RANDOM|SECONDS|LINENO|"
    r"PYTHON.*|BAYESOPT_.*|OMP_.*|CUDA_.*|FPATH|MANPATH|HOSTNAME|DISPLAY|EDITOR|PAGER"
)


def print_json(data: object) -> None:
    """Print strict ASCII JSON, indented where it is nested deeply."""
    print(json.dumps(data, allow_nan=False))


def print_json_rows(rows: Iterable[object]) -> None:
    """Print a JSON list, one entry per line."""
    lines = [json.dumps(row, allow_nan=False) for row in rows]
    print("[" + ",\n ".join(lines) + "]")


# -- tables -------------------------------------------------------------------------------------


def print_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows under a header, cut to the width of the terminal (80 in a pipe)."""
    width = shutil.get_terminal_size((80, 24)).columns
    if isinstance(getattr(sys.stdout, "errors", None), str) and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    for line in table(header, rows, width):
        print(line)


def table(header: Sequence[str], rows: Sequence[Sequence[object]], width: int) -> list[str]:
    """Return the lines of a table, none wider than `width`.

    Wide columns are cut first: text ends with ``…``, numbers get fewer digits. What still does not
    fit is left out on the right, with ``…`` as the last header.
    """
    lines: list[Sequence[object]] = [header, *rows]
    needed = [max(width_of(shown(cell)) for cell in column) for column in zip(*lines, strict=True)]
    widths = _fitted(needed, width)
    if len(widths) < len(header):
        lines = [[*line[: len(widths)], "…" if line is header else ""] for line in lines]
        widths.append(1)
    numeric = [_is_numeric(lines[1:], i) for i in range(len(widths))]
    return [_GAP.join(map(_padded, line, widths, numeric)).rstrip() for line in lines]


def shown(value: object) -> str:
    """Return a value as the text of a cell: short numbers, no control characters."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.6g}"
    text = value if isinstance(value, str) else json.dumps(value)
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def width_of(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(_width_of_character(c) for c in text)


def _width_of_character(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _fitted(widths: Sequence[int], width: int) -> list[int]:
    """Cut the widest columns until all fit, then leave columns out."""
    kept = list(widths)
    excess = sum(kept) + len(_GAP) * (len(kept) - 1) - width
    while excess > 0 and max(kept) > _NARROWEST:
        kept[kept.index(max(kept))] -= 1
        excess -= 1
    while excess > 0 and len(kept) > 1:
        excess -= kept.pop() + len(_GAP)
        if excess <= 0 and len(kept) < len(widths):
            room = -excess
            if room < len(_GAP) + 1 and len(kept) > 1:  # for the column that says "more"
                kept.pop()
            break
    return kept


def _is_numeric(rows: Sequence[Sequence[object]], column: int) -> bool:
    found = [row[column] for row in rows if row[column] not in (None, "")]
    return bool(found) and all(type(cell) in (int, float) for cell in found)


def _padded(value: object, width: int, right: bool) -> str:
    text = shown(value)
    if isinstance(value, float):
        # An exponent that is cut off would make it another number.
        shorter = (f"{value:.{digits}g}" for digits in range(6, 0, -1))
        text = next((found for found in shorter if len(found) <= width), text)
    if width_of(text) > width:
        while text and width_of(text) > width - 1:
            text = text[:-1]
        text += "…"
    blanks = " " * (width - width_of(text))
    return blanks + text if right else text + blanks


# -- for shells -----------------------------------------------------------------------------------


def word(value: object) -> str:
    """Return a label as a word: text as it is, everything else as JSON (``true``, ``null``)."""
    return value if isinstance(value, str) else json.dumps(value)


def as_args(params: Mapping[str, Any]) -> str:
    """Return ``--name value`` pairs, quoted for a shell."""
    return " ".join(
        shlex.quote(part) for name, value in params.items() for part in _option(name, word(value))
    )


def _option(name: str, value: str) -> tuple[str, ...]:
    # A value that begins with a dash would be taken for an option, were it a word of its own.
    return (f"--{name}={value}",) if value.startswith("-") else (f"--{name}", value)


def as_env(
    number: int, attempt: int, params: Mapping[str, Any], variables: Mapping[str, str]
) -> str:
    """Return lines ``NAME=value`` that are safe to eval; variables not in `params` are unset.

    Parameters
    ----------
    variables : mapping of str to str
        The variable of each parameter of the space, see :func:`variables_of`.
    """
    lines = [f"{TRIAL_VARIABLE}={number}", f"{ATTEMPT_VARIABLE}={attempt}"]
    for name, variable in variables.items():
        # What the last trial had and this one has not must not be left over.
        found = f"{variable}={shlex.quote(word(params[name]))}" if name in params else None
        lines.append(found or f"unset {variable}")
    return "\n".join(lines)


def variables_of(names: Iterable[str], prefix: str = "") -> dict[str, str]:
    """Return a shell variable for each name: upper case, ``_`` for what a variable cannot hold.

    Raises
    ------
    InvalidConfigError
        If two names would share a variable, or one means something to the shell.
    """
    taken: dict[str, str] = {}
    for name in names:
        variable = re.sub(r"[^A-Z0-9_]", "_", f"{prefix}{name}".upper())
        variable = f"_{variable}" if variable[:1].isdigit() else variable
        _check_variable(name, variable, {v: n for n, v in taken.items()})
        taken[name] = variable
    return taken


def _check_variable(name: str, variable: str, owners: Mapping[str, str]) -> None:
    what = f"parameter {short_repr(name)} as a shell variable"
    if variable in owners:
        raise InvalidConfigError(
            what,
            expected="a variable of its own",
            got=f"{variable}, which is also that of {short_repr(owners[variable])}",
            remedy="Use --format json or args.",
        )
    if set(variable) <= {"_"} or _RESERVED.fullmatch(variable):
        raise InvalidConfigError(
            what,
            expected="a name without a meaning for the shell",
            got=variable,
            remedy="Use --prefix HP_, or --format json or args.",
        )
