"""Commands about whole studies."""

import json

import pytest

import bayesopt as bo

GRID = '{"lr": [0.1, 0.01], "batch": {"type": "int", "low": 1, "high": 3}}'
LINE = '{"x": {"type": "float", "low": -5, "high": 5}}'


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


def test_several_objectives_have_a_direction_each(run, records):
    run("create", "--space", LINE, "--direction", "minimize", "--direction", "maximize")
    run("tell", str(json.loads(run("ask"))["number"]), "1", "-2.5")
    assert records()[0].values == (1.0, -2.5)


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
