"""Make `benchmarks` importable: it is run from the root of the repository, never installed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

ROOT = str(Path(__file__).resolve().parents[4])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

collect_ignore = [] if importlib.util.find_spec("cocoex") else ["test_coco_answers.py"]
