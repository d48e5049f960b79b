"""The parts of a report that are text: summary, best configurations, trials."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from bayesopt.markup import escaped, number_text, table, value_text
from bayesopt.trial import TrialRecord, TrialState
from bayesopt.visualization.data.history import last_report
from bayesopt.visualization.data.thinning import evenly
from bayesopt.visualization.snapshot import Snapshot

Numbers = npt.NDArray[np.int64]

MOST_ROWS = 400  # of the table of trials
_MOST_BEST = 20  # of a front
_MOST_COLUMNS = 40  # parameters


def cards(shot: Snapshot) -> str:
    """Return the figures that matter most, side by side."""
    facts = [(f"{shot.n:,}", "trials")]
    for state in TrialState:
        count = int(np.count_nonzero(shot.states == state))
        if count:
            facts.append((f"{count:,}", state.name.lower()))
    if shot.n_objectives == 1 and shot.front.size:
        best = int(shot.front[0])
        facts.insert(0, (number_text(shot.values[best, 0]), f"best value (trial {best})"))
    elif shot.front.size:
        facts.insert(0, (f"{len(shot.front):,}", "trials on the front"))
    facts += _times(shot)
    return f'<div class="cards">{"".join(_card(*fact) for fact in facts)}</div>'


def _card(figure: str, what: str) -> str:
    return f'<div class="card"><b>{escaped(figure)}</b><span>{escaped(what)}</span></div>'


def remarks(shot: Snapshot) -> str:
    """Return the hints on how the study is set up, if there are any."""
    from bayesopt.samplers.outlook import all_hints

    found = [f"<li>{escaped(hint.text)}</li>" for hint in all_hints(shot.history)]
    return f'<h2>Hints</h2><ul class="hints">{"".join(found)}</ul>' if found else ""


def _times(shot: Snapshot) -> list[tuple[str, str]]:
    durations = np.array([record.duration_s for record in shot.records], dtype=np.float64)
    durations = durations[np.isfinite(durations)]
    starts = [r.started_at for r in shot.records if math.isfinite(r.started_at)]
    ends = [r.finished_at for r in shot.records if math.isfinite(r.finished_at)]
    if not durations.size or not starts or not ends:
        return []
    span = max(ends) - min(starts)
    return [
        (duration(span), "from first to last"),
        (duration(float(durations.sum())), "spent in trials"),
    ]


def duration(seconds: float) -> str:
    """Return a time span with one or two units."""
    if seconds < 100.0:
        return f"{seconds:.3g} s"
    minutes, hours = seconds / 60.0, seconds / 3600.0
    if minutes < 100.0:
        return f"{minutes:.0f} min"
    return f"{hours:.1f} h" if hours < 48.0 else f"{hours / 24.0:.1f} d"


def best(shot: Snapshot) -> str:
    """Return the best configuration; of several objectives the front, evenly."""
    if not shot.front.size:
        return '<p class="soft">No complete and feasible trial yet.</p>'
    if shot.n_objectives > 1:
        return _front(shot)
    record = shot.records[int(shot.front[0])]
    rows = [(name, value_text(_label(shot, name, v), 200)) for name, v in record.params.items()]
    parts = [table(rows, ("parameter", "value"))]
    if record.constraints:
        told = [(name, number_text(v)) for name, v in record.constraints.items()]
        parts.append(table(told, ("constraint (feasible at ≤ 0)", "value")))
    return f'<div class="wide">{"".join(parts)}</div>'


def _front(shot: Snapshot) -> str:
    by_first = shot.front[np.argsort(shot.values[shot.front, 0], kind="stable")]
    few = by_first[evenly(len(by_first), _MOST_BEST)]
    remark = "" if len(few) == len(by_first) else f"<p>{len(few)} of {len(by_first):,}, evenly.</p>"
    return f"{remark}{_trial_table(shot, few)}"


def trials(shot: Snapshot) -> str:
    """Return the trials, of very many the best, the latest and others evenly."""
    numbers = shown_rows(shot)
    remark = ""
    if len(numbers) < shot.n:
        remark = f"<p>{len(numbers):,} of {shot.n:,}: the best, the latest, and others evenly.</p>"
    return f"{remark}{_trial_table(shot, numbers)}"


def shown_rows(shot: Snapshot) -> Numbers:
    """Return the trials of the table, at most `MOST_ROWS`, ascending."""
    if shot.n <= MOST_ROWS:
        return np.arange(shot.n)
    part = MOST_ROWS // 4
    signed = shot.signs[0] * shot.values[shot.comparable, 0]
    good = shot.comparable[np.argsort(signed, kind="stable")[:part]]
    latest = np.arange(shot.n - part, shot.n)
    kept = np.union1d(np.union1d(good, latest), shot.front[:part])
    return np.union1d(kept, evenly(shot.n, MOST_ROWS - len(kept)))


def _trial_table(shot: Snapshot, numbers: Numbers) -> str:
    names = list(shot.space.parameters)[:_MOST_COLUMNS]
    objectives = [shot.objective_name(j) for j in range(shot.n_objectives)]
    head = ["trial", "state", *objectives, *names, "seconds", "sampler", "remark"]
    best = set(shot.front.tolist())
    rows = [_tr(_cells(shot, shot.records[i], names), i in best) for i in numbers.tolist()]
    header = "".join(f"<th>{escaped(value_text(name, 40))}</th>" for name in head)
    return f'<div class="wide"><table class="trials"><tr>{header}</tr>{"".join(rows)}</table></div>'


def _tr(cells: Sequence[str], is_best: bool) -> str:
    mark = ' class="best"' if is_best else ""
    return f"<tr{mark}>{''.join(f'<td>{escaped(cell)}</td>' for cell in cells)}</tr>"


def _cells(shot: Snapshot, record: TrialRecord, names: Sequence[str]) -> list[str]:
    values = [_value(shot, record, j) for j in range(shot.n_objectives)]
    params: Mapping[str, object] = record.params
    chosen = [value_text(_label(shot, n, params[n])) if n in params else "" for n in names]
    seconds = f"{record.duration_s:.3g}" if math.isfinite(record.duration_s) else ""
    remark = value_text(record.error or record.fallback, 80)
    state = record.state.name.lower()
    state += "" if shot.feasible[record.number] else ", infeasible"
    return [
        str(record.number),
        state,
        *values,
        *chosen,
        seconds,
        record.sampler,
        remark,
    ]


def _value(shot: Snapshot, record: TrialRecord, j: int) -> str:
    value = last_report(shot, record.number, j)
    has = record.values or record.reports
    return number_text(value) if has else ""


def _label(shot: Snapshot, name: str, value: object) -> object:
    """Return what a value is called; an object of the user's by its label."""
    parameter = shot.space.parameters.get(name)
    if parameter is None or not parameter.contains(value):
        return value
    return parameter.to_label(value)


def moment(seconds: float) -> str:
    """Return a time in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
