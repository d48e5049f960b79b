"""Priors of the Gaussian process's hyperparameters, learned from public problems.

    OMP_NUM_THREADS=1 python -m benchmarks.learn_priors --data ... --sweeps 8

Empirical Bayes: the prior under which data sets of many problems are most likely. Monte Carlo EM
finds it: Hamiltonian chains draw hyperparameters of each data set under the present prior, then
the prior is fitted to the draws. A data set is what a run of the Parzen estimator saw, so some of
its rows are random and some are good ones. No problem of the set "main" is learned from.

It prints a prior as JSON after each sweep: per kind of column a mixture (weight, location, scale)
of log-normals for lengthscales, and (mean, standard deviation) of the logarithms of the others.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import bayesopt as bo
from bayesopt.space.domain import CONTINUOUS, NOMINAL
from bayesopt.surrogates.fit import Evidence
from bayesopt.surrogates.hyper import Frame, bounds, default_theta, new_frame, to_hyper
from bayesopt.surrogates.inputs import to_inputs
from bayesopt.surrogates.outcome import fit_outcome
from bayesopt.surrogates.settings import GPSettings
from benchmarks.problems import registry

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
Mixture = list[list[float]]

KINDS = ("continuous", "ordered", "nominal")
SIZES = (20, 50, 90)  # outcomes of a data set, in turn
LEAST = 8  # outcomes that did not fail
TABLES = (
    "rbv2_rpart/54",
    "rbv2_xgboost/16",
    "lcbench/167184",
    "lcbench/168868",
    "nasbench201/imagenet",
    "hpobench/blood_transfusion",
    "fcnet/naval_propulsion",
    "kernel_tuner/A4000",
    "kernel_tuner/W7800",
    "moot/SS-I",
    "moot/SS-C",
    "olympus/buchwald_e",
    "olympus/lnp3",
    "classic/ranks-d7",
    "classic/choose-d4",
)
N_BURNT, N_KEPT, N_LEAPS = 4, 10, 8  # draws of a sweep, and steps from one to the next
BEYOND = 3.0  # how far outside the box of a fit a chain may wander
LEAST_SCALE = 0.2


@dataclass
class Prior:
    """Densities of the hyperparameters' logarithms; lengthscales less the shift of wide spaces."""

    lengthscale: dict[str, Mixture] = field(
        default_factory=lambda: {kind: [[0.6, -0.3, 0.9], [0.4, 1.5, 1.2]] for kind in KINDS}
    )
    signal: tuple[float, float] = (0.2, 1.0)
    noise: tuple[float, float] = (-5.0, 3.0)
    gap: tuple[float, float] = (-1.0, 1.0)

    def log_density(self, theta: Floats, frame: Frame, kinds: Numbers) -> tuple[float, Floats]:
        """Return the log density up to a constant, and its gradient."""
        m, slope = frame.varies.size, np.empty(theta.size)
        weight, location, scale = np.array([self.lengthscale[KINDS[k]] for k in kinds]).T
        z = ((theta[:m] - frame.shift) - location) / scale
        logs = np.log(weight / scale) - 0.5 * z * z
        share = np.exp(logs - logs.max(axis=0))
        value = float((logs.max(axis=0) + np.log(share.sum(axis=0))).sum())
        slope[:m] = -(share * z / scale).sum(axis=0) / share.sum(axis=0)
        others = np.array([self.signal, self.noise, self.gap][: theta.size - m])
        z = (theta[m:] - others[:, 0]) / others[:, 1]
        slope[m:] = -z / others[:, 1]
        return value - 0.5 * float(z @ z), slope


@dataclass(eq=False)
class Chain:
    """Draws of the hyperparameters of one data set."""

    evidence: Evidence
    kinds: Numbers
    theta: Floats
    step: float = 0.05

    def log_posterior(self, theta: Floats, prior: Prior) -> tuple[float, Floats]:
        """Return it up to a constant, with its gradient; -inf where the factor fails."""
        frame = self.evidence.frame
        hyper = to_hyper(theta, frame)
        found = self.evidence.log_likelihood(hyper)
        if found is None or not math.isfinite(found[0]):
            return -math.inf, np.zeros(theta.size)
        value, by_weight, by_gap, by_signal, by_noise = found
        density, slope = prior.log_density(theta, frame, self.kinds)
        m = frame.varies.size
        slope[:m] -= 2.0 * by_weight[frame.varies] * hyper.weight[frame.varies]
        slope[m] += by_signal
        slope[m + 1] += by_noise * (hyper.noise - frame.settings.noise_floor)
        if frame.has_gap:
            slope[m + 2] += by_gap * hyper.gap
        return value + density, slope

    def sweep(self, prior: Prior, rng: np.random.Generator) -> Floats:
        """Return `N_KEPT` draws [draws, hyperparameters], going on from the last ones."""
        draws = []
        for _ in range(N_BURNT + N_KEPT):
            self._move(prior, rng)
            draws.append(self.theta)
        return np.array(draws[N_BURNT:])

    def _move(self, prior: Prior, rng: np.random.Generator) -> None:
        """Make one Hamiltonian move; steps grow where moves are accepted and shrink else."""
        momentum = rng.standard_normal(self.theta.size)
        before = self.log_posterior(self.theta, prior)[0] - 0.5 * momentum @ momentum
        theta, after = self._leapt(momentum, self.step * rng.uniform(0.7, 1.3), prior)
        accepted = math.log(rng.random()) < after - before
        if accepted:
            self.theta = theta
        self.step = min(0.6, self.step * 1.06) if accepted else max(0.004, self.step / 1.12)

    def _leapt(self, momentum: Floats, step: float, prior: Prior) -> tuple[Floats, float]:
        low, high = bounds(self.evidence.frame)
        theta, slope = self.theta, self.log_posterior(self.theta, prior)[1]
        value = -math.inf
        for _ in range(N_LEAPS):
            momentum = momentum + 0.5 * step * slope
            theta = theta + step * momentum
            if (theta < low - BEYOND).any() or (theta > high + BEYOND).any():
                return theta, -math.inf
            value, slope = self.log_posterior(theta, prior)
            momentum = momentum + 0.5 * step * slope
        return theta, value - 0.5 * float(momentum @ momentum)


def names() -> Iterator[str]:
    """Yield the problems that are learned from."""
    for f in range(1, 25):
        yield from (f"bbob/f{f}-i{7 + f % 3}-d{d}" for d in (2, 3, 5, 10))
    for f in range(1, 25, 2):
        yield from (f"mixint/f{f}-i{7 + f % 3}-d{d}" for d in (5, 10))
    yield from TABLES


def new_chain(name: str, data: Path | None, seed: int) -> Chain | None:
    """Return a chain on what a run saw of a problem; None where nothing can be learned."""
    problem, n = registry.load(name, data), SIZES[seed % len(SIZES)]
    study = bo.create_study(problem.space, sampler=bo.TPESampler(), seed=seed)
    for _ in range(n):
        trial = study.ask()
        told, _ = problem.losses(trial.params, seed=seed)
        if math.isnan(told):
            study.tell(trial, state="fail")
        else:
            study.tell(trial, told)
    history = [(dict(t.params), t.value) for t in study.trials if t.value is not None]
    y = np.array([value for _, value in history])
    if len(y) < LEAST or not np.ptp(y):
        return None
    settings, domain = GPSettings(), problem.space.domain
    frame = new_frame(domain, settings)
    inputs = to_inputs(domain, problem.space.encode([config for config, _ in history]))
    kinds = np.where(domain.kind == NOMINAL, 2, np.where(domain.kind == CONTINUOUS, 0, 1))
    evidence = Evidence(inputs, fit_outcome(y, settings).from_outcome(y), frame)
    return Chain(evidence, kinds[frame.varies], default_theta(frame))


def fitted(prior: Prior, chains: list[Chain], rng: np.random.Generator) -> Prior:
    """Return the prior that explains one sweep of all chains best."""
    by_kind: dict[str, list[Floats]] = {kind: [] for kind in KINDS}
    others: list[list[Floats]] = [[], [], []]
    for chain in chains:
        draws, frame = chain.sweep(prior, rng), chain.evidence.frame
        m = frame.varies.size
        for k, kind in enumerate(KINDS):
            by_kind[kind].append((draws[:, :m] - frame.shift)[:, chain.kinds == k].ravel())
        for i, column in enumerate(draws[:, m:].T):
            others[i].append(column)
    lengthscale = {
        kind: fitted_mixture(np.concatenate(x), prior.lengthscale[kind])
        for kind, x in by_kind.items()
    }
    return Prior(lengthscale, *map(moments, others))


def fitted_mixture(x: Floats, mixture: Mixture) -> Mixture:
    """Return the mixture of normals that EM comes to from another one."""
    if not x.size:
        return mixture
    weight, location, scale = np.array(mixture).T
    for _ in range(40):
        z = (x[:, None] - location) / scale
        logs = np.log(weight / scale) - 0.5 * z * z
        share = np.exp(logs - logs.max(axis=1, keepdims=True))
        share /= share.sum(axis=1, keepdims=True)
        total = share.sum(axis=0)
        weight, location = total / x.size, share.T @ x / total
        variance = (share * (x[:, None] - location) ** 2).sum(axis=0) / total
        scale = np.maximum(np.sqrt(variance), LEAST_SCALE)
    found: Mixture = np.stack([weight, location, scale], axis=1).round(3).tolist()
    return found


def moments(draws: list[Floats]) -> tuple[float, float]:
    """Return mean and standard deviation of all draws."""
    every = np.concatenate(draws)
    return round(float(every.mean()), 3), round(float(every.std()), 3)


def main(arguments: list[str] | None = None) -> None:
    """Learn a prior and print it after each sweep."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.learn_priors", description=__doc__)
    parser.add_argument("--data", type=Path, default=None, help="folder of tables")
    parser.add_argument("--sweeps", type=int, default=8)
    chosen = parser.parse_args(arguments)
    rng, prior = np.random.default_rng(0), Prior()
    found = (new_chain(name, chosen.data, k) for k, name in enumerate(names()))
    chains = [chain for chain in found if chain is not None]
    print(f"{len(chains)} data sets", flush=True)
    for _ in range(chosen.sweeps):
        prior = fitted(prior, chains, rng)
        print(json.dumps(asdict(prior)), flush=True)


if __name__ == "__main__":
    main()
