"""The same random operations on every storage and on a plain model: the same answers."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from bayesopt.errors import (
    BayesOptError,
    ReportConflictError,
    StaleTrialError,
    StudyError,
    TellConflictError,
    TrialNotFoundError,
)
from bayesopt.history import History
from bayesopt.space import Space
from bayesopt.storage import MemoryStorage, SQLiteStorage, Storage
from bayesopt.storage.base import Proposal, Result, StudySpec, Ticket
from bayesopt.trial import TrialRecord, TrialState

WAITING, RUNNING, COMPLETE, PRUNED, FAIL, LOST, INVALID, PAUSED = TrialState
FINISHED = (COMPLETE, PRUNED, FAIL, INVALID)

picks = st.sampled_from([0, 0, 0, 0, 1, 1, 2, 3, 5, -1])  # mostly the same; -1 is missing
late_picks = st.sampled_from([2, 3, 4, 5, 0, -1])  # what ends a trial leaves the first ones alone
offs = st.sampled_from([0, 0, 0, 0, 1, -1])  # from the present attempt
owners = st.sampled_from(["ann", "bob"])
leases = st.sampled_from([None, 5.0, 50.0])
floats = st.sampled_from([0.0, -0.0, 1.5, math.inf, 5e-324, 0.1 + 0.2])
keys = st.none() | st.sampled_from(["k1", "k2"])
params = st.dictionaries(
    st.sampled_from(["x", "é\ud800"]), st.sampled_from([1, 1.0, True, None, "s"]), max_size=2
)
proposals = st.builds(
    Proposal,
    params,
    sampler=st.sampled_from(["", "gp"]),
    space_version=st.integers(0, 2),
    user_attrs=st.sampled_from([{}, {"a": [1, math.inf]}]),
)
results = st.builds(
    Result,
    st.sampled_from([COMPLETE, PRUNED, FAIL]),
    st.none() | st.tuples(floats),
    st.sampled_from([{}, {"b": 1.0, "a": -math.inf}]),
    st.none() | floats,
    variances=st.none() | st.tuples(floats),
)


def same_result(one: Result, two: Result) -> bool:
    """Compare results bit for bit; -0.0 is not 0.0."""
    return one.state == two.state and facts_of(one) == facts_of(two)


def facts_of(told: Result | TrialRecord) -> str:
    """Return what was told, as text: -0.0 is not 0.0, and NaN is NaN there."""
    return repr((told.values, sorted(told.constraints.items()), told.cost, told.variances))


class Model:
    """One study as plain dicts, one per trial: the specification in its shortest form."""

    def __init__(self) -> None:
        self.trials: list[dict[str, Any]] = []
        self.now = 1000.0
        self.audited: list[int] = []

    def add(self, state: TrialState, proposal: Proposal, **facts: Any) -> int:
        trial = {
            "state": state, "params": dict(proposal.params), "sampler": proposal.sampler,
            "space_version": proposal.space_version, "attrs": dict(proposal.user_attrs),
            "attempt": 0, "owner": "", "until": None, "key": None, "result": None, "reports": {},
        }  # fmt: skip
        self.trials.append({**trial, **facts})
        return len(self.trials) - 1

    def trial(self, number: int) -> dict[str, Any]:
        if number >= len(self.trials):
            raise TrialNotFoundError("no such trial")
        return self.trials[number]

    def until(self, lease_s: float | None) -> float | None:
        return None if lease_s is None else self.now + lease_s

    def ticket(self, number: int) -> Ticket:
        trial = self.trials[number]
        return Ticket(number, trial["attempt"], trial["params"], trial["sampler"], "")

    def keyed(self, key: str | None) -> list[Ticket] | None:
        found = [
            n for n, trial in enumerate(self.trials) if key is not None and trial["key"] == key
        ]
        return [self.ticket(n) for n in found] or None

    def holds(self, number: int, attempt: int) -> bool:
        trial = self.trial(number)
        back = trial["state"] is LOST and trial["owner"]
        return bool(trial["attempt"] == attempt and (trial["state"] is RUNNING or back))

    # -- the protocol, in words -----------------------------------------------------------
    def ask(
        self,
        wanted: list[Proposal],
        expected: int,
        owner: str,
        lease_s: float | None,
        key: str | None,
    ) -> list[Ticket] | None:
        known = self.keyed(key)
        if known:
            return known
        if expected != len(self.trials):
            return None
        facts = {"attempt": 1, "owner": owner, "until": self.until(lease_s), "key": key}
        return [self.ticket(self.add(RUNNING, proposal, **facts)) for proposal in wanted]

    def claim(
        self, number: int, proposal: Proposal, owner: str, lease_s: float | None, key: str | None
    ) -> Ticket | None:
        trial = self.trial(number)
        if trial["state"] not in (WAITING, LOST, PAUSED):
            return None
        trial.update(
            state=RUNNING, params=dict(proposal.params), sampler=proposal.sampler, owner=owner,
            space_version=proposal.space_version, attempt=trial["attempt"] + 1, key=key,
            until=self.until(lease_s), attrs={**trial["attrs"], **proposal.user_attrs},
        )  # fmt: skip
        return self.ticket(number)

    def tell(self, number: int, attempt: int | None, result: Result) -> bool:
        trial = self.trial(number)
        if attempt not in (None, trial["attempt"]):
            raise StaleTrialError("another attempt")
        if trial["state"] in FINISHED:
            if not same_result(trial["result"], result):
                raise TellConflictError("another result")
            return False
        trial.update(state=result.state, result=result)
        return True

    def report(
        self, number: int, attempt: int, step: float, value: float, lease_s: float | None
    ) -> None:
        if not self.holds(number, attempt):
            raise StaleTrialError("not held")
        trial = self.trials[number]
        by, known = trial["reports"].get(step, (None, None))
        if by == attempt and repr(known) != repr(value):
            raise ReportConflictError("another value")
        for other, (earlier, _) in list(trial["reports"].items()):
            if other >= step and earlier < attempt:
                del trial["reports"][other]
        trial["reports"][step] = (attempt, value)
        trial.update(
            state=RUNNING, until=trial["until"] if lease_s is None else self.until(lease_s)
        )

    def set_params(self, number: int, attempt: int, labels: dict[str, Any], version: int) -> None:
        if not self.holds(number, attempt):
            raise StaleTrialError("not held")
        self.trials[number].update(params=labels, space_version=version)

    def release(self, number: int, attempt: int) -> bool:
        trial = self.trial(number)
        if (trial["state"], trial["attempt"]) != (RUNNING, attempt):
            return False
        trial.update(state=LOST, owner="", until=None)
        return True

    def pause(self, number: int, attempt: int) -> bool:
        trial = self.trial(number)
        if (trial["state"], trial["attempt"]) == (PAUSED, attempt):
            return False
        if not self.holds(number, attempt):
            raise StaleTrialError("not held")
        trial.update(state=PAUSED, owner="", until=None)
        return True

    def renew(self, tickets: list[tuple[int, int]], owner: str, lease_s: float) -> list[int]:
        gone = []
        for number, attempt in tickets:
            known = number < len(self.trials)
            if known and self.holds(number, attempt) and self.trials[number]["owner"] == owner:
                self.trials[number].update(state=RUNNING, until=self.until(lease_s))
            else:
                gone.append(number)
        return gone

    def expire(self) -> list[int]:
        due = [
            number
            for number, trial in enumerate(self.trials)
            if trial["state"] is RUNNING and trial["until"] is not None
            and trial["until"] < self.now
        ]  # fmt: skip
        for number in due:
            self.trials[number].update(state=LOST, until=None)
        return due

    def invalidate(self, number: int) -> None:
        trial = self.trial(number)
        if trial["state"] not in FINISHED:
            raise StudyError("not finished")
        if trial["state"] is not INVALID:
            self.audited.append(number)
            trial["state"] = INVALID


def seen(trial: TrialRecord) -> dict[str, Any]:
    """Return what a record says, in a form that tells -0.0 from 0.0 and 1 from True."""
    return {
        "state": trial.state,
        "params": repr(sorted(trial.params.items())),
        "sampler": trial.sampler,
        "space_version": trial.space_version,
        "attrs": trial.user_attrs,
        "attempt": trial.attempt,
        "owner": trial.owner,
        "told": facts_of(trial),
        "reports": repr(sorted(trial.reports.items())),
    }


def expected(trial: dict[str, Any]) -> dict[str, Any]:
    """Return what the record of a model's trial must say."""
    result = trial["result"] or Result(FAIL)
    reports = sorted((step, (value,)) for step, (_, value) in trial["reports"].items())
    return {
        **{name: trial[name] for name in ("state", "sampler", "space_version", "attempt", "owner")},
        "params": repr(sorted(trial["params"].items())),
        "attrs": trial["attrs"],
        "told": facts_of(result),
        "reports": repr(reports),
    }


class StorageMachine(RuleBasedStateMachine):
    """Drive all storages at once."""

    @initialize()
    def start(self) -> None:
        self.model = Model()
        self.stack = ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        clock = lambda: self.model.now  # noqa: E731
        path = Path(folder) / "study.db"
        self.storages: list[Storage] = [
            MemoryStorage(clock=clock),
            SQLiteStorage(path, synchronous="normal", clock=clock),
        ]
        self.study = [s.create_study(StudySpec("s", ("minimize",), 0), "{}") for s in self.storages]
        self.followed: list[dict[int, tuple[Any, ...]]] = [{} for _ in self.storages]
        self.histories = [History(Space({})) for _ in self.storages]
        self.seqs = [0 for _ in self.storages]
        self.ask([Proposal({"x": 1}), Proposal({})], 0, "ann", 5.0, "k1")
        self.enqueue(Proposal({}))

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            for storage in self.storages:
                storage.close()
            self.stack.close()

    def agree(
        self, on_model: Callable[[], object], on_storage: Callable[[Storage, int], object]
    ) -> None:
        """Do it everywhere; answers and errors must be the model's."""
        wanted = outcome(on_model)
        for storage, study in zip(self.storages, self.study, strict=True):
            assert outcome(lambda: on_storage(storage, study)) == wanted  # noqa: B023

    def pick(self, pick: int) -> int:
        n = len(self.model.trials)
        return n if pick < 0 else pick % max(n, 1)

    def attempt(self, number: int, off: int) -> int:
        known = number < len(self.model.trials)
        return off + (self.model.trials[number]["attempt"] if known else 0)

    # -- rules ----------------------------------------------------------------------------
    @rule(
        wanted=st.lists(proposals, min_size=1, max_size=2),
        off=st.sampled_from([0, 0, 0, 1, -1]),
        owner=owners, lease_s=leases, key=keys,
    )  # fmt: skip
    def ask(
        self, wanted: list[Proposal], off: int, owner: str, lease_s: float | None, key: str | None
    ) -> None:
        n = max(0, len(self.model.trials) + off)
        self.agree(
            lambda: self.model.ask(wanted, n, owner, lease_s, key),
            lambda s, study: s.ask(study, wanted, n, owner=owner, lease_s=lease_s, key=key),
        )

    @rule(proposal=proposals)
    def enqueue(self, proposal: Proposal) -> None:
        self.agree(
            lambda: [self.model.add(WAITING, proposal)],
            lambda s, study: s.enqueue(study, [proposal]),
        )

    @rule(pick=picks, proposal=proposals, owner=owners, lease_s=leases, key=keys)
    def claim(
        self, pick: int, proposal: Proposal, owner: str, lease_s: float | None, key: str | None
    ) -> None:
        number = self.pick(pick)
        self.agree(
            lambda: self.model.claim(number, proposal, owner, lease_s, key),
            lambda s, study: s.claim(
                study, number, proposal, owner=owner, lease_s=lease_s, key=key
            ),
        )

    @rule(proposal=proposals, result=results)
    def add_finished(self, proposal: Proposal, result: Result) -> None:
        self.agree(
            lambda: [self.model.add(result.state, proposal, result=result)],
            lambda s, study: s.add_finished(study, [proposal], [result]),
        )

    @rule(pick=late_picks, off=st.none() | offs, result=results)
    def tell(self, pick: int, off: int | None, result: Result) -> None:
        number = self.pick(pick)
        attempt = None if off is None else self.attempt(number, off)
        self.agree(
            lambda: self.model.tell(number, attempt, result),
            lambda s, study: s.tell(study, number, attempt, result),
        )

    @rule(pick=picks, off=offs, step=st.sampled_from([0.0, 1.0, 2.0]), value=floats,
          lease_s=leases)  # fmt: skip
    def report(self, pick: int, off: int, step: float, value: float, lease_s: float | None) -> None:
        number = self.pick(pick)
        attempt = self.attempt(number, off)
        self.agree(
            lambda: self.model.report(number, attempt, step, value, lease_s),
            lambda s, study: s.report(study, number, attempt, step, (value,), lease_s),
        )

    @rule(pick=picks, off=offs, labels=params, version=st.integers(0, 2))
    def set_params(self, pick: int, off: int, labels: dict[str, Any], version: int) -> None:
        number = self.pick(pick)
        attempt = self.attempt(number, off)
        self.agree(
            lambda: self.model.set_params(number, attempt, dict(labels), version),
            lambda s, study: s.set_params(study, number, attempt, labels, version),
        )

    @rule(pick=picks, off=offs)
    def release(self, pick: int, off: int) -> None:
        number = self.pick(pick)
        attempt = self.attempt(number, off)
        self.agree(
            lambda: self.model.release(number, attempt),
            lambda s, study: s.release(study, number, attempt),
        )

    @rule(pick=picks, off=offs)
    def pause(self, pick: int, off: int) -> None:
        number = self.pick(pick)
        attempt = self.attempt(number, off)
        self.agree(
            lambda: self.model.pause(number, attempt),
            lambda s, study: s.pause(study, number, attempt),
        )

    @rule(picked=st.lists(st.tuples(picks, offs), max_size=3), owner=owners)
    def renew(self, picked: list[tuple[int, int]], owner: str) -> None:
        tickets = [
            (number, self.attempt(number, off))
            for number, off in ((self.pick(pick), off) for pick, off in picked)
        ]
        self.agree(
            lambda: self.model.renew(tickets, owner, 20.0),
            lambda s, study: s.renew(study, tickets, owner, 20.0),
        )

    @rule(seconds=st.sampled_from([1.0, 10.0, 100.0]))
    def wait(self, seconds: float) -> None:
        self.model.now += seconds
        self.agree(self.model.expire, lambda s, study: s.expire(study))

    @rule(pick=picks, value=st.sampled_from([None, 1, "x", [1, {"$": 2}]]))
    def set_user_attr(self, pick: int, value: object) -> None:
        number = self.pick(pick)
        self.agree(
            lambda: self.model.trial(number)["attrs"].update(u=value),
            lambda s, study: s.set_user_attr(study, number, "u", value),
        )

    @rule(pick=late_picks)
    def invalidate(self, pick: int) -> None:
        number = self.pick(pick)
        self.agree(
            lambda: self.model.invalidate(number),
            lambda s, study: s.invalidate(study, number, "why", "who"),
        )

    @rule()
    def reopen(self) -> None:
        self.storages[1].close()

    @rule(limit=st.integers(1, 4))
    def follow(self, limit: int) -> None:
        for i, (storage, study) in enumerate(zip(self.storages, self.study, strict=True)):
            more = True
            while more:
                changes = storage.changes(study, self.seqs[i], limit)
                assert len(changes.numbers) <= limit
                self.seqs[i], more = changes.seq, changes.more
                noise = changes.variances or [None] * len(changes.numbers)
                columns = (changes.states, changes.params, changes.values, changes.costs, noise)
                for number, *facts in zip(changes.numbers, *columns, strict=True):
                    self.followed[i][number] = tuple(facts)
                self.histories[i].apply(changes)
            assert self.followed[i] == self.wanted_rows()
            again = History(Space({}))
            again.apply(storage.changes(study, 0))
            for history in (self.histories[i], again):
                assert reports_of(history) == self.wanted_reports()

    def wanted_rows(self) -> dict[int, tuple[Any, ...]]:
        blank = Result(FAIL)
        told = [trial["result"] or blank for trial in self.model.trials]
        return {
            n: (trial["state"], trial["params"], result.values, result.cost, result.variances)
            for n, (trial, result) in enumerate(zip(self.model.trials, told, strict=True))
        }

    def wanted_reports(self) -> dict[tuple[int, float], float]:
        return {
            (n, step): value
            for n, trial in enumerate(self.model.trials)
            for step, (_, value) in trial["reports"].items()
        }

    # -- what always holds ----------------------------------------------------------------
    @invariant()
    def records_are_the_model_s(self) -> None:
        wanted = [expected(trial) for trial in self.model.trials]
        for storage, study in zip(self.storages, self.study, strict=True):
            records = storage.trials(study)
            assert [record.number for record in records] == list(range(len(wanted)))
            assert [seen(record) for record in records] == wanted
            for key in ("k1", "k2"):
                assert storage.find_ask(study, key) == self.model.keyed(key)
            assert [entry["number"] for entry in storage.audit_log(study)] == self.model.audited


def reports_of(history: History) -> dict[tuple[int, float], float]:
    """Return all reports of a history, by trial and step."""
    return {
        (n, step): value
        for n in range(history.n)
        for step, (value,) in zip(*(part.tolist() for part in history.curve(n)), strict=True)
    }


def outcome(call: Callable[[], object]) -> object:
    """Return the answer, or the type of the error."""
    try:
        return call()
    except BayesOptError as error:
        return type(error)


def test_all_storages_behave_like_the_model() -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        StorageMachine, settings=settings(stateful_step_count=40, max_examples=50)
    )
