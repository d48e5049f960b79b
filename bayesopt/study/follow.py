"""Keeping a study's space and history in step with its storage."""

from __future__ import annotations

from bayesopt.history import History
from bayesopt.space import Space
from bayesopt.storage.base import Storage, StudySpec


class Follower:
    """The columns of one study, brought up to date by what changed.

    Parameters
    ----------
    storage : Storage
    study_id : int
    spec : StudySpec
    like : Space, optional
        A space whose objects and callables stand behind the labels of the stored one.

    Attributes
    ----------
    space, space_version, history
        As far as this process has followed.
    define_by_run : bool
        Whether the study was created without a space.
    """

    def __init__(
        self, storage: Storage, study_id: int, spec: StudySpec, like: Space | None = None
    ) -> None:
        self._storage, self._study_id, self._spec = storage, study_id, spec
        self._like = like
        self._load_space()

    def _load_space(self) -> None:
        """Start over with the newest version of the space; old trials are encoded into it."""
        versions = self._storage.spaces(self._study_id)
        self.space = self._space_of(versions[-1])
        first = self.space if len(versions) == 1 else Space.from_json(versions[0], like=self._like)
        self.define_by_run = not first.parameters
        self.space_version = len(versions) - 1
        self.history = History(
            self.space,
            len(self._spec.directions),
            directions=self._spec.directions,
            seed=self._spec.seed,
            noisy=self._spec.noisy,
            define_by_run=self.define_by_run,
        )
        self._seq = 0

    def _space_of(self, text: str) -> Space:
        """Return the stored space; the one at hand if it is the same, which saves reading it."""
        same = self._like is not None and self._like.to_json() == text
        return self._like if same and self._like is not None else Space.from_json(text, self._like)

    def follow(self) -> History:
        """Apply what happened since the last call, O(changes); return the history.

        A new version of the space starts the history over, O(trials).
        """
        while True:
            changes = self._storage.changes(self._study_id, self._seq)
            if changes.n_spaces > self.space_version + 1:
                self._load_space()
                continue
            self.history.apply(changes)
            self._seq = changes.seq
            if not changes.more:
                return self.history

    def adopt(self, space: Space) -> None:
        """Use the objects and callables of `space` behind the labels from now on."""
        self._like = space
        self._load_space()
