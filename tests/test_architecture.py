"""The laws of the house that a machine can check."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted([*(ROOT / "bayesopt").rglob("*.py"), *(ROOT / "kernels").rglob("*.py")])
EXAMPLES = sorted((ROOT / "docs" / "examples").rglob("*.py"))
MAX_FILE_LINES = 450
MAX_FUNCTION_LINES = 55

# What `import bayesopt` must leave to the first thing that needs it.
HEAVY = {
    "cloudpickle",
    "concurrent.futures",
    "llvmlite",
    "multiprocessing",
    "numba",
    "matplotlib",
    "optuna",
    "pandas",
    "plotly",
    "scipy",
    "sklearn",
    "sqlite3",
    "torch",
    "tqdm",
}


PICKLES = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imported_modules(tree: ast.Module) -> Iterator[str]:
    """Yield the name of every module that is imported, at whatever depth."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def run_python(code: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


# ---------------------------------------------------------------------------------- packaging


def test_the_package_list_equals_the_folders_on_disk():
    settings = project()["tool"]["setuptools"]
    on_disk = {"bayesopt._kernels"}
    for init in (ROOT / "bayesopt").rglob("__init__.py"):
        on_disk.add(".".join(init.parent.relative_to(ROOT).parts))
    assert sorted(settings["packages"]) == sorted(on_disk)
    assert settings["package-dir"] == {"bayesopt": "bayesopt", "bayesopt._kernels": "kernels"}


def test_every_folder_with_code_is_a_package():
    without_init = {path.parent for path in SOURCES if not (path.parent / "__init__.py").exists()}
    assert not without_init


def test_files_that_are_not_code_are_package_data():
    package_data = project()["tool"]["setuptools"]["package-data"]
    shipped = {
        path
        for package, patterns in package_data.items()
        for pattern in patterns
        for path in (ROOT / package.replace(".", "/")).glob(pattern)
    }
    others = {
        path
        for path in (ROOT / "bayesopt").rglob("*")
        if path.is_file() and path.suffix not in {".py", ".pyc"}
    }
    assert others == shipped


def test_constraints_pin_every_declared_dependency():
    settings = project()["project"]
    installed = ["demo", "gpu", "pandas", "test", "dev"]
    declared = settings["dependencies"] + [
        line for extra in installed for line in settings["optional-dependencies"][extra]
    ]
    wanted = {line.split(">=")[0] for line in declared if not line.startswith("bayesopt[")}
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.split("==")[0] for line in lines if "==" in line}
    assert wanted <= pinned


def test_kernels_refuse_to_be_a_package_of_their_own(tmp_path):
    with pytest.raises(AssertionError, match=r"bayesopt\._kernels"):
        run_python(f"import sys; sys.path.insert(0, {str(ROOT)!r}); import kernels", tmp_path)


def test_kernels_are_found_from_anywhere(tmp_path):
    assert "ok" in run_python("import bayesopt._kernels; print('ok')", tmp_path)


# ------------------------------------------------------------------------------------- layers


def test_imports_go_down(tmp_path):
    """The contracts of pyproject.toml hold, on a copy laid out as it is installed."""
    leave_out = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "bayesopt", tmp_path / "bayesopt", ignore=leave_out)
    shutil.copytree(ROOT / "kernels", tmp_path / "bayesopt" / "_kernels", ignore=leave_out)
    code = (
        "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports; "
        f"sys.exit(lint_imports({str(ROOT / 'pyproject.toml')!r}, no_cache=True))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 broken" in done.stdout


def test_kernels_import_numba_and_numpy_only():
    allowed = {"__future__", "collections", "math", "typing", "numba", "numpy", "bayesopt"}
    for path in (ROOT / "kernels").glob("*.py"):
        modules = set(imported_modules(tree_of(path)))
        assert {module.split(".")[0] for module in modules} <= allowed, name_of(path)
        ours = {module for module in modules if module.startswith("bayesopt")}
        assert all(module.startswith("bayesopt._kernels") for module in ours), name_of(path)


def names_taken_from_the_face(tree: ast.Module) -> Iterator[str]:
    """Yield what is imported from `bayesopt` itself, `*` for the package as a whole."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ("*" for alias in node.names if alias.name == "bayesopt")
        elif isinstance(node, ast.ImportFrom) and node.module == "bayesopt":
            yield from (alias.name for alias in node.names)


def test_nothing_inside_imports_the_public_face():
    """`from bayesopt import Study` inside would be a cycle that the layers cannot see."""
    modules = {path.stem for path in (ROOT / "bayesopt").iterdir()} - {"__init__"}
    for path in SOURCES:
        names = set(names_taken_from_the_face(tree_of(path)))
        assert names <= modules | {"__version__"}, name_of(path)


# --------------------------------------------------------------------------------- public face


def test_importing_the_package_is_light(tmp_path):
    code = "import bayesopt, json, sys; print(json.dumps(sorted(sys.modules)))"
    loaded = set(json.loads(run_python(code, tmp_path)))
    plain = set(json.loads(run_python(code.replace("bayesopt", "numpy"), tmp_path)))
    assert not HEAVY & (loaded - plain)


def test_all_is_exactly_what_is_public():
    """What `import *` gives, what `dir` shows and what type checkers see are the same names."""
    import bayesopt

    for name in bayesopt.__all__:
        getattr(bayesopt, name)
    face = tree_of(ROOT / "bayesopt" / "__init__.py")
    typed = {
        alias.asname or alias.name
        for block in face.body
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for line in block.body
        for alias in line.names
    }
    assert set(bayesopt.__all__) == typed | {"__version__"}
    assert sorted(bayesopt.__all__) == sorted(set(dir(bayesopt)))


def test_the_version_is_the_installed_one():
    import bayesopt

    assert bayesopt.__version__ == project()["project"]["version"]


# --------------------------------------------------------------------------------------- habits


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_files_and_functions_stay_readable(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_FILE_LINES
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            doc = node.body[0] if ast.get_docstring(node) else None
            n_lines = node.end_lineno - node.lineno + 1
            n_lines -= doc.end_lineno - doc.lineno + 1 if doc else 0
            assert n_lines <= MAX_FUNCTION_LINES, f"{node.name}: {n_lines} lines"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_nothing_is_evaluated_unpickled_asserted_or_left_undone(path):
    tree = tree_of(path)
    # Objectives travel to this program's own worker processes; nothing stored is ever a pickle.
    if path.parent != ROOT / "bayesopt" / "execution":
        assert not PICKLES & set(imported_modules(tree))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not {"eval", "exec", "NotImplementedError"} & names
    assert not any(isinstance(node, ast.Assert) for node in ast.walk(tree))


@pytest.mark.parametrize("path", [*SOURCES, *EXAMPLES], ids=name_of)
def test_every_module_says_what_it_is(path):
    assert ast.get_docstring(tree_of(path))
