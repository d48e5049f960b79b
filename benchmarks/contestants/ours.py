"""Our samplers as contestants: a study in memory, asked and told.

``ours-tpe`` is a sampler with its defaults. Settings go behind a colon, to judge a change:
``ours-tpe:n_startup=5`` or ``ours-gp:acquisition=pi/n_startup=8``.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import bayesopt as bo
from benchmarks.contestants.base import Config, Entry

PREFIX = "ours-"
SAMPLERS = ("auto", "cmaes", "evolution", "gp", "qmc", "tpe")
"""Short names; grid and random search are in `plain`."""


class Ours:
    """A study in memory.

    Parameters
    ----------
    space : bayesopt.Space
    seed, budget : int
        The budget is not made use of: a study does not know it either.
    sampler : str
        A short name.
    settings : mapping of str to JSON, optional
        Settings of the sampler other than the defaults.

    Raises
    ------
    ImportError
        If there is no such sampler in this version.
    """

    def __init__(
        self,
        space: bo.Space,
        seed: int,
        budget: int,
        sampler: str,
        settings: dict[str, Any] | None = None,
    ) -> None:
        from bayesopt.samplers.base import from_spec

        try:
            made = from_spec(json.dumps({"name": sampler, "settings": settings or {}}))
        except bo.SettingsError as error:
            raise ImportError(f"sampler {sampler!r}: {error}") from error
        self._study = bo.create_study(space, sampler=made, seed=seed)

    def ask(self) -> Config:
        self._trial = self._study.ask()
        return dict(self._trial.params)

    def tell(self, config: Config, loss: float, failed: bool) -> None:
        if failed:
            self._study.tell(self._trial, state="fail")
        else:
            self._study.tell(self._trial, loss)

    def prefill(self, configs: list[Config], losses: list[float]) -> None:
        """Take trials evaluated elsewhere, all at once."""
        from bayesopt.storage.base import Proposal, Result
        from bayesopt.trial import TrialState

        space = self._study.space
        rows = space.encode(configs)
        proposals = [Proposal(labels) for labels in space.decode_labels(rows)]
        results = [Result(TrialState.COMPLETE, (loss,)) for loss in losses]
        storage = self._study.storage
        storage.add_finished(storage.find_study(self._study.name).id, proposals, results)


def entry(name: str, sampler: str, settings: dict[str, Any] | None = None) -> Entry:
    """Return the entry of one of our samplers."""
    make = partial(Ours, sampler=sampler, settings=settings)
    notes = ", ".join(f"{key}={value}" for key, value in (settings or {}).items())
    return Entry(name, make, lambda: bo.__version__, notes=notes or "defaults")


def variant(name: str) -> Entry | None:
    """Return the entry that ``ours-SAMPLER:SETTING=VALUE/…`` names, None for another name."""
    head, _, tail = name.partition(":")
    if not head.startswith(PREFIX) or not tail:
        return None
    pairs = (part.partition("=") for part in tail.split("/"))
    return entry(name, head.removeprefix(PREFIX), {key: _parsed(text) for key, _, text in pairs})


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


ENTRIES = {
    name: entry(name, name.removeprefix(PREFIX)) for name in map(f"{PREFIX}{{}}".format, SAMPLERS)
}
