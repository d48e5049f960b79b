"""What every problem promises: names, spaces, determinism, and nothing better than its best."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from problem_promises import check_promises

import bayesopt as bo
from benchmarks.problems import registry
from benchmarks.problems.base import CONDITIONAL, MIXED, NUMERIC, kind_of

HAS_COCO = importlib.util.find_spec("cocoex") is not None
COCO = [
    "bbob/f15-i3-d5",
    "bbob/f8-i10-d2",
    "mixint/f3-i1-d5",
    "mixint/f17-i7-d10",
    "bbob_constrained/f8-i3-d3",
]
FORMULAS = [
    name
    for suite in ("classic", "failing", "fronts", "switches")
    for name in registry.problem_names(suite)
]
CHEAP = [*FORMULAS, *(COCO if HAS_COCO else [])]
N_ROWS = 200
FREE = {"bbob", "mixint", "classic", "sklearn"}
KINDS = (NUMERIC, MIXED, CONDITIONAL)


@pytest.mark.parametrize("name", CHEAP)
def test_a_cheap_problem_keeps_its_promises(name):
    check_promises(registry.load(name), name, N_ROWS)


def test_every_suite_has_a_line_and_names_that_begin_with_it():
    for suite, about in registry.suites().items():
        names = registry.problem_names(suite)
        assert about
        assert names
        assert len(set(names)) == len(names)
        assert all(name.startswith(f"{suite}/") for name in names)


def test_sets_name_problems_that_exist_once():
    for names in registry.SETS.values():
        assert len(set(names)) == len(names)
        for name in names:
            assert name in registry.problem_names(name.split("/")[0])


def test_wide_holds_main_and_no_instance_that_is_kept_for_checking():
    wide = registry.SETS["wide"]
    assert wide[: len(registry.SETS["main"])] == registry.SETS["main"]
    for name in wide:
        if name.startswith(("bbob/", "mixint/")):
            assert 1 <= int(name.split("-i")[1].split("-")[0]) <= 10


def test_parts_of_main_are_balanced_and_small():
    sets = registry.SETS
    assert 36 <= len(sets["main"]) <= 40
    assert sets["main"] == sets["numeric"] + sets["mixed"] + sets["conditional"]
    assert max(len(sets[k]) for k in KINDS) - min(len(sets[k]) for k in KINDS) <= 1
    for part, n in (("quick", 10), ("small", 8)):
        assert len(sets[part]) == n
        assert set(sets[part]) <= set(sets["main"])
        counts = [len(set(sets[part]) & set(sets[kind])) for kind in KINDS]
        assert max(counts) - min(counts) <= 1
    for free in ("quick", "pip"):
        assert {name.split("/")[0] for name in sets[free]} <= {
            "bbob",
            "mixint",
            "classic",
            "sklearn",
        }


@pytest.mark.parametrize(("place", "name"), list(enumerate(registry.SETS["pip"])))
def test_problems_without_tables_have_the_kind_of_the_set_they_are_in(place, name):
    kind = next(k for k in KINDS if registry.SETS["main"][place] in registry.SETS[k])
    if HAS_COCO or not name.startswith(("bbob/", "mixint/")):
        assert registry.load(name).kind == kind


@pytest.mark.parametrize(
    ("parameters", "kind"),
    [
        ({"x": bo.Float(0, 1)}, NUMERIC),
        ({"x": bo.Float(0, 1), "k": bo.Int(0, 3)}, MIXED),
        ({"x": bo.Float(0, 1), "c": bo.Categorical(["a", "b"])}, MIXED),
        ({"c": bo.Categorical(["a"]), "x": bo.Float(0, 1, when={"c": "a"})}, CONDITIONAL),
    ],
)
def test_kinds(parameters, kind):
    assert kind_of(bo.Space(parameters)) == kind


def test_unknown_names_say_what_there_is():
    with pytest.raises(KeyError, match="bbob"):
        registry.load("nothing/f1")
    with pytest.raises(KeyError, match="nothing"):
        registry.load("classic/nothing")


def test_nothing_of_a_suite_is_imported_before_it_is_asked_for():
    code = (
        "import sys; from benchmarks.problems import registry; registry.suites(); "
        "print(sorted({'cocoex', 'sklearn', 'onnxruntime', 'benchmarks.problems.classic'}"
        " & set(sys.modules)))"
    )
    root = Path(__file__).resolve().parents[4]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
