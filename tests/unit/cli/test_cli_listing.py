"""Commands that list trials."""

import json

import pytest

GRID = '{"lr": [0.1, 0.01], "batch": {"type": "int", "low": 1, "high": 3}}'
LINE = '{"x": {"type": "float", "low": -5, "high": 5}}'


@pytest.fixture
def told(run):
    run("create", "--space", LINE, "--sampler", "random", "--seed", "0")
    for number, words in enumerate((["3", "--cost", "1"], ["nan"], ["-2", "--cost", "9"], ["1"])):
        run("ask")
        run("tell", str(number), *words)
    run("ask")


def numbers(text):
    return [trial["number"] for trial in json.loads(text)]


@pytest.mark.parametrize(
    ("options", "order"),
    [
        ([], [0, 1, 2, 3, 4]),
        (["--sort", "value"], [2, 3, 0, 1, 4]),
        (["--sort", "value", "--limit", "2"], [2, 3]),
        (["--sort", "value", "--reverse"], [0, 3, 2, 1, 4]),
        (["--sort", "cost", "--reverse", "--limit", "2"], [2, 0]),
        (["--reverse", "--limit", "1"], [4]),
        (["--state", "fail"], [1]),
        (["--state", "fail", "--state", "running"], [1, 4]),
        (["--state", "lost"], []),
    ],
)
@pytest.mark.usefixtures("told")
def test_trials_are_filtered_sorted_and_cut(run, options, order):
    assert numbers(run("trials", "--format", "json", *options)) == order


def test_the_best_of_a_maximised_value_comes_first(run):
    run("create", "--space", LINE, "--direction", "maximize")
    for number in range(3):
        run("ask")
        run("tell", str(number), str(number))
    assert numbers(run("trials", "--sort", "value", "--format", "json")) == [2, 1, 0]
    assert json.loads(run("best", "--format", "json"))["number"] == 2


@pytest.mark.usefixtures("told")
def test_tables_of_trials(run):
    lines = run("trials").splitlines()
    assert lines[0].split() == ["number", "state", "value", "x"]
    assert lines[3].split()[:3] == ["2", "COMPLETE", "-2"]
    assert lines[5].split()[:3] == ["4", "RUNNING", "-"]
    best = [line.split() for line in run("best").splitlines()]
    assert best[:3] == [["trial", "2"], ["value", "-2"], ["cost", "9"]]
    assert best[3][0] == "x"


def test_many_parameters_still_fit_80_columns(run):
    space = {
        f"a_long_parameter_{i}": ["some value of it", "another value of it"] for i in range(30)
    }
    run("create", "--space", json.dumps(space))
    run("ask")
    for words in (["trials"], ["ask", "--format", "table"], ["studies"]):
        assert all(len(line) <= 80 for line in run(*words).splitlines())


def test_best_ignores_what_is_not_feasible(run, fails):
    run("create", "--space", LINE)
    for number in range(2):
        run("ask")
        run("tell", str(number), str(number), "--constraint", f"c={1 - number}")
    assert json.loads(run("best", "--format", "json"))["number"] == 1
    assert [line.split()[0] for line in run("best").splitlines()] == ["trial", "value", "c", "x"]


def test_nothing_is_best_of_nothing(run, fails):
    run("create", "--space", LINE, "--name", "one")
    run(
        "create",
        "--space",
        LINE,
        "--name",
        "two",
        "--direction",
        "minimize",
        "--direction",
        "minimize",
    )
    fails("best", "--name", "one", code=1)
    fails("best", "--name", "two", code=1)


def test_best_of_several_objectives_is_the_front(run, fails):
    run("create", "--space", LINE, "--direction", "minimize", "--direction", "maximize")
    for number, values in enumerate((["1", "1"], ["2", "2"], ["3", "0"])):
        run("ask")
        run("tell", str(number), *values)
    assert sorted(numbers(run("best", "--format", "json"))) == [0, 1]
    assert run("best").splitlines()[0].split()[2:4] == ["value_0", "value_1"]
    assert "front of 2" in fails("best", "--format", "args", code=2)
