"""The commands, called in this process."""

import json
import os
import shlex

import pytest

import bayesopt as bo
from bayesopt.cli import main
from bayesopt.cli.parser import build
from bayesopt.trial import TrialState

GRID = '{"lr": [0.1, 0.01], "batch": {"type": "int", "low": 1, "high": 3}}'
LINE = '{"x": {"type": "float", "low": -5, "high": 5}}'


@pytest.fixture(autouse=True)
def storage(tmp_path, monkeypatch):
    for name in ("STUDY", "LEASE", "DEBUG"):
        monkeypatch.delenv(f"BAYESOPT_{name}", raising=False)
    path = str(tmp_path / "study.db")
    monkeypatch.setenv("BAYESOPT_STORAGE", path)
    monkeypatch.setenv("COLUMNS", "80")
    return path


@pytest.fixture
def run(capsys):
    """Call a command that must succeed; return what it printed."""

    def call(*argv, code=0):
        capsys.readouterr()
        assert main(list(argv)) == code, capsys.readouterr().err
        return capsys.readouterr().out

    return call


@pytest.fixture
def fails(capsys):
    """Call a command that must fail; return its one line of complaint."""

    def call(*argv, code):
        capsys.readouterr()
        assert main(list(argv)) == code
        out, err = capsys.readouterr()
        assert out == ""
        assert "Traceback" not in err
        lines = err.splitlines()
        if lines[0].startswith("usage:"):
            lines = lines[-1:]
        assert len(lines) == 1, err
        return lines[0]

    return call


def records(storage, name=None):
    study = bo.load_study(storage, name)
    found = study.trials
    study.close()
    return found


# -- create and whole studies ---------------------------------------------------------------------


def test_create_makes_the_study_that_python_would(run, storage):
    out = run(
        "create",
        "--space",
        GRID,
        "--name",
        "cnn",
        "--sampler",
        "grid",
        "--seed",
        "7",
        "--direction",
        "maximize",
        "--scheduler",
        "median",
        "--noisy",
    )
    assert out == "cnn: 2 parameters, maximize, grid, seed 7, 0 trials\n"
    study = bo.load_study(storage, "cnn")
    assert (study.directions, study.seed, study.noisy) == (("maximize",), 7, True)
    assert (study.sampler.name, study.scheduler.name) == ("grid", "median")
    assert study.space == bo.Space({"lr": bo.Categorical([0.1, 0.01]), "batch": bo.Int(1, 3)})
    study.close()


def test_create_again_continues_only_if_asked_to(run, fails, storage):
    run("create", "--space", LINE, "--seed", "1")
    run("tell", str(json.loads(run("ask"))["number"]), "1")
    assert "exists" in fails("create", "--space", LINE, code=1)
    assert "1 trials" in run("create", "--space", LINE, "--if-exists", "continue")
    assert "added: y" in fails("create", "--space", '{"y": [1]}', "--if-exists", "continue", code=1)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--seed", "2"),
        ("--sampler", "random"),
        ("--scheduler", "median"),
        ("--direction", "maximize"),
    ],
)
def test_continuing_with_other_settings_is_refused(run, fails, option, value):
    run("create", "--space", LINE, "--seed", "1", "--sampler", "qmc")
    message = fails("create", "--space", LINE, "--if-exists", "continue", option, value, code=1)
    assert "exists" in message


def test_several_objectives_have_a_direction_each(run, storage):
    run("create", "--space", LINE, "--direction", "minimize", "--direction", "maximize")
    run("tell", str(json.loads(run("ask"))["number"]), "1", "-2.5")
    assert records(storage)[0].values == (1.0, -2.5)


def test_studies_lists_name_and_size(run):
    run("create", "--space", LINE, "--name", "one", "--seed", "1", "--sampler", "random")
    run("create", "--space", LINE, "--name", "two", "--seed", "2")
    run("ask", "--name", "two")
    one, two = json.loads(run("studies", "--format", "json"))
    assert (one["name"], one["sampler"], one["seed"], one["n_trials"]) == ("one", "random", 1, 0)
    assert (two["name"], two["n_trials"]) == ("two", 1)
    lines = run("studies").splitlines()
    assert lines[0].split() == ["name", "trials", "directions", "sampler", "created"]
    assert lines[2].split()[:2] == ["two", "1"]


def test_space_prints_what_create_takes(run, storage):
    run("create", "--space", GRID, "--name", "one")
    printed = run("space")
    run("create", "--space", printed, "--name", "two")
    one, two = bo.load_study(storage, "one"), bo.load_study(storage, "two")
    assert one.space == two.space
    one.close(), two.close()


def test_delete_wants_a_yes_and_a_name(run, fails):
    run("create", "--space", LINE, "--name", "one")
    run("ask")
    assert "--name" in fails("delete", "--yes", code=2)
    assert "its 1 trials; repeat with --yes" in fails("delete", "--name", "one", code=2)
    assert len(json.loads(run("studies", "--format", "json"))) == 1
    run("delete", "--name", "one", "--yes")
    assert json.loads(run("studies", "--format", "json")) == []


def test_the_study_comes_from_the_option_the_environment_or_is_the_only_one(
    run, fails, monkeypatch
):
    run("create", "--space", LINE, "--name", "one")
    assert json.loads(run("ask"))["number"] == 0
    run("create", "--space", LINE, "--name", "two")
    assert "2 studies" in fails("ask", code=1)
    assert "BAYESOPT_STUDY" in fails("space", code=1)
    monkeypatch.setenv("BAYESOPT_STUDY", "two")
    assert json.loads(run("ask"))["number"] == 0
    assert json.loads(run("ask", "--name", "one"))["number"] == 1


# -- ask ------------------------------------------------------------------------------------------


def test_ask_prints_number_and_parameters(run, storage):
    run("create", "--space", LINE, "--seed", "3")
    found = json.loads(run("ask"))
    assert found == {"number": 0, "params": dict(records(storage)[0].params), "attempt": 1}
    assert records(storage)[0].state is TrialState.RUNNING


def test_the_command_line_asks_what_python_asks(run):
    run("create", "--space", LINE, "--seed", "3", "--sampler", "random")
    study = bo.create_study(bo.Space({"x": bo.Float(-5, 5)}), seed=3, sampler="random")
    for _ in range(3):
        assert json.loads(run("ask"))["params"] == study.ask().params


def test_a_batch_is_a_list(run):
    run("create", "--space", GRID, "--sampler", "grid")
    assert [trial["number"] for trial in json.loads(run("ask", "-n", "1"))] == [0]
    assert [trial["number"] for trial in json.loads(run("ask", "-n", "3"))] == [1, 2, 3]


def test_the_last_batch_of_a_grid_is_smaller_and_then_the_exit_code_is_3(run, fails, storage):
    run("create", "--space", GRID, "--sampler", "grid")
    assert len(json.loads(run("ask", "-n", "100"))) == 6
    assert "all visited" in fails("ask", code=3)
    assert "all visited" in fails("ask", "-n", "2", code=3)
    assert len(records(storage)) == 6


def test_a_budget_counts_the_trials_of_the_study(run, fails, storage):
    run("create", "--space", LINE)
    run("ask")
    assert len(json.loads(run("ask", "--budget", "3", "-n", "10"))) == 2
    assert "fewer than 3" in fails("ask", "--budget", "3", code=3)
    run("tell", "0", "1")
    run("invalidate", "0", "--reason", "wrong data")
    assert json.loads(run("ask", "--budget", "3"))["number"] == 3
    assert len(records(storage)) == 4
    assert "--budget or --key" in fails("ask", "--budget", "9", "--key", "k", code=2)


def test_a_budget_beyond_the_grid_ends_with_the_grid(run, fails):
    run("create", "--space", GRID, "--sampler", "grid")
    assert len(json.loads(run("ask", "--budget", "50", "-n", "50"))) == 6
    fails("ask", "--budget", "50", code=3)


def test_the_same_key_gives_the_same_trial(run, storage):
    run("create", "--space", LINE)
    first = run("ask", "--key", "job-1")
    assert run("ask", "--key", "job-1") == first
    assert run("ask", "--key", "job-2") != first
    assert len(records(storage)) == 2


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


def test_misuse_of_formats_asks_for_nothing(run, fails, storage):
    run("create", "--space", '{"path": [1, 2], "x": [1]}')
    assert "PATH" in fails("ask", "--format", "env", code=2)
    assert "batches" in fails("ask", "--format", "env", "-n", "2", code=2)
    assert records(storage) == []
    assert "HP_PATH=" in run("ask", "--format", "env", "--prefix", "HP_")


def test_a_trial_that_cannot_be_printed_goes_back_to_the_queue(run, storage, monkeypatch, capsys):
    run("create", "--space", LINE)
    with monkeypatch.context() as patch, open("/dev/full", "w") as full:
        patch.setattr("sys.stdout", full)
        assert main(["ask"]) == 1
    assert "No space left" in capsys.readouterr().err
    assert [record.state for record in records(storage)] == [TrialState.LOST]
    assert json.loads(run("ask"))["attempt"] == 2


def test_a_study_whose_objective_declares_the_parameters_is_not_for_the_shell(run, fails, storage):
    bo.create_study(storage=storage).close()
    assert "study.optimize" in fails("ask", code=1)
    assert records(storage) == []


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
def test_numbers_may_be_negative_and_stand_anywhere(run, storage, words, value):
    run("create", "--space", LINE)
    run("ask")
    run("tell", *words)
    assert records(storage)[0].value == value


@pytest.mark.parametrize(
    ("word", "shown"), [("-inf", "-inf"), ("nan", "nan"), ("-Infinity", "-inf")]
)
def test_a_value_that_is_not_finite_fails_the_trial(run, storage, word, shown):
    run("create", "--space", LINE)
    run("ask")
    run("tell", "0", word)
    (record,) = records(storage)
    assert record.state is TrialState.FAIL
    assert str(record.value) == shown
    (found,) = json.loads(run("trials", "--format", "json"))
    assert found["values"] == [{"$": shown}]


def test_tell_takes_constraints_cost_and_state(run, storage):
    run("create", "--space", LINE)
    for _ in range(3):
        run("ask")
    run("tell", "0", "1", "--constraint", "size=-2.5", "--constraint", "a=b=1", "--cost", "3.5")
    run("tell", "1", "--state", "fail")
    run("tell", "2", "--state", "pruned", "0.5")
    told, failed, pruned = records(storage)
    assert (told.constraints, told.cost) == ({"size": -2.5, "a=b": 1.0}, 3.5)
    assert (failed.state, failed.values) == (TrialState.FAIL, None)
    assert (pruned.state, pruned.value) == (TrialState.PRUNED, 0.5)


def test_telling_twice_is_fine_and_otherwise_a_conflict(run, fails, storage):
    run("create", "--space", LINE)
    run("ask")
    for _ in range(2):
        run("tell", "0", "1")
    assert "0" in fails("tell", "0", "2", code=1)
    assert records(storage)[0].value == 1.0


def test_a_stale_attempt_may_not_tell_or_report(run, fails, storage):
    run("create", "--space", LINE)
    run("ask", "--lease", "0.001")
    assert json.loads(run("ask"))["attempt"] == 2
    fails("tell", "0", "1", "--attempt", "1", code=1)
    fails("report", "0", "1", "1", "--attempt", "1", code=1)
    run("report", "0", "1", "1", "--attempt", "2")
    run("tell", "0", "1", "--attempt", "2")
    assert records(storage)[0].value == 1.0


def test_reports_are_recorded_and_drive_pruning(run, storage):
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
    record = records(storage)[8]
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


# -- lists ----------------------------------------------------------------------------------------


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


# -- misuse ---------------------------------------------------------------------------------------


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
    run, fails, storage, tmp_path, monkeypatch, argv, code
):
    monkeypatch.chdir(tmp_path)
    run("create", "--space", LINE, "--name", "study")
    run("ask")
    before = sorted(os.listdir(tmp_path))
    fails(*argv, code=code)
    assert sorted(os.listdir(tmp_path)) == before
    assert [study["name"] for study in json.loads(run("studies", "--format", "json"))] == ["study"]
    assert [record.state for record in records(storage)] == [TrialState.RUNNING]


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
