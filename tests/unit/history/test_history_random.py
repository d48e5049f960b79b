"""History against naive bookkeeping, fed with chunks of changes in any order and some twice."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bayesopt.history import History
from bayesopt.space import Categorical, Float, Int, Space
from bayesopt.storage.base import Changes
from bayesopt.trial import TrialState

SPACE = Space(
    {
        "x": Float(0.0, 4.0, step=1.0),
        "c": Categorical(["a", "b"]),
        "k": Int(1, 2, when={"c": "a"}),
    }
)
NAMES = ("x", "c", "k")
FREE = Space({"x": Float(0.0, 4.0, step=1.0), "c": Categorical(["a", "b", "z"])})


@dataclass
class Facts:
    """One trial as a storage would keep it."""

    state: TrialState
    params: dict[str, Any]
    seq: int
    values: tuple[float, ...] | None = None
    constraints: dict[str, float] = field(default_factory=dict)
    cost: float | None = None
    variances: tuple[float, ...] | None = None
    attempt: int = 1


class NaiveStore:
    """Lists and dicts; ``changes`` as the storage protocol says."""

    def __init__(self) -> None:
        self.seq = 0
        self.trials: list[Facts] = []
        self.reports: dict[tuple[int, float], tuple[tuple[float, ...], int, int]] = {}

    def report(self, number: int, step: float, values: tuple[float, ...]) -> None:
        attempt = self.trials[number].attempt
        for (trial, other), (_, _, earlier) in list(self.reports.items()):
            if trial == number and other >= step and earlier < attempt:
                del self.reports[trial, other]
        self.reports[number, step] = (values, self.seq, attempt)

    def changes(self, since: int, limit: int) -> Changes:
        rows = sorted((t.seq, i) for i, t in enumerate(self.trials) if t.seq > since)
        more = len(rows) > limit
        rows = rows[:limit]
        upto = rows[-1][0] if more else self.seq
        reports = sorted(
            (seq, number, step, values, attempt)
            for (number, step), (values, seq, attempt) in self.reports.items()
            if since < seq <= upto
        )
        chosen = [self.trials[i] for _, i in rows]
        noise = [t.variances for t in chosen]
        return Changes(
            seq=upto,
            numbers=[i for _, i in rows],
            states=[int(t.state) for t in chosen],
            params=[dict(t.params) for t in chosen],
            values=[t.values for t in chosen],
            constraints=[dict(t.constraints) for t in chosen],
            costs=[t.cost for t in chosen],
            space_versions=[0] * len(chosen),
            report_numbers=[r[1] for r in reports],
            report_steps=[r[2] for r in reports],
            report_values=[r[3] for r in reports],
            report_attempts=[r[4] for r in reports],
            n_spaces=1,
            more=more,
            variances=noise if any(noise) else (),
        )


@st.composite
def configs(draw: st.DrawFn) -> dict[str, Any]:
    config: dict[str, Any] = {"x": float(draw(st.integers(0, 4))), "c": draw(st.sampled_from("ab"))}
    if config["c"] == "a":
        config["k"] = draw(st.integers(1, 2))
    return config


def numbers_(m: int) -> st.SearchStrategy[tuple[float, ...]]:
    one = st.sampled_from([0.0, 1.0, -1.0, 2.5, 1e300, math.inf])
    return st.tuples(*[one] * m)


def play(data: st.DataObject, m: int) -> tuple[NaiveStore, list[Changes]]:
    """Let random things happen; return the final facts and chunks taken on the way."""
    store, chunks = NaiveStore(), []
    for _ in range(data.draw(st.integers(0, 25))):
        store.seq += 1
        happen(data, store, m)
        if data.draw(st.integers(0, 3)) == 0:
            since = data.draw(st.just(store.seq - 1) | st.integers(0, store.seq))
            chunks.append(store.changes(since, data.draw(st.integers(1, 5))))
    since, more = 0, True
    while more:
        chunks.append(store.changes(since, 7))
        since, more = chunks[-1].seq, chunks[-1].more
    return store, chunks


def happen(data: st.DataObject, store: NaiveStore, m: int) -> None:
    actions = ["ask", "enqueue", "enqueue part"] + ["tell", "report", "lose", "strike"] * 2
    action = data.draw(st.sampled_from(actions)) if store.trials else "ask"
    if action in ("ask", "enqueue", "enqueue part"):
        config = data.draw(configs())
        state = TrialState.RUNNING if action == "ask" else TrialState.WAITING
        if action == "enqueue part":
            del config[data.draw(st.sampled_from(sorted(config)))]
        store.trials.append(Facts(state, config, store.seq))
        return
    number = data.draw(st.integers(0, len(store.trials) - 1))
    facts = store.trials[number]
    if action == "report":
        step = float(data.draw(st.integers(0, 4)))
        store.report(number, step, data.draw(numbers_(m)))
        return
    facts.seq = store.seq
    if action == "tell" and facts.state is TrialState.RUNNING:
        ends = [TrialState.COMPLETE, TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL]
        facts.state = data.draw(st.sampled_from(ends))
        if facts.state is TrialState.COMPLETE:
            facts.values = data.draw(numbers_(m))
        names = data.draw(st.sets(st.sampled_from(["q", "b"])))
        facts.constraints = {name: data.draw(st.sampled_from([-1.0, 0.0, 1.0])) for name in names}
        facts.cost = data.draw(st.sampled_from([None, 2.0]))
        facts.variances = data.draw(st.sampled_from([None, (0.5, 2.0)[:m]]))
    elif action == "lose" and facts.state is TrialState.RUNNING:
        facts.state = TrialState.LOST
    elif action == "lose" and facts.state in (TrialState.WAITING, TrialState.LOST):
        whole = "x" in facts.params and is_whole(facts.params)
        facts.params = facts.params if whole else data.draw(configs())
        facts.state = TrialState.RUNNING
        facts.attempt += 1
    elif action == "strike" and facts.state.is_finished:
        facts.state = TrialState.INVALID


def is_whole(params: dict[str, Any]) -> bool:
    return {"x", "c"} <= set(params) and (params["c"] == "b" or "k" in params)


def is_known(facts: Facts) -> bool:
    return facts.state is not TrialState.INVALID and is_whole(facts.params)


def is_feasible(facts: Facts, names: set[str]) -> bool:
    if any(value > 0 for value in facts.constraints.values()):
        return False
    return facts.state is not TrialState.COMPLETE or names <= set(facts.constraints)


def dominates(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a != b and all(x <= y for x, y in zip(a, b, strict=True))


@settings(max_examples=60)
@given(data=st.data())
def test_define_by_run_trials_stand_for_what_they_did_not_ask_for(data: st.DataObject) -> None:
    store, history = NaiveStore(), History(FREE, define_by_run=True)
    every = FREE.grid().rows(range(15))
    for _ in range(data.draw(st.integers(1, 20))):
        since, generation, before = store.seq, history.generation, history.contains(every)
        store.seq += 1
        use_or_tell(data, store)
        history.apply(store.changes(since, 99))
        known = [any(stands_for(t, config) for t in store.trials) for config in FREE.decode(every)]
        assert history.contains(every).tolist() == known
        assert history.generation > generation or not (before & ~np.array(known)).any()


def use_or_tell(data: st.DataObject, store: NaiveStore) -> None:
    """Ask with a whole configuration; later use a part of it, or others; finish; strike out."""
    action = data.draw(st.sampled_from(["ask", "enqueue", "use", "use", "other", "fail", "strike"]))
    whole = st.fixed_dictionaries(
        {"x": st.integers(0, 4).map(float), "c": st.sampled_from(["a", "b", "z"])}
    )
    config = data.draw(whole)
    if action in ("ask", "enqueue") or not store.trials:
        state = TrialState.WAITING if action == "enqueue" else TrialState.RUNNING
        store.trials.append(Facts(state, config, store.seq))
        return
    facts = data.draw(st.sampled_from(store.trials))
    facts.seq = store.seq
    part = data.draw(st.sets(st.sampled_from(["x", "c"])))
    if action in ("use", "other") and facts.state in (TrialState.RUNNING, TrialState.WAITING):
        source = facts.params if action == "use" else config
        facts.params = {name: source[name] for name in source if name in part}
    elif action == "fail" and facts.state is TrialState.RUNNING:
        facts.state = TrialState.FAIL
    elif action == "strike" and facts.state is TrialState.FAIL:
        facts.state = TrialState.INVALID


def stands_for(facts: Facts, config: dict[str, Any]) -> bool:
    if facts.state is TrialState.INVALID or not facts.params:
        return False
    if facts.state is TrialState.WAITING and len(facts.params) < 2:
        return False
    return all(config[name] == value for name, value in facts.params.items())


@settings(max_examples=100)
@given(data=st.data(), m=st.integers(1, 2), maximize=st.booleans())
def test_any_order_of_chunks_gives_the_naive_columns(
    data: st.DataObject, m: int, maximize: bool
) -> None:
    store, chunks = play(data, m)
    order = data.draw(st.permutations(range(len(chunks))))
    again = data.draw(st.lists(st.integers(0, len(chunks) - 1), max_size=3))
    history = History(SPACE, m, directions=["maximize" if maximize else "minimize"])
    for i in [*order, *again]:
        history.apply(chunks[i])
        if data.draw(st.booleans()):
            history.contains(history.X)  # builds the index, which must then follow
    check(history, store, -1.0 if maximize else 1.0)


@settings(max_examples=50)
@given(data=st.data(), m=st.integers(1, 2))
def test_rereading_what_changed_keeps_a_copy_up_to_date(data: st.DataObject, m: int) -> None:
    _, chunks = play(data, m)
    history, copy, version = History(SPACE, m), {}, 0
    for chunk in chunks:
        history.apply(chunk)
        if data.draw(st.booleans()):
            changed = history.changed_since(version)
            assert changed.tolist() == sorted(set(changed.tolist()))
            copy.update((i, row_of(history, i)) for i in changed.tolist())
            version = history.version
    changed = history.changed_since(version)
    copy.update((i, row_of(history, i)) for i in changed.tolist())
    assert copy == {i: row_of(history, i) for i in range(history.n)}


def row_of(history: History, number: int) -> str:
    """Return everything about a trial, as text: NaN is NaN there."""
    row = [column[number].tolist() for column in (
        history.state, history.X, history.active, history.inside, history.values,
        history.constraints, history.feasible, history.cost, history.variances,
        history.is_pending,
    )]  # fmt: skip
    return repr((row, [part.tolist() for part in history.curve(number)]))


def check(history: History, store: NaiveStore, sign: float) -> None:
    trials = store.trials
    assert history.n == len(history) == len(trials)
    assert history.state.tolist() == [int(t.state) for t in trials]
    check_rows(history, trials)
    check_results(history, trials, sign)
    check_reports(history, store, sign)


def check_rows(history: History, trials: list[Facts]) -> None:
    for i, facts in enumerate(trials):
        if is_whole(facts.params):
            assert np.array_equal(history.X[i], SPACE.encode([facts.params])[0])
            assert history.active[i].tolist() == [name in facts.params for name in NAMES]
    every = SPACE.grid().rows(range(15))
    known = {tuple(SPACE.encode([t.params])[0]) for t in trials if is_known(t)}
    assert history.contains(every).tolist() == [tuple(row) in known for row in every]
    under_way = (TrialState.RUNNING, TrialState.LOST)
    assert history.is_pending.tolist() == [
        (t.state in under_way) or (t.state is TrialState.WAITING and is_whole(t.params))
        for t in trials
    ]


def check_results(history: History, trials: list[Facts], sign: float) -> None:
    names = {name for t in trials for name in t.constraints}
    assert history.constraint_names == tuple(sorted(names))
    feasible = [is_feasible(t, names) for t in trials]
    assert history.feasible.tolist() == feasible
    for i, facts in enumerate(trials):
        told = facts.values or (math.nan,) * history.n_objectives
        assert np.array_equal(history.values[i], [sign * v for v in told], equal_nan=True)
        cost = math.nan if facts.cost is None else facts.cost
        assert np.array_equal(history.cost[i], cost, equal_nan=True)
        noise = facts.variances or (math.nan,) * history.n_objectives
        assert np.array_equal(history.variances[i], noise, equal_nan=True)
        row = [facts.constraints.get(name, math.nan) for name in sorted(names)]
        assert np.array_equal(history.constraints[i], row, equal_nan=True)
    ranked = {
        i: tuple(sign * v for v in t.values or ())
        for i, t in enumerate(trials)
        if t.state is TrialState.COMPLETE and feasible[i]
    }
    front = [i for i, v in ranked.items() if not any(dominates(w, v) for w in ranked.values())]
    assert history.pareto().tolist() == front
    if history.n_objectives == 1:
        assert history.best() == (min(ranked, key=lambda i: ranked[i]) if ranked else None)


def check_reports(history: History, store: NaiveStore, sign: float) -> None:
    reports = history.reports
    got = {
        (int(t), float(s)): tuple(v)
        for t, s, v in zip(reports.trial, reports.step, reports.values.tolist(), strict=True)
    }
    assert len(got) == len(reports.trial)
    want = {key: tuple(sign * v for v in values) for key, (values, *_) in store.reports.items()}
    assert got == want
    for number in range(history.n):
        steps, values = history.curve(number)
        mine = sorted(step for trial, step in want if trial == number)
        assert steps.tolist() == mine
        assert [tuple(v) for v in values.tolist()] == [want[number, step] for step in mine]
        last = mine[-1] if mine else math.nan
        assert np.array_equal(history.last_step[number], last, equal_nan=True)
        if mine:
            assert tuple(history.last_values[number]) == want[number, last]
