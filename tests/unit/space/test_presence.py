"""Conditions are read off trials: what the definition says, counted trial by trial."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayesopt.space import Categorical, Float, Int, Space
from bayesopt.space.labels import label_key
from bayesopt.space.presence import MOST_VALUES, Presence, may_be_parent


def read(trials, parameters, every=0):
    """Return what a Presence makes of (labels, is_complete) pairs, asked `every` so often."""
    presence = Presence()
    parents = {name for name, p in parameters.items() if may_be_parent(p)}
    for i, (labels, is_complete) in enumerate(trials):
        presence.add(labels, parents, is_complete=is_complete)
        if every and i % every == 0:
            presence.conditions(parameters)
    return presence.conditions(parameters)


def whole(*labels):
    return [(each, True) for each in labels]


# -- by the definition ------------------------------------------------------------------------


def reference(trials, parameters):
    """Return the conditions by their definition: no counts, every trial looked at again."""
    complete = [labels for labels, is_complete in trials if is_complete]
    if len({frozenset(labels) for labels in complete}) < 2:
        return {}
    found = {}
    for name in parameters:
        lacking = [labels for labels in complete if name not in labels]
        if lacking and len(lacking) < len(complete):
            terms = reference_terms(name, lacking, trials, parameters)
            found |= {name: terms} if terms else {}
    return found


def reference_terms(name, lacking, trials, parameters):
    having = [labels for labels, _ in trials if name in labels]
    complete = [labels for labels, is_complete in trials if is_complete]
    before = [tuple(labels)[: list(labels).index(name)] for labels in having]
    exact, clear = [], {}
    for parent in min(before):
        if not all(parent in names for names in before) or not may_be_parent(parameters[parent]):
            continue
        allowed = {label_key(labels[parent]) for labels in having}
        wrong = sum(parent in labels and label_key(labels[parent]) in allowed for labels in lacking)
        tried = [labels[parent] for labels, _ in trials if parent in labels]
        term = reference_values(parameters[parent], allowed, tried)
        beside = [
            (label_key(labels[parent]), name in labels) for labels in complete if parent in labels
        ]
        before_it = cost_of([has for _, has in beside])
        with_it = cost_of([has for key, has in beside if key in allowed])
        evidence = round(before_it - with_it - len({key for key, _ in beside}), 6)
        if term and not wrong:
            exact.append((evidence, parent, term))
        elif term and evidence > 0 and len(clear) < 3:
            clear[parent] = term
    for evidence, parent, term in exact:
        if evidence == max(each[0] for each in exact):
            return {parent: term}
    return clear


def cost_of(flags):
    """Return the bits of a sequence of flags under the best code for its rate, flag by flag."""
    return -sum(math.log2(flags.count(flag) / len(flags)) for flag in flags)


def reference_values(parameter, allowed, tried):
    if isinstance(parameter, Categorical):
        values = [choice.label for choice in parameter.entries]
        return [value for value in values if label_key(value) in allowed]
    values = [v for v in range(parameter.low, parameter.high + 1) if parameter.contains(v)]
    inside = [v for v in tried if label_key(v) in allowed]
    outside = [v for v in tried if label_key(v) not in allowed]
    if outside and min(inside) > max(outside):
        return [v for v in values if v >= min(inside)]
    if outside and max(inside) < min(outside):
        return [v for v in values if v <= max(inside)]
    return [v for v in values if label_key(v) in allowed]


PARAMETERS = {
    "a": Categorical(["s", 1, True, None]),
    "n": Int(1, 6),
    "x": Float(0, 1),
    "b": Categorical([1.0, 1]),
    "k": Int(0, 8, step=4),
    "y": Float(0, 1),
}
LABELS = {
    "a": st.sampled_from(["s", 1, True, None]),
    "n": st.integers(0, 7),  # 0 and 7 lie out of range
    "x": st.just(0.5),
    "b": st.sampled_from([1.0, 1]),
    "k": st.sampled_from([0, 4, 8, 3]),
    "y": st.just(0.25),
}


@st.composite
def trials(draw):
    names = draw(st.lists(st.sampled_from(list(LABELS)), unique=True, min_size=2))
    rigid = draw(st.booleans())
    found = []
    for _ in range(draw(st.integers(1, 9))):
        order = names if rigid else draw(st.permutations(names))
        had = [name for name in order if draw(st.integers(0, 3))]
        found.append(({name: draw(LABELS[name]) for name in had}, draw(st.integers(0, 3)) > 0))
    return found


@settings(max_examples=100, deadline=None)
@given(trials(), st.integers(0, 3), st.randoms(use_true_random=False))
def test_counts_give_what_the_definition_says(trials, every, shuffler):
    expected = reference(trials, PARAMETERS)
    assert read(trials, PARAMETERS, every) == expected
    shuffler.shuffle(trials)
    found = read(trials, PARAMETERS, every)
    assert {n: list(t) for n, t in found.items()} == {n: list(t) for n, t in expected.items()}
    assert found == expected
    Space(PARAMETERS).with_conditions(found)  # labels are those of the parents, without a cycle


# -- what it is for ---------------------------------------------------------------------------


@st.composite
def trees(draw):
    """Return a space whose parameters each depend on at most one other, before it."""
    parameters, parents = {}, []
    for i in range(draw(st.integers(2, 7))):
        when = None
        if parents and draw(st.booleans()):
            parent = draw(st.sampled_from(parents))
            values = parameters[parent].choices
            when = {parent: [v for v in values if draw(st.booleans())] or [values[0]]}
        kind = draw(st.sampled_from(["choice", "flag", "float"]))
        made = {"choice": Categorical(["p", "q", "r"]), "flag": Categorical([False, True])}
        parameters[f"n{i}"] = made.get(kind, Float(0, 1)).with_condition(when)
        parents += [] if kind == "float" else [f"n{i}"]
    return Space(parameters)


@settings(max_examples=40, deadline=None)
@given(trees(), st.integers(1, 40), st.integers(0, 9))
def test_of_a_tree_of_choices_all_trials_are_explained(space, n, seed):
    labels = space.decode_labels(space.sample(n, np.random.default_rng(seed)))
    had = set().union(*labels)
    bare = Space(
        {name: p.with_condition(None) for name, p in space.parameters.items() if name in had}
    )
    known = bare.with_conditions(read(whole(*labels), bare.parameters))
    rows, active, inside = known.encode_labels(labels)
    assert inside.all()
    assert (known.active(rows) == active).all()
    names = [{n for n, on in zip(known.names, row, strict=True) if on} for row in active]
    assert names == [set(each) for each in labels]


def test_of_numbers_of_layers_those_that_were_not_tried_are_filled_in():
    parameters = {"n": Int(1, 8)} | {f"w{i}": Float(0, 1) for i in range(8)}
    tried = [{"n": n, **{f"w{i}": 0.5 for i in range(n)}} for n in (2, 7, 3)]
    found = read(whole(*tried), parameters)
    assert found["w2"] == {"n": [3, 4, 5, 6, 7, 8]}
    assert found["w5"] == {"n": [7, 8]}
    assert "w0" not in found  # every trial had it
    assert "w7" not in found  # none had it


def test_a_trial_that_was_cut_short_says_only_what_it_had():
    parameters = {"kind": Categorical(["a", "b", "c"]), "y": Float(0, 1)}
    tried = [
        ({"kind": "a", "y": 0.5}, True),
        ({"kind": "b"}, True),
        ({"kind": "a"}, False),
        ({"kind": "c", "y": 0.5}, False),
    ]
    assert read(tried, parameters) == {"y": {"kind": ["a", "c"]}}


def test_true_and_one_are_two_values():
    parameters = {"c": Categorical([True, 1, 1.0]), "y": Float(0, 1)}
    found = read(whole({"c": True, "y": 0.5}, {"c": 1}, {"c": 1.0}), parameters)
    assert [label is True for label in found["y"]["c"]] == [True]


def test_values_that_were_tried_once_account_for_nothing_that_others_do():
    parameters = {"n": Int(1, 40), "bag": Categorical([0, 1]), "y": Float(0, 1)}
    tried = [{"n": n, "bag": n % 2} | ({"y": 0.5} if n % 2 else {}) for n in range(1, 20)]
    assert read(whole(*tried), parameters) == {"y": {"bag": [1]}}


def test_what_depends_on_a_number_is_not_explained_by_an_integer_of_many_values():
    parameters = {"n": Int(1, 40), "x": Float(0, 1), "y": Float(0, 1)}
    draw = random.Random(3)
    tried = [{"n": draw.randint(1, 40), "x": draw.random()} for _ in range(15)]
    tried += [{"n": 3, "x": 0.9}, {"n": 3, "x": 0.1}]
    tried = [each | ({"y": 0.5} if each["x"] > 0.5 else {}) for each in tried]
    assert read(whole(*tried), parameters) == {}


def test_what_has_many_values_is_no_parent():
    parameters = {"n": Int(1, MOST_VALUES + 1), "y": Float(0, 1)}
    tried = [{"n": n} | ({"y": 0.5} if n > 3 else {}) for n in range(1, 9)]
    assert read(whole(*tried), parameters) == {}
    assert read(whole(*tried), parameters | {"n": Int(1, MOST_VALUES)})["y"]["n"][0] == 4


@pytest.mark.parametrize("odd", ["text", None, True, 2.5, 10**30])
def test_labels_that_are_no_numbers_allow_no_integers(odd):
    parameters = {"n": Int(1, 4), "y": Float(0, 1)}
    tried = [{"n": odd, "y": 0.5}, {"n": 3, "y": 0.5}, {"n": 1}]
    assert 3 in read(whole(*tried), parameters)["y"]["n"]
    assert odd not in read(whole(*tried), parameters)["y"]["n"]


def test_counts_are_those_of_pairs_however_many_combinations_trials_have():
    parameters, presence = {}, Presence()
    for i in range(6):
        parameters[f"use{i}"] = Categorical([False, True])
        parameters[f"x{i}"] = Float(0, 1)
    parents = [f"use{i}" for i in range(6)]
    for uses in itertools.product([False, True], repeat=6):
        labels = {}
        for i, is_used in enumerate(uses):
            labels |= {f"use{i}": is_used} | ({f"x{i}": 0.5} if is_used else {})
        presence.add(labels, parents, is_complete=True)
    assert presence.conditions(parameters) == {f"x{i}": {f"use{i}": [True]} for i in range(6)}
    beside = [each for values in presence._beside.values() for each in values.values()]
    assert len(beside) == 12
    assert all(len(each.complete) <= 12 for each in beside)


def test_two_that_are_both_needed_and_one_that_comes_too_late():
    parameters = {"a": Categorical([0, 1]), "b": Categorical([0, 1]), "y": Float(0, 1)}
    tried = []
    for a, b in [*itertools.product([0, 1], repeat=2)] * 2:
        tried.append({"a": a, "b": b} | ({"y": 0.5} if a and b else {}))
    random.Random(0).shuffle(tried)
    assert read(whole(*tried), parameters) == {"y": {"a": [1], "b": [1]}}
    late = [dict(reversed(each.items())) for each in tried]
    assert read(whole(*late), parameters) == {}
