"""The report: what it says is what the rows say, the same bytes for the same rows."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("matplotlib", reason="the plots need the extra bench")

from benchmarks.report import page, plots, style, tables

SHIFTS = {"random": 0.3, "ours-good": 0.0, "ours-bad": 0.6, "peer-a": 0.1, "peer-b": 0.12}


def result_rows():
    """Runs whose quality is in `SHIFTS`, a crash, a session and a missing contestant."""
    rng = np.random.default_rng(0)
    yield {
        "row": "session",
        "command": "python -m benchmarks run --set toys",
        "date": "2026-01-02 03:04 UTC",
        "commit": "abc",
        "python": "3.11",
        "cores": 2,
    }
    for p in range(8):
        for seed in range(4):
            for name, shift in SHIFTS.items():
                losses = (shift + rng.random(30)) * (p + 1)
                yield {
                    "row": "run",
                    "problem": f"toy/p{p}",
                    "contestant": name,
                    "seed": seed,
                    "budget": 30,
                    "status": "crashed" if (p, seed, name) == (3, 1, "peer-b") else "done",
                    "text": "boom | bang",
                    "version": "1.2",
                    "kind": ("numeric", "mixed")[p % 2],
                    "best": 0.0,
                    "d": 3,
                    "losses": losses.tolist(),
                    "failed": [],
                    "ask_s": [0.001] * 30,
                    "tell_s": [0.002] * 30,
                }
    for name in ("ours-good", "peer-a", "slow"):
        for n in (10, 100):
            times = [] if (name, n) == ("slow", 100) else [0.001 * n, 0.002 * n, 0.003 * n]
            yield {
                "row": "latency",
                "kind": "mixed",
                "d": 5,
                "n": n,
                "contestant": name,
                "status": "done" if times else "slow",
                "ask_s": times,
                "tell_s": [0.0] * len(times),
            }
    yield {"row": "missing", "what": "contestant", "name": "absent", "why": "no such module"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    source = folder / "rows.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in result_rows()))
    target = page.make([source], folder / "out", "search", "report")
    return source, target, target.read_text()


def section(text, title):
    return text.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_it_says_plainly_where_ours_is_worse(made):
    worse = section(made[2], "Where ours is worse")
    assert "**ours-bad** is worse than peer-a" in worse
    assert "**ours-good** is worse" not in worse


def test_it_says_what_made_it_and_what_is_missing(made):
    text = made[2]
    assert "`absent`: no such module" in section(text, "What is missing, what went wrong")
    assert "boom \\| bang" in section(text, "What is missing, what went wrong")
    assert "Not above random search for certain: ours-bad" in text
    origin = section(text, "What made these numbers")
    for fact in ("python -m benchmarks run --set toys", "2 cores", "abc", "2026-01-02"):
        assert fact in origin
    assert "peer-a 1.2" in origin


def test_there_is_a_section_per_kind_with_tables_and_plots(made):
    _, target, text = made
    for title, word in (("All problems", "all"), ("Numeric", "numeric"), ("Mixed", "mixed")):
        part = section(text, title)
        assert "| **ours-good** |" in part
        assert f"report-regret-{word}.png" in part
    assert "## Conditional" not in text
    plots_made = {path.name for path in target.parent.glob("*.png")}
    assert {"report-ranks-all.png", "report-time.png"} <= plots_made
    assert all(f"({name})" in text for name in plots_made)


def test_speed_is_shown_where_it_was_measured(made):
    speed = section(made[2], "Speed")
    assert "![Mixed, 5 columns](report-speed-mixed.png)" in speed
    assert "| ours-good | 20.0 | 200 |" in speed
    assert "| slow | 20.0 | slow |" in speed


def test_the_same_rows_give_the_same_bytes(made, tmp_path):
    source, target, text = made
    again = page.make([source], tmp_path, "search", "report")
    assert again.read_text() == text
    name = "report-regret-all.png"
    assert (tmp_path / name).read_bytes() == (target.parent / name).read_bytes()


def test_a_file_without_runs_is_a_misuse(tmp_path, capsys):
    assert page.main([str(tmp_path / "none.jsonl"), "--out", str(tmp_path)]) == 2
    assert "no runs in none.jsonl" in capsys.readouterr().err


def test_who_did_not_play_everything_is_starred():
    from benchmarks.measures import build_table

    rows = [row for row in result_rows() if row["row"] == "run"]
    few = [r for r in rows if r["contestant"] != "peer-a" or r["problem"] < "toy/p4"]
    table = build_table(few)
    assert tables.mark(table, "peer-a") == "peer-a * (4 of 8)"
    assert tables.mark(table, "ours-good") == "**ours-good**"
    names, blocks = plots.rank_blocks(table)
    assert "peer-a" not in names
    assert blocks.shape == (8, 4)


def test_the_band_is_that_of_the_mean_curve():
    """Against the textbook: the standard error of a mean over seeds."""
    regrets = np.random.default_rng(1).normal(size=(6, 40, 1))
    low, high = plots.seed_band(regrets)
    curve = plots.mean_curve(regrets)
    error = np.sqrt((regrets[..., 0].var(axis=1) / 40).sum()) / 6
    assert low[0] < curve[0] < high[0]
    assert (high[0] - low[0]) / (2 * 1.96 * error) == pytest.approx(1.0, abs=0.2)


def test_bars_join_what_cannot_be_told_apart():
    assert plots.groups([1.0, 1.5, 2.2, 4.0], 1.0) == [(0, 1), (1, 2)]
    assert plots.groups([1.0, 1.1, 1.2], 1.0) == [(0, 2)]
    assert plots.groups([1.0, 3.0], 1.0) == []


@given(st.lists(st.floats(0.0, 1.0), max_size=15))
def test_labels_keep_their_order_and_their_distance(heights):
    placed = style.spread(sorted(heights), 0.05)
    assert np.all(np.diff(placed) >= 0.05 - 1e-9)
    assert all(-1e-9 <= height <= 1.0 + 1e-9 for height in placed)


def test_labels_that_have_room_stay():
    assert style.spread([0.1, 0.5, 0.9], 0.05) == pytest.approx([0.1, 0.5, 0.9])
    assert style.spread([0.5, 0.5], 0.1) == pytest.approx([0.45, 0.55])


def test_numbers_read_well():
    assert tables.milliseconds(0.00123) == "1.23"
    assert tables.milliseconds(0.0456) == "45.6"
    assert tables.milliseconds(1.2345) == "1,234"
    assert tables.milliseconds(float("nan")) == "–"
