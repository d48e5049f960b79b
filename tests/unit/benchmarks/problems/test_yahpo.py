"""What goes into a surrogate and what comes out, with a network made here."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

import bayesopt as bo
from benchmarks.problems import registry, yahpo

SPEC = {
    "y_names": ["acc", "time"],
    "cont_names": ["nrounds", "eta", "trainsize", "repl"],
    "cat_names": ["task", "booster", "dropped"],
    "fidelity_params": ["trainsize", "repl"],
    "instance_names": "task",
    "runtime_name": "time",
    "drop_predict": ["dropped"],
}


def number(name, kind, lower, upper, log=False):
    return {"name": name, "type": f"uniform_{kind}", "lower": lower, "upper": upper, "log": log}


CONFIG_SPACE = {
    "hyperparameters": [
        {"name": "booster", "type": "categorical", "choices": ["linear", "tree", "dart"]},
        {"name": "task", "type": "categorical", "choices": ["7", "9"]},
        number("nrounds", "int", 3, 2000, log=True),
        number("eta", "float", 0.001, 1.0),
        number("trainsize", "float", 0.05, 1.0),
        number("repl", "int", 1, 10),
    ],
    "conditions": [
        {
            "child": "eta",
            "type": "AND",
            "conditions": [
                {"child": "eta", "parent": "booster", "type": "IN", "values": ["tree", "dart"]},
                {"child": "eta", "parent": "nrounds", "type": "EQ", "value": 3},
            ],
        }
    ],
}
ENCODING = {
    "task": {"#na#": 0, "7": 1, "9": 2},
    "booster": {"#na#": 0, "linear": 1, "tree": 2, "dart": 3},
}


@pytest.fixture
def seen():
    return []


@pytest.fixture
def surrogate(seen):
    def run(codes, numbers):
        assert (codes.dtype, numbers.dtype) == (np.int32, np.float32)
        seen.append((codes.tolist(), numbers.tolist()))
        return np.column_stack([codes.sum(axis=1), numbers.sum(axis=1)]).astype(np.float32)

    return yahpo.Surrogate(SPEC, CONFIG_SPACE, ENCODING, run)


def test_the_space_leaves_out_data_set_and_budgets_and_keeps_conditions(surrogate):
    assert surrogate.space == bo.Space(
        {
            "booster": bo.Categorical(["linear", "tree", "dart"]),
            "nrounds": bo.Int(3, 2000, log=True),
            "eta": bo.Float(0.001, 1.0, when={"booster": ["tree", "dart"], "nrounds": [3]}),
        }
    )
    assert surrogate.fidelity.name == "trainsize"
    assert (surrogate.fidelity.low, surrogate.fidelity.high) == (0.05, 1.0)
    assert not surrogate.fidelity.integer


def test_inactive_parameters_are_nought_and_budgets_at_their_highest(surrogate, seen):
    out = surrogate.predict({"booster": "linear", "nrounds": 5}, "9", None)
    assert seen == [([[2, 1]], [[5.0, 0.0, 1.0, 10.0]])]
    assert out == {"acc": 3.0, "time": 16.0}
    surrogate.predict({"booster": "tree", "nrounds": 3, "eta": 0.5}, "7", 0.25)
    assert seen[1] == ([[1, 2]], [[3.0, 0.5, 0.25, 10.0]])


def test_an_unknown_kind_of_condition_is_refused():
    space = CONFIG_SPACE | {"conditions": [{"child": "eta", "type": "LT", "parent": "nrounds"}]}
    with pytest.raises(ValueError, match="LT on eta"):
        _ = yahpo.Surrogate(SPEC, space, ENCODING, run=None).space


def test_without_the_runtime_the_message_says_what_to_install(tmp_path, monkeypatch):
    folder = tmp_path / "yahpo" / "models" / "v1_lcbench"
    folder.mkdir(parents=True)
    parts = {"spec": SPEC, "config_space": CONFIG_SPACE, "encoding": ENCODING}
    for part, content in parts.items():
        (folder / f"{part}.json").write_text(json.dumps(content))
    (folder / "model.onnx").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ImportError, match="pip install onnxruntime"):
        registry.load("lcbench/7593", tmp_path)
