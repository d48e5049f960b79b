"""What is refused, and what goes wrong."""

import json
import os

import pytest

import bayesopt as bo
from bayesopt.cli import main
from bayesopt.cli.parser import build
from bayesopt.trial import TrialState

GRID = '{"lr": [0.1, 0.01], "batch": {"type": "int", "low": 1, "high": 3}}'
LINE = '{"x": {"type": "float", "low": -5, "high": 5}}'


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        ([], 2),
        (["nope"], 2),
        (["--nope"], 2),
        (["tell"], 2),
        (["tell", "zero", "1"], 2),
        (["tell", "0", "one"], 2),
        (["tell", "0"], 2),
        (["tell", "0", "1", "2"], 2),
        (["tell", "0", "--state", "running"], 2),
        (["tell", "0", "1", "--cost", "-1"], 2),
        (["tell", "0", "1", "--constraint", "size"], 2),
        (["tell", "0", "1", "--constraint", "=1"], 2),
        (["tell", "0", "1", "--constraint", "a=1", "--constraint", "a=2"], 2),
        (["tell", "99", "1"], 1),
        (["tell", "-1", "1"], 1),
        (["tell", "0", "1", "--name", "other"], 1),
        (["report", "0", "1"], 2),
        (["report", "0", "-1", "1"], 2),
        (["report", "99", "1", "1"], 1),
        (["should-prune", "99"], 1),
        (["invalidate", "99", "--reason", "x"], 1),
        (["ask", "-n", "0"], 2),
        (["ask", "--lease", "-1"], 2),
        (["ask", "--lease", "nan"], 2),
        (["ask", "--form", "json"], 2),
        (["trials", "--state", "nope"], 2),
        (["trials", "--limit", "0"], 2),
        (["create"], 2),
        (["create", "--name", "new", "--space", "{"], 2),
        (["create", "--name", "new", "--space", ""], 2),
        (["create", "--name", "new", "--space", "missing.json"], 1),
        (["create", "--name", "new", "--space", LINE, "--direction", "up"], 2),
        (["create", "--name", "new", "--space", LINE, "--sampler", "magic"], 2),
        (["create", "--name", "new", "--space", LINE, "--scheduler", "magic"], 2),
        (["create", "--name", "new", "--space", LINE, "--seed", "-1"], 2),
        (["import", "missing.csv"], 1),
        (["import", "missing.txt"], 2),
        (["export", "--output", "nowhere/at/all.csv"], 1),
        (["export", "--output", "trials.txt"], 2),
        (["ask", "--storage", "missing.db"], 1),
        (["studies", "--storage", "missing.db"], 1),
        (["ask", "--storage", "/"], 1),
        (["create", "--space", LINE, "--storage", "nowhere/at/all.db"], 1),
    ],
)
def test_misuse_is_one_line_and_a_code_and_changes_nothing(
    run, fails, tmp_path, monkeypatch, argv, code, records
):
    monkeypatch.chdir(tmp_path)
    run("create", "--space", LINE, "--name", "study")
    run("ask")
    before = sorted(os.listdir(tmp_path))
    fails(*argv, code=code)
    assert sorted(os.listdir(tmp_path)) == before
    assert [study["name"] for study in json.loads(run("studies", "--format", "json"))] == ["study"]
    assert [record.state for record in records()] == [TrialState.RUNNING]


def test_a_file_that_is_no_study_is_refused(fails, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("my notes, not a database\n" * 100)
    before = path.read_bytes()
    for argv in (["studies"], ["ask"], ["create", "--space", LINE]):
        fails(*argv, "--storage", str(path), code=1)
    assert path.read_bytes() == before


def test_without_a_storage_the_remedy_is_named(fails, monkeypatch):
    monkeypatch.delenv("BAYESOPT_STORAGE")
    assert "BAYESOPT_STORAGE" in fails("ask", code=2)


def test_a_space_without_a_configuration_is_no_misuse(run, fails):
    space = '{"parameters": {"x": [1, 2]}, "constraints": ["x > 5"]}'
    run("create", "--space", space)
    fails("ask", code=1)


def test_an_unforeseen_error_is_one_line_unless_debugging(run, capsys, monkeypatch):
    def broken(args):
        raise RuntimeError("deep\n inside")

    monkeypatch.setattr("bayesopt.cli.studies.studies", broken)
    assert main(["studies"]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "internal error: RuntimeError: deep inside" in error
    monkeypatch.setenv("BAYESOPT_DEBUG", "1")
    with pytest.raises(RuntimeError, match="deep"):
        main(["studies"])


def test_ctrl_c_is_quiet(capsys, monkeypatch):
    def interrupted(args):
        raise KeyboardInterrupt

    monkeypatch.setattr("bayesopt.cli.studies.studies", interrupted)
    assert main(["studies"]) == 130
    assert capsys.readouterr() == ("", "")


def test_hostile_names_of_studies_and_parameters(run, fails):
    name, parameter = "'; DROP TABLE trials; --\n🎲", 'a "b", \n<c> 🎲'
    run("create", "--space", json.dumps({parameter: ["x\ny", "z,"]}), "--name", name)
    trial = json.loads(run("ask", "--name", name))
    assert trial["params"][parameter] in ("x\ny", "z,")
    run("tell", "0", "1", "--name", name, "--constraint", "c\n\"'=0")
    assert len(run("trials", "--name", name).splitlines()) == 2
    assert json.loads(run("best", "--name", name, "--format", "json"))["constraints"] == {
        "c\n\"'": 0.0
    }
    fails("ask", "--name", name + "\x1b[31m", code=1)


def test_every_command_has_help(capsys):
    for command in build()[1]:
        assert main([command, "--help"]) == 0
        assert "--storage" in capsys.readouterr().out
    assert main(["--help"]) == 0
    assert main(["--version"]) == 0
    assert bo.__version__ in capsys.readouterr().out
