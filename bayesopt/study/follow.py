"""Keeping a study's space and history in step with its storage."""

from __future__ import annotations

from bayesopt.history import History
from bayesopt.space import Space
from bayesopt.storage.base import Storage, StudySpec
from bayesopt.study.conditions import ConditionReader


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
    stored : Space
        The newest version of the space as it is stored. Define-by-run, it is what was seen, and
        `space` is the same under the conditions that the trials show.
    define_by_run : bool
        Whether the study was created without a space.
    """

    def __init__(
        self, storage: Storage, study_id: int, spec: StudySpec, like: Space | None = None
    ) -> None:
        self._storage, self._study_id, self._spec = storage, study_id, spec
        self._like = like
        versions = storage.spaces(study_id)
        self._take(versions)
        first = self.space if len(versions) == 1 else Space.from_json(versions[0], like)
        self.define_by_run = not first.parameters
        self._reader = ConditionReader()
        self.history = self._empty_history()
        self._seq = 0
        self._settle()

    def _take(self, versions: list[str]) -> None:
        self.stored = self.space = self._space_of(versions[-1])
        self.space_version = len(versions) - 1

    def _load_space(self) -> None:
        """Go on with the newest version of the space; old trials are encoded into it."""
        self._take(self._storage.spaces(self._study_id))
        if self.define_by_run:
            self._settle()
        else:
            self.history, self._seq = self._empty_history(), 0

    def _settle(self) -> None:
        """Take the conditions that trials show by now; O(n d) if they differ from those before."""
        if self.define_by_run:
            self.space = self._reader.applied_to(self.stored)
            if self.space is not self.history.space:
                self.history = self.history.in_space(self.space)

    def _empty_history(self) -> History:
        return History(
            self.space,
            len(self._spec.directions),
            directions=self._spec.directions,
            seed=self._spec.seed,
            noisy=self._spec.noisy,
            define_by_run=self.define_by_run,
        )

    def _space_of(self, text: str) -> Space:
        """Return the stored space; the one at hand if it is the same, which saves reading it."""
        same = self._like is not None and self._like.to_json() == text
        return self._like if same and self._like is not None else Space.from_json(text, self._like)

    def follow(self) -> History:
        """Apply what happened since the last call, O(changes); return the history.

        A new version of the space costs O(trials), and so do conditions that trials show anew.
        """
        while True:
            changes = self._storage.changes(self._study_id, self._seq)
            if changes.n_spaces > self.space_version + 1:
                self._load_space()
                continue
            if self.define_by_run:
                self._reader.note(changes)
            if not changes.more:
                self._settle()
            self.history.apply(changes)
            self._seq = changes.seq
            if not changes.more:
                return self.history

    def adopt(self, space: Space) -> None:
        """Use the objects and callables of `space` behind the labels from now on."""
        self._like = space
        self._load_space()
