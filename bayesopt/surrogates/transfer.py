"""What earlier studies say of the objective: a mean to start from, trusted as far as it ranks well.

The objective is believed to be ``c · Σ_i w_i μ_i(x) + g(x)``: the posterior means of processes that
were each fitted to an earlier study, and a process of its own for what they leave unexplained. The
weights are those of the ranking-weighted ensemble (Feurer, Letham and Bakshy, 2018): how often each
model puts the trials of this study in the right order best of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bayesopt.rng import named_rng
from bayesopt.space.domain import Domain
from bayesopt.surrogates.base import Engine, Process
from bayesopt.surrogates.compiled import COMPILED
from bayesopt.surrogates.hyper import Hyper
from bayesopt.surrogates.leave_one_out import leave_one_out
from bayesopt.surrogates.model import Belief, build_belief
from bayesopt.surrogates.schedule import FitCache, anchor_size, digest
from bayesopt.surrogates.settings import GPSettings

F = npt.NDArray[np.float64]
B = npt.NDArray[np.bool_]

_N_SAMPLES = 256  # of each model's ranking
_LEAST_RANKED = 3  # trials; with fewer all studies count alike
_MOST_RANKED = 100  # trials; weights are settled from then on
_WORST_QUANTILE = 0.95  # of the target's own losses: a study that is worse is left out
_SLOPE_WEIGHT = 1.0  # of the prior that the mean is right in scale, in trials
_KEPT_PER_SOURCE = 6  # results that a cache should hold


@dataclass(frozen=True, eq=False)
class Source:
    """Trials of an earlier study, in the columns of the present space.

    Attributes
    ----------
    X : float64 [n, d]
        Rows; where the ranges of numbers differ, some lie outside the unit cube.
    y : float64 [n]
        Minimised; NaN of a failed trial.
    known : bool [d]
        Of which columns they say anything.
    """

    X: F
    y: F
    known: B


@dataclass(frozen=True, eq=False)
class SourceModel:
    """What is believed of the objective of an earlier study, in units of its own trials.

    Attributes
    ----------
    belief : Belief
    known : bool [d]
        The columns that it looks at.
    """

    belief: Belief
    known: B

    def moments(self, X: F) -> tuple[F, F]:
        """Return mean [m] and variance [m] at rows X [m, d]."""
        each = [member.posterior(self._seen(X)) for member in self.belief.members]
        means, variances = (np.array(part) for part in zip(*each, strict=True))
        return _mixed(self.belief.weights, means, variances)

    def mean(self, X: F) -> F:
        """Return the mean [m] at rows X [m, d]."""
        return self.moments(X)[0]

    def mean_grad(self, X: F) -> tuple[F, F]:
        """Return the mean [m] and its gradient [m, d] at rows X [m, d]."""
        each = [member.posterior_grad(self._seen(X)) for member in self.belief.members]
        weights = self.belief.weights
        mean = weights @ [found[0] for found in each]
        grad = np.einsum("k,kmd->md", weights, np.array([found[2] for found in each]))
        return mean, np.where(self.known, grad, 0.0)

    def _seen(self, X: F) -> F:
        """Return rows as the earlier study had them: what it did not vary is in the middle."""
        return np.where(self.known, X, 0.5)


@dataclass(frozen=True, eq=False)
class SourceMean:
    """What the earlier studies say of rows, in the units of the present one.

    Attributes
    ----------
    models : sequence of SourceModel
        Those that count.
    factors : float64 [models]
        By what their means are multiplied.
    trust : float
        How much weight the studies have together, from 0 to 1.
    """

    models: Sequence[SourceModel]
    factors: F
    trust: float

    def value(self, X: F) -> F:
        """Return it at rows X [m, d], [m]."""
        total = np.zeros(len(X))
        for factor, model in zip(self.factors, self.models, strict=True):
            total += factor * model.mean(X)
        return total

    def value_grad(self, X: F) -> tuple[F, F]:
        """Return it and its gradient [m, d]."""
        total, slope = np.zeros(len(X)), np.zeros(X.shape)
        for factor, model in zip(self.factors, self.models, strict=True):
            value, grad = model.mean_grad(X)
            total += factor * value
            slope += factor * grad
        return total, slope

    def about(self, process: Process, base: F) -> Shifted:
        """Return a process of what it leaves as one of the outcomes; `base` [n] is its value."""
        return Shifted(process, self, base)


@dataclass(frozen=True, eq=False)
class Shifted:
    """A process about a mean that is not zero; see :class:`bayesopt.surrogates.base.Process`.

    Attributes
    ----------
    process : Process
        Of what the mean leaves.
    mean : SourceMean
    base : float64 [n]
        The mean at the process's rows.
    """

    process: Process
    mean: SourceMean
    base: F

    @property
    def d(self) -> int:
        """Number of columns."""
        return self.process.d

    @property
    def hyper(self) -> Hyper:
        """Hyperparameters of what the mean leaves."""
        return self.process.hyper

    @property
    def y(self) -> F:
        """Outcomes [n] in transformed units."""
        return self.process.y + self.base

    @property
    def alpha(self) -> F:
        """K⁻¹ times what the mean leaves [n]."""
        return self.process.alpha

    def posterior(self, X: F) -> tuple[F, F]:
        """Return mean [m] and variance [m] at rows X [m, d]."""
        mean, var = self.process.posterior(X)
        return mean + self.mean.value(X), var

    def posterior_grad(self, X: F) -> tuple[F, F, F, F]:
        """Return mean [m], variance [m] and their gradients [m, d]."""
        mean, var, d_mean, d_var = self.process.posterior_grad(X)
        value, slope = self.mean.value_grad(X)
        return mean + value, var, d_mean + slope, d_var

    def condition(self, X: F, y: F | None = None) -> Shifted:
        """Return the process with rows X [k, d] added, with outcomes y [k] or without."""
        more = self.mean.value(X)
        process = self.process.condition(X, None if y is None else y - more)
        return Shifted(process, self.mean, np.concatenate([self.base, more]))

    @property
    def noise_at(self) -> F:
        """Variance [n] of each outcome around the latent function."""
        return self.process.noise_at

    def influence(self, X: F) -> tuple[F, F, F]:
        """Return mean [m], variance [m] and K⁻¹ k [m, n] of each row of X [m, d]."""
        mean, var, U = self.process.influence(X)
        return mean + self.mean.value(X), var, U

    def weighted_influence_grad(self, X: F, weights: F) -> F:
        """Return the gradients [m, d] of ``Σ_i weights_i (K⁻¹ k)_i`` at rows X [m, d]."""
        return self.process.weighted_influence_grad(X, weights)

    def correlation(self, X: F, Z: F) -> F:
        """Return the correlation [m, k] of what the mean leaves at rows X [m, d] and Z [k, d]."""
        return self.process.correlation(X, Z)

    def fitted_means(self) -> F:
        """Return the posterior means [n] at the rows themselves, without noise."""
        return self.process.fitted_means() + self.base

    def log_likelihood(self) -> float:
        """Return the log marginal likelihood of the outcomes, given the mean."""
        return self.process.log_likelihood()

    def one_ahead(self) -> tuple[F, F]:
        """Return what the outcomes before say of each, mean [n] and variance [n]."""
        mean, var = self.process.one_ahead()
        return mean + self.base, var

    def inverse_diagonal(self) -> F:
        """Return the diagonal of K⁻¹ [n]."""
        return self.process.inverse_diagonal()


def learn_mean(
    domain: Domain,
    X: F,
    y: F,
    settings: GPSettings,
    sources: Sequence[Source],
    cache: FitCache | None = None,
    engine: Engine = COMPILED,
) -> SourceMean:
    """Return what earlier studies say, trusted as far as they rank the trials of this one.

    A pure function of all but the cache. It changes at the sizes only at which processes are fitted
    from nothing (``schedule.anchor_size``), and is settled after 100 outcomes.

    Parameters
    ----------
    domain : Domain
    X : float64 array [n, d]
        Rows of the trials that have an outcome, by number.
    y : float64 array [n]
        Finite outcomes, minimised.
    settings : GPSettings
    sources : sequence of Source
    cache : FitCache or None
        Remembers fits.
    engine : Engine
        What computes.
    """
    cache = FitCache() if cache is None else cache
    cache.hold(_KEPT_PER_SOURCE * (len(sources) + 8))
    models = [source_model(domain, source, settings, cache, engine) for source in sources]
    n = anchor_size(min(len(y), _MOST_RANKED))
    X, y = X[:n], y[:n]
    names = (digest(source.X, source.y, source.known) for source in sources)
    key = ("transfer", digest(*domain.arrays), settings, engine.name, digest(X, y), *names)

    def make() -> SourceMean:
        with np.errstate(all="ignore"):
            failed = np.zeros(n, dtype=np.bool_)
            own = build_belief(domain, X, y, failed, settings, cache, None, engine)
            return _mean_of(models, own, X)

    return cache.get_or_make(key, make)


def source_model(
    domain: Domain, source: Source, settings: GPSettings, cache: FitCache, engine: Engine = COMPILED
) -> SourceModel:
    """Return what is believed of the objective of an earlier study; O(n³) where it is new.

    Failed trials count as the worst outcome that the study saw.
    """
    settings = replace(settings, failures="impute", input_warp=False)
    name = digest(source.X, source.y, source.known)
    key = ("source", digest(*domain.arrays), settings, engine.name, name)

    def make() -> SourceModel:
        failed, X = ~np.isfinite(source.y), np.where(source.known, source.X, 0.5)
        belief = build_belief(domain, X, source.y, failed, settings, cache, None, engine)
        return SourceModel(belief, source.known)

    return cache.get_or_make(key, make)


def _mean_of(models: Sequence[SourceModel], own: Belief, X: F) -> SourceMean:
    """Return the weighted mean of models, given what this study's own model makes of X [n, d]."""
    weights = weights_of(models, own, X)[:-1]
    counts = np.flatnonzero(weights)
    trust = float(weights.sum())
    if not counts.size:
        return SourceMean((), np.empty(0), 0.0)
    kept = [models[i] for i in counts.tolist()]
    shares = weights[counts] / trust
    said = shares @ np.array([model.mean(X) for model in kept])
    return SourceMean(kept, trust * slope_of(own.y, said) * shares, trust)


def weights_of(models: Sequence[SourceModel], own: Belief, X: F) -> F:
    """Return the weight of each model, and last of this study's own, [models + 1]; they sum to 1.

    The own model is judged by what it says of each trial without it.
    """
    n, k = len(own.y), len(models)
    if n < _LEAST_RANKED:
        return np.concatenate([np.full(k, 1.0 / k), [0.0]])
    found = [leave_one_out(member) for member in own.members]
    left_out = _mixed(
        own.weights, np.array([one.mean for one in found]), np.array([one.var for one in found])
    )
    rng = named_rng(0, n, "rgpe")
    losses = [
        ranking_losses(mean + np.sqrt(var) * rng.standard_normal((_N_SAMPLES, n)), own.y)
        for mean, var in [*(model.moments(X) for model in models), left_out]
    ]
    return rank_weights(np.array(losses, dtype=np.float64))


def ranking_losses(samples: F, y: F) -> npt.NDArray[np.int64]:
    """Return how many pairs of outcomes y [n] each of samples [s, n] puts in the wrong order, [s].

    Outcomes that are equal make no pair.
    """
    below, above = np.nonzero(y[:, None] < y[None, :])
    return np.asarray((samples[:, below] >= samples[:, above]).sum(axis=1))


def rank_weights(losses: F) -> F:
    """Return how often each model has the least loss, from losses [models, s], the own one last.

    Where several have, the own one gets the sample; without it they share it. A model whose median
    loss is above the .95 quantile of the own one's counts for nothing, lest many bad ones together
    outweigh it (weight dilution).
    """
    limit = np.quantile(losses[-1], _WORST_QUANTILE)
    is_bad = np.median(losses, axis=1) > limit
    is_bad[-1] = False
    losses = np.where(is_bad[:, None], np.inf, losses)
    wins = losses == losses.min(axis=0)
    wins[:-1] &= ~wins[-1]
    return np.asarray((wins / wins.sum(axis=0)).mean(axis=1))


def slope_of(t: F, said: F) -> float:
    """Return by what the studies' mean `said` [n] is multiplied to explain outcomes t [n], >= 0.

    The most likely slope, given a prior about 1 that weighs as much as one trial: studies that say
    the contrary of what is seen end at 0.
    """
    t, said = t - t.mean(), said - said.mean()
    slope = (float(t @ said) + _SLOPE_WEIGHT) / (float(said @ said) + _SLOPE_WEIGHT)
    return min(max(slope, 0.0), 2.0) if np.isfinite(slope) else 0.0


def _mixed(weights: F, means: F, variances: F) -> tuple[F, F]:
    """Return mean and variance of a mixture."""
    mean = weights @ means
    return mean, np.asarray(weights @ (variances + (means - mean) ** 2))
