"""Models work with one BLAS thread, and leave the number as it was."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
import scipy.linalg  # noqa: F401 - loads its BLAS
from threadpoolctl import threadpool_info, threadpool_limits

import bayesopt as bo
from bayesopt.surrogates.blas import one_blas_thread


def n_threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    with threadpool_limits(limits=2, user_api="blas"):
        assert n_threads() == {2}
        yield
        assert n_threads() == {2}


def fail_inside() -> None:
    with one_blas_thread():
        with one_blas_thread():
            assert n_threads() == {1}
        assert n_threads() == {1}
        raise ZeroDivisionError


def test_nested_and_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError):
        fail_inside()
    assert n_threads() == {2}


TOGETHER = """
import multiprocessing, threading
import scipy.linalg
from threadpoolctl import threadpool_info
from bayesopt.surrogates.blas import one_blas_thread

def n_threads():
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

seen = []
def work():
    for _ in range(20):
        with one_blas_thread():
            seen.append(n_threads())

def child():
    assert n_threads() == {2}, n_threads()
    with one_blas_thread():
        assert n_threads() == {1}, n_threads()
    assert n_threads() == {2}, n_threads()

def hold():
    with one_blas_thread():
        inside.set()
        leave.wait(20)

assert n_threads() == {2}
workers = [threading.Thread(target=work) for _ in range(4)]
for worker in workers: worker.start()
for worker in workers: worker.join()
assert seen == [{1}] * 80, seen
assert n_threads() == {2}

inside, leave = threading.Event(), threading.Event()
holder = threading.Thread(target=hold)
holder.start()
inside.wait(20)
process = multiprocessing.get_context("fork").Process(target=child)
process.start()
process.join(20)
leave.set()
holder.join()
assert process.exitcode == 0
assert n_threads() == {2}
"""


def test_threads_take_turns_and_a_forked_child_is_not_inside() -> None:
    done = subprocess.run(
        [sys.executable, "-c", TOGETHER],
        env=os.environ | {"OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_gaussian_process_proposes_with_one(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    fit = bo.samplers.GPSampler.believe

    def believe(self, *args, **settings):
        seen.append(n_threads())
        return fit(self, *args, **settings)

    monkeypatch.setattr(bo.samplers.GPSampler, "believe", believe)
    study = bo.create_study({"x": bo.Float(0.0, 1.0)}, sampler="gp", seed=0)
    study.optimize(lambda trial: trial.params["x"], n_trials=6)
    study.look_inside()
    assert seen
    assert set(map(frozenset, seen)) == {frozenset({1})}
