"""Where the measured and learned tables lie, and what is said when they do not."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "BAYESOPT_BENCH_DATA"


class MissingData(Exception):
    """A problem needs a file of the folder of benchmark data that is not there."""


def data_file(problem: str, relative: str, data: str | Path | None = None) -> Path:
    """Return the path of one file of the benchmark data.

    Parameters
    ----------
    problem : str
        Who needs it, for the message.
    relative : str
        Path below the data folder.
    data : path, optional
        The data folder; default: the environment variable ``BAYESOPT_BENCH_DATA``.

    Raises
    ------
    MissingData
        If no folder is known, or it holds no such file.
    """
    folder = data or os.environ.get(VARIABLE)
    if not folder:
        raise MissingData(
            f"{problem}: needs {relative} from the folder of benchmark data, and no folder is "
            f"known; set {VARIABLE} or pass --data"
        )
    path = Path(folder) / relative
    if not path.is_file():
        raise MissingData(
            f"{problem}: expected {path}, which does not exist; "
            f"set {VARIABLE} or pass --data with the folder that holds {relative}"
        )
    return path
