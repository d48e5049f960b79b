"""Tables of speed, as Markdown, from the rows that `speed` wrote."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

from benchmarks.report.tables import markdown, milliseconds
from benchmarks.run_rows import Row


def pair_s(row: Row) -> float:
    """Return the median seconds of an ask and a tell; NaN if there was no turn."""
    pairs = [a + t for a, t in zip(row["ask_s"], row["tell_s"], strict=True)]
    return statistics.median(pairs) if pairs else float("nan")


def newest(rows: Iterable[Row], kind: str, *names: str) -> dict[tuple[object, ...], Row]:
    """Return the last row of a kind for every combination of the values of `names`.

    Each with the number of its ``"session"``: only within one did contestants take turns.
    """
    session, found = 0, {}
    for row in rows:
        session += row["row"] == "session"
        if row["row"] == kind:
            found[tuple(row[name] for name in names)] = {**row, "session": session}
    return found


def speed_page(rows: Sequence[Row], against: Sequence[str]) -> str:
    """Return all tables that the rows have something for.

    Times are put in proportion to those of the first of `against` that took turns with them.
    """
    blocks = [*latency_blocks(rows, against), start_block(rows), study_block(rows)]
    return "\n\n".join(block for block in blocks if block)


def latency_blocks(rows: Sequence[Row], against: Sequence[str]) -> list[str]:
    """Return a table per kind and number of columns: contestants down, evaluations known across."""
    found = newest(rows, "latency", "kind", "d", "n", "contestant")
    blocks = []
    for kind, d in sorted(dict.fromkeys((key[0], key[1]) for key in found), key=_kind_then_size):
        part = {key[2:]: row for key, row in found.items() if key[:2] == (kind, d)}
        sizes = sorted({n for n, _ in part})
        names = dict.fromkeys(name for _, name in part)
        lines = [[name, *(_cell(part, n, name, against) for n in sizes)] for name in names]
        head = ["contestant", *(f"{n:,}" for n in sizes)]
        title = f"### {kind}, {d} columns: ms of an ask and a tell against evaluations known"
        blocks.append(f"{title}\n\n{markdown(head, lines)}")
    if blocks:
        blocks.append(
            "Medians of turns taken in alternation, after one to warm up; in brackets the ratio to"
            f" {against[0]}, or who is named, in the same rounds. “slow”: it took longer than the"
            " limit to know so many evaluations, or for a turn."
        )
    return blocks


def _kind_then_size(cell: tuple[object, object]) -> tuple[bool, object, object]:
    return (cell[0] != "numeric", *cell)


def _cell(part: dict[tuple[object, ...], Row], n: object, name: str, against: Sequence[str]) -> str:
    row = part.get((n, name))
    if row is None:
        return ""
    seconds = pair_s(row)
    if seconds != seconds:
        return row["status"]
    return milliseconds(seconds) + _ratio(part, n, name, against)


def _ratio(
    part: dict[tuple[object, ...], Row], n: object, name: str, against: Sequence[str]
) -> str:
    """Return the ratio to the first of `against` that was measured in the same session."""
    if name == against[0]:
        return ""
    row = part[n, name]
    for reference in against:
        other = part.get((n, reference))
        if reference == name or other is None or other["session"] != row["session"]:
            continue
        ratio = pair_s(row) / pair_s(other)
        text = f"{ratio:,.0f}" if ratio >= 99.5 else f"{ratio:.2g}"
        who = "" if reference == against[0] else f" {reference}"
        return f" ({text} ×{who})" if ratio == ratio else ""
    return ""


def start_block(rows: Sequence[Row]) -> str:
    """Return how fresh processes start."""
    found = newest(rows, "start", "contestant", "cache")
    lines = [
        [
            str(name) + (f", {cache} cache" if cache else ""),
            f"{1e3 * row['make_s']:,.0f}",
            _ms(row["ask_s"][:1]),
            _ms(row["ask_s"]),
            f"{row['total_s']:.2f}" if row["status"] == "done" else row["status"],
        ]
        for (name, cache), row in found.items()
    ]
    if not lines:
        return ""
    head = ["fresh process", "import and make ms", "first ask ms", "slowest ask ms"]
    head.append("process start to 30 trials s")
    return (
        f"### Start\n\n{markdown(head, lines)}\n\nMixed, 10 columns; single runs. “cache”: numba's."
    )


def _ms(seconds: Sequence[float]) -> str:
    return milliseconds(max(seconds, default=float("nan")))


def study_block(rows: Sequence[Row]) -> str:
    """Return what a whole study costs."""
    found = newest(rows, "study", "contestant")
    lines = [
        [
            str(name),
            f"{row['total_s']:.1f}" if row["status"] == "done" else row["text"] or row["status"],
            f"{sum(row['ask_s']):.1f}",
            f"{sum(row['tell_s']):.1f}",
            f"{row['memory_mib']:,.0f}",
        ]
        for (name,), row in found.items()
    ]
    if not lines:
        return ""
    row = next(iter(found.values()))
    title = f"### A study of {row['n']:,} trials, {row['kind']}, {row['d']} columns"
    head = ["contestant", "whole process s", "asks s", "tells s", "peak memory MiB"]
    return f"{title}\n\n{markdown(head, lines)}"
