"""Commands about single trials."""

import json
import shlex

import pytest

import bayesopt as bo
from bayesopt.cli import main
from bayesopt.trial import TrialState

GRID = '{"lr": [0.1, 0.01], "batch": {"type": "int", "low": 1, "high": 3}}'
LINE = '{"x": {"type": "float", "low": -5, "high": 5}}'


# -- ask ------------------------------------------------------------------------------------------


def test_ask_prints_number_and_parameters(run, records):
    run("create", "--space", LINE, "--seed", "3")
    found = json.loads(run("ask"))
    assert found == {"number": 0, "params": dict(records()[0].params), "attempt": 1}
    assert records()[0].state is TrialState.RUNNING


def test_the_command_line_asks_what_python_asks(run):
    run("create", "--space", LINE, "--seed", "3", "--sampler", "random")
    study = bo.create_study(bo.Space({"x": bo.Float(-5, 5)}), seed=3, sampler="random")
    for _ in range(3):
        assert json.loads(run("ask"))["params"] == study.ask().params


def test_a_batch_is_a_list(run):
    run("create", "--space", GRID, "--sampler", "grid")
    assert [trial["number"] for trial in json.loads(run("ask", "-n", "1"))] == [0]
    assert [trial["number"] for trial in json.loads(run("ask", "-n", "3"))] == [1, 2, 3]


def test_the_last_batch_of_a_grid_is_smaller_and_then_the_exit_code_is_3(run, fails, records):
    run("create", "--space", GRID, "--sampler", "grid")
    assert len(json.loads(run("ask", "-n", "100"))) == 6
    assert "all visited" in fails("ask", code=3)
    assert "all visited" in fails("ask", "-n", "2", code=3)
    assert len(records()) == 6


def test_a_budget_counts_the_trials_of_the_study(run, fails, records):
    run("create", "--space", LINE)
    run("ask")
    assert len(json.loads(run("ask", "--budget", "3", "-n", "10"))) == 2
    assert "fewer than 3" in fails("ask", "--budget", "3", code=3)
    run("tell", "0", "1")
    run("invalidate", "0", "--reason", "wrong data")
    assert json.loads(run("ask", "--budget", "3"))["number"] == 3
    assert len(records()) == 4
    assert "--budget or --key" in fails("ask", "--budget", "9", "--key", "k", code=2)


def test_a_budget_beyond_the_grid_ends_with_the_grid(run, fails):
    run("create", "--space", GRID, "--sampler", "grid")
    assert len(json.loads(run("ask", "--budget", "50", "-n", "50"))) == 6
    fails("ask", "--budget", "50", code=3)


def test_the_same_key_gives_the_same_trial(run, records):
    run("create", "--space", LINE)
    first = run("ask", "--key", "job-1")
    assert run("ask", "--key", "job-1") == first
    assert run("ask", "--key", "job-2") != first
    assert len(records()) == 2


def test_leases_are_for_ever_unless_wanted(run, storage, monkeypatch):
    run("create", "--space", LINE)
    run("ask")
    run("ask", "--lease", "0.001")
    monkeypatch.setenv("BAYESOPT_LEASE", "0.001")
    assert json.loads(run("ask"))["number"] == 1
    monkeypatch.delenv("BAYESOPT_LEASE")
    trial = json.loads(run("ask"))
    assert (trial["number"], trial["attempt"]) == (1, 3)
    assert json.loads(run("ask"))["number"] == 2


def test_formats_for_the_shell(run):
    run("create", "--space", GRID, "--sampler", "grid")
    trial = json.loads(run("ask"))
    params = trial["params"]
    run("tell", "0", "1")
    assert shlex.split(run("best", "--format", "args")) == [
        "--lr",
        str(params["lr"]),
        "--batch",
        str(params["batch"]),
    ]
    assert run("best", "--format", "env").splitlines() == [
        "BAYESOPT_TRIAL=0",
        "BAYESOPT_ATTEMPT=1",
        f"LR={params['lr']}",
        f"BATCH={params['batch']}",
    ]
    assert run("best", "--format", "env", "--prefix", "hp_").splitlines()[2].startswith("HP_LR=")
    assert run("ask", "--format", "args").startswith("--lr ")
    assert run("ask", "--format", "args", "--with-number").startswith("2 --lr ")
    assert run("ask", "--format", "env").startswith("BAYESOPT_TRIAL=3\n")
    header, row = run("ask", "--format", "table").splitlines()
    assert header.split() == ["number", "lr", "batch"]
    assert row.split()[0] == "4"
    assert len(run("ask", "-n", "9", "--format", "args").splitlines()) == 1


def test_misuse_of_formats_asks_for_nothing(run, fails, records):
    run("create", "--space", '{"path": [1, 2], "x": [1]}')
    assert "PATH" in fails("ask", "--format", "env", code=2)
    assert "batches" in fails("ask", "--format", "env", "-n", "2", code=2)
    assert records() == []
    assert "HP_PATH=" in run("ask", "--format", "env", "--prefix", "HP_")


def test_a_trial_that_cannot_be_printed_goes_back_to_the_queue(run, monkeypatch, capsys, records):
    run("create", "--space", LINE)
    with monkeypatch.context() as patch, open("/dev/full", "w") as full:
        patch.setattr("sys.stdout", full)
        assert main(["ask"]) == 1
    assert "No space left" in capsys.readouterr().err
    assert [record.state for record in records()] == [TrialState.LOST]
    assert json.loads(run("ask"))["attempt"] == 2


def test_a_study_whose_objective_declares_the_parameters_is_not_for_the_shell(
    run, fails, storage, records
):
    bo.create_study(storage=storage).close()
    assert "study.optimize" in fails("ask", code=1)
    assert records() == []


# -- tell and its relatives -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (["0", "-1.5"], -1.5),
        (["0", "-1e-5"], -1e-5),
        (["0", "-.5"], -0.5),
        (["--cost", "2", "0", "-3"], -3.0),
        (["0", "--state", "complete", "-7"], -7.0),
        (["0", "0.1"], 0.1),
    ],
)
def test_numbers_may_be_negative_and_stand_anywhere(run, words, value, records):
    run("create", "--space", LINE)
    run("ask")
    run("tell", *words)
    assert records()[0].value == value


@pytest.mark.parametrize(
    ("word", "shown"), [("-inf", "-inf"), ("nan", "nan"), ("-Infinity", "-inf")]
)
def test_a_value_that_is_not_finite_fails_the_trial(run, word, shown, records):
    run("create", "--space", LINE)
    run("ask")
    run("tell", "0", word)
    (record,) = records()
    assert record.state is TrialState.FAIL
    assert str(record.value) == shown
    (found,) = json.loads(run("trials", "--format", "json"))
    assert found["values"] == [{"$": shown}]


def test_tell_takes_constraints_cost_and_state(run, records):
    run("create", "--space", LINE)
    for _ in range(3):
        run("ask")
    run("tell", "0", "1", "--constraint", "size=-2.5", "--constraint", "a=b=1", "--cost", "3.5",
        "--variance", "0.25")  # fmt: skip
    run("tell", "1", "--state", "fail")
    run("tell", "2", "--state", "pruned", "0.5")
    told, failed, pruned = records()
    assert (told.constraints, told.cost) == ({"size": -2.5, "a=b": 1.0}, 3.5)
    assert (told.variances, pruned.variances) == ((0.25,), None)
    assert (failed.state, failed.values) == (TrialState.FAIL, None)
    assert (pruned.state, pruned.value) == (TrialState.PRUNED, 0.5)


def test_telling_twice_is_fine_and_otherwise_a_conflict(run, fails, records):
    run("create", "--space", LINE)
    run("ask")
    for _ in range(2):
        run("tell", "0", "1")
    assert "0" in fails("tell", "0", "2", code=1)
    assert records()[0].value == 1.0


def test_a_stale_attempt_may_not_tell_or_report(run, fails, records):
    run("create", "--space", LINE)
    run("ask", "--lease", "0.001")
    assert json.loads(run("ask"))["attempt"] == 2
    fails("tell", "0", "1", "--attempt", "1", code=1)
    fails("report", "0", "1", "1", "--attempt", "1", code=1)
    run("report", "0", "1", "1", "--attempt", "2")
    run("tell", "0", "1", "--attempt", "2")
    assert records()[0].value == 1.0


def test_reports_are_recorded_and_drive_pruning(run, records):
    run("create", "--space", LINE, "--scheduler", "median", "--sampler", "random")
    for number in range(8):
        run("ask")
        for step in range(6):
            run("report", str(number), str(step), str(-10 + number / 100 - step))
        run("tell", str(number), "-15")
    run("ask")
    assert run("should-prune", "8") == "no\n"
    run("should-prune", "8", "--exit-code", code=1)
    for step in range(6):
        run("report", "8", str(step), "1e3")
    assert run("should-prune", "8") == "yes\n"
    assert run("should-prune", "8", "--exit-code") == ""
    run("tell", "8", "--state", "pruned")
    record = records()[8]
    assert (record.state, record.value) == (TrialState.PRUNED, 1000.0)
    assert record.reports[2.0] == (1000.0,)


def test_should_prune_tells_trouble_from_no(run, fails):
    run("create", "--space", LINE)
    fails("should-prune", "0", code=1)
    fails("should-prune", "0", "--exit-code", code=2)


def test_an_enqueued_configuration_is_asked_next(run, fails, tmp_path):
    run("create", "--space", GRID)
    assert run("enqueue", '{"lr": 0.01}') == "0\n"
    (tmp_path / "c.json").write_text('{"lr": 0.1, "batch": 2}')
    assert run("enqueue", str(tmp_path / "c.json")) == "1\n"
    assert json.loads(run("ask"))["params"]["lr"] == 0.01
    assert json.loads(run("ask"))["params"] == {"lr": 0.1, "batch": 2}
    for wrong in ('{"lr": 3}', '{"nope": 1}', "[1]", "{", '{"lr": 0.1, "lr": 0.01}'):
        fails("enqueue", wrong, code=2)
    assert len(json.loads(run("trials", "--format", "json"))) == 2


def test_invalidate_strikes_out_and_says_why(run, fails, storage):
    run("create", "--space", LINE)
    run("ask")
    fails("invalidate", "0", "--reason", "x", code=1)
    fails("invalidate", "0", code=2)
    run("tell", "0", "1")
    run("invalidate", "0", "--reason", "wrong data")
    study = bo.load_study(storage)
    assert study.audit_log[0]["reason"] == "wrong data"
    study.close()
    assert json.loads(run("trials", "--format", "json"))[0]["state"] == "INVALID"
