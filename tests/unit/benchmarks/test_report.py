"""The report: what it says is what the rows say, the same bytes for the same rows."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("matplotlib", reason="the plots need the extra bench")

from benchmarks.report import page, plots, side_by_side, style, tables, values, wins_plot
from benchmarks.run_rows import read_rows

N_SHORT, N_LONG = 30, 60
LONG = ("ours-good", "peer-a")
"""Contestants whose runs have more evaluations than those of others."""

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
                n = N_LONG if name in LONG else N_SHORT
                losses = (shift + rng.random(n)) * (p + 1)
                yield {
                    "row": "run",
                    "problem": f"toy/p{p}",
                    "contestant": name,
                    "seed": seed,
                    "budget": n,
                    "status": "crashed" if (p, seed, name) == (3, 1, "peer-b") else "done",
                    "text": "boom | bang",
                    "version": "1.2",
                    "kind": ("numeric", "mixed")[p % 2],
                    "best": 0.0,
                    "d": 3,
                    "losses": losses.tolist(),
                    "failed": [],
                    "ask_s": [0.001] * n,
                    "tell_s": [0.002] * n,
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
    target = page.make(page.Options([source], folder / "out"))
    return source, target, target.read_text()


def section(text, title):
    return text.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_it_says_plainly_where_ours_is_worse(made):
    worse = section(made[2], "Where ours is worse")
    assert "* All problems, after 30 evaluations: **ours-bad** is worse than peer-a (wins" in worse
    assert "**ours-good** is worse" not in worse


def test_it_says_what_made_it_and_what_is_missing(made):
    text = made[2]
    assert "`absent`: no such module" in section(text, "What is missing, what went wrong")
    assert "boom \\| bang" in section(text, "What is missing, what went wrong")
    assert "not for certain by ours-bad" in text
    origin = section(text, "What made these numbers")
    for fact in ("python -m benchmarks run --set toys", "2 cores", "abc", "2026-01-02"):
        assert fact in origin
    assert "| peer-a | 1.2 |" in origin


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
    again = page.make(page.Options([source], tmp_path))
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
    assert "peer-a" not in tables.summary(table)  # its means are over other problems


def run_rows(losses):
    """Return rows of runs, from lists of losses by (problem, contestant, seed)."""
    about = {"row": "run", "status": "done", "text": "", "kind": "numeric", "best": 0.0}
    return [
        {
            **about, "problem": problem, "contestant": name, "seed": seed, "losses": found,
            "budget": len(found), "ask_s": [0.0] * len(found), "tell_s": [0.0] * len(found),
        }
        for (problem, name, seed), found in losses.items()
    ]  # fmt: skip


PARTIAL = {
    ("p", "random", 0): [4.0, 4.0],
    ("p", "ours-a", 0): [4.0, 2.0, 0.0],
    ("p", "ours-a", 1): [4.0, 4.0, 4.0],
    ("p", "some", 0): [4.0, 1.0, 1.0],
    ("q", "random", 0): [4.0, 4.0],
    ("q", "ours-a", 0): [4.0, 3.0, 0.0],
}


def cells(markdown, name):
    """Return the cells of the row of a contestant."""
    (line,) = [line for line in markdown.splitlines() if line.startswith(f"| {name} |")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_who_played_some_problems_stands_beside_others_on_the_same_runs():
    """By hand: regret is the best loss over 4, after two evaluations."""
    from benchmarks.measures import build_table

    table = build_table(run_rows(PARTIAL))
    text = side_by_side.some_only(table)
    assert "| ours-a there | random there |" in text
    assert cells(text, "some") == ["some", "1 of 2", "1", "0.250", "0.500", "1.000"]
    assert side_by_side.some_only(table.only(problems=["p"])) == ""  # there all played all


def test_pairs_are_the_runs_that_both_have():
    from benchmarks.measures import build_table

    text = side_by_side.against_all(build_table(run_rows(PARTIAL)), "ours-a", at=[2, 3, 7])
    assert "| wins after 2 | wins after 3 |" in text
    assert "7" not in text  # nobody had as many
    assert cells(text, "some")[1:5] == ["1", "1", "0.250", "0.500"]
    assert cells(text, "some")[5:] == ["0% (0–0)", "100% (100–100)"]
    assert cells(text, "random")[1:5] == ["2", "2", "1.000", "0.625"]
    assert cells(text, "random")[5:] == ["100% (100–100)", "–"]


def test_regrets_later_than_the_compared_ones_are_shown_of_who_has_them(monkeypatch):
    from benchmarks.measures import build_table

    monkeypatch.setattr(tables, "CHECKPOINTS", (1, 2, 3))
    table = build_table(run_rows(PARTIAL)).only(contestants=["random", "ours-a"])
    text = tables.summary(table)
    assert "| regret at 1 | regret at 2 | 95% | regret at 3 | area |" in text
    # after three: 0 and 1 on p, 0 on q
    assert cells(text, "**ours-a**")[4] == "0.250"
    assert cells(text, "random")[4] == "–"


def test_longer_runs_of_some_do_not_change_what_is_compared(made):
    """Runs of 60 evaluations beside runs of 30: everything is compared after 30."""
    text = made[2]
    assert "compared after 30 evaluations, in some runs 60" in text
    assert "longer than 30 evaluations of: ours-good, peer-a" in text
    good = cells(section(text, "All problems").split("**ours-good** against")[0], "**ours-good**")
    assert "regret at 50" in text
    assert good[4] != "–"


def test_the_plot_of_wins_has_the_rates_of_the_table(made):
    from benchmarks.measures import build_table

    table = build_table(row for row in result_rows() if row["row"] == "run")
    rates = wins_plot.rates_of(table)
    assert set(rates) == {"random", "peer-a", "peer-b"}
    assert [name for name, _ in rates["random"]] == ["ours-bad", "ours-good"]
    bests = [max(rate.mean for _, rate in pairs) for pairs in rates.values()]
    assert bests == sorted(bests, reverse=True)
    assert not wins_plot.win_rates(table.only(contestants=["random", "peer-a"]), "", None)


def test_what_was_found_is_there_for_other_programs(made):
    from benchmarks.measures import build_table

    lines = values.best_so_far(build_table(run_rows(PARTIAL))).splitlines()
    assert lines[0] == "problem,kind,contestant,evaluations,runs,median,lowest,highest"
    assert "p,numeric,ours-a,2,2,4,2,4" in lines
    assert "p,numeric,some,2,1,1,1,1" in lines
    assert made[1].with_name("report-best.csv").exists()


def test_the_rows_behind_a_page_give_the_page_again(made, tmp_path):
    source, _, _ = made
    old = [row | {"losses": [0.0]} for row in result_rows() if row["row"] == "run"]
    twice = tmp_path / "twice.jsonl"
    twice.write_text("".join(json.dumps(row) + "\n" for row in old) + source.read_text())
    stored = tmp_path / "stored.jsonl.gz"
    first = page.make(page.Options([twice], tmp_path / "a", store=stored)).read_text()
    assert len(list(read_rows(stored))) == len(source.read_text().splitlines())
    table = page.build_table(page.rows_of([stored]))
    np.testing.assert_array_equal(table.best, page.build_table(page.rows_of([source])).best)
    assert f"{len(table.rows)} runs of 5 contestants" in first


def test_a_best_value_found_since_counts_for_old_runs(monkeypatch, tmp_path):
    stored = {"toy/p0": {"value": 2.0, "direction": "maximize"}}
    monkeypatch.setattr(page.best_known, "entries", lambda: stored)
    source = tmp_path / "rows.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in result_rows()))
    best = {row["problem"]: row["best"] for row in page.rows_of([source]) if row["row"] == "run"}
    assert (best["toy/p0"], best["toy/p1"]) == (-2.0, 0.0)


def test_problems_of_a_set_only(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(page.registry.SETS, "toys", ("toy/p1", "toy/p2"))
    source = tmp_path / "rows.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in result_rows()))
    kept = page.rows_of([source], ["toys"])
    assert {row["problem"] for row in kept if row["row"] == "run"} == {"toy/p1", "toy/p2"}
    assert page.main([str(source), "--out", str(tmp_path), "--set", "nonsense"]) == 2
    assert "nonsense" in capsys.readouterr().err


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
