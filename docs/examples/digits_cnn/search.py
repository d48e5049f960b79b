"""The three searches: each tries configurations and keeps what it learns in the same file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from data import Images
from space import GRID, SPACE, TEXTBOOK
from torch import nn
from train import evaluate, train

import bayesopt as bo

SEED = 0


@dataclass(frozen=True)
class Search:
    """A way to choose configurations, under the name of its study."""

    name: str
    space: bo.Space
    sampler: str | None  # None: the library's choice
    start: dict | None = None

    def open(self, storage: Path) -> bo.Study:
        """Create the study, or continue it where an earlier run left it."""
        study = bo.create_study(
            self.space,
            sampler=self.sampler,
            scheduler=bo.MedianScheduler(n_startup_trials=8, n_warmup_steps=5),
            storage=storage,
            name=self.name,
            seed=SEED,
            load_if_exists=True,
        )
        if self.start and not study.trials:
            study.enqueue(self.start)
        return study


TUNED = Search("digits-cnn", SPACE, sampler=None, start=TEXTBOOK)
RANDOM = Search("digits-cnn-random", SPACE, sampler="random")
GRID_SEARCH = Search("digits-cnn-grid", GRID, sampler="grid")


@dataclass(frozen=True)
class Objective:
    """What the searches minimise. It has the images to train on and to choose by, no others."""

    train: Images
    validation: Images

    def __call__(self, trial: bo.Trial) -> float:
        """Train one configuration; return its cross-entropy on the validation set."""
        watching = watch(trial, self.validation)
        model = train(trial.params, self.train, SEED, after_epoch=watching)
        loss, accuracy = evaluate(model, self.validation)
        trial.set_user_attr("accuracy", accuracy)
        return loss


def watch(trial: bo.Trial, images: Images) -> Callable[[int, nn.Module], None]:
    """Report the loss on `images` after each epoch, and give up on what is clearly behind."""

    def after_epoch(epoch: int, model: nn.Module) -> None:
        trial.report(evaluate(model, images)[0], step=epoch)
        if trial.should_prune():
            raise bo.TrialPruned

    return after_epoch
