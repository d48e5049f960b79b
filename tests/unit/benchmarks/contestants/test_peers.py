"""The entries of the peers and their environments, none of which need be there."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

import bayesopt as bo
from benchmarks.contestants import peers, registry, tools
from benchmarks.peers import environments

SPACE = bo.Space({"x": bo.Float(0, 1)})
TOOLS = Path(tools.__file__).parent
FOREIGN = [*TOOLS.glob("*.py"), TOOLS.parent / "server.py", TOOLS.parent / "flat.py"]


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCHMARK_PEERS", str(tmp_path))
    return tmp_path


def test_no_name_is_taken_twice_and_ours_come_first():
    names = list(registry.entries())
    assert names[0].startswith("ours-")
    assert set(peers.ENTRIES) < set(names)
    assert all(name == entry.name for name, entry in registry.entries().items())


def test_every_peer_has_a_maker():
    assert set(peers.ENTRIES) == set(tools.MAKERS)
    for maker in (*tools.MAKERS.values(), *tools.BUDGET_MAKERS.values()):
        module, function = maker.split(":")
        tree = ast.parse((TOOLS / f"{module}.py").read_text(encoding="utf-8"))
        assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("name", peers.ENTRIES)
def test_a_peer_without_its_environment_is_missing(name, home):
    with pytest.raises(ImportError, match="python -m benchmarks peers --only"):
        peers.ENTRIES[name].make(SPACE, 0, 10)
    with pytest.raises(ImportError, match="environment"):
        peers.ENTRIES[name].version()


def test_the_version_is_the_one_in_the_environment(home):
    packages = home / "main" / "lib" / "python3.11" / "site-packages"
    info = packages / "optuna-9.8.7.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: optuna\nVersion: 9.8.7\n")
    assert peers.ENTRIES["optuna-tpe"].version() == "9.8.7"


def test_every_environment_is_pinned_completely():
    assert environments.names() == ["hebo", "main", "smac"]
    for name in environments.names():
        lines = (environments.PINS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)


def test_an_environment_is_made_once_and_again_when_its_pins_change(home, monkeypatch, capsys):
    made = []

    def make(name):
        made.append(name)
        (home / name).mkdir(exist_ok=True)
        mark = home / name / environments.MARK
        mark.write_text(environments._digest(name), encoding="utf-8")

    monkeypatch.setattr(environments, "make", make)
    assert environments.main(["--only", "smac"]) == 0
    assert environments.main(["--only", "smac"]) == 0
    assert made == ["smac"]
    assert "up to date" in capsys.readouterr().out
    (home / "smac" / environments.MARK).write_text("other pins", encoding="utf-8")
    assert environments.main([]) == 0
    assert sorted(made) == ["hebo", "main", "smac", "smac"]


def test_what_runs_in_foreign_environments_imports_no_more_than_is_there():
    """The standard library, the tool itself and what it needs anyway; not what knows our spaces."""
    allowed = {*sys.stdlib_module_names, "benchmarks", "numpy", "torch", "gpytorch"}
    for path in FOREIGN:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {
            node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
        }
        own = {path.stem, *(["ConfigSpace"] if path.stem == "smac" else [])}
        assert {name.split(".")[0] for name in imported} <= allowed | own, path.name
        ours = {name for name in imported if name.startswith("benchmarks.contestants.")}
        assert not ours & {f"benchmarks.contestants.{n}" for n in ("remote", "translate", "ours")}
