import io
import json
import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayesopt.cli import render
from bayesopt.errors import InvalidConfigError

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
SCALARS = st.one_of(TEXT, st.integers(), st.booleans(), st.none(), st.floats(allow_nan=False))


def test_a_table_has_a_header_and_numbers_stand_on_the_right():
    lines = render.table(["number", "lr"], [[3, "a"], [12, "b"]], 80)
    assert lines == ["number  lr", "     3  a", "    12  b"]


@given(st.lists(st.lists(SCALARS, min_size=5, max_size=5), max_size=4), st.integers(20, 90))
def test_no_line_of_a_table_is_wider_than_the_terminal(rows, width):
    header = ["number", "state", "値", "a" * 40, "b"]
    lines = render.table(header, rows, width)
    assert len(lines) == len(rows) + 1
    assert all(render.width_of(line) <= width for line in lines)
    assert all("\n" not in line and "\x1b" not in line for line in lines)


def test_wide_columns_are_cut_first_and_the_cut_is_shown():
    (_, line) = render.table(["n", "text"], [[1, "x" * 100]], 30)
    assert line == "1  " + "x" * 26 + "…"


def test_numbers_lose_digits_and_never_their_exponent():
    header, *lines = render.table(["x", "text"], [[-2.860873e-05, "a" * 99], [123.456789, ""]], 20)
    assert header == "        x  text"
    assert lines == ["-2.86e-05  " + "a" * 8 + "…", "  123.457"]


def test_columns_that_do_not_fit_are_left_out_and_that_is_shown():
    header = [f"parameter_{i}" for i in range(20)]
    lines = render.table(header, [list(range(20))], 40)
    assert lines[0].endswith("…")
    assert lines[0].startswith("paramet…")
    assert "19" not in lines[1]


def test_control_characters_do_not_reach_the_terminal():
    assert render.shown("a\x1b[31m\nb") == "a\\x1b[31m\\nb"
    assert render.shown("🎲 ok") == "🎲 ok"


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (0.1 + 0.2, "0.3"), (float("nan"), "nan"), (True, "true"), (1e-7, "1e-07")],
)
def test_cells_are_short(value, text):
    assert render.shown(value) == text


# -- shell words ----------------------------------------------------------------------------------


@given(st.dictionaries(TEXT.filter(bool), SCALARS, max_size=4))
def test_args_come_out_of_a_shell_lexer_as_they_went_in(params):
    expected = []
    for name, value in params.items():
        text = render.word(value)
        expected += [f"--{name}={text}"] if text.startswith("-") else [f"--{name}", text]
    assert shlex.split(render.as_args(params)) == expected


def test_negative_numbers_are_tied_to_their_option():
    assert render.as_args({"x": -1.5, "y": 2}) == "--x=-1.5 --y 2"


def test_words_are_text_or_json():
    assert [render.word(v) for v in ("a b", True, None, 3, 1e-5)] == [
        "a b",
        "true",
        "null",
        "3",
        "1e-05",
    ]


HOSTILE = ["$(touch pwned)", "`id`", "a'b\"c", "new\nline", "; rm -rf *", "🎲", "-n", "*", ""]


@pytest.mark.parametrize("value", HOSTILE)
def test_assignments_are_safe_to_eval(value, tmp_path):
    text = render.as_env(7, 1, {"x": value}, {"x": "X"})
    script = 'eval "$1"; printf %s "$BAYESOPT_TRIAL:$X"'
    done = subprocess.run(
        ["sh", "-c", script, "sh", text], cwd=tmp_path, capture_output=True, check=True
    )
    assert done.stdout.decode() == f"7:{value}"
    assert not list(tmp_path.iterdir())


def test_a_parameter_that_this_trial_lacks_is_unset():
    assert render.as_env(0, 2, {"a": 1}, {"a": "A", "b": "B"}).splitlines() == [
        "BAYESOPT_TRIAL=0",
        "BAYESOPT_ATTEMPT=2",
        "A=1",
        "unset B",
    ]


def test_variables_are_sanitised_names():
    names = ["lr", "opt.beta-1", "2nd", "größe", "a$(x)"]
    assert render.variables_of(names) == {
        "lr": "LR",
        "opt.beta-1": "OPT_BETA_1",
        "2nd": "_2ND",
        "größe": "GR_SSE",
        "a$(x)": "A__X_",
    }
    assert render.variables_of(["path"], "HP_") == {"path": "HP_PATH"}


@pytest.mark.parametrize(
    "names",
    [["path"], ["ld_preload"], ["ifs"], ["bash_env"], ["🎲"], ["a.b", "a_b"], ["bayesopt_storage"]],
)
def test_variables_that_would_do_harm_are_refused(names):
    with pytest.raises(InvalidConfigError, match="format json"):
        render.variables_of(names)


def test_json_is_ascii_and_strict(capsys):
    render.print_json({"ü": [1]})
    assert capsys.readouterr().out == '{"\\u00fc": [1]}\n'
    with pytest.raises(ValueError, match="not JSON compliant"):
        render.print_json(float("nan"))
    render.print_json_rows([{"a": 1}, {"b": 2}])
    out = capsys.readouterr().out
    assert json.loads(out) == [{"a": 1}, {"b": 2}]
    assert out.count("\n") == 2


def test_a_table_can_be_printed_where_the_characters_are_missing(monkeypatch):
    latin = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    monkeypatch.setattr("sys.stdout", latin)
    render.print_table(["🎲"], [["ü" * 90]])
    assert b"\\U0001f3b2" in latin.buffer.getvalue()
