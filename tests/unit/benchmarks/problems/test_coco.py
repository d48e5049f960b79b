"""BBOB by name: what is there, what is refused, and what a missing package says."""

from __future__ import annotations

import sys

import pytest

from benchmarks.problems import coco, registry


@pytest.mark.parametrize(
    "name",
    ["bbob/f1-i11-d2", "mixint/f1-i0-d5", "bbob/f25-i1-d2", "mixint/f1-i1-d2", "bbob/f1"],
)
def test_only_released_instances_are_loaded(name):
    with pytest.raises(KeyError, match=name):
        registry.load(name)


def test_every_name_is_a_function_an_instance_and_a_dimension():
    assert len(coco.names("bbob")) == 24 * 10 * 5
    assert len(coco.names("mixint")) == 24 * 10 * 3


def test_without_the_package_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "cocoex", None)
    with pytest.raises(ImportError, match="pip install coco-experiment"):
        registry.load("bbob/f1-i1-d2")
