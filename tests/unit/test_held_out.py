"""A test part that objectives never see."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bayesopt as bo
from bayesopt.errors import InvalidValueError, StudyError
from bayesopt.held_out import take


def both(held: bo.HeldOut):
    """Return the training part and the test part."""
    return held.train, held.evaluate(lambda *test: test if len(test) > 1 else test[0])


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(2, 60),
    share=st.floats(0.01, 0.99),
    seed=st.integers(0, 5),
    n_labels=st.integers(1, 5),
    how=st.sampled_from(["plain", "stratify", "groups", "series"]),
)
def test_every_sample_is_in_one_part_and_neither_is_empty(n, share, seed, n_labels, how):
    labels = np.random.default_rng(seed).integers(0, n_labels, n)
    if how == "groups" and len(set(labels.tolist())) < 2:
        return
    options = {
        "plain": {},
        "stratify": {"stratify": labels},
        "groups": {"groups": labels},
        "series": {"shuffle": False},
    }[how]
    held = bo.HeldOut(np.arange(n), test=share, seed=seed, **options)
    train, test = both(held)
    assert sorted([*train, *test]) == list(range(n))
    assert len(train)
    assert len(test) == held.n_test > 0
    assert train.tolist() == held.train_indices.tolist() == sorted(train)
    if how != "groups":
        assert len(test) == min(max(round(share * n), 1), n - 1)
    if how == "stratify":
        for label in set(labels.tolist()):
            exact = np.sum(labels == label) * len(test) / n
            assert abs(np.sum(labels[test] == label) - exact) < 1
    if how == "groups":
        assert not set(labels[train].tolist()) & set(labels[test].tolist())
    if how == "series":
        assert max(train) < min(test)


def test_groups_come_close_to_the_share_asked_for():
    groups = np.repeat(np.arange(50), 4)
    for seed in range(5):
        assert abs(bo.HeldOut(groups, test=0.25, seed=seed, groups=groups).n_test - 50) <= 2


def n_held(sizes: list[int], test: float) -> set[int]:
    """Return how many samples are held out of groups of these sizes, over seeds."""
    groups = np.repeat(np.arange(len(sizes)), sizes)
    return {bo.HeldOut(groups, test=test, seed=k, groups=groups).n_test for k in range(40)}


def test_a_group_that_is_too_large_is_left_out():
    assert n_held([800, 40, 40, 40, 40, 40], 0.2) == {200}
    assert n_held([500, 300, 200], 0.2) == {200, 300}


def test_where_all_groups_are_too_large_the_nearest_is_taken():
    assert n_held([60, 50, 90], 0.1) == {50}
    assert n_held([50, 50], 0.01) == {50}


def test_the_seed_decides():
    def split(seed):
        return bo.HeldOut(np.arange(30), test=10, seed=seed).train.tolist()

    assert split(1) == split(1) != split(2)


def test_kinds_of_data_are_kept():
    torch, pd = pytest.importorskip("torch"), pytest.importorskip("pandas")
    from scipy import sparse

    n = 10
    frame = pd.DataFrame({"a": np.arange(n)}, index=[f"row {i}" for i in range(n)])
    data = [
        np.arange(2 * n).reshape(n, 2),
        frame,
        frame["a"],
        torch.arange(n),
        sparse.csr_matrix(np.eye(n)),
        [f"text {i}" for i in range(n)],
        tuple(range(n)),
    ]
    train, test = both(bo.HeldOut(*data, test=3, stratify=[0, 1] * 5))
    for whole, a, b in zip(data, train, test, strict=True):
        kind = sparse.spmatrix if sparse.issparse(whole) else type(whole)
        assert isinstance(a, kind)
        assert isinstance(b, kind)
        sizes = [x.shape[0] if hasattr(x, "shape") else len(x) for x in (a, b)]
        assert sizes == [7, 3]
    assert train[1].index.tolist() == [f"row {i}" for i in train[6]]
    assert train[3].tolist() == list(train[6]) == [int(t.split()[1]) for t in train[5]]


def test_one_kind_of_data_comes_alone():
    assert bo.HeldOut([1, 2, 3, 4], test=0.5).train in (
        [1, 2],
        [1, 3],
        [1, 4],
        [2, 3],
        [2, 4],
        [3, 4],
    )


def test_the_first_look_is_silent_and_the_second_is_not():
    held = bo.HeldOut(np.arange(10.0), test=4)
    assert held.looks == ()
    assert "not looked at" in repr(held)
    assert held.evaluate(len) == 4
    assert [look.value for look in held.looks] == [4.0]
    assert "looked at once" in repr(held)
    with pytest.warns(bo.HeldOutWarning, match=r"before \(once, the last value was 4.0\)"):
        held.evaluate(lambda X: {"a": 1})
    assert held.looks[1].value == "{'a': 1}"
    assert "looked at 2 times" in repr(held)


def test_an_evaluation_that_raised_was_no_look():
    held = bo.HeldOut(np.arange(10.0))
    with pytest.raises(ZeroDivisionError):
        held.evaluate(lambda X: 1 / 0)
    assert held.looks == ()
    held.evaluate(len)


def test_a_study_remembers_the_look(tmp_path):
    path = str(tmp_path / "study.db")
    study = bo.create_study({"x": bo.Float(0, 1)}, storage=path, name="s", seed=0)
    study.optimize(lambda trial: trial.params["x"], n_trials=3)
    bo.HeldOut(np.arange(10.0)).evaluate(len, study)
    study.optimize(lambda trial: trial.params["x"], n_trials=5)
    study.close()
    again = bo.load_study(path, "s")
    with pytest.warns(bo.HeldOutWarning, match="2 trials ago"):
        bo.HeldOut(np.arange(10.0)).evaluate(len, again)
    assert [look["n_trials"] for look in again.user_attrs["held_out_looks"]] == [3, 5]
    again.close()


def test_looking_before_the_end_is_warned_of():
    study = bo.create_study({"x": bo.Float(0, 1)}, seed=0)
    study.ask()
    with pytest.warns(bo.HeldOutWarning, match="1 trials are not over"):
        bo.HeldOut(np.arange(10.0)).evaluate(len, study)


def test_it_does_not_travel_into_workers():
    held = bo.HeldOut(np.arange(10.0))
    for copied in (pickle.dumps, copy.deepcopy):
        with pytest.raises(StudyError, match=r"held\.train"):
            copied(held)


@pytest.mark.parametrize(
    ("data", "options"),
    [
        ([], {}),
        ([[1, 2, 3], [1, 2]], {}),
        ([[1, 2, 3]], {"stratify": [1, 2]}),
        ([[1, 2, 3]], {"groups": [1, 1, 1]}),
        ([[1, 2, 3]], {"groups": [1, 2, 3], "shuffle": False}),
        ([[1, 2, 3]], {"test": 0.0}),
        ([[1, 2, 3]], {"test": 1.0}),
        ([[1, 2, 3]], {"test": 3}),
        ([[1, 2, 3]], {"test": True}),
        ([[1, 2, 3]], {"test": "a"}),
        ([[1]], {}),
        ([5], {}),
        ([np.array(1.0)], {}),
        ([None], {}),
        ([[1, 2, 3]], {"seed": -1}),
        ([[1, 2, 3]], {"seed": "a"}),
        ([[1, 2, 3]], {"seed": True}),
        ([{0: 1, 1: 2, 2: 3}], {}),
        ([{1, 2, 3}], {}),
        (["abc"], {}),
        ([iter([1, 2, 3])], {}),
        ([[1, 2, 3]], {"stratify": "aab"}),
        ([[1, 2, 3]], {"stratify": np.ones((3, 2))}),
        ([[1, 2, 3]], {"stratify": [1.0, math.nan, math.nan]}),
        ([[1, 2, 3]], {"stratify": np.array([1.0, math.nan, math.nan])}),
        ([[1, 2, 3]], {"groups": [[1], [2], [2]]}),
        ([[1, 2, 3]], {"groups": {0: 1, 1: 1, 2: 2}}),
        ([[1, 2, 3]], {"shuffle": None}),
        ([[1, 2, 3]], {"shuffle": "no"}),
        ([[1, 2, 3]], {"test": math.nan}),
        ([[1, 2, 3]], {"test": 10**400}),
        ([[1, 2, 3]], {"test": [0.5]}),
        ([[1, 2, 3]], {"test": None}),
    ],
)
def test_what_cannot_be_split_is_refused(data, options):
    with pytest.raises(InvalidValueError):
        bo.HeldOut(*data, **options)


def test_a_matrix_that_has_no_rows_to_take_is_refused():
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(InvalidValueError, match="COO"):
        bo.HeldOut(sparse.coo_matrix(np.eye(4)))


@pytest.mark.parametrize("share", [np.float64(0.25), np.float32(0.25), np.int64(1), 1])
def test_numbers_of_numpy_are_numbers(share):
    assert bo.HeldOut([1, 2, 3, 4], test=share, shuffle=np.True_).n_test == 1


@pytest.mark.parametrize("wrong", [{"function": 3}, {"study": "s"}, {"study": 3}])
def test_a_look_by_what_is_no_function_or_at_no_study_is_refused(wrong):
    held = bo.HeldOut([1, 2, 3, 4])
    with pytest.raises(InvalidValueError):
        held.evaluate(**{"function": len, **wrong})
    assert held.looks == ()


@pytest.mark.parametrize("damaged", [5, [1, 2], [{"a": 1}], "text"])
def test_an_attribute_of_somebody_elses_is_said_before_anything_is_looked_at(damaged):
    study = bo.create_study({"x": bo.Float(0, 1)}, seed=0)
    study.set_user_attr("held_out_looks", damaged)
    looked = []
    with pytest.raises(StudyError, match="held_out_looks"):
        bo.HeldOut([1, 2, 3, 4]).evaluate(looked.append, study)
    assert not looked


def test_take_keeps_the_order_given():
    assert take(["a", "b", "c"], np.array([2, 0])) == ["c", "a"]
