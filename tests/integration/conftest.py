"""What the tests of the examples share."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"


@pytest.fixture
def modules_of(monkeypatch):
    """Import modules of an example by their bare names, as its own files do, and forget them."""
    known = []

    def importer(folder):
        monkeypatch.syspath_prepend(EXAMPLES / folder)
        names = [path.stem for path in (EXAMPLES / folder).glob("*.py")]
        for name in names:
            monkeypatch.delitem(sys.modules, name, raising=False)
        known.extend(names)
        return importlib.import_module

    yield importer
    for name in known:
        sys.modules.pop(name, None)
