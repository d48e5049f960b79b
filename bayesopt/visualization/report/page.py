"""The page: one file that holds everything it needs and asks nothing of the network."""

from __future__ import annotations

import base64
import hashlib
import os
import time
from importlib import resources
from pathlib import Path

from bayesopt.markup import escaped, value_text
from bayesopt.visualization.figures import style
from bayesopt.visualization.rendering import as_json, missing
from bayesopt.visualization.report import tables
from bayesopt.visualization.report.sections import Section, sections
from bayesopt.visualization.snapshot import Snapshot, StudyLike, take


def write_report(study: StudyLike, path: str | os.PathLike[str], *, model: bool = True) -> Path:
    """Write a study as one self-contained HTML page; return its path.

    Summary, best configuration, plots and a table of trials. The page holds plotly.js (4.8 MB) and
    loads nothing else: a content security policy in it forbids that, and any script that is not its
    own. It follows the reader's light or dark scheme. Whatever the number of trials, figures and
    table are thinned so that what is added to plotly.js stays within a few MB.

    Parameters
    ----------
    study : Study
    path : path
        A file that may exist already.
    model : bool
        Whether to show what a Gaussian process believes: seconds for a long study.

    Raises
    ------
    MissingDependencyError
        If plotly is not installed.
    OSError
        If the file cannot be written.
    """
    page = render(take(study), model=model, now=time.time())
    target = Path(path)
    target.write_text(page, encoding="utf-8", newline="\n")
    return target


def render(shot: Snapshot, *, model: bool, now: float) -> str:
    """Return the page as text."""
    library, script = _plotly_js(), _own("page.js")
    shown = sections(shot, model)
    figures = {section.key: section.figure() for section in shown}
    data = {"figures": figures, "light": style.template(False), "dark": style.template(True)}
    policy = (
        f"default-src 'none'; script-src {_digest(library)} {_digest(script)}; "
        "style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    title = escaped(value_text(shot.name, 200))
    parts = [
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title><style>{_own('page.css')}</style></head><body>",
        _header(shot, title, now),
        *(_section(section, figures[section.key]["layout"]["height"]) for section in shown),
        f"<h2>Trials</h2>{tables.trials(shot)}",
        "<footer>Made by bayesopt.</footer>",
        f'<script type="application/json" id="figures">{as_json(data)}</script>',
        f"<script>{library}</script><script>{script}</script></body></html>",
    ]
    return "\n".join(parts)


def _header(shot: Snapshot, title: str, now: float) -> str:
    aims = ", ".join(
        f"{shot.directions[j]} {shot.objective_name(j)}" for j in range(shot.n_objectives)
    )
    count = style.count(len(shot.space.parameters), "parameter")
    heading = "Best configuration" if shot.n_objectives == 1 else "Best configurations"
    return (
        f'<h1>{title}</h1><p class="soft">{escaped(aims)} · {count} · '
        f"{tables.moment(now)}</p>{tables.cards(shot)}<h2>{heading}</h2>{tables.best(shot)}"
        f"{tables.remarks(shot)}"
    )


def _section(section: Section, height: int) -> str:
    """Return the place of a figure, as high as it will be, so that nothing jumps."""
    heading = f"<h2>{escaped(section.heading)}</h2>" if section.heading else ""
    remark = f'<p class="soft">{escaped(section.remark)}</p>' if section.remark else ""
    place = f'<div class="figure" id="{section.key}" style="min-height:{height}px"></div>'
    return f"{heading}{remark}{place}"


def _plotly_js() -> str:
    try:
        from plotly.offline import get_plotlyjs
    except ImportError as error:
        raise missing("report", "plotly") from error
    return str(get_plotlyjs()).replace("\r\n", "\n")  # as a browser reads it, for the digest


def _own(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _digest(script: str) -> str:
    """Return what the policy calls a script that may run."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
