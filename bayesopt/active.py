"""The trial in a user's hands while it is being evaluated.

A :class:`Trial` talks to the outside through a :class:`TrialPort`, so that an objective reads the
same whether it runs beside its study or in a worker process at the other end of a pipe.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from bayesopt import checkpoints
from bayesopt.errors import (
    InvalidConfigError,
    SpaceChangedError,
    SpaceError,
    StorageError,
    short_repr,
)
from bayesopt.markup import trial_html
from bayesopt.results import (
    coerce_constraints,
    coerce_cost,
    coerce_step,
    coerce_values,
    coerce_variances,
)
from bayesopt.rng import named_rng
from bayesopt.space import Categorical, Float, Int, Parameter

_log = logging.getLogger("bayesopt")


class TrialPort(Protocol):
    """What a running trial may ask of, or tell to, its study."""

    def report(self, trial: Trial, step: float, values: tuple[float, ...]) -> None:
        """Record intermediate values (user's direction)."""

    def should_prune(self, trial: Trial) -> bool:
        """Say whether the scheduler wants the trial to stop."""

    def set_user_attr(self, trial: Trial, name: str, value: object) -> None:
        """Attach a JSON-able attribute."""


@dataclass(frozen=True, slots=True)
class TrialSetup:
    """Everything about a running trial that is plain data, fit to cross a process boundary.

    Attributes
    ----------
    number, attempt : int
        Which trial, and the token that fences earlier attempts off.
    params : mapping
        The proposed configuration. Under define-by-run these are offers for names seen before.
    seed : int
        The study's seed, for names never seen before.
    define_by_run : bool
        Whether the objective itself declares the parameters.
    study_key : str
        Tells the trial's study from others.
    checkpoints : str
        The folder where the study's trials keep their checkpoints.
    parent : int or None
        The trial that this one was cloned from.
    begins_from : str
        The parent's checkpoint; "" where there is none.
    """

    number: int
    attempt: int
    params: Mapping[str, Any]
    n_objectives: int = 1
    seed: int = 0
    define_by_run: bool = False
    sampler: str = ""
    fallback: str = ""
    user_attrs: Mapping[str, Any] = field(default_factory=dict)
    study_key: str = ""
    checkpoints: str = ""
    parent: int | None = None
    begins_from: str = ""


class Trial:
    """A running trial: its number, its parameters, and how to report on it.

    Made by ``Study.ask`` and handed to objectives by ``Study.optimize``.
    """

    def __init__(self, setup: TrialSetup, port: TrialPort) -> None:
        self._setup = setup
        self._port = port
        self._suggested: dict[str, tuple[Parameter, Any]] = {}
        self._attrs: dict[str, Any] = dict(setup.user_attrs)
        self._constraints: dict[str, float] = {}
        self._cost: float | None = None
        self._variances: tuple[float, ...] | None = None
        self._resume_from: Path | None = None
        self._has_looked = False

    def __repr__(self) -> str:
        return f"Trial(number={self.number}, params={self.params!r})"

    def _repr_html_(self) -> str:
        """Return the trial as a table for a notebook."""
        return trial_html(self.number, self.params)

    @property
    def setup(self) -> TrialSetup:
        """The plain data of this trial."""
        return self._setup

    @property
    def number(self) -> int:
        """The trial's number in its study."""
        return self._setup.number

    @property
    def attempt(self) -> int:
        """How many times the trial was handed out, this time included."""
        return self._setup.attempt

    @property
    def sampler(self) -> str:
        """Name of the sampler that made the configuration."""
        return self._setup.sampler

    @property
    def fallback(self) -> str:
        """Why that was not the sampler asked for; empty if it was."""
        return self._setup.fallback

    @property
    def params(self) -> dict[str, Any]:
        """The configuration to evaluate; define-by-run, what was suggested so far."""
        if self._setup.define_by_run:
            return {name: value for name, (_, value) in self._suggested.items()}
        return dict(self._setup.params)

    @property
    def suggested(self) -> Mapping[str, tuple[Parameter, Any]]:
        """Define-by-run: name → (distribution, value), in the order suggested."""
        return MappingProxyType(self._suggested)

    @property
    def user_attrs(self) -> dict[str, Any]:
        """Attributes set so far."""
        return dict(self._attrs)

    # -- define-by-run ------------------------------------------------------------------------
    def suggest_float(
        self, name: str, low: float, high: float, *, log: bool = False, step: float | None = None
    ) -> float:
        """Return the value of a real parameter, declaring it on the way."""
        return float(self._suggest(name, Float(low, high, log=log, step=step)))

    def suggest_int(
        self, name: str, low: int, high: int, *, log: bool = False, step: int | None = None
    ) -> int:
        """Return the value of an integer parameter, declaring it on the way."""
        return int(self._suggest(name, Int(low, high, log=log, step=step)))

    def suggest_categorical(self, name: str, choices: Sequence[Any] | Mapping[str, Any]) -> Any:
        """Return one of `choices`, declaring the parameter on the way."""
        return self._suggest(name, Categorical(choices))

    def _suggest(self, name: str, parameter: Parameter) -> Any:
        if not self._setup.define_by_run:
            return self._declared_value(name, parameter)
        if not isinstance(name, str):
            raise SpaceError("name of a parameter", expected="a string", got=short_repr(name))
        if name in self._suggested:
            return self._same_again(name, parameter)
        value = self._offer(name, parameter)
        self._suggested[name] = parameter, value
        return value

    def _offer(self, name: str, parameter: Parameter) -> Any:
        """Take the sampler's proposal where it fits the distribution, else draw afresh."""
        if name in self._setup.params:
            if parameter.contains(self._setup.params[name]):
                return self._setup.params[name]
            self._note_misfit(name, parameter)
        rng = named_rng(self._setup.seed, self.number, name)
        return parameter.from_unit(float(rng.random()))

    def _note_misfit(self, name: str, parameter: Parameter) -> None:
        """Warn that what a user enqueued is not used (a sampler may offer what no longer fits)."""
        if self.sampler == "user":
            offered = short_repr(self._setup.params[name])
            message = "trial %d: the enqueued %s=%s is not in %s; another value is drawn"
            _log.warning(message, self.number, name, offered, short_repr(parameter))

    def _same_again(self, name: str, parameter: Parameter) -> Any:
        declared, value = self._suggested[name]
        if declared != parameter:
            raise SpaceChangedError(
                f"parameter {name!r} of trial {self.number}",
                expected=f"the distribution of its first suggestion, {short_repr(declared)}",
                got=short_repr(parameter),
                remedy="Use another name for another distribution.",
            )
        return value

    def _declared_value(self, name: str, parameter: Parameter) -> Any:
        """Let an objective written with ``suggest_*`` run on a declared space."""
        params = self._setup.params
        if name not in params:
            raise InvalidConfigError(
                f"parameter {name!r} of trial {self.number}",
                expected=f"one of the active parameters {short_repr(sorted(params))}",
                remedy="Add it to the study's space, or create the study without a space.",
            )
        if not parameter.contains(params[name]):
            raise SpaceChangedError(
                f"parameter {name!r} of trial {self.number}",
                expected=f"a distribution that holds its value {short_repr(params[name])}",
                got=short_repr(parameter),
                remedy="Give suggest_* the bounds that the study's space has.",
            )
        return params[name]

    # -- reporting ----------------------------------------------------------------------------
    def report(self, value: object, step: object) -> None:
        """Record an intermediate value (or one per objective) at a step, and keep the lease.

        Raises
        ------
        InvalidValueError
            If `value` is not a number (NaN and infinities are accepted) or `step` is not a
            finite number >= 0.
        ReportConflictError
            If the step was reported before with another value.
        StaleTrialError
            If the trial was handed to another worker meanwhile.
        """
        values = coerce_values(value, self._setup.n_objectives)
        self._port.report(self, coerce_step(step), values)

    def should_prune(self) -> bool:
        """Say whether the study's scheduler advises to stop now; then raise ``TrialPruned``.

        A scheduler that pauses trials says so in the same way: save a checkpoint before.
        """
        return self._port.should_prune(self)

    # -- going on -----------------------------------------------------------------------------
    @property
    def checkpoint_dir(self) -> Path:
        """The folder of this trial, made on the way; it stays until the trial is finished.

        What must be whole or not there at all belongs into :meth:`save_checkpoint`. When the trial
        is told, the folder is removed, unless the trial is the best. Raises StorageError.
        """
        return checkpoints.made(self._folder)

    def save_checkpoint(self) -> AbstractContextManager[Path]:
        """Give a new folder to write a checkpoint into, in a ``with`` block.

        When the block is left, all of it is on disk and takes the place of the checkpoint before
        it; if the block raises or the process is killed, that one stays. Raises StorageError.

        Examples
        --------
        >>> with trial.save_checkpoint() as folder:
        ...     torch.save(model.state_dict(), folder / "model.pt")
        """
        _ = self.resume_from  # an older checkpoint is removed
        return checkpoints.saving(self._folder, self.attempt)

    @property
    def resume_from(self) -> Path | None:
        """The folder of the last checkpoint that an earlier attempt at this trial saved, or None.

        A trial is attempted again after it was paused, and after its worker vanished. The folder is
        good until this attempt saves a checkpoint. The first attempt at a clone begins from its
        parent's (:attr:`parent`), which stays as it was, whatever the parent does meanwhile:
        read it, do not write to it. Raises StorageError.
        """
        if not self._has_looked:
            own = checkpoints.latest(self._folder, before=self.attempt)
            self._resume_from = self._inherited() if own is None else own
            self._has_looked = True
        return self._resume_from

    @property
    def parent(self) -> int | None:
        """The trial that this one was cloned from, None if it begins from nothing."""
        return self._setup.parent

    def _inherited(self) -> Path | None:
        """Return the parent's checkpoint, if it is there."""
        path = Path(self._setup.begins_from)
        if not self._setup.begins_from or path.is_dir():
            return path if self._setup.begins_from else None
        message = "trial %d trains from the beginning: the checkpoint of trial %s is gone (%s)"
        _log.warning(message, self.number, self.parent, path)
        return None

    @property
    def _folder(self) -> Path:
        if not self._setup.checkpoints:
            raise StorageError(
                f"checkpoints of trial {self.number}",
                expected="a trial that a study handed out",
                remedy="Get it from study.ask or study.optimize.",
            )
        return checkpoints.trial_folder(Path(self._setup.checkpoints), self.number)

    # -- what an objective knows besides its value ---------------------------------------------
    @property
    def constraints(self) -> dict[str, float]:
        """Outcome constraints set so far."""
        return dict(self._constraints)

    @property
    def cost(self) -> float | None:
        """The cost that was set, None to take the time the evaluation takes."""
        return self._cost

    def set_constraints(self, constraints: object) -> None:
        """Set outcome constraints, feasible at <= 0, which `Study.optimize` tells with the value.

        Who tells by hand passes ``study.tell(..., constraints=trial.constraints)``.
        Takes a mapping of names to numbers, or a sequence of numbers. Raises InvalidValueError.
        """
        self._constraints.update(coerce_constraints(constraints))

    def set_cost(self, cost: object) -> None:
        """Set what the evaluation cost, which `Study.optimize` tells with the value.

        Who tells by hand passes ``study.tell(..., cost=...)``. Raises InvalidValueError.
        """
        self._cost = coerce_cost(cost)

    @property
    def variances(self) -> tuple[float, ...] | None:
        """How noisy the value is, as set, one variance per objective."""
        return self._variances

    def set_variance(self, variance: object) -> None:
        """Set how noisy the value is: the square of its standard error, one per objective.

        `Study.optimize` tells it with the value; who tells by hand passes
        ``study.tell(..., variance=...)``. Raises InvalidValueError.
        """
        self._variances = coerce_variances(variance, self._setup.n_objectives)

    def set_user_attr(self, name: str, value: object) -> None:
        """Attach a JSON-able attribute to the trial.

        Raises InvalidValueError, also for a name that begins with ``bayesopt:``.
        """
        self._port.set_user_attr(self, name, value)
        self._attrs[name] = value
