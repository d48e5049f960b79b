"""Whole studies run by shell scripts, each command a process of its own."""

import json
import math
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import bayesopt as bo
from bayesopt.trial import TrialState

ROOT = Path(__file__).resolve().parents[2]
GRID = '{"a": [1, 2], "b": ["x y", "$HOME", "\'"], "c": {"type": "int", "low": 0, "high": 1}}'
SMALL_GRID = '{"a": [1, 2], "b": ["x y", "$HOME", "\'"], "c": [0]}'
N_CELLS = 6


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """Return a folder for compiled modules, so that every process but the first starts fast."""
    return str(tmp_path_factory.mktemp("compiled"))


@pytest.fixture
def shell(tmp_path, compiled):
    """Start a script in a folder of its own, with `bayesopt` on its path."""
    command = tmp_path / "bin" / "bayesopt"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m bayesopt.cli "$@"\n')
    command.chmod(0o755)
    work = tmp_path / "work"
    work.mkdir()
    env = {name: value for name, value in os.environ.items() if not name.startswith("BAYESOPT_")}
    # As a user has it: output is buffered, and a module is compiled once.
    for name in ("PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"):
        env.pop(name, None)
    env["PYTHONPYCACHEPREFIX"] = compiled
    env["PATH"] = f"{command.parent}{os.pathsep}{env['PATH']}"
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), env.get("PYTHONPATH", "")]))
    env["BAYESOPT_STORAGE"] = str(work / "study.db")

    started = []

    def start(script, *args, **options):
        process = subprocess.Popen(
            ["sh", "-c", script, "sh", *args],
            cwd=work,
            env=env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **options,
        )
        started.append(process)
        return process

    start.storage = env["BAYESOPT_STORAGE"]
    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def run(shell):
    def call(script, *args, code=0):
        process = shell(script, *args)
        out, err = process.communicate(timeout=100)
        assert process.returncode == code, err
        return out, err

    return call


def records(storage, name=None):
    study = bo.load_study(storage, name)
    found = study.trials
    study.close()
    return found


def scripts(text):
    return re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def test_the_guide_runs_as_it_stands(run, shell):
    first, _ = scripts((ROOT / "docs" / "cli.md").read_text("utf-8"))
    out, err = run(f"set -eu\n{first}")
    assert "Traceback" not in err
    told = records(shell.storage)
    assert [record.state for record in told] == [TrialState.COMPLETE] * 10
    # What awk computed from the variables is what the parameters say.
    for record in told:
        x, y = math.log(record.params["lr"]) + 4, record.params.get("momentum", 0.5) - 0.9
        assert record.value == pytest.approx(x * x + y * y, rel=1e-4)
    assert {record.params["optimizer"] for record in told} == {"sgd", "adamw"}
    best = min(told, key=lambda record: record.value)
    assert ["trial", str(best.number)] in [line.split() for line in out.splitlines()]
    lines = Path(shell.storage).with_name("trials.csv").read_text("utf-8").splitlines()
    assert len(lines) == 11


@pytest.mark.slow
def test_the_guide_to_pruning_runs_as_it_stands(run, shell):
    first, second = scripts((ROOT / "docs" / "cli.md").read_text("utf-8"))
    space = first[: first.index("bayesopt create")]
    out, err = run(f"set -eu\n{space}\n{second}")
    assert "Traceback" not in err
    pruned = records(shell.storage)
    assert len(pruned) == 8
    assert {record.state for record in pruned} == {TrialState.COMPLETE, TrialState.PRUNED}
    assert all(1.0 in record.reports for record in pruned)
    assert len(out.splitlines()) == 5


WORKER = """
while line=$(bayesopt ask --format args --with-number); do
  eval "set -- $line"
  number=$1; shift
  printf '%s\\n' "$*" >> "log.$WORKER"
  bayesopt tell "$number" "-$number" || exit 1
done
"""


def test_three_shells_share_a_grid_and_every_cell_is_evaluated_once(run, shell):
    run('bayesopt create --sampler grid --space "$1"', SMALL_GRID)
    workers = [shell(f"WORKER={i}; {WORKER}") for i in range(3)]
    for worker in workers:
        _, err = worker.communicate(timeout=100)
        assert worker.returncode == 0, err
        assert err.count("\n") == 1, err
        assert "all visited" in err
    told = records(shell.storage)
    assert [record.number for record in told] == list(range(N_CELLS))
    assert all(record.state is TrialState.COMPLETE for record in told)
    assert [record.value for record in told] == [-float(record.number) for record in told]
    cells = [tuple(sorted(record.params.items())) for record in told]
    assert len(set(cells)) == N_CELLS
    folder = Path(shell.storage).parent
    lines = [line for path in folder.glob("log.*") for line in path.read_text().splitlines()]
    assert sorted(lines) == sorted(
        "--a {a} --b {b} --c {c}".format(**record.params) for record in told
    )


def test_json_for_other_programs(run):
    out, _ = run(
        """bayesopt create --space "$1" --sampler random --seed 0 > /dev/null
        bayesopt ask -n 3
        bayesopt tell 0 1e-3 && bayesopt tell 1 -inf && bayesopt tell 2 --state fail
        bayesopt trials --format json""",
        GRID,
    )
    asked, _, listed = out.partition("\n")
    found = json.loads(listed)
    assert [trial["params"] for trial in found] == [t["params"] for t in json.loads(asked)]
    assert [trial["values"] for trial in found] == [[0.001], [{"$": "-inf"}], None]


def test_a_reader_that_goes_away_is_no_error_worth_words(run):
    _, err = run(
        """bayesopt create --space "$1" > /dev/null
        bayesopt enqueue '{}' > /dev/null
        bayesopt export | true
        bayesopt trials --format json | true
        bayesopt --help | true""",
        GRID,
    )
    assert err == ""


def test_ctrl_c_is_quiet(shell, run):
    run('bayesopt create --space "$1"', GRID)
    fifo = Path(shell.storage).with_name("fifo")
    os.mkfifo(fifo)
    process = shell("exec bayesopt enqueue fifo", start_new_session=True)
    with fifo.open("w"):  # opens once the command has opened the other end
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "")
    assert records(shell.storage) == []


def test_a_full_disk_is_one_line(run):
    run('bayesopt create --space "$1"', GRID)
    _, err = run("bayesopt trials > /dev/full", code=1)
    assert err.count("\n") == 1
    assert "No space left" in err


@pytest.mark.parametrize(
    ("argv", "needed"),
    [
        (["--help"], []),
        (["tell", "0"], ["numpy"]),
        (["studies"], ["sqlite3"]),
    ],
)
def test_a_command_loads_what_it_needs(tmp_path, argv, needed):
    storage = str(tmp_path / "study.db")
    bo.create_study({"x": bo.Float(0, 1)}, storage=storage, sampler="random").close()
    code = (
        "import json, sys; from bayesopt.cli import main; main(sys.argv[1:]);"
        "sys.stderr.write(json.dumps(sorted(sys.modules)))"
    )
    if argv == ["tell", "0"]:
        argv = ["tell", "0", "1"]
    done = subprocess.run(
        [sys.executable, "-c", code, *argv],
        env={**os.environ, "BAYESOPT_STORAGE": storage, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(json.loads(done.stderr.splitlines()[-1]))
    heavy = {"numba", "scipy", "torch", "pandas", "multiprocessing", "tqdm"}
    if not needed:
        heavy |= {"numpy", "sqlite3"}
    assert not loaded & heavy
    assert set(needed) <= loaded
