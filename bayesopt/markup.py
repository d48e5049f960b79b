"""Foreign text made fit to be shown: in HTML, in labels, cut to a length.

Names of parameters and values come from users and files; nothing of them may become markup.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Mapping, Sequence

_LONGEST = 2_000  # characters of a value that anything looks at
_REORDERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def visible(text: object) -> str:
    """Return `text` on one line: what would control a display is written as an escape.

    That are control characters, lone surrogates, and characters that reorder the text around them.
    """
    whole = " ".join(str(text)[:_LONGEST].split())
    return "".join(_escape(c) if _controls(c) else c for c in whole)


def _controls(c: str) -> bool:
    return c in _REORDERING or ord(c) < 32 or 127 <= ord(c) < 160 or 0xD800 <= ord(c) < 0xE000


def _escape(c: str) -> str:
    return f"\\u{ord(c):04x}"


def shortened(text: object, length: int) -> str:
    """Return `text` in at most `length` characters, the middle left out: both ends tell most."""
    line = visible(text)
    if len(line) <= length:
        return line
    tail = (length - 1) // 2
    return f"{line[: length - 1 - tail]}…{line[len(line) - tail :]}"


def short_names(names: Sequence[str], length: int) -> list[str]:
    """Return short forms of different names that differ from each other."""
    taken: set[str] = set()
    short = []
    for name in names:
        candidate, count = shortened(name, length), 1
        while candidate in taken:
            count += 1
            mark = f"~{count}"
            candidate = shortened(name, length - len(mark)) + mark
        taken.add(candidate)
        short.append(candidate)
    return short


def number_text(value: float, digits: int = 6) -> str:
    """Return a number as people write it, with so many significant digits."""
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.{digits}g}"
    return shortened(value, 40)


def value_text(value: object, length: int = 40) -> str:
    """Return any value of a parameter as short text."""
    if type(value) is float:
        return number_text(value)
    try:
        return shortened(value, length)
    except Exception:  # a user's object may have a __str__ that fails
        return f"<{type(value).__name__}>"


def escaped(text: object) -> str:
    """Return `text` for HTML, as content or as a quoted attribute."""
    return html.escape(visible(text))


def table(rows: Iterable[Sequence[object]], head: Sequence[object] = ()) -> str:
    """Return an HTML table; every cell is escaped."""
    lines = [_row(head, "th")] if head else []
    lines += [_row(row, "td") for row in rows]
    return f"<table>{''.join(lines)}</table>"


def _row(cells: Sequence[object], tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{escaped(cell)}</{tag}>" for cell in cells) + "</tr>"


def trial_html(
    number: int,
    params: Mapping[str, object],
    values: Sequence[float] | None = None,
    state: str = "",
) -> str:
    """Return a trial as a small HTML table."""
    rows = [(value_text(name, 60), value_text(value)) for name, value in params.items()]
    if values:
        rows += [("value", ", ".join(number_text(value) for value in values))]
    return f"<b>Trial {number}</b> {escaped(state)}{table(rows)}"
