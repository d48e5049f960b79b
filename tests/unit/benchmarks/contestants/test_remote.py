"""The pipe to a peer in another process: what passes through it, and what may break."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import pytest

import bayesopt as bo
from benchmarks.contestants import remote
from benchmarks.contestants.base import UnsupportedSpace
from benchmarks.contestants.remote import MAX_TRIES, Remote, ToolError

TOY = (sys.executable, str(Path(__file__).with_name("toy_server.py")))
WIDE = bo.Space({"x": bo.Float(-1e9, 1e9), "y": bo.Float(0, 1e9)})
TRIANGLE = bo.Space({"x": bo.Float(0, 10), "y": bo.Float(0, 10)}, constraints=["x + y <= 10"])


@pytest.fixture(scope="module", autouse=True)
def _no_server_is_left():
    yield
    remote.POOL.close()


@pytest.fixture(autouse=True)
def _repository_on_the_path(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(remote.__file__).parents[2]))


def toy(name="echo", space=WIDE, seed=7, budget=50):
    return Remote(space, name, "", seed, budget, command=TOY)


def test_values_losses_and_failures_pass_through_exactly():
    contestant = toy()
    assert contestant.ask() == {"x": 7.0, "y": 0.0}
    contestant.tell({}, 0.1 + 0.2, failed=False)
    config = contestant.ask()
    assert config["y"] == 0.0
    assert config["x"] == WIDE["x"].from_unit(WIDE["x"].to_unit(0.1 + 0.2))
    contestant.tell({}, 1e8, failed=True)
    assert contestant.ask() == {"x": 1e8, "y": 1.0}


def test_evaluations_made_elsewhere_pass_through_where_the_tool_can_take_them():
    contestant = toy("prefills")
    contestant.prefill([{"x": 1.0, "y": 0.0}, {"x": 3.0, "y": 0.0}], [0.25, 0.5])
    config = contestant.ask()
    assert config["y"] == pytest.approx(4.0)
    assert config["x"] == pytest.approx(0.75, abs=1e-6)
    assert not hasattr(toy(), "prefill")


def test_time_is_what_the_tool_says_it_took(monkeypatch):
    contestant = toy("infeasible", TRIANGLE, budget=2)
    real = contestant._link.call
    monkeypatch.setattr(
        contestant._link, "call", lambda **request: {**real(**request), "seconds": 8.0}
    )
    config = contestant.ask()
    assert contestant.ask_s == 5 * 8.0  # two refused and told, and the third
    contestant.tell(config, 1.0, False)
    assert contestant.tell_s == 8.0


def test_the_server_times_the_tool():
    contestant = toy()
    contestant.ask()
    contestant.tell({}, 1.0, False)
    assert contestant.ask_s > 0
    assert contestant.tell_s > 0


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("missing", ImportError, "no module named toy"),
        ("unsupported", UnsupportedSpace, "conditions"),
    ],
)
def test_refusals_at_the_start(name, error, message):
    with pytest.raises(error, match=message):
        toy(name)
    assert toy().ask()  # the server goes on


def test_what_a_tool_raises_comes_with_its_traceback():
    contestant = toy("raises")
    with pytest.raises(ToolError, match=r"(?s)toy_server.py.*ZeroDivisionError: inside the tool"):
        contestant.ask()


def test_the_last_words_of_a_process_that_dies():
    contestant = toy("dies")
    with pytest.raises(ToolError, match=r"(?s)exit status 3.*last words"):
        contestant.ask()
    contestant.close()
    assert toy().ask()


def test_infeasible_suggestions_are_told_the_penalty_and_asked_again():
    contestant = toy("infeasible", TRIANGLE, budget=3)
    assert contestant.ask() == {"x": 10.0, "y": 0.0}
    assert contestant.ask_s > 0


def test_after_too_many_a_random_feasible_one_is_taken_and_not_told():
    contestant = toy("infeasible", TRIANGLE, budget=MAX_TRIES)
    config = contestant.ask()
    assert config["x"] + config["y"] <= 10
    assert config["y"] > 0
    contestant.tell(config, 5.0, failed=False)
    assert contestant.tell_s == 0.0
    assert contestant.ask() == {"x": 10.0, "y": 0.0}


def test_a_server_serves_one_run_after_the_other():
    def process():
        return toy("pid").ask()["x"]

    first = process()
    gc.collect()
    assert process() == first
    together = toy("pid"), toy("pid")
    assert together[0].ask() != together[1].ask()
