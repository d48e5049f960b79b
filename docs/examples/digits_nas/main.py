"""Search a small convolutional network for handwritten digits, with ASHA over epochs.

    python docs/examples/digits_nas/main.py

Networks are bred by ageing evolution, in one space with the learning rate; most are stopped after
an epoch or three. It takes one to two minutes of one core.
"""

from __future__ import annotations

import argparse

import numpy as np
from space import MOST_WEIGHTS, SPACE
from train import evaluate, load, make, train

import bayesopt as bo
from bayesopt.architectures import scores

N_EPOCHS = 9
SAMPLERS = {
    "ageing": bo.EvolutionSampler(population_size=12, survival="age"),
    "default": None,
    "random": "random",
}


def objective(trial: bo.Trial) -> float:
    """Train a network as long as it is worth it; return its loss on the validation images."""
    model, validation = make(trial.params), load()[1]
    trial.set_user_attr("weights", scores.parameter_count(model))
    trial.set_user_attr("naswot", scores.naswot(model, load()[0].x[:64]))
    loss = float("nan")
    for epoch in train(trial.params, model, N_EPOCHS):
        loss, accuracy = evaluate(model, validation)
        trial.set_user_attr("accuracy", accuracy)
        trial.report(loss, epoch)
        if trial.should_prune():
            raise bo.TrialPruned
    return loss


def main() -> None:
    """Search, then train the best network again and test it."""
    options = parse_options()
    study = bo.create_study(
        SPACE,
        sampler=SAMPLERS[options.sampler],
        scheduler=bo.ASHAScheduler(max_steps=N_EPOCHS),
        seed=options.seed,
    )
    study.optimize(objective, n_trials=options.trials, progress=True)
    show(study)
    test(study.best_params)


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--sampler", choices=sorted(SAMPLERS), default="ageing")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def show(study: bo.Study) -> None:
    """Print the best network, what the search spent, and what scores knew of it beforehand."""
    epochs = sum(len(trial.reports) for trial in study.trials)
    whole = [t for t in study.trials if t.state is bo.TrialState.COMPLETE]
    print(f"{len(study.trials)} networks, {epochs} epochs; {len(whole)} were trained to the end")
    best = study.best_trial
    print(f"\nThe best, trial {best.number}: {best.user_attrs['weights']} weights", end=" ")
    print(f"(at most {MOST_WEIGHTS}), {100 * best.user_attrs['accuracy']:.1f} % of validation")
    print(SPACE["net"].read(study.best_params))
    losses = [trial.reports[1][0] for trial in study.trials]
    for score in ("weights", "naswot"):
        values = [trial.user_attrs[score] for trial in study.trials]
        print(f"rank correlation of {score} with the loss after one epoch: ", end="")
        print(f"{rank_correlation(values, losses):.2f}")


def rank_correlation(a: list[float], b: list[float]) -> float:
    """Return Spearman's coefficient."""
    ranks = [np.argsort(np.argsort(each)) for each in (a, b)]
    return float(np.corrcoef(*ranks)[0, 1])


def test(params: dict) -> None:
    """Train the best network anew with three seeds, and print how it does on the test images."""
    found = []
    for seed in (1, 2, 3):
        model = make(params, seed)
        for _ in train(params, model, N_EPOCHS):
            pass
        found.append(100 * evaluate(model, load()[2])[1])
    print(f"\naccuracy on the test images, three seeds: {np.mean(found):.1f} %", end=" ")
    print(f"({min(found):.1f} to {max(found):.1f})")


if __name__ == "__main__":
    main()
