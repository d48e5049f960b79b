"""The package's own notes of a trial are no user attributes: not read as such, not set as such."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

import bayesopt as bo
from bayesopt.cli import main
from bayesopt.errors import InvalidValueError
from bayesopt.study.exchange import export_trials, import_trials
from bayesopt.trial import SYSTEM_PREFIX

SPACE = bo.Space({"x": bo.Float(0.0, 1.0)})
TAKEN = f"{SYSTEM_PREFIX}spent"


def training(trial: bo.Trial) -> float:
    """Train to step 6 and go on from checkpoints; only what a user set is seen on the way."""
    assert not any(name.startswith(SYSTEM_PREFIX) for name in trial.user_attrs)
    assert not any(name.startswith(SYSTEM_PREFIX) for name in trial.setup.user_attrs)
    found = trial.resume_from
    step = int((found / "step").read_text()) if found else 0
    trial.set_user_attr("began", step)
    trial.set_cost(1.0)
    while step < 6:
        step += 1
        with trial.save_checkpoint() as folder:
            (folder / "step").write_text(str(step))
        trial.report(trial.params["x"] * step, step)
        if trial.should_prune():
            raise bo.TrialPruned
    return trial.params["x"]


@pytest.fixture(params=["memory", "sqlite"])
def family(request: pytest.FixtureRequest, tmp_path: Path) -> bo.Study:
    """Return a population in which trials were paused and cloned."""
    scheduler = bo.PBTScheduler(max_steps=6, population=4, interval=2)
    storage = None if request.param == "memory" else tmp_path / "study.db"
    study = bo.create_study(SPACE, sampler="random", scheduler=scheduler, seed=0, storage=storage)
    study.optimize(training)
    return study


def lineage(study: bo.Study) -> list[object]:
    return [trial.origin and (trial.origin.parent, trial.origin.step) for trial in study.trials]


def test_records_have_them_apart(family: bo.Study) -> None:
    assert all(set(trial.user_attrs) == {"began"} for trial in family.trials)
    own = [set(trial.system_attrs) for trial in family.trials]
    assert any(f"{SYSTEM_PREFIX}origin" in names for names in own)
    assert any(TAKEN in names for names in own)
    assert any(lineage(family))
    assert max(trial.cost for trial in family.trials if trial.cost) > 1.0  # of all attempts
    assert family.schedule()


def test_no_export_and_no_page_shows_them(
    family: bo.Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = family.trials_dataframe().columns
    assert "user_attrs_began" in names
    for form in ("csv", "json", "jsonl"):
        export_trials(family, text := io.StringIO(), form)
        assert "began" in text.getvalue()
        assert SYSTEM_PREFIX not in text.getvalue()
    page = tmp_path / "page.html"
    family.report(page)
    assert SYSTEM_PREFIX not in page.read_text()
    assert not any(SYSTEM_PREFIX in name for name in names)
    if family.storage.is_shared:
        for command in (["trials", "--json"], ["best", "--json"], ["trials"]):
            main([*command, "--storage", str(tmp_path / "study.db"), "--name", family.name])
        assert SYSTEM_PREFIX not in capsys.readouterr().out


def test_a_lineage_survives_json_where_numbers_do(family: bo.Study) -> None:
    export_trials(family, text := io.StringIO(), "json")
    there = bo.create_study(SPACE, sampler="random")
    import_trials(there, io.StringIO(text.getvalue()), "json")
    assert lineage(there) == lineage(family)
    assert [dict(trial.user_attrs) for trial in there.trials] == [
        dict(trial.user_attrs) for trial in family.trials
    ]
    import_trials(there, io.StringIO(text.getvalue()), "json")  # other numbers
    assert lineage(there) == lineage(family) + [None] * len(family.trials)
    rows = json.loads(text.getvalue())["trials"][1:]
    shorter = bo.create_study(SPACE, sampler="random")
    import_trials(shorter, io.StringIO(json.dumps(rows)), "json")
    assert not any(lineage(shorter))


def test_a_lineage_survives_optuna(family: bo.Study) -> None:
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    from bayesopt.integrations.optuna import from_optuna, to_optuna

    there = to_optuna(family)
    assert all(set(trial.user_attrs) == {"began"} for trial in there.trials)
    assert lineage(from_optuna(there)) == lineage(family)


def test_nobody_else_may_set_them(tmp_path: Path) -> None:
    study = bo.create_study(SPACE, sampler="random", storage=tmp_path / "s.db")
    trial = study.ask()
    with pytest.raises(InvalidValueError, match="Choose another name"):
        trial.set_user_attr(TAKEN, {"1": 7.0})
    for call in (study.enqueue, lambda params, **more: study.add_trial(params, 0.0, **more)):
        with pytest.raises(InvalidValueError, match=SYSTEM_PREFIX):
            call({"x": 0.5}, user_attrs={TAKEN: 1})
    rows = [{"params": {"x": 0.5}, "values": [0.0], "user_attrs": {TAKEN: 1}}]
    with pytest.raises(InvalidValueError, match="trial 0 of the file"):
        import_trials(study, io.StringIO(json.dumps(rows)), "json")
    assert trial.user_attrs == {}
    assert len(study.trials) == 1


def takes_a_reserved_name(trial: bo.Trial) -> float:
    trial.set_user_attr(TAKEN, 1)
    return 0.0


def test_an_objective_in_a_worker_is_refused_them_too() -> None:
    study = bo.create_study(SPACE, sampler="random")
    with pytest.raises(InvalidValueError, match=SYSTEM_PREFIX):
        study.optimize(takes_a_reserved_name, n_trials=1, n_jobs=2)
    assert study.trials[0].state is bo.TrialState.FAIL
