"""What can be chosen about the search."""

from __future__ import annotations

from dataclasses import dataclass


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
    """

    n_candidates: int = 1024
    n_starts: int = 10
    n_iterations: int = 60
    n_rounds: int = 3
    n_anchors: int = 5
    sigmas: tuple[float, ...] = (0.1, 0.02)
    most_moved: float | None = None
    tolerance: float = 1e-6
