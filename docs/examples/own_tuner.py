"""A tuner of one's own: its records are lines of a text file, its decisions the engine's.

Run it, stop it, run it again: it goes on where it stopped.

    python docs/examples/own_tuner.py [log.jsonl]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

import bayesopt as bo
from bayesopt.host import Decision, decide, propose, settle

N_TRIALS, N_EPOCHS = 18, 9
SPACE = bo.Space(
    {
        "lr": bo.Float(1e-3, 1.0, log=True),
        "momentum": bo.Float(0.0, 0.99),
        "l2": bo.Float(1e-6, 1.0, log=True),
    }
)
SAMPLER = bo.TPESampler()
SCHEDULER = bo.SuccessiveHalvingScheduler(max_steps=N_EPOCHS)  # epochs 1, 3, 9


class Tuner:
    """Keeps a log and a history: every event is written down, then taken in."""

    def __init__(self, path: Path) -> None:
        self.history = bo.History(SPACE, seed=0)
        self._path = path
        for line in path.read_text().splitlines() if path.exists() else []:
            self._take(json.loads(line))
        for number in self.history.numbers_in(bo.TrialState.RUNNING).tolist():
            self.note("pause", number)  # it was under way when this program ended

    def note(self, kind: str, number: int, **facts: Any) -> None:
        """Write an event down, and take it in."""
        event = {"kind": kind, "number": number, **facts}
        with self._path.open("a") as log:
            log.write(json.dumps(event) + "\n")
        self._take(event)

    def _take(self, event: dict[str, Any]) -> None:
        history, number = self.history, event["number"]
        match event["kind"]:
            case "begin":
                history.append(event["config"])
            case "report":
                history.report(number, event["epoch"], event["loss"])
            case "pause":
                history.pause(number)
            case "resume":
                history.resume(number)
            case "end":
                history.tell(number, event["loss"], bo.TrialState[event["state"]])

    def next(self) -> int | None:
        """Return the trial to train now; None when all is done."""
        history = self.history
        settled = settle(SCHEDULER, history, no_more=history.n >= N_TRIALS)
        for number in settled.stop.tolist():
            self.note("end", number, loss=None, state="PRUNED")  # its last report counts
        for number in settled.resume.tolist():
            self.note("resume", number)
            return int(number)
        if history.n >= N_TRIALS:
            return None
        (candidate,) = propose(SAMPLER, history, scheduler=SCHEDULER)
        self.note("begin", history.n, config=candidate.config)
        return history.n - 1

    def last_loss(self, number: int) -> float:
        """Return what a trial reported last."""
        return float(self.history.last_values[number, 0])

    def config(self, number: int) -> dict[str, Any]:
        """Return a trial's configuration."""
        return SPACE.decode(self.history.X[number : number + 1])[0]


class Training:
    """Gradient descent with momentum on a small regression; one step is an epoch."""

    def __init__(self, config: dict[str, Any]) -> None:
        rng = np.random.default_rng(0)
        self.X, self.X_valid = rng.normal(size=(2, 40, 30))
        truth = rng.normal(size=30) * (rng.random(30) < 0.3)
        self.y, self.y_valid = self.X @ truth + rng.normal(size=40), self.X_valid @ truth
        self.config, self.epoch = config, 0
        self.weights, self.speed = np.zeros((2, 30))

    def step(self) -> float:
        """Train for an epoch; return the loss on validation data."""
        pull = self.X.T @ (self.X @ self.weights - self.y) / 40 + self.config["l2"] * self.weights
        self.speed = self.config["momentum"] * self.speed - self.config["lr"] * pull
        self.weights = self.weights + self.speed
        self.epoch += 1
        return float(np.mean((self.X_valid @ self.weights - self.y_valid) ** 2))


def train(tuner: Tuner, number: int, training: Training) -> None:
    """Train until the trial is over, or the scheduler wants something else."""
    while True:
        loss = training.step()
        tuner.note("report", number, epoch=training.epoch, loss=loss)
        if training.epoch == N_EPOCHS:
            tuner.note("end", number, loss=loss, state="COMPLETE")
            return
        decision = decide(SCHEDULER, tuner.history, number)
        if decision is Decision.STOP:
            tuner.note("end", number, loss=None, state="PRUNED")
        elif decision is Decision.PAUSE:
            tuner.note("pause", number)
        if decision is not Decision.CONTINUE:
            return


def run(path: Path, most_turns: float = float("inf")) -> Tuner:
    """Tune, for so many turns at most."""
    tuner = Tuner(path)
    asleep: dict[int, Training] = {}  # the state of those who wait; lost with the program
    n_turns = 0
    while n_turns < most_turns and (number := tuner.next()) is not None:
        training = asleep.setdefault(number, Training(tuner.config(number)))
        train(tuner, number, training)
        n_turns += 1
    return tuner


def main() -> None:
    """Tune and say what was found."""
    tuner = run(Path(sys.argv[1] if len(sys.argv) > 1 else "own_tuner.jsonl"))
    history, best = tuner.history, tuner.history.best()
    n_whole = int(history.is_complete.sum())
    print(f"{history.n} trials, {n_whole} trained to the end")
    if best is not None:
        print(f"best: trial {best}, loss {tuner.last_loss(best):.3f}, {tuner.config(best)}")


if __name__ == "__main__":
    main()
