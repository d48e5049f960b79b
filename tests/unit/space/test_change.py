"""Versions of a space: what changed, what old trials become, and spaces that grow."""

from __future__ import annotations

import pytest

from bayesopt.errors import SpaceChangedError
from bayesopt.space import Categorical, Constant, Float, Int, Ordinal, Space, SpaceChange


def first() -> Space:
    return Space(
        {
            "lr": Float(1e-4, 1e-1, log=True),
            "width": Int(16, 64),
            "opt": Categorical(["sgd", "adam"]),
            "old": Float(0, 1),
        },
        ["width < 60"],
    )


def test_every_kind_of_change_is_described() -> None:
    new = Space(
        {
            "lr": Float(1e-5, 1e-2, log=True),
            "width": Int(16, 128, log=True),
            "opt": Categorical(["adam", "lion"]),
            "dropout": Float(0, 0.9, default=0.0),
        }
    )
    change = first().changed_to(new)
    assert change == SpaceChange(
        added=("dropout",),
        removed=("old",),
        widened=("lr", "width"),
        narrowed=("lr",),
        rescaled=("width",),
        choices_added={"opt": ("lion",)},
        choices_removed={"opt": ("sgd",)},
        constraints=True,
    )
    assert change
    text = str(change)
    assert "added: dropout" in text
    assert "choices added: opt ('lion')" in text
    assert "constraints: yes" in text


def test_no_change_is_falsy() -> None:
    change = first().changed_to(first())
    assert not change
    assert str(change) == "no change"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (Float(0, 1), Float(0, 1, default=0.5)),
        (Categorical(["a", "b"]), Categorical(["b", "a"])),
        (Constant(1), Constant(2)),
        (Categorical([1, 2]), Categorical([1, 2], default=2)),
        (Float(0, 1), Float(0, 1, when={"z": 1})),
    ],
)
def test_other_changes_are_noticed(a: object, b: object) -> None:
    z = {"z": Int(0, 1)}
    change = Space({**z, "p": a}).changed_to(Space({**z, "p": b}))  # type: ignore[dict-item]
    assert change == SpaceChange(changed=("p",))


def test_a_new_order_is_noticed() -> None:
    a = Space({"x": Float(0, 1), "y": Float(0, 1)})
    b = Space({"y": Float(0, 1), "x": Float(0, 1)})
    assert a.changed_to(b) == SpaceChange(reordered=True)


@pytest.mark.parametrize(
    "other", [Int(0, 1), Categorical([0.0, 1.0]), Constant(0.5), Ordinal([0, 1])]
)
def test_another_kind_under_a_known_name_is_an_error(other: object) -> None:
    old, new = Space({"x": Float(0, 1)}), Space({"x": other})  # type: ignore[dict-item]
    with pytest.raises(SpaceChangedError, match=r"'x'.*kind"):
        old.changed_to(new)
    with pytest.raises(SpaceChangedError, match="another name"):
        old.with_parameter("x", other)  # type: ignore[arg-type]


def test_old_trials_stay_usable() -> None:
    new = Space(
        {
            "lr": Float(1e-5, 1e-2, log=True),
            "opt": Categorical(["adam", "lion"]),
            "dropout": Float(0, 0.9, default=0.0),
            "heads": Int(1, 8),
        }
    )
    old = [
        {"lr": 1e-3, "width": 32, "opt": "adam", "old": 0.5},
        {"lr": 1e-1, "width": 32, "opt": "adam", "old": 0.5},
        {"lr": 1e-3, "width": 32, "opt": "sgd", "old": 0.5},
    ]
    u, active, inside = new.encode_labels(old)
    assert inside.tolist() == [True, False, False]
    assert active.tolist() == [[True, True, True, False]] * 3
    assert new.decode(u)[1]["lr"] == 1e-2
    assert u[:, 2].tolist() == [0, 0, 0]


def test_adding_a_parameter_keeps_the_rest() -> None:
    space = Space({"x": Float(0, 1), "c": Categorical(["a", "b"]), "n": Int(1, 4)}, ["x < 1"])
    more = {"y": Float(0, 1), "x": Float(-1, 0.5), "c": Categorical(["z", "b"])}
    for name, p in more.items():
        space = space.with_parameter(name, p)
    assert dict(space.parameters) == {
        "x": Float(-1, 1),
        "c": Categorical(["a", "b", "z"]),
        "n": Int(1, 4),
        "y": Float(0, 1),
    }
    assert space.constraints == ("x < 1",)


def test_adding_what_is_held_already_changes_nothing() -> None:
    a = first()
    assert a.with_parameter("lr", Float(1e-3, 1e-2, log=True)) is a
    assert a.with_parameter("old", a["old"]) is a
    assert a.with_parameter("width", Int(20, 30)) is a
    assert a.with_parameter("opt", Categorical(["adam", "sgd"])) is a


def test_spaces_grow_parameter_by_parameter() -> None:
    space = Space({})
    for p in (Float(0, 1), Float(0.5, 2), Float(-1, 0)):
        space = space.with_parameter("x", p)
    assert space == Space({"x": Float(-1, 2)})
    space = space.with_parameter("s", Float(0, 1, step=0.25)).with_parameter(
        "s", Float(0.5, 2, step=0.25)
    )
    assert space["s"] == Float(0, 2, step=0.25)
    f, g = Categorical({"f": len}), Categorical({"g": max})
    space = space.with_parameter("f", f).with_parameter("f", g)
    assert space["f"].choices == (len, max)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (Float(1, 2), Float(1, 2, log=True)),
        (Float(0, 1, step=0.5), Float(0, 1)),
        (Float(0, 1, step=0.5), Float(0, 1, step=0.25)),
        (Float(0, 1, step=0.5), Float(0.25, 1.25, step=0.5)),
        (Int(0, 10, step=5), Int(2, 12, step=5)),
        (Int(0, 10, step=5), Int(2, 7, step=5)),
        (Constant(1), Constant(2)),
        (Constant(1), Constant(True)),
        (Float(0, 1), Float(0, 1, when={"z": 1})),
        (Int(1, 2**39, log=True), Int(1, 2**30, log=False)),
    ],
)
def test_contradictions_are_typed_errors(a: object, b: object) -> None:
    z = {"z": Int(0, 1)}
    with pytest.raises(SpaceChangedError, match="'p'"):
        Space({**z, "p": a}).with_parameter("p", b)  # type: ignore[dict-item, arg-type]
