"""Speed: histories are filled, turns are taken, and who is too slow or not there is said so."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import speed, speed_worker
from benchmarks.speed_tables import speed_page

TOYS = "bench_toys"
OURS = "ours-grid:resolution=4"


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setenv("PYTHONPATH", str(Path(__file__).resolve().parent))
    patch.setattr(speed, "STUDY", ("mixed", 3, 12))
    patch.setattr(speed, "N_FIRST", 3)
    names = ["random", OURS, "boom", "absent"]
    setting = speed.Setting(names, [3, 40], [4], ["mixed"], 2, 5.0, 30.0, TOYS)
    out = tmp_path_factory.mktemp("speed") / "speed.jsonl"
    session = {"row": "session"}
    rows = speed.measure(setting, ["latency", "start", "study"], out, session)
    patch.undo()
    return rows


def rows_of(rows, kind, name):
    return [row for row in rows if row["row"] == kind and row["contestant"] == name]


def test_every_cell_has_its_turns(measured):
    for name in ("random", OURS):
        cells = rows_of(measured, "latency", name)
        assert [row["n"] for row in cells] == [3, 40]
        for row in cells:
            assert (row["status"], row["how"]) == ("done", "filled")
            assert len(row["ask_s"]) == len(row["tell_s"]) == 2
            assert row["memory_mib"] > 10.0


def test_who_falls_out_says_why_and_is_not_asked_again(measured):
    assert [row["status"] for row in rows_of(measured, "latency", "boom")] == ["crashed"]
    (absent,) = rows_of(measured, "latency", "absent")
    assert (absent["status"], absent["n"]) == ("missing", 3)
    assert "no module named" in absent["text"]


def test_a_start_is_measured_with_and_without_a_cache(measured):
    starts = rows_of(measured, "start", OURS)
    assert [row["cache"] for row in starts] == ["empty", "warm"]
    assert all(row["total_s"] > row["make_s"] > 0.0 for row in starts)
    assert rows_of(measured, "start", "absent")[0]["status"] == "missing"


def test_a_whole_study(measured):
    (row,) = rows_of(measured, "study", "random")
    assert row["status"] == "done"
    assert len(row["ask_s"]) == 12
    assert row["total_s"] > sum(row["ask_s"])


def test_the_tables_show_it_all(measured):
    text = speed_page(measured, ["random"])
    assert "mixed, 4 columns" in text
    assert f"| {OURS}, empty cache |" in text
    assert "A study of 12 trials" in text
    assert "×)" in text
    assert "crashed" in text


def test_ratios_are_of_contestants_that_took_turns():
    """One measured in another session was at another moment: no ratio."""

    def measured_at(name, seconds):
        about = {"row": "latency", "kind": "mixed", "d": 4, "n": 10, "status": "done"}
        return {**about, "contestant": name, "ask_s": [seconds], "tell_s": [0.0]}

    session = {"row": "session"}
    rows = [session, measured_at("a", 0.002), measured_at("b", 0.004)]
    rows += [session, measured_at("c", 0.008), measured_at("d", 0.002)]
    rows += [session, measured_at("e", 0.001)]
    text = speed_page(rows, ["a", "d"])
    assert "| b | 4.00 (2 ×) |" in text
    assert "| c | 8.00 (4 × d) |" in text
    assert "| e | 1.00 |" in text


def test_filling_stops_at_its_limit():
    bench = speed_worker.Bench("random", "numeric", 3, 0, TOYS)
    with pytest.raises(TimeoutError, match="2000 of 5000"):
        bench.grow(5000, 0.0)
    assert bench.grow(2500, 60.0) == "filled"
    assert bench.n == 2500
    assert len(bench.contestant._study.trials) == 2500


def test_who_cannot_be_filled_asks_its_way_there():
    bench = speed_worker.Bench("chat", "mixed", 3, 0, TOYS)
    assert bench.grow(3, 60.0) == "asked"
    assert bench.n == 3


def kinds_of(space):
    return {type(parameter).__name__ for parameter in space.parameters.values()}


def test_the_spaces():
    assert kinds_of(speed_worker.make_space("numeric", 6)) == {"Float"}
    mixed = speed_worker.make_space("mixed", 8)
    assert mixed.d == 8
    assert kinds_of(mixed) == {"Float", "Int", "Categorical"}


def test_an_unknown_part_is_a_misuse(capsys):
    assert speed.main(["--parts", "latency,nonsense"]) == 2
    assert "nonsense" in capsys.readouterr().err
