"""What is made of runs with costs and of noisy runs."""

from __future__ import annotations

import pytest

from benchmarks import cost, noise


def costly(name: str, spent: list[float], loss: list[float]) -> dict:
    return {"problem": "p", "contestant": name, "seed": 0, "spent": spent, "loss": loss}


def test_what_was_known_when_a_share_was_spent() -> None:
    row = costly("blind", [0.2, 0.6, 1.3], [3.0, 2.0, 2.0])
    assert [cost.loss_at(row, share) for share in (0.1, 0.25, 1.0)] == [float("inf"), 3.0, 2.0]
    assert [cost.share_until(row, target) for target in (3.0, 2.5, 1.0)] == [0.2, 0.6, 1.0]


def test_the_table_of_costs_compares_the_same_runs() -> None:
    rows = [
        costly("blind", [0.2, 0.8], [3.0, 2.0]),
        costly("cooled", [0.1, 0.2, 0.9], [3.0, 2.0, 1.0]),
        {**costly("cooled", [0.1], [1.0]), "seed": 7},  # nothing to compare it with
    ]
    last = cost.table(rows).splitlines()[-1]
    assert last.startswith("| cooled | 1 | 3 | 100 ± 0 | 100 ± 0 | 100 ± 0 |")


def test_the_table_of_noise_compares_the_same_runs() -> None:
    def row(name: str, regret: float, seed: int = 0) -> dict:
        shown = {"believed": {"20": regret}, "told": {}, "seen": {"20": regret}}
        return {"problem": "p", "share": 0.2, "contestant": name, "seed": seed, **shown}

    rows = [row("gp", 0.1), row("tpe", 1.0), row("tpe", 0.01, seed=1)]
    lines = noise.table(rows, "gp", "believed").splitlines()
    assert lines[0] == "| noise | believed | runs | 20 |"
    assert lines[2] == "| 20% | gp | 1 | 0.100, 50% (+0.00 ± 0.00) |"
    assert lines[3] == "| 20% | tpe | 1 | 1.000, 0% (+1.00 ± 0.00) |"


@pytest.mark.parametrize("name", ["branin", "levy-d5"])
def test_a_noisy_run_is_judged_without_the_noise(name: str, monkeypatch) -> None:
    monkeypatch.setattr(noise, "JUDGES", False)
    found = noise.run(noise.registry.load(f"classic/{name}"), 0.2, "random", 0, 20)
    assert found["seen"][20] == min(found["means"]) >= 0.0
    assert found["told"][20] == found["means"][min(range(20), key=found["y"].__getitem__)]


@pytest.mark.parametrize(("trend", "ends"), [("rising", (0.1, 10.0)), ("falling", (10.0, 0.1))])
def test_a_priced_function_costs_along_its_first_column(trend: str, ends: tuple) -> None:
    problem = cost.load(f"priced/branin-{trend}")
    costs = [problem.evaluate({"x0": x, "x1": 3.0}).cost for x in (-5.0, 10.0)]
    assert costs == pytest.approx(ends)
