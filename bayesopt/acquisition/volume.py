"""What a row adds to the volume that is dominated: the acquisition of several objectives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesopt._kernels.hypervolume import free_boxes
from bayesopt._kernels.improvement import log_volume_gain, workspace
from bayesopt.acquisition.mixtures import Mixture, MixtureGain, owners

F = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

_REACH = 0.1  # of the front's extent
_MARGIN = 0.5  # standard deviations of the outcomes


@dataclass(frozen=True, eq=False)
class FreeSpace:
    """The space below a reference point that a front leaves, as boxes of shared intervals.

    Attributes
    ----------
    edges : float64 [e]
    low, high : int64 [t]
        The edges of the intervals; a low one of -1 is minus infinity.
    first : int64 [m + 1]
        Intervals ``first[j]`` to ``first[j + 1]`` are of objective j.
    boxes : int64 [k, m]
        The interval of each objective.
    """

    edges: F
    low: Numbers
    high: Numbers
    first: Numbers
    boxes: Numbers


def free_space(front: F, reference: F) -> FreeSpace:
    """Return what rows [n, m], minimised, leave of the space below `reference` [m]."""
    lower, upper = free_boxes(front, reference)
    edges, low, high, first, boxes = [], [], [], [0], []
    n_edges = 0
    for j in range(reference.size):
        pairs, place = np.unique(
            np.stack([lower[:, j], upper[:, j]], axis=1), axis=0, return_inverse=True
        )
        known, ends = np.unique(pairs, return_inverse=True)
        ends = ends.reshape(pairs.shape) + n_edges
        low.append(np.where(np.isneginf(pairs[:, 0]), -1, ends[:, 0]))
        high.append(ends[:, 1])
        boxes.append(place.ravel() + first[-1])
        first.append(first[-1] + len(pairs))
        edges.append(known)
        n_edges += known.size
    return FreeSpace(
        np.concatenate(edges),
        np.concatenate(low),
        np.concatenate(high),
        np.array(first),
        np.ascontiguousarray(np.stack(boxes, axis=1)),
    )


def reference_point(front: F, values: F, is_far: bool = False) -> F:
    """Return the point up to which volume counts, [m].

    Beyond the worst values of the front by a tenth of its extent and half a standard deviation:
    near enough that the last digits at its ends do not matter more than the gaps between, far
    enough that it grows. A far one is at the worst of all values at least: what lies behind a gap
    of the true front counts then too.

    Parameters
    ----------
    front : float64 [k, m]
        The values that no other dominates, minimised, in transformed units (of variance 1).
    values : float64 [n, m]
        All values.
    is_far : bool
    """
    nadir = front.max(axis=0)
    near = nadir + _REACH * (nadir - front.min(axis=0)) + _MARGIN
    return np.asarray(np.maximum(near, values.max(axis=0)) if is_far else near)


@dataclass(frozen=True)
class VolumeGain(MixtureGain):
    """The log expected growth of the dominated volume, exact for independent objectives.

    Attributes
    ----------
    objectives : sequence of Mixture
        One per objective.
    space : FreeSpace
    """

    objectives: Sequence[Mixture]
    space: FreeSpace

    def _gain(self, mean: F, var: F) -> tuple[F, F, F]:
        value, by_mean, by_var = np.empty(mean.shape[1]), np.empty_like(mean), np.empty_like(mean)
        place, log_weight = owners(self.objectives)
        space = self.space
        log_volume_gain(
            mean,
            var,
            log_weight,
            place,
            space.edges,
            space.low,
            space.high,
            space.first,
            space.boxes,
            workspace(len(mean), space.low.size, space.edges.size),
            value,
            by_mean,
            by_var,
        )
        return value, by_mean, by_var
