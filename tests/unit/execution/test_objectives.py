"""What an objective may be, and how it gets to a worker."""

from __future__ import annotations

import functools
import importlib.util
import os
import subprocess
import sys
import threading

import pytest

from bayesopt.active import Trial, TrialSetup
from bayesopt.errors import ExecutionError


class Model:
    def __init__(self, offset: float) -> None:
        self.offset = offset

    def loss(self, trial: Trial) -> float:
        return trial.params["x"] + self.offset

    def __call__(self, trial: Trial) -> float:
        return self.loss(trial)


def _with_power(power: float, trial: Trial) -> float:
    return trial.params["x"] ** power


def test_closures_methods_partials_and_callables(worker, run_all):
    offset = 10.0

    def closure(trial):
        return offset + _with_power(2.0, trial)

    for objective, expected in [
        (closure, 14.0),
        (Model(1.0).loss, 3.0),
        (Model(2.0), 4.0),
        (functools.partial(_with_power, 3.0), 8.0),
    ]:
        assert run_all(worker, objective, [{"x": 2.0}])[0].values == (expected,)
    assert len(worker.worker_pids) == 1


def _load(path, name):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def test_modules_that_a_worker_cannot_import_travel_by_value(worker, run_all, tmp_path):
    (tmp_path / "off_path_helper.py").write_text("def double(x):\n    return 2 * x\n")
    (tmp_path / "off_path.py").write_text(
        "import off_path_helper\nfrom off_path_helper import double\n"
        "class Loss:\n    def __call__(self, x): return off_path_helper.double(double(x))\n"
        "def objective(trial): return Loss()(trial.params['x'])\n"
    )
    try:
        _load(tmp_path / "off_path_helper.py", "off_path_helper")
        module = _load(tmp_path / "off_path.py", "off_path")
        assert run_all(worker, module.objective, [{"x": 1.0}])[0].values == (4.0,)
    finally:
        sys.modules.pop("off_path", None)
        sys.modules.pop("off_path_helper", None)


def test_a_module_of_the_same_name_on_the_path_is_not_mistaken_for_it(
    worker, run_all, tmp_path, monkeypatch
):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "two_faced.py").write_text("def objective(trial): return 1.0\n")
    (tmp_path / "two_faced.py").write_text("def objective(trial): return 2.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    try:
        module = _load(tmp_path / "elsewhere" / "two_faced.py", "two_faced")
        assert run_all(worker, module.objective)[0].values == (1.0,)
    finally:
        sys.modules.pop("two_faced", None)


def test_modules_found_on_this_process_path_are_imported_by_the_worker(
    processes, run_all, tmp_path, monkeypatch
):
    (tmp_path / "on_path.py").write_text(
        "import sys\ndef objective(trial): return 'on_path' in sys.modules\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("on_path")
    try:
        assert run_all(processes(), module.objective)[0].values == (1.0,)
    finally:
        del sys.modules["on_path"]


def test_folder_path_arguments_and_environment_are_handed_over(
    processes, run_all, tmp_path, monkeypatch, port
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["train.py", "--size", "3"])
    monkeypatch.setenv("SOME_SETTING", "on")

    def objective(trial):
        trial.set_user_attr("seen", [os.getcwd(), sys.argv, os.environ["SOME_SETTING"], sys.path])
        return 0.0

    run_all(processes(), objective)
    assert port.attr("seen") == [str(tmp_path), ["train.py", "--size", "3"], "on", sys.path]


def test_a_json_module_in_the_current_folder_does_not_shadow_the_standard_library(
    processes, run_all, tmp_path, monkeypatch
):
    (tmp_path / "json.py").write_text("raise RuntimeError('shadowed')\n")
    monkeypatch.chdir(tmp_path)
    assert run_all(processes(), lambda trial: 1.0)[0].values == (1.0,)


SCRIPT = """
import bayesopt.execution.processes as p
from bayesopt.active import TrialSetup

class Port:
    def report(self, trial, step, values): print("report", step, values, flush=True)
    def should_prune(self, trial): return False
    def set_user_attr(self, trial, name, value): pass

class Diverged(Exception):
    pass

SCALE = 3.0

def objective(trial):
    trial.report(SCALE, 0)
    if trial.number == 1:
        raise Diverged("too far")
    return SCALE * trial.params["x"]

executor = p.ProcessExecutor(Port(), 1)
for number in range(2):
    executor.submit(objective, TrialSetup(number, 1, {"x": 2.0}))
    outcome = executor.wait()[0]
    print(outcome.status, outcome.values, isinstance(outcome.exception, Diverged), flush=True)
executor.close()
"""


@pytest.mark.parametrize("how", ["file", "stdin", "command"])
def test_scripts_without_a_main_guard(tmp_path, how):
    (tmp_path / "train.py").write_text(SCRIPT)
    arguments = {"file": [str(tmp_path / "train.py")], "stdin": ["-"], "command": ["-c", SCRIPT]}
    done = subprocess.run(
        [sys.executable, *arguments[how]],
        input=SCRIPT,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "report 0.0 (3.0,)",
        "value (6.0,) False",
        "report 0.0 (3.0,)",
        "error None True",
    ]


def test_an_objective_that_cannot_be_sent(worker, run_all):
    lock = threading.Lock()
    with pytest.raises(ExecutionError, match="the objective: expected something that can be sent"):
        worker.submit(lambda trial: lock.locked(), TrialSetup(0, 1, {}))
    with pytest.raises(ExecutionError, match="the trial"):
        worker.submit(lambda trial: 1.0, TrialSetup(0, 1, {"x": lock}))
    assert worker.running == []
    assert run_all(worker, lambda trial: 1.0)[0].values == (1.0,)


def _explode():
    raise ImportError("no such accelerator")


class Unloadable:
    def __reduce__(self):
        return _explode, ()

    def __call__(self, trial):
        return 1.0


def test_an_objective_that_cannot_be_loaded_there(worker, run_all):
    outcomes = run_all(worker, Unloadable(), [{}] * 2)
    for outcome in outcomes.values():
        assert outcome.status == "error"
        assert isinstance(outcome.exception, ExecutionError)
        assert "no such accelerator" in outcome.error


def test_parameters_may_be_objects_of_any_kind(worker, run_all):
    params = [{"activation": lambda x: 2 * x, "model": Model(1.0)}]

    def objective(trial):
        return trial.params["activation"](trial.params["model"].offset)

    assert run_all(worker, objective, params)[0].values == (2.0,)


def test_output_passes_through(tmp_path):
    script = SCRIPT.replace(
        "    trial.report(SCALE, 0)\n",
        "    import sys\n    print('x' * 3_000_000)\n    print('!' * 1000, file=sys.stderr)\n",
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert done.stdout.count("x") == 6_000_000
    assert done.stderr.count("!") == 2000
