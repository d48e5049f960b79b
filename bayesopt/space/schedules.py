"""Learning-rate schedules as parameters.

`LearningRateSchedule` goes into a `Space` and becomes conditional parameters: which kind of
schedule, the peak rate, and what the kind needs. All lengths are fractions of the run, so that one
space serves runs of any length. `build` turns a configuration into a `Schedule`: ``lr(step)``.

=============  ==============================================================================
constant       ``lr``
step           ``lr * gamma ** i`` from the i-th of `drops` drops on, at equal distances
exponential    ``lr * decay ** (t / T)``: the rate ends at ``decay * lr``
cosine         from ``lr`` to ``floor * lr`` along half a cosine over the run
restarts       `cycles` such half cosines, each `stretch` times as long as the one before
=============  ==============================================================================

Where distances are no whole numbers of steps, drops and restarts are rounded to the nearest step.
Every part between them has at least one step: n steps after the warm-up hold at most n - 1 drops
and n cycles. A configuration that asks for more gets as many.

Cosine and restarts: Loshchilov & Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts,
ICLR 2017, equation 5.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from bayesopt.errors import InvalidConfigError, MissingDependencyError, SpaceError, short_repr
from bayesopt.space.categorical import Categorical
from bayesopt.space.labels import plain
from bayesopt.space.numeric import Float, Int
from bayesopt.space.parameters import Constant, Parameter

KINDS = ("constant", "step", "exponential", "cosine", "restarts")

_PARTS = {  # which kinds need which part
    "gamma": ("step",),
    "drops": ("step",),
    "decay": ("exponential",),
    "floor": ("cosine", "restarts"),
    "cycles": ("restarts",),
    "stretch": ("restarts",),
}

_LR = Float(1e-5, 1.0, log=True)
_GAMMA = Float(0.05, 0.9)
_DROPS = Int(1, 4)
_DECAY = Float(1e-3, 0.5, log=True)
_CYCLES = Int(2, 5)


@dataclass(frozen=True)
class LearningRateSchedule:
    """A learning-rate schedule to be tuned: a value of the mapping that a `Space` takes.

    Named ``"schedule"`` there, its parameters are ``schedule.kind``, ``schedule.lr``, ... Each
    part is a `Float`, an `Int`, a `Categorical` or `Ordinal`, or a number that stays fixed.

    Parameters
    ----------
    kinds : sequence of str
        Which of constant, step, exponential, cosine and restarts to choose from.
    lr : parameter or float
        The peak learning rate.
    gamma : parameter or float
        step: factor at each drop.
    drops : parameter or int
        step: how many drops.
    decay : parameter or float
        exponential: last rate / first rate.
    floor : parameter or float
        cosine, restarts: lowest rate / peak rate.
    cycles, stretch : parameter or int
        restarts: how many cycles, and how much longer each is than the one before.
    warmup : parameter or float, optional
        The fraction of the run over which the rate first rises linearly; None for none.
    when : mapping, optional
        The condition under which the whole bundle exists.

    Raises
    ------
    SpaceError
        If a kind is unknown or a part is neither a parameter nor a number.
    """

    kinds: Sequence[str] = KINDS
    lr: Parameter | float = _LR
    gamma: Parameter | float = _GAMMA
    drops: Parameter | int = _DROPS
    decay: Parameter | float = _DECAY
    floor: Parameter | float = 0.0
    cycles: Parameter | int = _CYCLES
    stretch: Parameter | int = 1
    warmup: Parameter | float | None = None
    when: Mapping[str, object] | None = None

    kind: ClassVar[str] = "lr_schedule"

    def __post_init__(self) -> None:
        is_list = isinstance(self.kinds, list | tuple | set | frozenset)
        kinds = tuple(self.kinds) if is_list else (self.kinds,)
        if not kinds or not all(kind in KINDS for kind in kinds) or len(set(kinds)) < len(kinds):
            raise SpaceError(
                "kinds of a LearningRateSchedule",
                expected="different ones of " + ", ".join(KINDS),
                got=short_repr(self.kinds),
            )
        object.__setattr__(self, "kinds", kinds)
        for part in ("lr", "warmup", *_PARTS):
            _check_part(part, getattr(self, part))

    def expand(self, name: str) -> dict[str, Parameter]:
        """Return the parameters by dotted name."""
        outer = dict(self.when or {})
        flat = {f"{name}.kind": _conditional(self._kind(), outer)}
        flat[f"{name}.lr"] = _conditional(self.lr, outer)
        if self.warmup is not None:
            flat[f"{name}.warmup"] = _conditional(self.warmup, outer)
        for part, kinds in _PARTS.items():
            needed = [kind for kind in self.kinds if kind in kinds]
            if needed:
                # a single kind is a constant, and whatever it needs is always there
                inner = {} if len(needed) == len(self.kinds) else {f"{name}.kind": needed}
                flat[f"{name}.{part}"] = _conditional(getattr(self, part), {**outer, **inner})
        return flat

    def definition(self) -> str:
        """Return the kind: it says all that a handle needs."""
        return self.kind

    def build(
        self, params: Mapping[str, Any], total_steps: int, name: str = "schedule"
    ) -> Schedule:
        """Return the schedule of a configuration (see `ScheduleGroup.build`)."""
        return ScheduleGroup(name).build(params, total_steps)

    def _kind(self) -> Parameter:
        if len(self.kinds) == 1:
            return Constant(self.kinds[0])
        return Categorical(list(self.kinds))


@dataclass(frozen=True)
class ScheduleGroup:
    """The handle ``space["schedule"]`` of a schedule in a space."""

    name: str

    rules: ClassVar[tuple[()]] = ()

    @classmethod
    def of(cls, name: str, definition: object) -> ScheduleGroup:
        """Return the handle of a stored schedule."""
        return cls(name)

    def build(self, params: Mapping[str, Any], total_steps: int) -> Schedule:
        """Return the schedule of a configuration for a run of `total_steps` optimiser steps.

        Raises
        ------
        InvalidConfigError
            If the configuration lacks a part, or `total_steps` is no positive integer.
        """
        prefix = self.name + "."
        parts = {k[len(prefix) :]: v for k, v in params.items() if k.startswith(prefix)}
        total_steps = plain(total_steps)  # type: ignore[assignment]
        if type(total_steps) is not int or total_steps < 1:
            raise InvalidConfigError(
                "total_steps", expected="a positive integer", got=short_repr(total_steps)
            )
        try:
            return _schedule(parts, total_steps)
        except KeyError as error:
            raise InvalidConfigError(
                f"schedule {self.name!r}",
                expected=f"a value of {prefix}{error.args[0]}",
                got="none in the configuration",
            ) from None


@dataclass(frozen=True)
class Schedule:
    """A learning rate for every optimiser step; the quantities are named as in torch.

    Attributes
    ----------
    kind : str
    base_lr : float
        The peak rate.
    total_steps, warmup_steps : int
    milestones : tuple of int
        step: where the rate drops. restarts: where it starts again. Counted from the end of the
        warm-up, ascending.
    gamma : float
        step: factor at each drop. exponential: at each step.
    t_max : int
        cosine: half a period, in steps. restarts: where the last cycle ends.
    eta_min : float
        cosine, restarts: the lowest rate.
    """

    kind: str
    base_lr: float
    total_steps: int
    warmup_steps: int = 0
    milestones: tuple[int, ...] = ()
    gamma: float = 1.0
    t_max: int = 1
    eta_min: float = 0.0

    def lr(self, step: int) -> float:
        """Return the rate of optimiser step `step` = 0, 1, ...; O(len(milestones)).

        During a warm-up of w steps it is ``base_lr * (step + 1) / (w + 1)``; then the schedule
        starts. After `total_steps` cosine and restarts stay at the lowest rate.
        """
        if step < self.warmup_steps:
            return self.base_lr * (step + 1) / (self.warmup_steps + 1)
        return self._after_warmup(step - self.warmup_steps)

    def torch(self, optimizer: Any) -> Any:
        """Return a torch scheduler that sets every parameter group's rate to ``lr(step)``.

        Call its ``step()`` after each ``optimizer.step()``. Rates that the optimiser was made
        with are replaced.

        Raises
        ------
        MissingDependencyError
            If torch is not installed.
        """
        try:
            from torch.optim.lr_scheduler import LambdaLR
        except ImportError:
            raise MissingDependencyError(
                "Schedule.torch", expected="torch", remedy="pip install torch"
            ) from None
        for group in optimizer.param_groups:
            group["lr"] = 1.0  # LambdaLR multiplies: one times lr(step) is lr(step) exactly
            group.pop("initial_lr", None)
        return LambdaLR(optimizer, self.lr)

    def _after_warmup(self, t: int) -> float:
        if self.kind == "step":
            return float(self.base_lr * self.gamma ** bisect_right(self.milestones, t))
        if self.kind == "exponential":
            return float(self.base_lr * self.gamma**t)
        if self.kind in ("cosine", "restarts"):
            return self._cosine(min(t, self.t_max))
        return self.base_lr

    def _cosine(self, t: int) -> float:
        """Return the rate of a step on the half cosine that it belongs to."""
        ends = (0, *self.milestones, self.t_max)
        cycle = bisect_right(self.milestones, t)
        fraction = (t - ends[cycle]) / (ends[cycle + 1] - ends[cycle])
        swing = (self.base_lr - self.eta_min) * (1 + math.cos(math.pi * fraction)) / 2
        return self.eta_min + swing


def _schedule(parts: Mapping[str, Any], total_steps: int) -> Schedule:
    """Return the schedule of a configuration's parts; KeyError if one is missing."""
    kind, lr = parts["kind"], float(parts["lr"])
    warmup = min(round(float(parts.get("warmup", 0.0)) * total_steps), total_steps - 1)
    rest = total_steps - warmup
    plain = Schedule(kind, lr, total_steps, warmup)
    if kind == "step":
        drops = min(int(parts["drops"]), rest - 1)
        return replace(
            plain, milestones=_milestones([1] * (drops + 1), rest), gamma=float(parts["gamma"])
        )
    if kind == "exponential":
        return replace(plain, gamma=float(parts["decay"]) ** (1 / rest))
    if kind == "cosine":
        return replace(plain, t_max=rest, eta_min=lr * float(parts["floor"]))
    if kind == "restarts":
        cycles, stretch = min(int(parts["cycles"]), rest), int(parts["stretch"])
        places = _milestones([stretch**i for i in range(cycles)], rest)
        return replace(plain, milestones=places, t_max=rest, eta_min=lr * float(parts["floor"]))
    if kind != "constant":
        raise InvalidConfigError("schedule", expected="one of " + ", ".join(KINDS), got=repr(kind))
    return plain


def _milestones(lengths: Sequence[int], n_steps: int) -> tuple[int, ...]:
    """Return where parts of a run meet, given at most `n_steps` relative lengths.

    Rounded to steps (halves up); each part has at least one.
    """
    places: list[int] = []
    passed, total = 0, sum(lengths)
    for i, length in enumerate(lengths[:-1], start=1):
        passed += length
        nearest = (2 * passed * n_steps + total) // (2 * total)
        least = places[-1] + 1 if places else 1
        places.append(min(max(nearest, least), n_steps - (len(lengths) - i)))
    return tuple(places)


def _check_part(part: str, given: object) -> None:
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    if isinstance(given, Parameter) or is_number or (part == "warmup" and given is None):
        return
    raise SpaceError(
        f"`{part}` of a LearningRateSchedule",
        expected="a parameter or a number",
        got=short_repr(given),
    )


def _conditional(given: Parameter | float, when: Mapping[str, object]) -> Parameter:
    """Return a part as a parameter under a condition and, if it has one, its own."""
    parameter = given if isinstance(given, Parameter) else Constant(given)
    both = {**(parameter.when or {}), **when}
    return parameter.with_condition(both) if both else parameter
