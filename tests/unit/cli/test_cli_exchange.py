"""Export and import: from the command line, and as functions."""

import dataclasses
import io
import json
import math
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bayesopt as bo
from bayesopt.cli import main
from bayesopt.errors import InvalidValueError
from bayesopt.study import cells
from bayesopt.study.exchange import (
    export_trials,
    import_trials,
    row_of,
    stored_trials,
    write_atomically,
)
from bayesopt.trial import TrialState

FORMATS = ["csv", "json", "jsonl"]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=15)
TRICKY = st.sampled_from(
    [
        "",
        " ",
        "1",
        "1.0",
        "true",
        "True",
        "null",
        "None",
        "nan",
        '"',
        '"a"',
        "[1]",
        "{}",
        "a,b",
        "a\nb",
        "a\r\nb",
        "=1+1",
        "$",
        '{"$": "nan"}',
        "1e999",
        "\0",
        "🎲",
        "\ufeff",
        "-",
        "'; DROP",
    ]
)
NAMES = st.one_of(TEXT, TRICKY)
FLOATS = st.one_of(st.floats(), st.sampled_from([5e-324, -1.7976931348623157e308, -0.0, 0.1 + 0.2]))
SCALARS = st.one_of(
    NAMES, st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.none()
)
JSON = st.recursive(
    st.one_of(SCALARS, FLOATS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


def copies(study, with_reports=True):
    """Everything of a study's trials that an export carries into an import."""
    return [
        dataclasses.replace(
            record,
            number=0,
            reports=record.reports if with_reports else {},
            attempt=0,
            owner="",
            space_version=0,
            created_at=0.0,
            started_at=0.0,
            finished_at=0.0,
        )
        for record in stored_trials(study)
        if record.state in (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
    ]


def same(left, right):
    """Equality in which NaN is NaN, 1 is not 1.0 and 0.0 is not -0.0: that of ``repr``."""
    return repr(left) == repr(right)


def round_trip(study, file_format):
    text = io.StringIO()
    export_trials(study, text, file_format)
    other = bo.create_study(study.space, directions=study.directions)
    text.seek(0)
    report = import_trials(other, text, file_format)
    with_reports = file_format != "csv"
    assert same(copies(other, with_reports), copies(study, with_reports))
    assert report.n_trials == len(report.numbers) == len(copies(study))
    return text.getvalue()


# -- what comes back is what went in --------------------------------------------------------------


@given(
    name=NAMES.filter(bool),
    choices=st.lists(SCALARS, min_size=1, max_size=4, unique_by=lambda c: (type(c), c)),
    values=st.lists(st.tuples(FLOATS, FLOATS), min_size=1, max_size=3),
    constraints=st.dictionaries(NAMES.filter(bool), FLOATS, max_size=2),
    attrs=st.dictionaries(NAMES, JSON, max_size=3),
    error=st.one_of(st.none(), NAMES),
)
@pytest.mark.parametrize("file_format", FORMATS)
def test_every_trial_comes_back_as_it_was(
    file_format, name, choices, values, constraints, attrs, error
):
    space = bo.Space({name: bo.Categorical(choices), f"{name} ": bo.Float(-1, 1)})
    study = bo.create_study(space, directions=["minimize", "maximize"])
    for i, pair in enumerate(values):
        finite = all(map(math.isfinite, pair))
        study.add_trial(
            {name: choices[i % len(choices)], f"{name} ": 0.1 * i},
            pair,
            state="complete" if finite else "fail",
            constraints=constraints,
            cost=None if i else 0.1,
            variance=(0.1, 0.0) if i else None,
            user_attrs=attrs,
        )
    text = round_trip(study, file_format)
    if file_format != "json":
        assert len(text.splitlines()) == len(values) + (file_format == "csv")


@pytest.mark.parametrize("file_format", FORMATS)
def test_states_conditions_and_unfinished_trials(file_format):
    space = bo.Space(
        {
            "opt": bo.Categorical(["sgd", "adamw"]),
            "momentum": bo.Float(0, 1, when={"opt": "sgd"}),
            "flag": bo.Categorical([True, 1, 1.0, "1", None, "None"]),
            "net": bo.Categorical([(64, 64), (32,)]),
            "fixed": bo.Constant("x"),
        }
    )
    study = bo.create_study(space, seed=0, sampler="random")
    for i in range(30):
        trial = study.ask()
        state = ("complete", "pruned", "fail")[i % 3]
        trial.report(i / 7, 1)
        study.tell(trial, None if state == "fail" else i / 3, state=state)
    study.invalidate(3, "wrong")
    study.ask()
    study.enqueue({"opt": "sgd"})
    text = round_trip(study, file_format)
    other = bo.create_study(space)
    report = import_trials(other, io.StringIO(text), file_format)
    assert dict(report.left_out) == {"INVALID": 1, "RUNNING": 1, "WAITING": 1}
    assert report.ignored_columns == ()
    assert [record.params for record in other.trials] == [
        record.params for record in study.trials[:30] if record.number != 3
    ]


@given(JSON)
def test_cells_come_back_as_they_were(value):
    text = cells.to_cell(value)
    assert text
    assert "\n" not in text
    assert "\r" not in text
    assert same(cells.from_cell(text), value)


@given(st.sampled_from(["params_", "constraint_"]), NAMES)
def test_headers_come_back_as_they_were(prefix, name):
    assert cells.from_header(prefix, cells.to_header(prefix, name)) == name


def test_json_is_strict_and_says_which_study_it_is(tmp_path):
    study = bo.create_study({"x": bo.Float(0, 1)}, name="one")
    study.add_trial({"x": 0.5}, math.nan, state="fail")
    export_trials(study, tmp_path / "t.json")

    def refuse(name):
        raise ValueError(name)

    data = json.loads((tmp_path / "t.json").read_text("ascii"), parse_constant=refuse)
    assert data["study"]["name"] == "one"
    assert bo.Space.from_json(json.dumps(data["study"]["space"])) == study.space
    assert data["trials"][0]["values"] == [{"$": "nan"}]


def test_rows_hold_reports_in_order():
    study = bo.create_study({"x": bo.Float(0, 1)})
    trial = study.ask()
    for step in (2, 1):
        trial.report(step / 10, step)
    row = row_of(stored_trials(study)[0])
    assert row["reports"] == [[1.0, [0.1]], [2.0, [0.2]]]
    assert row["finished_at"] is None


def test_many_attributes_may_be_longer_than_one_may_be():
    study = bo.create_study({"x": bo.Float(0, 1)})
    study.add_trial({"x": 0.5}, 1, user_attrs={f"a{i}": "x" * 400_000 for i in range(4)})
    for file_format in FORMATS:
        round_trip(study, file_format)


def test_define_by_run_studies_travel_too():
    study = bo.create_study()
    study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=3, progress=False)
    text = io.StringIO()
    export_trials(study, text, "csv")
    other = bo.create_study()
    text.seek(0)
    import_trials(other, text, "csv")
    assert same(copies(other), copies(study))


# -- files ----------------------------------------------------------------------------------------


def test_a_file_is_replaced_only_when_complete(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("old")

    def fail(stream):
        stream.write("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, fail)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["t.csv"]


def test_an_error_names_the_file_that_was_asked_for(tmp_path):
    path = tmp_path / "missing" / "t.csv"
    with pytest.raises(FileNotFoundError) as caught:
        write_atomically(path, lambda stream: stream.write("x"))
    assert caught.value.filename == str(path)


def test_links_and_permissions_survive(tmp_path):
    path, link = tmp_path / "t.csv", tmp_path / "link.csv"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    write_atomically(link, lambda stream: stream.write("new"))
    assert link.is_symlink()
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_devices_are_written_to_directly():
    write_atomically("/dev/null", lambda stream: stream.write("x"))
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


@pytest.mark.parametrize(("target", "wanted"), [("t.txt", None), ("t.csv", "xml"), ("t", None)])
def test_a_format_must_be_known(tmp_path, target, wanted):
    study = bo.create_study({"x": bo.Float(0, 1)})
    with pytest.raises(InvalidValueError, match="format"):
        export_trials(study, tmp_path / target, wanted)
    assert not list(tmp_path.iterdir())


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"value\n\xff\n")
    with pytest.raises(InvalidValueError, match="UTF-8"):
        import_trials(bo.create_study({"x": bo.Float(0, 1)}), tmp_path / "t.csv")


# -- from the command line ------------------------------------------------------------------------


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_command_line_round_trip(file_format, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("BAYESOPT_STORAGE", str(tmp_path / "study.db"))
    monkeypatch.delenv("BAYESOPT_STUDY", raising=False)
    space = (
        '{"a, \\"b\\"\\n🎲": ["x\\ny", "1", 1, true], "y": {"type": "float", "low": 0, "high": 1}}'
    )
    for name in ("one", "two"):
        assert main(["create", "--space", space, "--name", name, "--seed", "0"]) == 0
    for number in range(5):
        assert main(["ask", "--name", "one"]) == 0
        assert (
            main(
                [
                    "tell",
                    str(number),
                    str(number / 7),
                    "--name",
                    "one",
                    "--constraint",
                    f"c={number / 3}",
                ]
            )
            == 0
        )
    assert main(["ask", "--name", "one"]) == 0
    path = str(tmp_path / f"trials.{file_format}")
    capsys.readouterr()
    assert main(["export", "--name", "one", "--output", path]) == 0
    assert capsys.readouterr().out == ""
    assert main(["import", path, "--name", "two", "--dry-run"]) == 0
    assert capsys.readouterr().out == "5 trials can be imported\n"
    assert main(["import", path, "--name", "two"]) == 0
    out, err = capsys.readouterr()
    assert out == "5 trials imported, numbers 0 to 4\n"
    assert err == "left out: 1 trials that are RUNNING\n"
    one, two = (bo.load_study(str(tmp_path / "study.db"), name) for name in ("one", "two"))
    assert same(copies(one), copies(two))
    one.close()
    two.close()


def test_export_to_standard_output_is_what_a_file_holds(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("BAYESOPT_STORAGE", str(tmp_path / "study.db"))
    main(["create", "--space", '{"ü🎲": ["é"]}'])
    main(["ask"])
    main(["tell", "0", "1"])
    for argv in (["--format", "json"], []):
        path = tmp_path / ("t.json" if argv else "t.csv")
        main(["export", "--output", str(path)])
        capsys.readouterr()
        main(["export", *argv])
        assert capsys.readouterr().out == path.read_text("utf-8")


def test_an_import_from_standard_input(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("BAYESOPT_STORAGE", str(tmp_path / "study.db"))
    main(["create", "--space", '{"x": [1, 2]}'])
    text = "params_x,value,odd\n2,1,3\n"
    stdin = io.TextIOWrapper(io.BytesIO(("\ufeff" + text).encode()), encoding="ascii")
    monkeypatch.setattr("sys.stdin", stdin)
    capsys.readouterr()
    assert main(["import", "-", "--format", "csv"]) == 0
    out, err = capsys.readouterr()
    assert out == "1 trials imported, numbers 0 to 0\n"
    assert err == "left out: column 'odd', which means nothing here\n"
    assert main(["import", "-"]) == 2
