"""YAHPO Gym's surrogates: networks that learned what trainings of real models return.

Suites "lcbench", "rbv2_xgboost", "rbv2_rpart", "iaml_xgboost", "iaml_super", "iaml_glmnet". The
instances are fixed; the others are kept for checking. "iaml_xgboost" and "iaml_super" come from
models older than the published ones: landscapes of that shape, not the official numbers.

Source: Pfisterer, Schneider, Moosbauer, Binder, Bischl: YAHPO Gym (AutoML 2022), Apache-2.0.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import bayesopt as bo
from benchmarks.problems.base import Fidelity, Outcome, Problem, kind_of
from benchmarks.problems.best_known import best_known
from benchmarks.problems.data import data_file

Config = Mapping[str, Any]


@dataclass(frozen=True)
class Scenario:
    """One surrogate: its folder, the objective, the instances used here."""

    folder: str
    objective: str
    instances: tuple[str, ...]


_LCBENCH = "7593 34539 126026 126029 146212 167104 167168 167184 168868 189908"
SCENARIOS = {
    "lcbench": Scenario("v1_lcbench", "val_accuracy", tuple(_LCBENCH.split())),
    "rbv2_xgboost": Scenario("v1_rbv2_xgboost", "acc", ("14", "16", "54", "40981", "1501")),
    "rbv2_rpart": Scenario("v1_rbv2_rpart", "acc", ("14", "54", "182")),
    "iaml_xgboost": Scenario("v0_iaml_xgboost", "mmce", ("40981",)),
    "iaml_super": Scenario("v0_iaml_super", "mmce", ("40981",)),
    "iaml_glmnet": Scenario("v1_iaml_glmnet", "mmce", ("40981",)),
}
# The files mark f1 as a loss; it is a score like the others here.
_SCORES = {"acc", "bac", "auc", "f1", "val_accuracy", "val_balanced_accuracy"} | {
    "test_balanced_accuracy"
}
_ABSENT = "#na#"
_REPETITIONS = "repl"


def names(suite: str) -> list[str]:
    """Return the names of a suite's problems."""
    return [f"{suite}/{instance}" for instance in SCENARIOS[suite].instances]


def load(name: str, data: str | Path | None = None) -> Problem:
    """Return one problem.

    Raises
    ------
    KeyError, MissingData
    ModuleNotFoundError
        Without onnxruntime.
    """
    suite, instance = name.split("/")
    if name not in names(suite):
        raise KeyError(f"no problem {name!r}; there are {', '.join(names(suite))}")
    scenario = SCENARIOS[suite]
    model = data_file(name, f"yahpo/models/{scenario.folder}/model.onnx", data)
    surrogate = _surrogate(model.parent)
    space = surrogate.space
    fidelity = surrogate.fidelity

    def evaluate(config: Config, seed: int = 0, fidelity: float | None = None) -> Outcome:
        values = surrogate.predict(config, instance, fidelity)
        return Outcome(values, cost=values[surrogate.cost])

    def evaluate_along(config: Config, fidelities: Sequence[float]) -> list[Outcome]:
        rows = surrogate.predict_along(config, instance, fidelities)
        return [Outcome(values, cost=values[surrogate.cost]) for values in rows]

    return Problem(
        name=name,
        kind=kind_of(space),
        space=space,
        evaluate=evaluate,
        evaluate_along=evaluate_along,
        objectives={y: "maximize" if y in _SCORES else "minimize" for y in surrogate.outputs},
        objective=scenario.objective,
        best=best_known(name),
        fidelity=fidelity,
        cost_unit="s",
        source="YAHPO Gym, Apache-2.0",
    )


@cache
def _surrogate(folder: Path) -> Surrogate:
    spec, config_space, encoding = (
        json.loads((folder / f"{part}.json").read_text(encoding="utf-8"))
        for part in ("spec", "config_space", "encoding")
    )
    return Surrogate(spec, config_space, encoding, _runner(folder / "model.onnx"))


def _runner(model: Path) -> Callable[[NDArray[np.int32], NDArray[np.float32]], Any]:
    """Return the network: codes i32[n,k] and numbers f32[n,j] to outputs f32[n,m]."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    codes, numbers = (entry.name for entry in session.get_inputs())
    return lambda c, x: session.run(None, {codes: c, numbers: x})[0]


@dataclass(frozen=True, eq=False)
class Surrogate:
    """One network with the files that say what goes in and comes out."""

    spec: Mapping[str, Any]
    config_space: Mapping[str, Any]
    encoding: Mapping[str, Mapping[str, int]]
    run: Callable[[NDArray[np.int32], NDArray[np.float32]], Any]

    @property
    def outputs(self) -> Sequence[str]:
        """What it predicts."""
        outputs: Sequence[str] = self.spec["y_names"]
        return outputs

    @property
    def cost(self) -> str:
        """Which output is the time in seconds."""
        return str(self.spec["runtime_name"])

    @cached_property
    def fidelity(self) -> Fidelity:
        """Epochs, or the share of the training set."""
        entry = self._entries[self.spec["fidelity_params"][0]]
        is_integer = entry["type"] == "uniform_int"
        return Fidelity(entry["name"], entry["lower"], entry["upper"], is_integer)

    @cached_property
    def space(self) -> bo.Space:
        """All that is neither the data set nor a budget."""
        fixed = {self.spec["instance_names"], *self.spec["fidelity_params"], _REPETITIONS}
        whens = {c["child"]: _terms(c) for c in self.config_space["conditions"]}
        return bo.Space(
            {
                name: _parameter(entry, whens.get(name))
                for name, entry in self._entries.items()
                if name not in fixed
            }
        )

    def predict(self, config: Config, instance: str, fidelity: float | None) -> dict[str, float]:
        """Return the outputs of one configuration."""
        return self.predict_all([config], instance, fidelity)[0]

    def predict_all(
        self, configs: Sequence[Config], instance: str, fidelity: float | None = None
    ) -> list[dict[str, float]]:
        """Return the outputs of configurations; inactive parameters are left out of them."""
        budget = self.fidelity.high if fidelity is None else fidelity
        return self._predict([(config, budget) for config in configs], instance)

    def predict_along(
        self, config: Config, instance: str, fidelities: Sequence[float]
    ) -> list[dict[str, float]]:
        """Return the outputs of one configuration at several budgets."""
        return self._predict([(config, budget) for budget in fidelities], instance)

    def _predict(
        self, asked: Sequence[tuple[Config, float]], instance: str
    ) -> list[dict[str, float]]:
        fixed = {self.spec["instance_names"]: instance}
        fixed |= {k: self._entries[k]["upper"] for k in self._entries if k == _REPETITIONS}
        name = self.fidelity.name
        rows = [{**config, **fixed, name: budget} for config, budget in asked]
        codes = [[self.encoding[k][row.get(k, _ABSENT)] for k in self._coded] for row in rows]
        numbers = [[row.get(k, 0.0) for k in self.spec["cont_names"]] for row in rows]
        out = self.run(np.array(codes, dtype=np.int32), np.array(numbers, dtype=np.float32))
        return [dict(zip(self.outputs, y, strict=True)) for y in out.tolist()]

    @cached_property
    def _entries(self) -> dict[str, Mapping[str, Any]]:
        return {entry["name"]: entry for entry in self.config_space["hyperparameters"]}

    @cached_property
    def _coded(self) -> list[str]:
        dropped = self.spec["drop_predict"] or []
        return [name for name in self.spec["cat_names"] if name not in dropped]


def _parameter(entry: Mapping[str, Any], when: Mapping[str, list[str]] | None) -> Any:
    kind = entry["type"]
    if kind == "categorical":
        return bo.Categorical(entry["choices"], when=when)
    number = {"uniform_int": bo.Int, "uniform_float": bo.Float}[kind]
    return number(entry["lower"], entry["upper"], log=bool(entry["log"]), when=when)


def _terms(condition: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return a condition of the file as parent: values that it may have."""
    if condition["type"] == "AND":
        return {k: v for part in condition["conditions"] for k, v in _terms(part).items()}
    if condition["type"] == "EQ":
        return {condition["parent"]: [condition["value"]]}
    if condition["type"] == "IN":
        return {condition["parent"]: condition["values"]}
    raise ValueError(f"a condition of type {condition['type']} on {condition['child']}")
