"""Make `benchmarks` importable, and leave out what needs packages or data that are not there."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
for folder in (HERE, HERE.parents[3]):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

HAS_DATA = Path(os.environ.get("BAYESOPT_BENCH_DATA", ""), "yahpo", "load.py").is_file()
NEEDS = {
    "test_coco_answers.py": find_spec("cocoex") is not None,
    "test_loader_answers.py": HAS_DATA and find_spec("onnxruntime") is not None,
}
collect_ignore = [file for file, is_there in NEEDS.items() if not is_there]
