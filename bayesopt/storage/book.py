"""One study of the memory storage: its trials and the ordered log of what changed."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from bayesopt import codec
from bayesopt.storage import facts, refusals
from bayesopt.storage.base import Changes, Label, StudyRecord, StudySpec, Ticket
from bayesopt.storage.facts import Draft, Told
from bayesopt.trial import TrialRecord, TrialState, split_attrs


@dataclass(slots=True, eq=False)
class Report:
    """Intermediate values of one step."""

    number: int
    step: float
    values: bytes
    attempt: int
    seq: int = 0


@dataclass(slots=True, eq=False)
class Trial:
    """One trial, mutable; only ever touched under the storage's lock."""

    number: int
    created_at: float
    state: int
    params: dict[str, Label] = field(default_factory=dict)
    sampler: str = ""
    fallback: str = ""
    space_version: int = 0
    attrs: dict[str, str] = field(default_factory=dict)
    told: Told | None = None
    reports: dict[float, Report] = field(default_factory=dict)
    attempt: int = 0
    owner: str = ""
    lease_until: float | None = None
    key: str | None = None
    started_at: float = math.nan
    finished_at: float = math.nan
    seq: int = 0

    def draft(self, draft: Draft) -> None:
        """Take over a proposal."""
        self.params = draft.params
        self.sampler, self.fallback = draft.sampler, draft.fallback
        self.space_version = draft.space_version
        self.attrs.update(draft.attrs)

    def hand_out(self, now: float, owner: str, lease_until: float | None) -> None:
        """Start the next attempt."""
        self.state, self.attempt = facts.RUNNING, self.attempt + 1
        self.owner, self.lease_until, self.started_at = owner, lease_until, now

    def tell(self, told: Told, now: float) -> None:
        """Take the result."""
        self.told, self.state = told, told.state
        self.lease_until, self.finished_at = None, now

    def is_held(self, attempt: int) -> bool:
        """Whether `attempt` may still write: nobody took the trial over, nor was it given back."""
        return self.attempt == attempt and facts.is_owned(self.state, self.owner)

    @property
    def values(self) -> tuple[float, ...] | None:
        """The told values."""
        told = self.told
        return None if told is None or told.values is None else codec.unpack_floats(told.values)

    @property
    def constraints(self) -> dict[str, float]:
        """The told outcome constraints."""
        told = self.told
        return {} if told is None or told.constraints is None else codec.decode(told.constraints)

    @property
    def cost(self) -> float | None:
        """The told cost."""
        told = self.told
        return None if told is None or told.cost is None else codec.unpack_floats(told.cost)[0]

    @property
    def variances(self) -> tuple[float, ...] | None:
        """How noisy the values are."""
        blob = None if self.told is None else self.told.variances
        return None if blob is None else codec.unpack_floats(blob)

    def require_same(self, told: Told) -> None:
        """Raise TellConflictError unless `told` is what was told before."""
        facts.require_same(self.number, self.told, told)

    def ticket(self) -> Ticket:
        """Return the right to evaluate the present attempt."""
        return Ticket(self.number, self.attempt, dict(self.params), self.sampler, self.fallback)

    def record(self) -> TrialRecord:
        """Return a frozen copy."""
        attrs = {name: codec.decode(text) for name, text in self.attrs.items()}
        user_attrs, system_attrs = split_attrs(attrs)
        return TrialRecord(
            number=self.number,
            state=TrialState(self.state),
            params=dict(self.params),
            values=self.values,
            constraints=self.constraints,
            cost=self.cost,
            reports={
                step: codec.unpack_floats(self.reports[step].values)
                for step in sorted(self.reports)
            },
            user_attrs=user_attrs,
            sampler=self.sampler,
            fallback=self.fallback,
            error="" if self.told is None else self.told.error,
            attempt=self.attempt,
            owner=self.owner,
            space_version=self.space_version,
            created_at=self.created_at,
            started_at=self.started_at,
            finished_at=self.finished_at,
            variances=self.variances,
            system_attrs=system_attrs,
        )


class Book:
    """One study. Entry ``log[i]`` is what got ``seq`` i + 1; it counts if it still has that seq."""

    def __init__(self, spec: StudySpec, space: str, now: float) -> None:
        self.spec, self.created_at = spec, now
        self.spaces = [space]
        self.attrs: dict[str, str] = {}
        self.trials: list[Trial] = []
        self.audit: list[dict[str, Any]] = []
        self._log: list[Trial | Report] = []
        self._running: dict[int, Trial] = {}
        self._keys: dict[str, list[Trial]] = {}

    def record(self, study_id: int) -> StudyRecord:
        """Return a frozen copy of the study's own facts."""
        attrs = {name: codec.decode(text) for name, text in self.attrs.items()}
        return StudyRecord(study_id, self.spec, self.created_at, len(self.trials), attrs)

    # -- finding ------------------------------------------------------------------------------
    def find(self, number: int) -> Trial | None:
        """Return the trial of that number, None if there is none."""
        return self.trials[number] if 0 <= number < len(self.trials) else None

    def trial(self, number: int) -> Trial:
        """Return the trial of that number. Raises TrialNotFoundError."""
        trial = self.find(facts.trial_number(number))
        if trial is None:
            raise refusals.no_trial(number)
        return trial

    def held(self, number: int, attempt: int) -> Trial:
        """Return the trial if `attempt` may still write to it. Raises StaleTrialError."""
        trial = self.trial(number)
        if not trial.is_held(attempt):
            raise refusals.stale(number, attempt, trial.attempt, trial.state)
        return trial

    def keyed(self, key: str | None) -> list[Trial]:
        """Return the trials that were handed out under `key`, by number."""
        return [] if key is None else self._keys.get(key, [])

    def overdue(self, now: float) -> list[Trial]:
        """Return running trials whose lease ran out, by number."""
        late = [
            trial
            for trial in self._running.values()
            if trial.lease_until is not None and trial.lease_until < now
        ]
        return sorted(late, key=lambda trial: trial.number)

    # -- changing -----------------------------------------------------------------------------
    def add(self, draft: Draft, now: float, state: int) -> Trial:
        """Append a trial under the next number."""
        trial = Trial(len(self.trials), now, state)
        trial.draft(draft)
        self.trials.append(trial)
        self.touch(trial)
        return trial

    def touch(self, trial: Trial) -> None:
        """Give a trial that changed the next seq."""
        self._log.append(trial)
        trial.seq = len(self._log)
        if trial.state == facts.RUNNING:
            self._running[trial.number] = trial
        else:
            self._running.pop(trial.number, None)

    def set_key(self, trial: Trial, key: str | None) -> None:
        """Let the trial be found by `key` alone."""
        if trial.key is not None:
            self._keys[trial.key].remove(trial)
        trial.key = key
        if key is not None:
            self._keys.setdefault(key, []).append(trial)
            self._keys[key].sort(key=lambda each: each.number)

    def renew(self, trial: Trial, lease_until: float | None) -> None:
        """Extend the lease; a trial given up for lost runs again."""
        trial.lease_until = lease_until
        if trial.state == facts.LOST:
            trial.state = facts.RUNNING
            self.touch(trial)

    def lose(self, trial: Trial, owner: str) -> None:
        """Put a running trial back in the queue; its old lease counts again if it comes back."""
        trial.state, trial.owner = facts.LOST, owner
        self.touch(trial)

    def pause(self, trial: Trial) -> None:
        """Lay a trial aside; nobody holds it any more."""
        trial.state, trial.owner, trial.lease_until = facts.PAUSED, "", None
        self.touch(trial)

    def report(self, trial: Trial, report: Report) -> None:
        """Write a step down, in place of what earlier attempts reported from there on."""
        for step, known in list(trial.reports.items()):
            if step >= report.step and known.attempt < report.attempt:
                trial.reports.pop(step).seq = 0
        trial.reports[report.step] = report
        self._log.append(report)
        report.seq = len(self._log)

    def invalidate(self, trial: Trial, reason: str, who: str, now: float) -> None:
        """Strike a finished trial out and remember what it was."""
        before = {"state": TrialState(trial.state).name}
        self.audit.append(
            {
                "when": now,
                "number": trial.number,
                "action": "invalidate",
                "who": who,
                "reason": reason,
                "before": before,
            }
        )
        trial.state = facts.INVALID
        self.touch(trial)

    # -- following ----------------------------------------------------------------------------
    def changes(self, since: int, limit: int) -> Changes:
        """Return what changed after `since`; O(log entries since)."""
        trials: list[Trial] = []
        reports: list[Report] = []
        start = max(since, 0)
        for seq, entry in enumerate(self._log[start:], start + 1):
            if entry.seq != seq:
                continue  # it changed again later
            if isinstance(entry, Report):
                reports.append(entry)
            elif len(trials) < limit:
                trials.append(entry)
            else:
                return self._changes(seq - 1, trials, reports, more=True)
        return self._changes(max(start, len(self._log)), trials, reports, more=False)

    def _changes(
        self, seq: int, trials: list[Trial], reports: list[Report], *, more: bool
    ) -> Changes:
        return Changes(
            seq=seq,
            numbers=[trial.number for trial in trials],
            states=[trial.state for trial in trials],
            params=[dict(trial.params) for trial in trials],
            values=[trial.values for trial in trials],
            constraints=[trial.constraints for trial in trials],
            costs=[trial.cost for trial in trials],
            space_versions=[trial.space_version for trial in trials],
            report_numbers=[report.number for report in reports],
            report_steps=[report.step for report in reports],
            report_values=[codec.unpack_floats(report.values) for report in reports],
            report_attempts=[report.attempt for report in reports],
            n_spaces=len(self.spaces),
            more=more,
            variances=[trial.variances for trial in trials],
        )
