"""When a study has had enough: rules for ``Study.optimize``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bayesopt.checks import require_count, require_number
from bayesopt.history import History
from bayesopt.history.gains import WINDOW, Gains, gains
from bayesopt.samplers.auto import AutoSampler

_ENOUGH = 20  # comparable trials

StopRule = Callable[[History], str]
"""Takes the history; returns why no further trial is worth its cost, "" while one is."""


@dataclass(frozen=True)
class StopWhenIdle:
    """Stop when one more trial promises next to nothing, and the last ones brought as little.

    What the next trial is expected to gain is asked of a Gaussian process and of the improvements
    so far, and the more hopeful of the two counts (see :func:`bayesopt.samplers.outlook.outlook`).
    It is compared with what the search has gained: from the median of its first ten values to the
    best one. The answer depends on the history alone, so all workers of a study come to the same
    one, and a study that has stopped stays so when the script is started again.

    Parameters
    ----------
    least : float
        Stop when both the next trial's expected gain and the gain of the last trials together are
        below this part of what the search has gained: 0.001 is a thousandth.
    window : int
        How many those last trials are, at least 1; there must be as many before a study can stop,
        and 20 in any case.
    price : float, optional
        What an improvement must be to pay for a unit of cost, in the objective's units. It takes
        the place of `least`: stop when the next trial's expected gain is below `price` times its
        cost (as told or measured; 1 where trials told none), and what the last ones gained together
        below that times their number.

    Raises
    ------
    SettingsError
        If a setting is out of range.

    Examples
    --------
    >>> study.optimize(objective, n_trials=1000, stop=bo.StopWhenIdle())
    >>> bo.StopWhenIdle()(study.history)  # by hand: why, or ""
    """

    least: float = 1e-3
    window: int = WINDOW
    price: float | None = None
    _sampler: AutoSampler = field(
        default_factory=AutoSampler, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        require_number("least", self.least, 0.0)
        require_count("window", self.window)
        if self.price is not None:
            require_number("price", self.price, 0.0)

    def __call__(self, history: History) -> str:
        """Return why to stop, "" for going on; what a suggestion of the process costs, or O(n)."""
        past = gains(history, self.window)
        if past.n < _ENOUGH or past.recent >= self._limit(past) * self._breadth:
            return ""  # which saves the model, most of the time
        from bayesopt.samplers.outlook import outlook

        found = outlook(history, self._sampler, window=self.window)
        if found.gain >= self._limit(past):
            return ""
        return (
            f"the next trial is expected to gain {found.gain:.2g}, the last {self.window} "
            f"gained {past.recent:.2g}, all {past.progress:.2g}"
        )

    def _limit(self, past: Gains) -> float:
        """Return what the next trial must gain."""
        return self.least * past.progress if self.price is None else self.price * past.cost

    @property
    def _breadth(self) -> int:
        """How many times that the last trials must have gained together."""
        return 1 if self.price is None else self.window
