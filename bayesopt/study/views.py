"""A study to be looked at: in a notebook, and as a page."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bayesopt.history import History
from bayesopt.markup import escaped, number_text, table, value_text
from bayesopt.trial import TrialRecord, TrialState

if TYPE_CHECKING:
    from bayesopt.visualization.snapshot import StudyLike


class _Readable(Protocol):
    """What the short view reads: nothing that takes longer with more trials."""

    @property
    def name(self) -> str: ...

    @property
    def directions(self) -> tuple[str, ...]: ...

    @property
    def history(self) -> History: ...

    def get_trial(self, number: int) -> TrialRecord: ...


class Views:
    """What every study can show of itself."""

    def report(
        self: StudyLike, path: str | os.PathLike[str] = "report.html", *, model: bool = True
    ) -> Path:
        """Write the study as one self-contained HTML page with plots; return its path.

        Needs plotly, see :func:`bayesopt.visualization.report.write_report`.

        Parameters
        ----------
        path : path
            A file that may exist already; it is replaced.
        model : bool
            Whether to show what a Gaussian process believes: seconds for a long study.

        Raises
        ------
        MissingDependencyError
            If plotly is not installed.
        """
        from bayesopt.visualization.report import write_report

        return write_report(self, path, model=model)

    def _repr_html_(self: _Readable) -> str:
        """Return name, states and best trials for a notebook; loads no plotting package."""
        history = self.history
        counts = [(s.name.lower(), int((history.state == s).sum())) for s in TrialState]
        rows: list[tuple[object, object]] = [("trials", history.n)]
        rows += [(name, count) for name, count in counts if count]
        rows += _best_rows(self)
        aims = ", ".join(self.directions)
        return f"<b>Study {escaped(value_text(self.name, 120))}</b> ({escaped(aims)}){table(rows)}"


def _best_rows(study: _Readable) -> list[tuple[object, object]]:
    """Return the best value and configuration; of several objectives how long the front is."""
    front = study.history.pareto()
    if not front.size:
        return []
    if len(study.directions) > 1:
        return [("on the Pareto front", len(front))]
    best = study.get_trial(int(front[0]))
    value = number_text(best.value) if best.value is not None else ""
    params = [(value_text(name, 60), value_text(v)) for name, v in best.params.items()]
    return [(f"best value (trial {best.number})", value), *params]
