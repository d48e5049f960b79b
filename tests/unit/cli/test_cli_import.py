"""Files that other programs, or people, have written."""

import io
import json

import pytest

import bayesopt as bo
from bayesopt.errors import InvalidConfigError, InvalidValueError, StudyError
from bayesopt.study.exchange import export_trials, import_trials
from bayesopt.trial import TrialState

SPACE = bo.Space(
    {
        "lr": bo.Float(1e-5, 1),
        "n": bo.Int(1, 9),
        "opt": bo.Categorical(["sgd", "1", "true", "None"]),
        "flag": bo.Categorical([True, False, None]),
        "size": bo.Categorical([1.0, 2.0]),
    }
)


def read(text, file_format="csv", directions=("minimize",), **options):
    study = bo.create_study(SPACE, directions=list(directions))
    report = import_trials(study, io.StringIO(text), file_format, **options)
    return study, report


def test_a_plain_csv_file_means_what_its_space_says():
    text = (
        "params_lr,params_n,params_opt,params_flag,params_size,value\n"
        "1,3.0,1,True,1,0.5\n"
        "1e-3,4,true,FALSE,2,-1\n"
        "0.5,4,None,None,2.0,7\n"
    )
    study, _ = read(text)
    assert repr([dict(record.params) for record in study.trials]) == repr(
        [
            {"lr": 1.0, "n": 3, "opt": "1", "flag": True, "size": 1.0},
            {"lr": 0.001, "n": 4, "opt": "true", "flag": False, "size": 2.0},
            {"lr": 0.5, "n": 4, "opt": "None", "flag": None, "size": 2.0},
        ],
    )
    assert [record.value for record in study.trials] == [0.5, -1.0, 7.0]
    assert all(record.sampler == "user" for record in study.trials)


HEAD = "params_lr,params_n,params_opt,params_flag,params_size"


@pytest.mark.parametrize("names", ["value_0,value_1", "values_0,values_1"])
def test_several_objectives_from_a_csv_file(names):
    study, _ = read(f"{HEAD},{names}\n1,3,sgd,true,1,4,5\n", directions=["minimize"] * 2)
    assert study.trials[0].values == (4.0, 5.0)


def test_columns_without_a_meaning_are_named():
    _, report = read(f",{HEAD},value,note,param_x\n0,1,3,sgd,true,1,4,hi,\n")
    assert report.ignored_columns == ("note", "param_x")
    assert report.n_trials == 1


def test_a_table_made_by_pandas_is_read():
    space = bo.Space({**SPACE.parameters, "flag": bo.Categorical([True, False])})
    study = bo.create_study(space, seed=1, sampler="random")
    for i in range(5):
        study.tell(study.ask(), i / 7)
    text = study.trials_dataframe().to_csv(index=False)
    other, report = read(text)
    assert report.n_trials == 5
    assert [r.params for r in other.trials] == [r.params for r in study.trials]
    assert [r.values for r in other.trials] == [r.values for r in study.trials]


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(f"\ufeffvalue,{HEAD}\r\n1,1,3,sgd,true,1\r\n".encode())
    study = bo.create_study(SPACE)
    assert import_trials(study, path).n_trials == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{HEAD},value\n1,3,sgd,true,1,1\n2,3,sgd,true,1,1\n", "line 3: parameter 'lr'"),
        (f"{HEAD},value\n1,3,sgd,true,1,1\n1,3,sgd,true,1,one\n", "line 3: value"),
        (f"{HEAD},value\n1,3,sgd,true,1\n", "line 2: expected 6 cells, got 5"),
        (f"{HEAD},value\n1,3,sgd,true,1,\n", "line 2: result"),
        (f"{HEAD},value,state\n1,3,sgd,true,1,1,DONE\n", "line 2: state"),
        (f"{HEAD},value,cost\n1,3,sgd,true,1,1,-1\n", "line 2: cost"),
        (f"{HEAD},value,constraint_\n1,3,sgd,true,1,1,1\n", "line 2: the name of a constraint"),
        (f"{HEAD},value\n1,3,sgd,true,,1\n", "line 2: .*size"),
        (f"{HEAD},value,params_z\n1,3,sgd,true,1,1,1\n", "line 2: .*z"),
        ("value,value\n1,1\n", "'value'.* twice"),
        ("", "header"),
        ('value,params_lr\n1,"2\n', "line 2"),
    ],
)
def test_a_csv_file_that_makes_no_sense_is_refused_as_a_whole(text, message):
    study = bo.create_study(SPACE)
    with pytest.raises((InvalidValueError, InvalidConfigError), match=message):
        import_trials(study, io.StringIO(text), "csv")
    assert study.trials == []


GOOD = {"lr": 0.1, "n": 1, "opt": "sgd", "flag": True, "size": 1.0}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"trials": 3}, "a JSON list"),
        ({}, "a JSON list"),
        (7, "a JSON list"),
        ([1], "trial 0 of the file"),
        ([{"params": GOOD, "values": [1]}, {"params": GOOD}], "trial 1 of the file: result"),
        ([{"params": GOOD, "values": [1, 2]}], "trial 0 of the file: value"),
        ([{"params": GOOD, "values": ["1"]}], "trial 0 of the file: value"),
        ([{"params": [1], "values": [1]}], "trial 0 of the file: params"),
        ([{"params": {**GOOD, "lr": [1]}, "values": [1]}], "trial 0 of the file: .*lr"),
        ([{"params": GOOD, "values": [1], "state": 3}], "trial 0 of the file: state"),
        ([{"params": GOOD, "values": [1], "error": 3}], "trial 0 of the file: error"),
        ({"format": "other", "trials": []}, "'other'"),
        ({"version": 99, "trials": []}, "version 99"),
    ],
)
def test_json_that_makes_no_sense_is_refused_as_a_whole(data, message):
    study = bo.create_study(SPACE)
    with pytest.raises((InvalidValueError, InvalidConfigError), match=message):
        import_trials(study, io.StringIO(json.dumps(data)), "json")
    assert study.trials == []


@pytest.mark.parametrize("text", ["{", '[{"values": [NaN]}]', "[" * 99_999, '{"$": "what"}'])
@pytest.mark.parametrize("file_format", ["json", "jsonl"])
def test_what_is_no_strict_json_is_refused(text, file_format):
    with pytest.raises(InvalidValueError):
        read(text, file_format)


def test_a_file_for_other_directions_is_refused():
    other = bo.create_study(SPACE, "maximize")
    text = io.StringIO()
    export_trials(other, text, "json")
    with pytest.raises(StudyError, match="directions"):
        read(text.getvalue(), "json")


def test_values_that_are_not_finite_count_as_failures():
    study, _ = read(f"{HEAD},value\n1,3,sgd,true,1,nan\n")
    assert study.trials[0].state is TrialState.FAIL


def test_trials_outside_the_space_are_taken_only_if_allowed():
    text = f"{HEAD},value,params_old\n1,3,sgd,true,1,1,\n5,3,rmsprop,true,1,2,7\n"
    with pytest.raises(InvalidConfigError, match="line 3"):
        read(text)
    study, report = read(text, allow_outside=True)
    assert report.n_trials == 2
    assert dict(study.trials[1].params) == {
        "lr": 5,
        "n": 3,
        "opt": "rmsprop",
        "flag": True,
        "size": 1.0,
        "old": 7,
    }
    assert study.history.inside.tolist() == [True, False]
    study.ask()


def test_defaults_fill_what_an_old_file_lacks():
    study = bo.create_study({"x": bo.Float(0, 1), "new": bo.Int(1, 9, default=3)})
    import_trials(study, io.StringIO("params_x,value\n0.5,1\n"), "csv")
    assert study.best_params == {"x": 0.5, "new": 3}


def test_a_dry_run_records_nothing():
    study, report = read(f"{HEAD},value\n1,3,sgd,true,1,1\n", dry_run=True)
    assert (report.n_trials, report.numbers, study.trials) == (1, (), [])


def test_an_imported_trial_informs_the_search():
    study = bo.create_study({"x": bo.Categorical([1, 2])}, sampler="grid")
    import_trials(study, io.StringIO("params_x,value\n1,5\n"), "csv")
    assert study.best_value == 5
    assert study.ask().params == {"x": 2}
    with pytest.raises(bo.SpaceExhausted):
        study.ask()
