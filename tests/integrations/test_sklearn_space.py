"""Distributions of scikit-learn's searches as spaces: the values that come out."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")

from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

import bayesopt as bo
from bayesopt.errors import SpaceError
from bayesopt.integrations.sklearn_space import search_space


def drawn(given: object, n: int = 2000, name: str = "a") -> list:
    made = search_space({name: given})
    rows = made.space.sample(n, np.random.default_rng(0))
    return [made.params(config)[name] for config in made.space.decode(rows)]


@pytest.mark.parametrize(
    "distribution",
    [
        stats.uniform(-3.0, 5.0),
        stats.loguniform(1e-4, 1e2),
        stats.reciprocal(1e-2, 1e1, scale=3.0),
        stats.loguniform(1e-2, 1e1, loc=5.0),
        stats.norm(2.0, 3.0),
        stats.expon(scale=2.0),
        stats.beta(2.0, 5.0),
        stats.truncnorm(-1.0, 2.0),
        stats.lognorm(1.0),
    ],
)
def test_continuous_distributions_are_kept(distribution):
    values = drawn(distribution)
    assert all(type(value) is float and np.isfinite(value) for value in values)
    assert stats.kstest(values, distribution.cdf).pvalue > 1e-3


def kinds_and_values(given: object) -> set:
    return {(type(value), value) for value in drawn(given)}


@pytest.mark.parametrize(
    "distribution", [stats.binom(8, 0.3), stats.poisson(4, loc=1), stats.hypergeom(20, 7, 12)]
)
def test_discrete_distributions_are_their_values_in_order(distribution):
    parameter = search_space({"a": distribution}).space["a"]
    assert isinstance(parameter, bo.Ordinal)
    values = list(parameter.choices)
    assert values == list(range(values[0], values[-1] + 1))
    assert all(type(value) is int for value in drawn(distribution))
    beyond = distribution.cdf(values[0] - 1), distribution.sf(values[-1])
    assert all(probability <= 1e-3 for probability in beyond)


class _Steps(stats.rv_discrete):
    def _pmf(self, x):
        return np.where((x >= 2) & (x <= 4), 1 / 3, 0.0)


def test_discrete_distributions_give_what_is_drawn_from_them():
    weighted = stats.rv_discrete(values=([1, 3, 7], [0.2, 0.3, 0.5]))
    for given in (weighted, weighted()):
        assert kinds_and_values(given) == {(int, 1), (int, 3), (int, 7)}
    shares = stats.rv_discrete(values=([0.5, 1.0], [0.4, 0.6]))  # 1 is no share
    for given in (shares, shares()):
        assert kinds_and_values(given) == {(float, 0.5), (float, 1.0)}
    assert kinds_and_values(shares(loc=0.25)) == {(float, 0.75), (float, 1.25)}
    assert kinds_and_values(_Steps(a=0, b=9, name="steps")) == {(int, k) for k in (2, 3, 4)}
    assert kinds_and_values(stats.bernoulli(1.0)) == {(int, 1)}


def test_new_distributions_of_scipy():
    parameter = search_space({"a": stats.Binomial(n=10, p=0.5)}).space["a"]
    assert parameter == bo.Ordinal(range(11))
    values = drawn(stats.Normal(mu=2.0, sigma=3.0))
    assert all(type(value) is float for value in values)
    assert stats.kstest(values, stats.norm(2.0, 3.0).cdf).pvalue > 1e-3


def test_of_many_values_most_lie_where_the_mass_is():
    law = stats.geom(1e-4)
    values = np.array(drawn(law))
    assert search_space({"a": law}).space["a"].n_values <= 1000
    assert np.abs([(values <= law.ppf(p)).mean() - p for p in (0.1, 0.5, 0.9)]).max() < 0.05


@pytest.mark.parametrize("given", [stats.poisson, stats.poisson(-1.0), stats.zipf(1.2)])
def test_distributions_without_quantiles_are_refused(given):
    with pytest.raises(SpaceError, match="quantiles"):
        search_space({"a": given})


def test_distributions_that_have_a_parameter_get_it():
    space = search_space(
        {
            "a": stats.uniform(1.0, 2.0),
            "b": stats.loguniform(0.1, 10.0),
            "c": stats.randint(2, 5),
            "d": stats.uniform(loc=-1.0, scale=3.0),
        }
    ).space
    assert space["a"] == bo.Float(1.0, 3.0)
    assert space["b"] == bo.Float(0.1, 10.0, log=True)
    assert space["c"] == bo.Int(2, 4)
    assert space["d"] == bo.Float(-1.0, 2.0)


def test_lists():
    svc, objects = SVC(), [SVC(), None, [1, 2]]
    space = search_space(
        {
            "rising": np.logspace(-1, 1, 3),
            "falling": [3, 2, 1],
            "texts": ["b", "a"],
            "two": [1, 2],
            "mixed": [1, "a", 3],
            "objects": objects,
            "twice": [1, 1, 2],
            "one": [svc],
        }
    )
    assert space.space["rising"] == bo.Ordinal([0.1, 1.0, 10.0])
    assert space.space["falling"] == bo.Ordinal([3, 2, 1])
    assert space.space["texts"] == bo.Categorical(["b", "a"])
    assert space.space["two"] == bo.Categorical([1, 2])
    assert space.space["mixed"] == bo.Categorical([1, "a", 3])
    rows = space.space.sample(50, np.random.default_rng(0))
    params = [space.params(config) for config in space.space.decode(rows)]
    assert {id(p["objects"]) for p in params} == {id(each) for each in objects}
    assert {p["twice"] for p in params} == {1, 2}
    assert all(p["one"] is svc for p in params)


def test_a_distribution_that_can_only_be_drawn_from():
    class Odd:
        def rvs(self, random_state=None):
            return 2 * random_state.randint(0, 5) + 1

    values = drawn(Odd())
    assert set(values) == {1, 3, 5, 7, 9}
    assert search_space({"a": Odd()}).space["a"] == bo.Ordinal([1, 3, 5, 7, 9])

    class Bell:
        def rvs(self, random_state=None):
            return random_state.normal()

    assert stats.kstest(drawn(Bell()), stats.norm.cdf).pvalue > 1e-6

    class Words:
        def rvs(self, random_state=None):
            return "word"

    with pytest.raises(SpaceError, match="ppf"):
        search_space({"a": Words()})


def test_a_list_of_spaces_is_a_choice():
    made = search_space(
        [
            {"clf": [SVC()], "clf__C": stats.loguniform(1, 10), "tol": [1e-3, 1e-4, 1e-5]},
            {"clf": [LogisticRegression()], "clf__C": stats.loguniform(100, 1000)},
            {"tol": [1e-3, 1e-4, 1e-5]},
            bo.Space({"kind": bo.Categorical(["a", "b"]), "x": bo.Int(1, 3, when={"kind": "b"})}),
        ]
    )
    rows = made.space.sample(400, np.random.default_rng(0))
    seen = [made.params(config) for config in made.space.decode(rows)]
    names = {tuple(sorted(params)) for params in seen}
    assert names == {
        ("clf", "clf__C", "tol"),
        ("clf", "clf__C"),
        ("tol",),
        ("kind",),
        ("kind", "x"),
    }
    for params in seen:
        if "clf" in params:
            assert (params["clf__C"] <= 10) == isinstance(params["clf"], SVC)
        if "kind" in params:
            assert ("x" in params) == (params["kind"] == "b")
    assert len([name for name in made.space if name.startswith("tol")]) == 1  # one column for both
    assert len([name for name in made.space if name.startswith("clf__C")]) == 2


def test_conditions_may_name_objects():
    svc, other = SVC(), LogisticRegression()
    made = search_space({"clf": [svc, other], "C": bo.Float(0, 1, when={"clf": svc})})
    rows = made.space.sample(20, np.random.default_rng(0))
    for params in map(made.params, made.space.decode(rows)):
        assert ("C" in params) == (params["clf"] is svc)
    with pytest.raises(SpaceError, match="condition"):
        search_space({"clf": [svc, other], "C": bo.Float(0, 1, when={"clf": "linear"})})


def test_constraints_in_a_list_are_refused():
    space = bo.Space({"a": bo.Int(1, 3)}, constraints=["a < 3"])
    with pytest.raises(SpaceError, match="constraints"):
        search_space([space, {"b": [1]}])
