"""The benchmark of spaces that objectives declare plays what it says."""

from __future__ import annotations

import bayesopt as bo
from bayesopt.study.conditions import ConditionReader
from benchmarks.define_by_run import WAYS, main, play, suggested
from benchmarks.problems.registry import load


def test_an_objective_suggests_what_the_space_has():
    for name in ("classic/layers-d9", "classic/branches-d12"):
        space = load(name).space
        study = bo.create_study(sampler="random", seed=0)
        for _ in range(20):
            trial = study.ask()
            config = suggested(trial, space)
            assert space.validate(config) == config
            study.tell(trial, 0.0)


def test_without_reading_there_are_no_conditions_and_afterwards_there_are_again(capsys):
    own = ConditionReader.applied_to
    problem = load("classic/layers-d9")
    best = {way: play(problem, "random", 3, way, 12) for way in WAYS}
    assert ConditionReader.applied_to is own
    assert all(value > 0 for value in best.values())
    problems = ["--problems", "classic/layers-d9", "--samplers", "random"]
    main([*problems, "--seeds", "2", "--trials", "4"])
    assert [line.split()[2] for line in capsys.readouterr().out.splitlines()] == list(WAYS)
