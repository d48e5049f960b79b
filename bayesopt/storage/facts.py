"""What a storage writes down: checked, detached from the caller's objects and encoded.

Every storage passes what it is given through these functions, so that all of them accept, refuse
and return the same things.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from operator import index
from typing import NamedTuple

from bayesopt import codec
from bayesopt.errors import InvalidValueError, StudyError, short_repr
from bayesopt.storage import refusals
from bayesopt.storage.base import Label, Proposal, Result, StudySpec, Ticket
from bayesopt.trial import TrialState

MAX_NUMBER = 2**40 - 1
MAX_NAME_BYTES = 4096
MAX_TEXT_CHARS = codec.MAX_CHARS
TURN_TIMEOUT_S = 10.0
"""How long ``ask_turn`` waits before it lets a process ask out of turn."""

ENDINGS = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
WAITING, RUNNING, LOST, INVALID, PAUSED = (
    int(TrialState.WAITING),
    int(TrialState.RUNNING),
    int(TrialState.LOST),
    int(TrialState.INVALID),
    int(TrialState.PAUSED),
)
CLAIMABLE = frozenset({WAITING, LOST, PAUSED})
FINISHED = frozenset(int(state) for state in TrialState if state.is_finished)


class Draft(NamedTuple):
    """A checked proposal."""

    params: dict[str, Label]
    sampler: str
    fallback: str
    space_version: int
    attrs: dict[str, str]  # name → JSON

    def ticket(self, number: int, attempt: int = 1) -> Ticket:
        """Return the right to evaluate an attempt."""
        return Ticket(number, attempt, dict(self.params), self.sampler, self.fallback)


class Told(NamedTuple):
    """A checked result; two tells are the same if all but `error` is, bit for bit."""

    state: int
    values: bytes | None  # float64
    constraints: str | None  # JSON in order of the names, None if there are none
    cost: bytes | None  # float64
    variances: bytes | None  # float64
    error: str

    @property
    def result(self) -> Result:
        """The result in the protocol's terms."""
        return Result(
            TrialState(self.state),
            None if self.values is None else codec.unpack_floats(self.values),
            {} if self.constraints is None else codec.decode(self.constraints),
            None if self.cost is None else codec.unpack_floats(self.cost)[0],
            self.error,
            variances=None if self.variances is None else codec.unpack_floats(self.variances),
        )


def is_owned(state: int, owner: str) -> bool:
    """Return whether somebody may still write a trial: it runs, or its lease ran out under them."""
    return state == RUNNING or (state == LOST and owner != "")


def draft(proposal: Proposal) -> Draft:
    """Check and detach a proposal. Raises InvalidValueError."""
    attrs = proposal.user_attrs
    return Draft(
        codec.plain_labels(proposal.params),
        proposal.sampler,
        proposal.fallback,
        proposal.space_version,
        attrs_json(attrs) if attrs else {},
    )


def attrs_json(attrs: Mapping[str, object]) -> dict[str, str]:
    """Encode user attributes one by one. Raises InvalidValueError."""
    return {attr_name(name): attr_json(name, value) for name, value in attrs.items()}


def attr_name(name: object) -> str:
    """Check the name of an attribute. Raises InvalidValueError."""
    if isinstance(name, str) and len(name) <= MAX_NAME_BYTES:
        return str.__str__(name)
    raise InvalidValueError(
        "attribute name",
        expected=f"a str of at most {MAX_NAME_BYTES} characters",
        got=short_repr(name),
    )


def attr_json(name: object, value: object) -> str:
    """Encode the value of an attribute. Raises InvalidValueError."""
    return codec.encode(value, f"attribute {short_repr(name)}")


def told(result: Result) -> Told:
    """Check and encode a result. Raises InvalidValueError."""
    if result.state not in ENDINGS:
        raise InvalidValueError(
            "state of a result", expected="COMPLETE, PRUNED or FAIL", got=short_repr(result.state)
        )
    values, cost, variances = result.values, result.cost, result.variances
    return Told(
        int(result.state),
        None if values is None else codec.pack_floats(values, "values"),
        constraints_json(result.constraints) if result.constraints else None,
        None if cost is None else codec.pack_floats((cost,), "cost"),
        None if variances is None else codec.pack_floats(variances, "variances"),
        result.error[:MAX_TEXT_CHARS],
    )


def require_same(number: int, known: Told | None, told: Told) -> None:
    """Raise TellConflictError unless two results are the same, bit for bit but for `error`."""
    if known is None or told[:-1] != known[:-1]:
        raise refusals.tell_conflict(number, told.result, None if known is None else known.result)


def constraints_json(constraints: Mapping[str, float]) -> str:
    """Encode outcome constraints, sorted by name. Raises InvalidValueError."""
    names = [attr_name(name) for name in constraints]
    blob = codec.pack_floats(constraints.values(), "constraints")
    return codec.encode(dict(sorted(zip(names, codec.unpack_floats(blob), strict=True))))


class Finished(NamedTuple):
    """A checked trial that was evaluated elsewhere."""

    draft: Draft
    told: Told
    reports: dict[float, bytes]  # step → float64
    started_at: float | None  # None: unknown
    finished_at: float | None  # None: when it is written

    def ended(self, now: float) -> float:
        """Return when it ended, `now` if that is not known."""
        return now if self.finished_at is None else self.finished_at


def all_finished(proposals: Sequence[Proposal], results: Sequence[Result]) -> list[Finished]:
    """Check finished trials before any is written. Raises InvalidValueError."""
    if len(proposals) != len(results):
        raise refusals.uneven(len(proposals), len(results))
    return [
        Finished(
            draft(proposal),
            told(result),
            _report_blobs(result),
            _moment(result.started_at),
            _moment(result.finished_at),
        )
        for proposal, result in zip(proposals, results, strict=True)
    ]


def _report_blobs(result: Result) -> dict[float, bytes]:
    return {
        finite_step(step): codec.pack_floats(values, "reported values")
        for step, values in result.reports.items()
    }


def _moment(seconds: float) -> float | None:
    """Return a moment in seconds since the epoch, None if it is not known."""
    return float(seconds) if math.isfinite(seconds) else None


def finite_step(step: float) -> float:
    """Check the step of a report; -0.0 becomes 0.0. Raises InvalidValueError."""
    try:
        if math.isfinite(step):
            return float(step) + 0.0
    except (TypeError, OverflowError):
        pass
    raise InvalidValueError("step of a report", expected="a finite number", got=short_repr(step))


def lease_end(now: float, lease_s: float | None) -> float | None:
    """When a lease given now runs out; None for never. Raises InvalidValueError."""
    if lease_s is None or lease_s == math.inf:
        return None
    if math.isfinite(lease_s):
        return now + lease_s
    raise InvalidValueError("lease", expected="seconds or None", got=short_repr(lease_s))


def trial_number(number: object) -> int:
    """Check the number of a trial. Raises TrialNotFoundError."""
    try:
        found = index(number)  # type: ignore[arg-type]
    except TypeError:
        found = -1
    if 0 <= found <= MAX_NUMBER:
        return found
    raise refusals.no_trial(number)


def checked_spec(spec: StudySpec) -> StudySpec:
    """Check what a study is created with. Raises StudyError."""
    name = spec.name
    if not isinstance(name, str) or not 0 < len(name.encode("utf-8", "surrogatepass")) <= (
        MAX_NAME_BYTES
    ):
        raise StudyError(
            "name of a study",
            expected=f"1 to {MAX_NAME_BYTES} bytes of text",
            got=short_repr(name),
            remedy="Put longer descriptions in a study attribute.",
        )
    if not spec.directions or set(spec.directions) - {"minimize", "maximize"}:
        raise StudyError(
            "directions of a study",
            expected="'minimize' or 'maximize' per objective",
            got=short_repr(spec.directions),
        )
    return spec
