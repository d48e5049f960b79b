"""Make a store that uses every feature of the present schema, for the tests of later versions.

Run once per schema version, with the last release that writes it, and commit the file:
``python tests/data/make_store.py tests/data/store-v4.db``. Never make one again: the point is that
later versions open what this one wrote.
"""

from __future__ import annotations

import math
import sys

from bayesopt.storage import SQLiteStorage
from bayesopt.storage.base import Proposal, Result, StudySpec
from bayesopt.trial import TrialState


def make(path: str) -> None:
    storage = SQLiteStorage(path, clock=lambda: 1_700_000_000.25)
    spec = StudySpec("golden \ud800 ü", ("minimize", "maximize"), 2**65, True, '{"n":1}', "median")
    study = storage.create_study(spec, '{"version":0}')
    storage.add_space(study, '{"version":1}', 1)
    storage.set_study_attr(study, "tag", {"nan": math.nan, "big": 2**70})
    proposal = Proposal({"lr": 0.1, "n": 3, "on": True, "none": None}, "gp", "too few", 1, {"a": 1})
    storage.ask(
        study, [proposal, Proposal({"lr": 5e-324})], 0, owner="host:1", lease_s=60.0, key="k"
    )
    storage.report(study, 0, 1, 1.0, (0.1 + 0.2, -0.0), 60.0)
    told = Result(
        TrialState.COMPLETE, (0.1, -math.inf), {"c": -1.0}, 2.5, variances=(0.1 + 0.2, 0.0)
    )
    storage.tell(study, 0, 1, told)
    storage.enqueue(study, [Proposal({"lr": 1.0})])
    storage.add_finished(study, [Proposal({})], [Result(TrialState.FAIL, error="boom \0")])
    storage.invalidate(study, 3, "not ours", "ann")
    storage.release(study, 1, 1)
    storage.claim(study, 1, Proposal({"lr": 0.25}), owner="host:2", lease_s=None)
    storage.create_study(StudySpec("empty", ("minimize",), 0), "{}")
    storage.delete_study(storage.create_study(StudySpec("gone", ("minimize",), 0), "{}"))
    storage.close()


if __name__ == "__main__":
    make(sys.argv[1])
