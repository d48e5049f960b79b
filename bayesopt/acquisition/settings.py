"""What can be chosen about the search."""

from __future__ import annotations

from dataclasses import dataclass

from bayesopt.checks import is_number, require_count, require_number
from bayesopt.errors import SettingsError, short_repr

_LEAST = {"n_candidates": 1, "n_starts": 1, "n_iterations": 0, "n_rounds": 0, "n_anchors": 0}


@dataclass(frozen=True)
class SearchSettings:
    """How hard to look.

    Attributes
    ----------
    n_candidates : int
        Rows scored at first; a space of up to twice as many configurations is listed whole.
    n_starts : int
        Climbs.
    n_iterations : int
        Steps of each climb.
    n_rounds : int
        Climbs and changes of single columns take turns so often.
    n_anchors : int
        Best known rows whose changed copies are among the candidates.
    sigmas : tuple of float
        How far copies are moved, in turn.
    most_moved : float, optional
        Within a region, how many columns of its center a candidate moves on average and at most
        (TuRBO and "RAASP" take 20); None for all.
    tolerance : float
        Gain of a step below which a climb ends.

    Raises
    ------
    SettingsError
        If a value is of the wrong kind or outside its range.
    """

    n_candidates: int = 1024
    n_starts: int = 10
    n_iterations: int = 60
    n_rounds: int = 3
    n_anchors: int = 5
    sigmas: tuple[float, ...] = (0.1, 0.02)
    most_moved: float | None = None
    tolerance: float = 1e-6

    def __post_init__(self) -> None:
        """Check what is given."""
        for name, least in _LEAST.items():
            require_count(name, getattr(self, name), least)
        require_number("tolerance", self.tolerance, 0.0)
        if self.most_moved is not None:
            require_number("most_moved", self.most_moved, 0.0, above=True)
        known = isinstance(self.sigmas, list | tuple) and self.sigmas
        if not (known and all(is_number(each, 0.0) for each in self.sigmas)):
            got = short_repr(self.sigmas)
            raise SettingsError("sigmas", expected="numbers of at least 0", got=got)
