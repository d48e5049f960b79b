"""A search for scikit-learn's estimators, in the place of its ``RandomizedSearchCV``.

>>> from scipy.stats import loguniform
>>> from sklearn.svm import SVC
>>> from bayesopt.integrations.sklearn import BayesSearchCV
>>> search = BayesSearchCV(SVC(), {"C": loguniform(1e-2, 1e3)}, n_iter=20, random_state=0)
"""

from __future__ import annotations

import numbers
import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from bayesopt.errors import MissingDependencyError, SettingsError, short_repr
from bayesopt.host import Sampler, Scheduler, make_sampler, make_scheduler
from bayesopt.schedulers.base import breeds
from bayesopt.space import Space

try:
    from sklearn.base import _fit_context, clone, is_classifier
    from sklearn.metrics._scorer import _MultimetricScorer
    from sklearn.model_selection import check_cv
    from sklearn.model_selection._search import BaseSearchCV
    from sklearn.model_selection._validation import (
        _fit_and_score,
        _insert_error_scores,
        _warn_or_raise_about_fit_failures,
    )
    from sklearn.utils import check_random_state, indexable
    from sklearn.utils._param_validation import HasMethods, Interval
    from sklearn.utils.parallel import Parallel, delayed
    from sklearn.utils.validation import _check_method_params
except ImportError as error:
    raise MissingDependencyError(
        "bayesopt.integrations.sklearn",
        expected="the package scikit-learn",
        got="an environment without it, or another version of it",
        remedy="pip install 'scikit-learn>=1.5'",
    ) from error

from bayesopt.integrations.sklearn_results import blank_like, format_results
from bayesopt.integrations.sklearn_search import Fit, FoldSearch, Scores
from bayesopt.integrations.sklearn_space import search_space

Distributions = Space | Mapping[str, Any] | Sequence[Space | Mapping[str, Any]]
Outcome = dict[str, Any]
"""What scikit-learn says of one fit."""


class BayesSearchCV(BaseSearchCV):
    """Search for the parameters of an estimator with a sampler that learns.

    It has the interface of ``sklearn.model_selection.RandomizedSearchCV``; what is not described
    here is as there: pipelines, scorers, several metrics, groups, fit parameters and their routing.
    The candidates are evaluated on the same splits, however often the splitter is asked.

    Parameters
    ----------
    estimator : estimator object
    param_distributions : dict, Space, or list of these
        For each parameter a list of values, a SciPy distribution, or a parameter of this package
        (``Float``, ``Int``, ``Categorical``, ...); or a whole ``Space``, with conditions and
        constraints. Of a list of these every candidate belongs to one. Numbers in a list that rise
        or fall are treated as ordered. ``uniform``, ``loguniform`` and ``randint`` are searched
        on their own scales, other continuous ones on that of their quantiles. Other discrete ones
        are searched over their values in order, whatever their probabilities, so that no candidate
        comes twice; values that are rarer than one in a thousand may be left out.
    n_iter : int
        How many candidates; fewer if there are no more.
    sampler : str or Sampler
        "auto", "gp", "tpe", ..., or a sampler object.
    scheduler : str or Scheduler, optional
        Drop candidates after some of the folds: "median", "asha", ..., or an object whose steps are
        folds, 1, 2, ... A candidate reports the mean of its scores so far. None: no candidate is
        dropped. Populations ("pbt", "pb2") are refused: nothing is trained on from fold to fold.
    batch_size : int
        How many candidates are proposed and evaluated side by side. The answer depends on it, not
        on `n_jobs`: for n processors to be busy, `batch_size` times the number of folds (with a
        scheduler `batch_size` alone) should be at least n.
    scoring, n_jobs, refit, cv, verbose, pre_dispatch, error_score, return_train_score
        As for ``RandomizedSearchCV``.
    random_state : int, RandomState instance or None
        The same number gives the same candidates if the estimator gives the same scores.

    Attributes
    ----------
    cv_results_ : dict of arrays
        As for ``RandomizedSearchCV``. With a scheduler, NaN where a fold was not run and in the
        mean of a candidate that lacks folds; ``n_folds_run`` says how many it has, and mean times
        are of these.
    proposed_by_ : list of str
        Which sampler made each candidate, and why if it was not the one asked for.
    history_ : History
        What the sampler learned from.
    best_estimator_, best_score_, best_params_, best_index_, scorer_, n_splits_, refit_time_, \
multimetric_, classes_, n_features_in_, feature_names_in_
        As for ``RandomizedSearchCV``.

    Raises
    ------
    SpaceError, SettingsError
        By ``fit``: if the distributions, the sampler or the scheduler cannot be used.

    Notes
    -----
    A candidate with a fit that failed, or a score that is no finite number, has failed: the sampler
    learns to avoid its kind, whatever `error_score` puts in its place. With a scheduler, its
    remaining folds are not run.

    Of several metrics the one that `refit` names is maximised. If it names none, all are objectives
    and the search goes for their Pareto front.

    How long fits take is not looked at, so that the answer does not depend on the machine. Where a
    fit takes milliseconds, ``sampler="tpe"`` proposes in less time than a Gaussian process.

    Refitting never takes a candidate that lacks folds. If a scheduler lets no candidate finish, the
    most promising one is evaluated to the end.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseSearchCV._parameter_constraints,
        "param_distributions": [Mapping, Space, Iterable],
        "n_iter": [Interval(numbers.Integral, 1, None, closed="left")],
        "sampler": [str, HasMethods(["propose"])],
        "scheduler": [str, HasMethods(["decide"]), None],
        "batch_size": [Interval(numbers.Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: Any,
        param_distributions: Distributions,
        *,
        n_iter: int = 10,
        sampler: str | Sampler = "auto",
        scheduler: str | Scheduler | None = None,
        batch_size: int = 1,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: bool | str | Callable[[Mapping[str, Any]], int] = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: int | str = "2*n_jobs",
        random_state: int | np.random.RandomState | None = None,
        error_score: float | str = np.nan,
        return_train_score: bool = False,
    ) -> None:
        self.param_distributions = param_distributions
        self.n_iter = n_iter
        self.sampler = sampler
        self.scheduler = scheduler
        self.batch_size = batch_size
        self.random_state = random_state
        super().__init__(
            estimator=estimator,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            error_score=error_score,
            return_train_score=return_train_score,
        )

    def set_callbacks(self, *callbacks: object) -> Any:
        """Refuse callbacks; raises SettingsError if there are any."""
        if callbacks:
            raise SettingsError(
                "callbacks of BayesSearchCV", expected="none", got=short_repr(callbacks)
            )
        return self

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, **params: Any) -> BayesSearchCV:
        """Search, and refit the best candidate on all data.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, n_samples)
        y : array-like of shape (n_samples, n_output) or (n_samples,), optional
        **params : dict of str to object
            For the ``fit`` of the estimator, the scorer and the splitter, as for
            ``RandomizedSearchCV``.
        """
        job = self._job(X, y, params)
        fits = _Fits(job, self)
        with Parallel(n_jobs=self.n_jobs, pre_dispatch=self.pre_dispatch) as parallel:
            search = self._search(job, lambda wanted: fits.run(parallel, search.params, wanted))
            search.run(self._n_iter(search), int(self.batch_size))
        self.cv_results_ = self._results(job, fits, search)
        self.history_, self.proposed_by_ = search.history, search.proposed_by
        self._choose(job, search)
        self._refit(job)
        return self

    # -- before -------------------------------------------------------------------------------
    def _job(self, X: Any, y: Any, params: dict[str, Any]) -> _Job:
        scorers, refit_metric = self._get_scorers()
        X, y = indexable(X, y)
        params = _check_method_params(X, params=params)
        routed = self._get_routed_params_for_fit(params)
        cv = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        self.n_splits_ = cv.get_n_splits(X, y, **routed.splitter.split)
        splits = list(cv.split(X, y, **routed.splitter.split))
        if not splits:
            raise ValueError("cv gives no splits: nothing can be fitted and scored")
        if len(splits) != self.n_splits_:
            raise ValueError(
                "cv.split and cv.get_n_splits return inconsistent results. "
                f"Expected {self.n_splits_} splits, got {len(splits)}"
            )
        return _Job(X, y, scorers, refit_metric, routed, splits, clone(self.estimator))

    def _search(
        self, job: _Job, evaluate: Callable[[Sequence[Fit]], list[Scores | None]]
    ) -> FoldSearch:
        return FoldSearch(
            search_space(self.param_distributions),
            make_sampler(self.sampler),
            self._scheduler(len(job.splits)),
            n_folds=len(job.splits),
            metric=self.refit if isinstance(self.refit, str) else None,
            seed=int(check_random_state(self.random_state).randint(2**31 - 1)),
            evaluate=evaluate,
        )

    def _scheduler(self, n_folds: int) -> Scheduler | None:
        if self.scheduler is None:
            return None
        scheduler = make_scheduler(self.scheduler, max_steps=n_folds)
        if breeds(scheduler):  # a fit on other folds is no training that goes on
            raise SettingsError(
                "scheduler of BayesSearchCV",
                expected="one that drops candidates after some of the folds",
                got=f"{short_repr(self.scheduler)}, which trains a population",
                remedy="Take 'median', 'asha' or 'halving'; populations are for create_study.",
            )
        return scheduler

    def _n_iter(self, search: FoldSearch) -> int:
        n, size = int(self.n_iter), search.space.space.size
        if size < n:
            warnings.warn(
                f"The total space of parameters {size} is smaller than n_iter={n}. Running "
                f"{size} iterations. For exhaustive searches, use GridSearchCV.",
                UserWarning,
                stacklevel=2,
            )
            n = int(size)
        if self.verbose > 0:
            k = self.n_splits_
            most = "up to " if self.scheduler is not None else ""
            print(f"Fitting {k} folds for each of {n} candidates, totalling {most}{n * k} fits")  # noqa: T201
        return n

    # -- after --------------------------------------------------------------------------------
    def _results(self, job: _Job, fits: _Fits, search: FoldSearch) -> dict[str, Any]:
        done = [fits.outcomes[key] for key in sorted(fits.outcomes)]
        _warn_or_raise_about_fit_failures(done, self.error_score)
        if callable(self.scoring):
            _insert_error_scores(done, self.error_score)
        self.multimetric_ = isinstance(done[0]["test_scores"], dict)
        blank = blank_like(done[0])
        n_folds = len(job.splits)
        table = [
            [fits.outcomes.get((number, fold), blank) for fold in range(n_folds)]
            for number in range(len(search.params))
        ]
        return format_results(
            super()._format_results,
            search.params,
            table,
            blank,
            by_folds=self.scheduler is not None,
        )

    def _choose(self, job: _Job, search: FoldSearch) -> None:
        metric = job.refit_metric
        if callable(self.scoring) and self.multimetric_:
            metric = self.refit
        if not self.refit and self.multimetric_:
            return
        self.best_index_ = self._select_best_index(self.refit, metric, self.cv_results_)
        if not search.is_whole(int(self.best_index_)):
            raise ValueError(
                f"Candidate {self.best_index_} was not evaluated on all folds, so it cannot be the "
                "best. A refit function must leave out rows whose mean_test_score is NaN."
            )
        if not callable(self.refit):
            self.best_score_ = self.cv_results_[f"mean_test_{metric}"][self.best_index_]
        self.best_params_ = self.cv_results_["params"][self.best_index_]

    def _refit(self, job: _Job) -> None:
        # Not a dict where there is one metric.
        is_several = isinstance(job.scorers, _MultimetricScorer)
        self.scorer_ = job.scorers._scorers if is_several else job.scorers
        if not self.refit:
            return
        # Parameters are cloned, too: some of them may be estimators.
        best = clone(job.estimator).set_params(**clone(self.best_params_, safe=False))
        began = time.time()
        data = (job.X,) if job.y is None else (job.X, job.y)
        best.fit(*data, **job.routed.estimator.fit)
        self.refit_time_ = time.time() - began
        self.best_estimator_ = best
        if hasattr(best, "feature_names_in_"):
            self.feature_names_in_ = best.feature_names_in_


@dataclass(frozen=True, eq=False)
class _Job:
    """What is to be fitted, on what, and how it is scored."""

    X: Any
    y: Any
    scorers: Any
    refit_metric: Any
    routed: Any
    splits: list[tuple[Any, Any]]
    estimator: Any


class _Fits:
    """Runs fits and keeps what scikit-learn says of them."""

    def __init__(self, job: _Job, search: BayesSearchCV) -> None:
        self.outcomes: dict[Fit, Outcome] = {}
        self._job, self._search = job, search

    def run(
        self, parallel: Any, params: Sequence[Mapping[str, Any]], fits: Sequence[Fit]
    ) -> list[Scores | None]:
        """Fit and score; the scores of each fit by metric, None where it failed."""
        outcomes = parallel(self._call(params[number], number, fold) for number, fold in fits)
        self.outcomes.update(zip(fits, outcomes, strict=True))
        for outcome in outcomes:
            if isinstance(outcome["test_scores"], dict):
                self._search._check_refit_for_multimetric(outcome["test_scores"])
        return [_scores(outcome) for outcome in outcomes]

    def _call(self, params: Mapping[str, Any], number: int, fold: int) -> Any:
        job, search = self._job, self._search
        train, test = job.splits[fold]
        return delayed(_fit_and_score)(
            clone(job.estimator),
            job.X,
            job.y,
            train=train,
            test=test,
            parameters=params,
            split_progress=(fold, len(job.splits)),
            candidate_progress=(number, search.n_iter),
            scorer=job.scorers,
            fit_params=job.routed.estimator.fit,
            score_params=job.routed.scorer.score,
            return_train_score=search.return_train_score,
            return_n_test_samples=True,
            return_times=True,
            error_score=search.error_score,
            verbose=search.verbose,
        )


def _scores(outcome: Outcome) -> Scores | None:
    if outcome["fit_error"] is not None:
        return None
    scores = outcome["test_scores"]
    return scores if isinstance(scores, dict) else {"score": scores}
