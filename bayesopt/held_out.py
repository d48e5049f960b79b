"""Data of which one part stays out of every objective, to be looked at once in the end.

>>> import numpy as np
>>> from bayesopt import HeldOut
>>> X, y = np.arange(20.0).reshape(10, 2), np.arange(10) % 2
>>> held = HeldOut(X, y, test=0.2, stratify=y)
>>> X_train, y_train = held.train
>>> held.evaluate(lambda X, y: len(y))
2
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NoReturn, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from bayesopt.checks import checked_count, checked_flag
from bayesopt.errors import InvalidValueError, StudyError, short_repr
from bayesopt.rng import named_rng

Indices = npt.NDArray[np.int64]
T = TypeVar("T")

ATTRIBUTE = "held_out_looks"
"""The study attribute that says when a test part was looked at."""


class HeldOutWarning(UserWarning):
    """A test part is looked at in a way that makes its value too good."""


class StudyLike(Protocol):
    """What of a study is used to remember looks."""

    @property
    def user_attrs(self) -> Mapping[str, Any]:
        """Attributes of the study."""

    @property
    def trials(self) -> Sequence[Any]:
        """All trials."""

    def set_user_attr(self, name: str, value: object) -> None:
        """Set an attribute of the study."""


@dataclass(frozen=True)
class Look:
    """One evaluation on the test part.

    Attributes
    ----------
    at : float
        When, in seconds since 1970.
    value : float or str
        What came out; in words if it is no number.
    n_trials : int or None
        How many trials the study had then.
    """

    at: float
    value: float | str
    n_trials: int | None = None


class HeldOut:
    """Split data once; keep the test part until tuning is over.

    A value that chose the best of many trials is too good; so is one on data that had a say in the
    choice. Here an objective is given ``train`` (and splits it again, to validate). The test part
    can be had in one way only, :meth:`evaluate`, which notes that it was looked at.

    Parameters
    ----------
    *data : array, data frame, tensor or list
        Of n samples each, in the same order.
    test : float or int
        The share of samples that is held out, in (0, 1), or their number.
    seed : int
        The same seed splits alike, in every process.
    stratify : sequence of n labels, optional
        Hold out the same share of every label.
    groups : sequence of n labels, optional
        Hold out whole groups, drawn at random: each that brings the number closer to `test`, or, if
        none does, the one whose size is nearest.
    shuffle : bool
        If false, the last samples are held out: for what is ordered in time.

    Raises
    ------
    InvalidValueError
        If lengths differ, or a part would be empty, or what is given cannot be split.

    Notes
    -----
    It cannot be pickled: it would carry the test part into worker processes. Take ``train`` out
    first, and let the objective use that. Samples keep their order.
    """

    def __init__(
        self,
        *data: Any,
        test: float = 0.2,
        seed: int = 0,
        stratify: Sequence[Any] | npt.NDArray[Any] | None = None,
        groups: Sequence[Any] | npt.NDArray[Any] | None = None,
        shuffle: bool = True,
    ) -> None:
        checked_flag("shuffle", shuffle)
        n = _common_length([*data, *(x for x in (stratify, groups) if x is not None)])
        if not data or sum((stratify is not None, groups is not None, not shuffle)) > 1:
            raise InvalidValueError(
                "held-out data",
                expected="data, and at most one of stratify, groups and shuffle=False",
                got=f"{len(data)} data and more than one of them" if data else "no data",
            )
        held = _held_out(n, _n_test(test, n), seed, stratify, groups, shuffle)
        self._data, self._test = data, held
        self._train = np.setdiff1d(np.arange(n), held)
        self._looks: list[Look] = []

    @property
    def train(self) -> Any:
        """The training part: of several data a tuple, of one that alone."""
        parts = tuple(take(each, self._train) for each in self._data)
        return parts if len(parts) > 1 else parts[0]

    @property
    def train_indices(self) -> Indices:
        """Which samples are in the training part, ascending, [n_train]."""
        return self._train.copy()

    @property
    def n_test(self) -> int:
        """How many samples are held out."""
        return int(self._test.size)

    @property
    def looks(self) -> tuple[Look, ...]:
        """When this object's test part was looked at, and what came out."""
        return tuple(self._looks)

    def evaluate(self, function: Callable[..., T], study: StudyLike | None = None) -> T:
        """Return ``function(*test part)``, and note that the test part was looked at.

        Parameters
        ----------
        function : callable
            Takes the test part of each of the data. What it raises is passed on, and no look.
        study : Study, optional
            Remembers the look in its attribute "held_out_looks", beyond this process. A trial that
            is not over when its study's test part is looked at is warned of.

        Warns
        -----
        HeldOutWarning
            If the test part was looked at before, or tuning is not over.

        Raises
        ------
        InvalidValueError
            If `function` or `study` is none.
        StudyError
            If the study's attribute is not what this method writes.
        """
        _require_usable(function, study)
        recorded = _recorded(study)
        _warn_of_unfinished(study)
        _warn_of_looks(self._looks or recorded, study)
        result = function(*(take(each, self._test) for each in self._data))
        look = Look(time.time(), _plain(result), None if study is None else len(study.trials))
        self._looks.append(look)
        if study is not None:
            study.set_user_attr(ATTRIBUTE, [*map(asdict, [*recorded, look])])
        return result

    def __reduce__(self) -> NoReturn:
        raise StudyError(
            "HeldOut",
            expected="not to be pickled: an objective must not carry the test part along",
            got="an objective, or something else, that refers to it",
            remedy="Take held.train into variables, and refer to these.",
        )

    def __repr__(self) -> str:
        n_looks = len(self._looks)
        seen = "not looked at" if not n_looks else f"looked at {_times(n_looks)}"
        return f"HeldOut({self._train.size} to train, {self._test.size} held out, {seen})"


def take(data: Any, indices: Indices) -> Any:
    """Return some samples of an array, a data frame, a tensor or a list, of the same kind."""
    if hasattr(data, "iloc"):
        return data.iloc[indices]
    if hasattr(data, "shape"):
        return data[indices]
    chosen = [data[i] for i in indices.tolist()]
    return tuple(chosen) if isinstance(data, tuple) else chosen


# ------------------------------------------------------------------------------ splitting


def _common_length(data: Sequence[Any]) -> int:
    lengths = {_length(each) for each in data}
    if len(lengths) > 1:
        raise InvalidValueError(
            "held-out data", expected="one sample each", got=f"lengths {sorted(lengths)}"
        )
    return lengths.pop() if lengths else 0


def _length(data: Any) -> int:
    is_row = hasattr(data, "__getitem__") and not isinstance(data, str | bytes | Mapping)
    try:
        if is_row:
            n = int(data.shape[0]) if hasattr(data, "shape") else len(data)
            take(data, np.zeros(min(n, 1), dtype=np.int64))  # a matrix in coordinates cannot
            return n
    except (TypeError, IndexError, KeyError):
        pass  # a number in an array, for one
    raise InvalidValueError(
        "held-out data",
        expected="samples, one after the other: an array, a data frame, a tensor or a list",
        got=short_repr(data),
    )


def _n_test(test: object, n: int) -> int:
    """Return how many samples to hold out of `n`."""
    if isinstance(test, float | np.floating) and 0.0 < test < 1.0:
        test = min(max(round(float(test) * n), 1), n - 1)
    if isinstance(test, bool) or not isinstance(test, int | np.integer) or not 0 < test < n:
        raise InvalidValueError(
            "test",
            expected=f"a share in (0, 1), or a number of the {n} samples that leaves some",
            got=short_repr(test),
        )
    return int(test)


def _held_out(n: int, n_test: int, seed: int, stratify: Any, groups: Any, shuffle: bool) -> Indices:
    if not shuffle:
        return np.arange(n - n_test, n)
    rng = named_rng(checked_count("seed", seed, 0), 0, "held out")
    if stratify is not None:
        held = _of_each_label(_codes(stratify), n_test, rng)
    elif groups is not None:
        held = _whole_groups(_codes(groups), n_test, rng)
    else:
        held = rng.permutation(n)[:n_test]
    return np.sort(held)


def _codes(labels: Any) -> Indices:
    """Return labels as numbers from 0, in the order in which they come first."""
    plain = labels.tolist() if hasattr(labels, "tolist") else list(labels)
    known: dict[Any, int] = {}
    try:
        codes = [known.setdefault(label, len(known)) for label in plain]
        is_sound = all(label == label for label in known)  # NaN is not
    except TypeError:  # an array of several columns, for one
        is_sound = False
    if not is_sound:
        raise InvalidValueError(
            "labels of stratify or groups",
            expected="one number, text or another hashable for each sample, no NaN",
            got=short_repr(labels),
        )
    return np.array(codes, dtype=np.int64)


def _of_each_label(codes: Indices, n_test: int, rng: np.random.Generator) -> Indices:
    """Hold out of every label its share: whole samples first, then the largest remainders."""
    sizes = np.bincount(codes)
    shares = sizes * n_test / codes.size
    n_held = np.floor(shares).astype(np.int64)
    order = np.argsort(n_held - shares, kind="stable")
    n_held[order[: n_test - int(n_held.sum())]] += 1
    chosen = [
        rng.permutation(np.flatnonzero(codes == label))[:k]
        for label, k in enumerate(n_held.tolist())
    ]
    return np.concatenate(chosen)


def _whole_groups(codes: Indices, n_test: int, rng: np.random.Generator) -> Indices:
    """Hold out groups in random order, each if it brings the number closer to `n_test`.

    Where all are too large for that, the one whose size is nearest.
    """
    sizes = np.bincount(codes)
    if sizes.size < 2:
        raise InvalidValueError("groups", expected="at least 2", got=f"{sizes.size}")
    order = rng.permutation(sizes.size)
    held: list[int] = []
    total = 0
    for group in order.tolist():
        more = total + int(sizes[group])
        is_closer = abs(more - n_test) < abs(total - n_test)
        if is_closer and len(held) < sizes.size - 1:
            held.append(group)
            total = more
    nearest = order[np.abs(sizes[order] - n_test).argmin()]
    return np.flatnonzero(np.isin(codes, held or [nearest]))


# --------------------------------------------------------------------------------- looking


def _require_usable(function: object, study: object) -> None:
    if not callable(function):
        raise InvalidValueError("function", expected="a callable", got=short_repr(function))
    needed = ("user_attrs", "trials", "set_user_attr")
    if study is not None and not all(hasattr(study, name) for name in needed):
        raise InvalidValueError("study", expected="a Study or None", got=short_repr(study))


def _recorded(study: StudyLike | None) -> list[Look]:
    if study is None:
        return []
    known = study.user_attrs.get(ATTRIBUTE, [])
    try:
        return [Look(**each) for each in known]
    except TypeError:
        raise StudyError(
            f"study attribute {ATTRIBUTE!r}",
            expected="a list of looks",
            got=short_repr(known),
            remedy=f"study.set_user_attr({ATTRIBUTE!r}, []) forgets all of them.",
        ) from None


def _warn_of_looks(looks: Sequence[Look], study: StudyLike | None) -> None:
    if not looks:
        return
    last = looks[-1]
    since = "" if study is None or last.n_trials is None else _since(last, study)
    warnings.warn(
        f"The test part was looked at before ({_times(len(looks))}, the last value was "
        f"{last.value}){since}: what was chosen in between may fit it by chance.",
        HeldOutWarning,
        stacklevel=3,
    )


def _times(n: int) -> str:
    return "once" if n == 1 else f"{n} times"


def _since(last: Look, study: StudyLike) -> str:
    return f", {len(study.trials) - (last.n_trials or 0)} trials ago"


def _warn_of_unfinished(study: StudyLike | None) -> None:
    n_open = 0 if study is None else sum(not t.state.is_finished for t in study.trials)
    if n_open:
        warnings.warn(
            f"{n_open} trials are not over: look at the test part when tuning has ended.",
            HeldOutWarning,
            stacklevel=3,
        )


def _plain(result: object) -> float | str:
    try:
        return float(result)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return short_repr(result)
