"""The command line: every command is there, and a wrong one says which there are."""

from __future__ import annotations

import importlib

import pytest

from benchmarks import __main__ as cli
from benchmarks import run


@pytest.mark.parametrize("command", sorted(cli.COMMANDS))
def test_every_command_has_help(command, capsys):
    if command == "report":
        pytest.importorskip("matplotlib")
    with pytest.raises(SystemExit) as ended:
        cli.main([command, "--help"])
    assert ended.value.code == 0
    assert "usage: python -m benchmarks" in capsys.readouterr().out
    assert callable(importlib.import_module(cli.COMMANDS[command][0]).main)


def test_a_wrong_command_is_a_misuse(capsys):
    assert cli.main(["rnu"]) == 2
    assert "run contestants on problems" in capsys.readouterr().out
    assert cli.main(["--help"]) == 0


def test_misuses_of_run_say_what_there_is(capsys, tmp_path):
    out = str(tmp_path / "runs.jsonl")
    assert run.main(["--peers", "nobody", "--problems", "classic/branin", "--out", out]) == 2
    assert "no contestant is called 'nobody'" in capsys.readouterr().err
    assert run.main(["--set", "nothing", "--out", out]) == 2
    assert "no set is called 'nothing'" in capsys.readouterr().err


def test_a_session_names_no_folder_of_this_machine():
    row = run.session_row(["--data", "/somewhere/private/tables", "--jobs", "2"], "run")
    assert "private" not in row["command"]
    assert row["command"].endswith("--jobs 2")
    assert row["cores"] >= 1
