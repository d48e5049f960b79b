"""The quick gate: verdicts against what was landed, and what is stored."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import quick, quick_store
from benchmarks.measures.table import best_so_far
from benchmarks.run_plan import Job
from benchmarks.run_rows import read_rows


def runs(contestant, shift=0.0, seed=0):
    """Rows of ten problems and five seeds; a positive shift is worse."""
    rng = np.random.default_rng(seed)
    for p in range(10):
        for s in range(5):
            losses = rng.random(20) + shift
            yield {
                "row": "run",
                "problem": f"toy/p{p}",
                "contestant": contestant,
                "seed": s,
                "budget": 20,
                "status": "done",
                "text": "",
                "version": "1",
                "kind": "numeric",
                "best": 0.0,
                "d": 2,
                "losses": losses.tolist(),
            }


@pytest.mark.parametrize(
    ("shift", "seed", "word"),
    [(0.0, 0, "identical"), (0.0, 1, "same"), (0.3, 1, "worse"), (-0.3, 1, "better")],
)
def test_the_verdict(shift, seed, word):
    now = [*runs("ours-x", shift, seed), *runs("ours-y")]
    table = quick.table_of(now, runs("ours-x"), runs("random", 0.1, 7))
    found = quick.verdict(table, "ours-x")
    assert found.word == word
    assert (found.gain.mean < 0) == (word == "worse") or word in {"identical", "same"}
    assert quick.verdict(table, "ours-y").word == "new"
    page = quick.page(table)
    assert f"| ours-x | {word} |" in page
    assert "wins over random" in page
    assert "landed ours-x" not in page


@given(st.lists(st.none() | st.floats(-1e3, 1e3), max_size=30), st.sampled_from(["random", "gp"]))
def test_what_is_stored_gives_the_same_curve(losses, contestant):
    row = {**next(iter(runs(contestant))), "losses": losses, "budget": 30}
    stored = quick_store.expand(quick_store.compact(row))
    np.testing.assert_array_equal(best_so_far(stored["losses"], 30), best_so_far(losses, 30))
    assert len(stored["losses"]) == len(losses)


def test_landing_replaces_what_was_played_and_keeps_the_rest(tmp_path):
    path = tmp_path / "ours.jsonl.gz"
    session = {"row": "session", "command": "first", "date": "d", "commit": "c", "cores": 2}
    quick_store.land([session, *runs("ours-x"), *runs("ours-y")], path)
    quick_store.land([{**session, "command": "second"}, *runs("ours-x", 0.5)], path)
    stored = quick_store.load(path)
    played = [row for row in stored if row["row"] == "run"]
    assert len(played) == 100
    lowest = {
        name: min(min(filter(None, r["losses"])) for r in played if r["contestant"] == name)
        for name in ("ours-x", "ours-y")
    }
    assert lowest["ours-x"] > 0.5 > lowest["ours-y"]
    assert "first" in quick_store.origin("landed", stored)
    assert "second" in quick_store.origin("landed", stored)


def test_of_a_file_of_runs_the_peers_are_stored(tmp_path):
    from benchmarks.run_rows import RowFile

    source, path = tmp_path / "runs.jsonl", tmp_path / "peers.jsonl.gz"
    with RowFile(source) as file:
        for row in [*runs("ours-x"), *runs("peer-a")]:
            file.add(row)
    assert quick.main(["--store-peers", str(source), "--stored", str(tmp_path)]) == 0
    assert {row["contestant"] for row in read_rows(path)} == {"peer-a"}
    first = path.read_bytes()
    quick_store.store_peers([source], path)
    assert path.read_bytes() == first


def test_a_change_is_seen_end_to_end(tmp_path, capsys, monkeypatch):
    """Two of our samplers on the toys: new, then identical, then worse, with the exit status."""
    monkeypatch.setattr(quick, "BUDGET", 6)
    monkeypatch.setattr(quick, "SEEDS", "2")
    options = quick.parsed(["--samplers", "ours-qmc", "--stored", str(tmp_path), "--land"])
    jobs = quick.planned(options, Job("", "", 0, 6, 60.0, None, "bench_toys", "bench_toys"))
    assert len(jobs) == 4
    out = tmp_path / "now.jsonl"
    ended = quick.play(jobs, out, 1, [])
    assert quick.conclude(ended, out, options) == 0
    assert "| ours-qmc | new |" in capsys.readouterr().out
    again = quick.parsed(["--samplers", "ours-qmc", "--stored", str(tmp_path)])
    assert quick.conclude(ended, out, again) == 0
    assert "| ours-qmc | identical |" in capsys.readouterr().out


def test_stored_results_are_small_and_readable():
    for name in (quick_store.PEERS, quick_store.OURS):
        path = quick_store.FOLDER / name
        rows = quick_store.load(path)
        if rows:
            assert path.stat().st_size < 500_000
            assert {row["budget"] for row in rows if row["row"] == "run"} == {quick.BUDGET}
            assert "cores" in quick_store.origin("stored", rows)
