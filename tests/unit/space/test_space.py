"""A space as a whole: configurations to rows and back, validation, identity."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import cloudpickle
import numpy as np
import pytest

from bayesopt.errors import InvalidConfigError, SpaceError
from bayesopt.space import (
    INACTIVE,
    Categorical,
    Constant,
    Float,
    Int,
    LearningRateSchedule,
    Ordinal,
    Space,
)

HOSTILE = ["it's", 'a "quote"', "two\nlines", "🦊", "'; DROP TABLE trials; --", "<script>", " ",
           "\ud800", "a.b", "p['x']", "0", "{}", "\x00"]  # fmt: skip


def cnn() -> Space:
    return Space(
        {
            "lr": Float(1e-5, 1e-1, log=True),
            "batch": Int(16, 512, log=True),
            "optimizer": Categorical(["sgd", "adamw"]),
            "momentum": Float(0.0, 0.99, when={"optimizer": "sgd"}, default=0.9),
            "depth": Ordinal([1, 2, 4, 8], default=2),
            "epochs": Constant(5),
        },
        constraints=["batch * depth <= 1024"],
    )


TEXTBOOK = {"lr": 0.01, "batch": 32, "optimizer": "sgd", "momentum": 0.9, "depth": 2, "epochs": 5}


def test_columns_are_the_parameters_with_something_to_choose() -> None:
    space = cnn()
    assert space.names == ("lr", "batch", "optimizer", "momentum", "depth")
    assert space.d == 5
    assert list(space.parameters) == [*space.names, "epochs"]
    assert len(space) == 6
    assert "epochs" in space
    assert "nope" not in space
    assert space["depth"] == Ordinal([1, 2, 4, 8], default=2)
    with pytest.raises(KeyError):
        space["nope"]


def test_configurations_round_trip() -> None:
    space = cnn()
    u = space.encode([TEXTBOOK])
    assert u.shape == (1, 5)
    assert u.dtype == np.float64
    assert u.flags.c_contiguous
    assert space.decode(u) == [TEXTBOOK]
    assert space.to_labels(TEXTBOOK) == TEXTBOOK
    assert space.from_labels(TEXTBOOK) == TEXTBOOK


def test_random_rows_round_trip_exactly() -> None:
    space = cnn()
    u = space.snap(np.random.default_rng(0).random((2000, 5)))
    configs = space.decode(u)
    assert (space.encode(configs) == u).all()
    again, active, inside = space.encode_labels(space.decode_labels(u), strict=True)
    assert (again == u).all()
    assert (active == space.active(u)).all()
    assert inside.all()
    assert space.decode(again) == configs


def test_many_labels_are_encoded_by_column() -> None:
    space = cnn()
    u = space.snap(np.random.default_rng(1).random((100_000, 5)))
    again, _, inside = space.encode_labels(space.decode_labels(u))
    assert (again == u).all()
    assert inside.all()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"lr": 1.0}, "'lr'.*number from"),
        ({"lr": "0.01"}, "'lr'"),
        ({"lr": float("nan")}, "'lr'"),
        ({"batch": 32.5}, "'batch'.*integer"),
        ({"optimizer": "rmsprop"}, "'optimizer'.*one of 'sgd', 'adamw'"),
        ({"optimizer": "adamw"}, "'momentum'.*Leave it out"),
        ({"momentum": None}, "'momentum'"),
        ({"typo": 3}, "got 'typo'"),
        ({"epochs": 6}, "'epochs'"),
    ],
)
def test_what_is_no_configuration_is_refused(change: dict, says: str) -> None:
    space = cnn()
    for check in (space.validate, space.to_labels, lambda c: space.encode([TEXTBOOK, c])):
        with pytest.raises(InvalidConfigError, match=says):
            check({**TEXTBOOK, **change})


def test_a_missing_value_is_refused() -> None:
    partial = {name: value for name, value in TEXTBOOK.items() if name != "momentum"}
    with pytest.raises(InvalidConfigError, match=r"'momentum'.*none"):
        cnn().validate(partial)
    with pytest.raises(InvalidConfigError, match="mapping"):
        cnn().validate([1, 2])  # type: ignore[arg-type]


def test_validate_normalises_and_fills() -> None:
    space = cnn()
    given = {"lr": np.float64(0.01), "batch": np.int64(32), "optimizer": np.str_("sgd")}
    normal = space.validate(given, fill=True)
    assert normal == TEXTBOOK
    assert [type(v) for v in normal.values()] == [float, int, str, float, int, int]
    assert list(normal) == list(space.parameters)
    normal = space.validate({**given, "optimizer": "adamw"}, fill=True)
    assert "momentum" not in normal
    # a value between two points of the float grid is the user's, and stays as it is
    assert space.validate({**TEXTBOOK, "momentum": 1 / 3})["momentum"] == 1 / 3


def test_validate_leaves_constraints_alone() -> None:
    space = cnn()
    config = {**TEXTBOOK, "batch": 512, "depth": 8}
    assert space.validate(config) == config
    assert not space.feasible(space.encode([config]))[0]


def test_old_trials_are_taken_as_they_are() -> None:
    space = cnn()
    old = [
        {"lr": 0.01, "batch": 32, "optimizer": "sgd", "dropout": 0.5},  # momentum came later
        {"lr": 5.0, "batch": 8, "optimizer": "sgd", "depth": 4, "momentum": 0.5},
        {"lr": 0.01, "batch": 32, "optimizer": "lbfgs", "depth": 4},
        {"batch": 32, "optimizer": "adamw", "momentum": 99.0, "depth": 1},
        {},
    ]
    u, active, inside = space.encode_labels(old)
    assert inside.tolist() == [True, False, False, True, True]
    assert active.tolist() == [
        [True, True, True, True, True],  # defaults: momentum 0.9, depth 2
        [True] * 5,
        [True, True, True, False, True],  # an unknown choice sits at 0.5: in adamw's cell
        [False, True, True, False, True],
        [False, False, False, False, True],
    ]
    assert space.decode(u)[0] == TEXTBOOK
    assert u[1].tolist()[:2] == [1.0, space["batch"].to_unit(16)]
    assert (u[~active] == INACTIVE).all()
    assert (space.encode(old, strict=False) == u).all()


def test_rows_must_have_the_right_shape() -> None:
    for method in (cnn().decode, cnn().snap, cnn().active, cnn().feasible):
        with pytest.raises(SpaceError, match=r"\[n, 5\]"):
            method(np.zeros((2, 3)))
        with pytest.raises(SpaceError, match=r"\[n, 5\]"):
            method(np.zeros(5))


def test_snap_takes_anything() -> None:
    space = cnn()
    wild = np.array([[np.nan, np.inf, -np.inf, 2.0, -1.0], [0.5] * 5])
    with np.errstate(all="raise"):
        snapped = space.snap(wild)
    assert ((snapped >= 0) & (snapped <= 1)).all()
    assert (space.snap(snapped) == snapped).all()
    assert np.isnan(wild[0, 0])  # the argument is left alone


def test_empty_input_and_empty_space() -> None:
    space = cnn()
    assert space.encode([]).shape == (0, 5)
    assert space.decode(np.empty((0, 5))) == []
    assert space.sample(0, np.random.default_rng(0)).shape == (0, 5)
    nothing = Space({})
    assert nothing.size == 1
    assert nothing.decode(nothing.sample(2, np.random.default_rng(0))) == [{}, {}]
    fixed = Space({"c": Constant(3)}, ["c > 2"])
    assert fixed.decode(fixed.sample(1, np.random.default_rng(0))) == [{"c": 3}]


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_works(name: str) -> None:
    space = Space(
        {name: Categorical(["a", "b"]), "x": Float(0, 1, when={name: "a"})}, [f"p[{name!r}] != 'z'"]
    )
    again = Space.from_json(space.to_json())
    assert again == space
    config = {name: "a", "x": 0.25}
    assert again.decode(again.encode([config])) == [config]
    assert again.feasible(again.encode([config])).all()


@pytest.mark.parametrize(
    "params", [{"": Float(0, 1)}, {3: Float(0, 1)}, {None: Float(0, 1)}, {"x": 3}, {"x": Float},
               [("x", Float(0, 1))], None]
)  # fmt: skip
def test_bad_mappings_are_typed_errors(params: object) -> None:
    with pytest.raises(SpaceError):
        Space(params)  # type: ignore[arg-type]


def test_a_dotted_name_can_be_taken() -> None:
    with pytest.raises(SpaceError, match="two"):
        Space({"s.lr": Float(0, 1), "s": LearningRateSchedule()})


def test_equality_and_hash() -> None:
    assert cnn() == cnn()
    assert cnn() is not cnn()
    assert hash(cnn()) == hash(cnn())
    others = [
        Space(dict(cnn().parameters)),
        Space({**cnn().parameters, "lr": Float(1e-5, 1e-1)}, cnn().constraints),
        Space({**cnn().parameters, "momentum": Float(0.0, 0.99, default=0.9)}, cnn().constraints),
        Space(dict(reversed(cnn().parameters.items())), cnn().constraints),
    ]
    for other in others:
        assert other != cnn()
        assert other.to_json() != cnn().to_json()
    assert cnn() != "space"


def test_the_json_text_does_not_change_between_versions_of_this_package() -> None:
    space = Space({"x": Float(0, 1), "c": Categorical(["a", 1], when={"b": True}),
                   "b": Categorical([True, False])}, ["x < 1"])  # fmt: skip
    assert space.to_json() == (
        '{"constraints":["x < 1"],"format":1,"parameters":['
        '{"high":1.0,"kind":"float","low":0.0,"name":"x"},'
        '{"choices":["a",1],"kind":"categorical","name":"c","when":{"b":[true]}},'
        '{"choices":[true,false],"kind":"categorical","name":"b"}]}'
    )


def test_json_keeps_everything() -> None:
    space = Space(
        {
            **cnn().parameters,
            "stepped": Float(0, 1, step=0.1, log=False, default=0.3),
            "odd": Int(1, 9, step=2, when={"depth": [1, 2]}),
            "fixed": Constant((1, "a"), when={"odd": 3}),
            "schedule": LearningRateSchedule(kinds=("constant", "cosine")),
        },
        ["stepped < 1"],
    )
    again = Space.from_json(space.to_json())
    assert again == space
    assert again.to_json() == space.to_json()
    assert dict(again.parameters) == dict(space.parameters)
    u = space.sample(50, np.random.default_rng(0))
    assert again.decode(u) == space.decode(u)
    assert again["schedule"] == space["schedule"]


def test_objects_come_back_with_like_and_as_labels_without() -> None:
    def small(config: dict) -> bool:
        return config["x"] < 0.5

    space = Space({"f": Categorical([np.mean, np.max]), "c": Constant(np.sum),
                   "x": Float(0, 1)}, [small])  # fmt: skip
    again = Space.from_json(space.to_json(), like=space)
    assert again == space
    assert again.decode(np.array([[0.9, 0.1]])) == [{"f": np.max, "c": np.sum, "x": 0.1}]
    assert again.feasible(np.array([[0.9, 0.1], [0.9, 0.9]])).tolist() == [True, False]
    bare = Space({"f": Categorical([np.mean, np.max]), "c": Constant(np.sum)})
    again = Space.from_json(bare.to_json())
    assert again.decode(np.array([[0.9]])) == [{"f": "max", "c": "sum"}]
    assert again == bare


def below_half(config: dict) -> bool:
    return config["x"] < 0.5


def with_function() -> Space:
    return Space(
        {"x": Float(0, 1), "c": Categorical(["a", "b"]), "n": Int(1, 3, when={"c": "a"})},
        ["x > 0.1", below_half],
    )


def test_without_its_function_a_space_can_be_read() -> None:
    space = with_function()
    bare = Space.from_json(space.to_json())
    assert (bare, hash(bare), bare.to_json()) == (space, hash(space), space.to_json())
    assert not space.changed_to(bare)
    assert bare.size == space.size
    u = space.sample(20, np.random.default_rng(0))
    assert bare.decode(u) == space.decode(u)
    assert np.array_equal(bare.encode(bare.decode(u)), u)
    assert np.array_equal(bare.active(u), space.active(u))
    assert np.array_equal(bare.snap(u), u)
    config = {"c": "b", "x": 0.9}
    assert bare.validate(config) == bare.from_labels(bare.to_labels(config)) == config
    assert bare.grid({"x": 5}).n_cells == 20
    assert "below_half" in repr(bare)
    for copied in (pickle.loads(pickle.dumps(bare)), Space.from_json(bare.to_json(), like=bare)):
        assert copied == bare
        with pytest.raises(SpaceError, match="below_half"):
            copied.feasible(u)
    assert Space.from_json(bare.to_json(), like=space).feasible(u).all()


@pytest.mark.parametrize(
    "check",
    [
        lambda space, rng: space.sample(1, rng),
        lambda space, rng: space.feasible(np.full((1, 3), 0.5)),
        lambda space, rng: space.complete({"c": "b"}, rng),
        lambda space, rng: space.feasible(space.grid({"x": 3}).rows(range(12))),
        lambda space, rng: space.with_parameter("y", Float(0, 1)).sample(1, rng),
    ],
)
def test_without_its_function_a_space_cannot_be_checked(check: object) -> None:
    space, rng = with_function(), np.random.default_rng(0)
    check(space, rng)  # type: ignore[operator]
    bare = Space.from_json(space.to_json())
    with pytest.raises(SpaceError, match=r"constraint below_half.*load_study\(.*space=space\)"):
        check(bare, rng)  # type: ignore[operator]


@pytest.mark.parametrize(
    "text",
    [
        "", "nope", "[]", "3", "{}", '{"format": 2}', '{"format": 1}',
        '{"format": 1, "parameters": 3}', '{"format": 1, "parameters": [3]}',
        '{"format": 1, "parameters": [{"name": "x"}]}',
        '{"format": 1, "parameters": [{"name": 3, "kind": "int", "low": 1, "high": 2}]}',
        '{"format": 1, "parameters": [{"name": "x", "kind": "complex"}]}',
        '{"format": 1, "parameters": [{"name": "x", "kind": "int", "low": 3, "high": 2}]}',
        '{"format": 1, "parameters": [{"name": "x", "kind": "categorical", "choices": [{}]}]}',
        '{"format": 1, "parameters": [{"name": "x", "kind": "float", "low": NaN, "high": 2}]}',
        '{"format": 1, "parameters": [], "constraints": [{"callable": 3}]}',
        '{"format": 1, "parameters": [], "constraints": [{"expression": "x"}]}',
        '{"format": 1, "parameters": [], "constraints": [3]}',
    ],
)  # fmt: skip
def test_bad_json_is_a_typed_error(text: str) -> None:
    with pytest.raises(SpaceError):
        Space.from_json(text)


def test_spaces_travel() -> None:
    space = cnn()
    for copied in (pickle.loads(pickle.dumps(space)), copy.deepcopy(space), copy.copy(space)):
        assert copied == space
        assert copied.decode(copied.encode([TEXTBOOK])) == [TEXTBOOK]
    local = Space({"x": Float(0, 1)}, [lambda c: c["x"] < 0.5])
    again = cloudpickle.loads(cloudpickle.dumps(local))
    assert again.feasible(np.array([[0.2], [0.7]])).tolist() == [True, False]


def test_spaces_are_immutable() -> None:
    space = cnn()
    with pytest.raises(AttributeError, match="immutable"):
        space.extra = 1  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        space.parameters["x"] = Float(0, 1)  # type: ignore[index]


def test_repr_shows_parameters_and_constraints() -> None:
    assert "Float(low=1e-05" in repr(cnn())
    assert "batch * depth <= 1024" in repr(cnn())


def test_the_import_is_light() -> None:
    code = (
        "import sys; import bayesopt.space; "
        "print([m for m in ('scipy', 'numba', 'torch', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


PLAIN = Space({"x": Float(0.0, 1.0), "c": Categorical(["a", "b"])})


@pytest.mark.parametrize("n", [-1, 1.5, "3", None, True])
def test_a_number_of_rows_is_a_whole_number(n):
    with pytest.raises(SpaceError, match="number of rows"):
        PLAIN.sample(n, np.random.default_rng(0))


@pytest.mark.parametrize("rng", [None, 5, np.random, np.random.RandomState(0)])
def test_rows_are_drawn_from_a_generator(rng):
    with pytest.raises(SpaceError, match="default_rng"):
        PLAIN.sample(2, rng)


@pytest.mark.parametrize("configs", [None, 3, "x", {"x": 0.5}, [None], ["x"], [[("x", 1)]]])
def test_configurations_are_mappings(configs):
    with pytest.raises(InvalidConfigError, match="mappings"):
        PLAIN.encode(configs)


@pytest.mark.parametrize("rows", [None, 3, "x", [["a"] * PLAIN.d], [[1j] * PLAIN.d], [[0.5], []]])
def test_rows_are_real_numbers(rows):
    for ask in (PLAIN.decode, PLAIN.snap, PLAIN.active, PLAIN.feasible):
        with pytest.raises(SpaceError, match="rows"):
            ask(rows)


@pytest.mark.parametrize("text", [None, 5, "", "null", "[]", "{", {}])
def test_what_is_no_text_of_a_space_is_refused(text):
    with pytest.raises(SpaceError, match="JSON"):
        Space.from_json(text)
