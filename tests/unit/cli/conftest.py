"""Commands called in this process, on a storage of their own."""

import pytest

import bayesopt as bo
from bayesopt.cli import main


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


@pytest.fixture
def records(storage):
    """Read the trials of a study, in Python."""

    def read(name=None):
        study = bo.load_study(storage, name)
        found = study.trials
        study.close()
        return found

    return read
