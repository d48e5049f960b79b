import io
import json

import pytest

from bayesopt.cli.spacefile import parse_json, read_text, space_of
from bayesopt.errors import BayesOptError, InvalidValueError, SpaceError
from bayesopt.space import (
    Categorical,
    Constant,
    Float,
    Int,
    LearningRateSchedule,
    Ordinal,
    Space,
)

FRIENDLY = """
{"lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": true},
 "optimizer": ["sgd", "adamw"],
 "depth": {"type": "int", "low": 1, "high": 9, "step": 2, "default": 3},
 "width": {"type": "ordinal", "choices": [16, 32, 64]},
 "momentum": {"kind": "float", "low": 0, "high": 0.99, "when": {"optimizer": "sgd"}},
 "either": {"type": "float", "low": 0, "high": 1,
            "when": {"optimizer": ["sgd", "adamw"], "width": 16}},
 "dataset": "digits",
 "fixed": {"type": "constant", "value": 3, "when": {"optimizer": "sgd"}}}
"""
SAME = {
    "lr": Float(1e-5, 0.1, log=True),
    "optimizer": Categorical(["sgd", "adamw"]),
    "depth": Int(1, 9, step=2, default=3),
    "width": Ordinal([16, 32, 64]),
    "momentum": Float(0, 0.99, when={"optimizer": "sgd"}),
    "either": Float(0, 1, when={"optimizer": ["sgd", "adamw"], "width": 16}),
    "dataset": Constant("digits"),
    "fixed": Constant(3, when={"optimizer": "sgd"}),
}


def test_the_friendly_form_says_what_python_says():
    assert space_of(FRIENDLY) == Space(SAME)


def test_constraints_have_a_form_with_two_keys():
    text = json.dumps({"parameters": json.loads(FRIENDLY), "constraints": ["depth * width <= 200"]})
    assert space_of(text) == Space(SAME, ["depth * width <= 200"])


def test_what_bayesopt_space_prints_is_taken_again():
    space = Space({**SAME, "schedule": LearningRateSchedule()}, ["depth <= width"])
    assert space_of(space.to_json()) == space


def test_a_learning_rate_schedule_can_be_written():
    text = """{"schedule": {"type": "lr_schedule", "kinds": ["constant", "cosine"],
        "lr": {"type": "float", "low": 0.001, "high": 1, "log": true}, "floor": 0.1}}"""
    lr = Float(0.001, 1, log=True)
    same = LearningRateSchedule(["constant", "cosine"], lr=lr, floor=0.1)
    assert space_of(text) == Space({"schedule": same})


def test_a_parameter_may_be_called_parameters_beside_others():
    assert space_of('{"parameters": [1, 2], "x": [3]}').names == ("parameters", "x")


def test_choices_may_be_lists():
    space = space_of('{"layers": [[64, 64], [32]]}')
    assert space.decode_labels(space.encode([{"layers": [32]}])) == [{"layers": "[32]"}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"lr": {"type": "float", "low": 0, "hihg": 1}}', "'lr'.*'hihg' too"),
        ('{"lr": {"type": "float", "low": 0}}', "'lr'.*no 'high'"),
        ('{"lr": {"type": "double", "low": 0, "high": 1}}', "one of float, int.*'double'"),
        ('{"lr": {"low": 0, "high": 1}}', "'lr': type.*got None"),
        ('{"lr": {"type": "float", "low": 1, "high": 0}}', "'lr'.*low <= high"),
        ('{"lr": {"type": "float", "low": 0, "high": 1, "log": true}}', "'lr'.*low > 0"),
        ('{"x": []}', "'x'.*at least one"),
        ('{"x": [1, 1]}', "'x'.*one label"),
        ("{}", "at least one parameter"),
        ('{"parameters": {}}', "at least one parameter"),
        ("[1]", "object of parameters"),
        ('{"parameters": {"x": [1]}, "constraints": ["x.__class__"]}', "constraint"),
        ('{"x": [1], "y": {"type": "int", "low": 0, "high": 1, "when": {"z": 1}}}', "'z'"),
        ('{"": [1]}', "non-empty"),
        ('{"s": {"type": "lr_schedule", "kinds": ["sine"]}}', "'s'.*sine"),
    ],
)
def test_what_is_no_space_is_refused_with_the_parameter_named(text, message):
    with pytest.raises(SpaceError, match=message):
        space_of(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"x": [1], "x": [2]}', "'x' twice"),
        ('{"x": [NaN]}', "NaN, which is no JSON"),
        ("{nope", "expected JSON"),
        ("", "expected JSON"),
        ("[" * 100_000, "expected JSON"),
    ],
)
def test_what_is_no_json_is_refused(text, message):
    with pytest.raises(InvalidValueError, match=message):
        parse_json(text, "space")


@pytest.mark.parametrize(
    "text",
    ['{"x": {"format": 1}}', '{"format": 2, "parameters": []}', '{"format": 1, "parameters": [1]}'],
)
def test_odd_forms_are_errors_of_ours(text):
    with pytest.raises(BayesOptError):
        space_of(text)


def test_text_comes_from_the_argument_a_file_or_standard_input(tmp_path, monkeypatch):
    path = tmp_path / "space.json"
    path.write_bytes("\ufeff{}".encode())
    assert read_text(str(path)) == "{}"
    assert read_text(' {"x": [1]}') == ' {"x": [1]}'
    monkeypatch.setattr("sys.stdin", io.StringIO("from stdin"))
    assert read_text("-") == "from stdin"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidValueError, match="UTF-8"):
        read_text(str(path))
    with pytest.raises(FileNotFoundError):
        read_text(str(tmp_path / "missing.json"))
