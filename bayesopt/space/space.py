"""The search space: names, parameters, conditions and constraints, and the unit cube they span."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from bayesopt.errors import InvalidConfigError, short_repr
from bayesopt.space.activity import condition_order, with_label_conditions
from bayesopt.space.arguments import checked_configs, checked_draw, checked_rows
from bayesopt.space.axes import Bools, Floats
from bayesopt.space.branches import count_configurations
from bayesopt.space.change import SpaceChange, compare, conditioned, merged_parameters
from bayesopt.space.constraints import Constraint, Predicate, build_constraints
from bayesopt.space.domain import Domain, build_domain
from bayesopt.space.encoding import Encoded, Layout
from bayesopt.space.grid import Grid, Resolution, build_grid
from bayesopt.space.groups import Bundle, Definition, expand, make_group, rules_of
from bayesopt.space.labels import Label
from bayesopt.space.parameters import Parameter
from bayesopt.space.sampling import Target, sample
from bayesopt.space.serialization import (
    constraints_from,
    parameters_from,
    parse_space,
    space_to_json,
)
from bayesopt.space.single import Reading


class Space:
    """A search space. Immutable, hashable, picklable.

    Parameters
    ----------
    params : mapping of str to Parameter or bundle
        Any non-empty strings are names. A bundle such as `LearningRateSchedule` or a
        `Network` becomes several parameters with dotted names.
    constraints : sequence of str or callable
        Expressions such as ``"batch * depth <= 1024"`` (see `expressions`) and functions of a
        configuration that return whether it is allowed. A constraint does not apply where a
        parameter that it mentions is inactive.

    Raises
    ------
    SpaceError
        If a name, a condition or a constraint is ill-defined.

    Notes
    -----
    A row of the unit cube has one column per parameter that has something to choose, in order of
    definition (a parameter with a single value has one, a `Constant` has none). Rows are f64[n,d],
    C order. Columns of parameters that do not exist in a row hold `INACTIVE`.
    Two spaces are equal if their JSON texts are: choices count by label, callables by name.
    """

    def __init__(
        self,
        params: Mapping[str, Parameter | Bundle],
        constraints: Sequence[str | Predicate] | str | Predicate = (),
    ) -> None:
        parameters, groups = expand(params)
        self._build(parameters, groups, constraints)

    def _build(
        self,
        parameters: Mapping[str, Parameter],
        groups: Mapping[str, Definition],
        constraints: object,
    ) -> None:
        layout = Layout(MappingProxyType(with_label_conditions(parameters)))
        condition_order(layout.parameters)  # raises on a cycle now, not at first use
        given = build_constraints(constraints, layout.parameters)
        handles = {name: make_group(definition, name) for name, definition in groups.items()}
        vars(self).update(
            _layout=layout,
            _groups=dict(groups),
            _handles=handles,
            _given=given,
            _constraints=(*given, *build_constraints(rules_of(handles), layout.parameters)),
        )

    _layout: Layout
    _groups: Mapping[str, Definition]
    _handles: Mapping[str, Any]
    _given: tuple[Constraint, ...]
    _constraints: tuple[Constraint, ...]

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Space is immutable; make a new one to change {name!r}")

    @classmethod
    def _of(
        cls,
        parameters: Mapping[str, Parameter],
        groups: Mapping[str, Definition],
        constraints: Sequence[str | Predicate],
    ) -> Space:
        space = cls.__new__(cls)
        space._build(parameters, groups, constraints)
        return space

    # ---- what it consists of

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """The parameters by name, in order of definition, bundles expanded."""
        return self._layout.parameters

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self._layout.columns)

    @property
    def d(self) -> int:
        """Number of columns."""
        return len(self._layout.columns)

    @cached_property
    def constraints(self) -> tuple[str | Predicate, ...]:
        """The constraints as they were given, then those that bundles brought along."""
        return _sources(self._constraints)

    @cached_property
    def domain(self) -> Domain:
        """The columns as plain arrays, for samplers and compiled kernels."""
        return build_domain(self._layout)

    @cached_property
    def size(self) -> int | float:
        """Number of distinct configurations, conditions respected and constraints ignored.

        Exact; ``math.inf`` if infinite, or if the conditions are so entangled (dozens of
        parameters, each with several parents) that counting would take more than about a second.
        """
        return count_configurations(self._layout)

    def __getitem__(self, name: str) -> Any:
        """Return the parameter, or the handle of the bundle, of that name."""
        return self._handles[name] if name in self._handles else self._layout.parameters[name]

    def group(self, name: str) -> Any:
        """Return the handle of a bundle; KeyError if there is none of that name."""
        return self._handles[name]

    def __contains__(self, name: object) -> bool:
        return name in self._layout.parameters or name in self._groups

    def __iter__(self) -> Iterator[str]:
        return iter(self._layout.parameters)

    def __len__(self) -> int:
        return len(self._layout.parameters)

    # ---- configurations to rows and back

    def encode(self, configs: Sequence[Mapping[str, Any]], strict: bool = True) -> Floats:
        """Return the rows f64[n,d] of configurations.

        Raises
        ------
        InvalidConfigError
            If `strict` and one is not exactly a configuration of this space (constraints aside).
        """
        return self.encode_with_mask(configs, strict)[0]

    def encode_with_mask(
        self, configs: Sequence[Mapping[str, Any]], strict: bool = True
    ) -> Encoded:
        """Return rows, activity and inside of configurations (see `encode_labels`)."""
        labels = [self._labels(config, strict) for config in checked_configs(configs)]
        return self.encode_labels(labels, strict)

    def encode_labels(self, trials: Sequence[Mapping[str, Label]], strict: bool = False) -> Encoded:
        """Return the rows of label dicts, column by column.

        Parameters
        ----------
        trials : sequence of n mappings of name to label
        strict : bool
            If false, trials may come from an earlier version of the space: unknown names are
            ignored; a missing parameter takes its default, or is inactive; values that the space
            no longer holds are clipped into it.

        Returns
        -------
        u : f64[n,d]
        active : bool[n,d]
        inside : bool[n]
            False where a value had to be clipped.

        Raises
        ------
        InvalidConfigError
            If `strict` and a trial is not exactly a configuration of this space.
        """
        return self._layout.encode(trials, strict=strict)

    def decode(self, u: Floats) -> list[dict[str, Any]]:
        """Return the configurations of rows: active parameters and constants, as users see them."""
        return self._layout.decode(checked_rows(u, self.d))

    def decode_labels(self, u: Floats) -> list[dict[str, Label]]:
        """Return the label dicts of rows."""
        return self._layout.decode(checked_rows(u, self.d), labels=True)

    def read(self, u: Floats) -> Reading:
        """Return labels, snapped row and activity of one row f64[d].

        The same as `decode_labels`, `snap` and `active` give, at the price of one of them.
        """
        return self._layout.single.read(checked_rows(np.asarray(u)[np.newaxis], self.d)[0])

    def to_labels(self, config: Mapping[str, Any], *, partial: bool = False) -> dict[str, Label]:
        """Return a configuration with values replaced by labels.

        A `partial` one may lack parameters, and keeps names that this space does not know.

        Raises
        ------
        InvalidConfigError
            If a value does not belong to its parameter, or the whole is no configuration.
        """
        return self._labels(config if partial else self.validate(config), True)

    def from_labels(self, labels: Mapping[str, Label]) -> dict[str, Any]:
        """Return the configuration of a label dict.

        Names and labels that this space does not know are kept as they are: it may be an old
        trial's.
        """
        own = self._layout.own_labels
        return {
            name: label if type(label) is own.get(name) else self._value(name, label)
            for name, label in labels.items()
        }

    def validate(self, config: Mapping[str, Any], *, fill: bool = False) -> dict[str, Any]:
        """Return a configuration in normal form: plain numbers, constants filled in.

        Parameters
        ----------
        config : mapping
        fill : bool
            Whether parameters left out take their defaults.

        Raises
        ------
        InvalidConfigError
            If it is not exactly a configuration of this space. Constraints are not looked at:
            ask `feasible`.
        """
        if not isinstance(config, Mapping):
            raise InvalidConfigError("configuration", expected="a mapping", got=short_repr(config))
        labels = self._labels(config, True)
        labels = self._layout.with_defaults(labels) if fill else labels
        u, _, _ = self._layout.encode([labels], strict=True)
        normal = self._layout.decode(u)[0]
        return {
            name: self._value(name, labels[name]) if name in labels else value
            for name, value in normal.items()
        }

    # ---- rows

    def active(self, u: Floats) -> Bools:
        """Return which columns exist in each row, bool[n,d]."""
        return self._layout.active(checked_rows(u, self.d))

    def snap(self, u: Floats) -> Floats:
        """Return the representable rows f64[n,d] nearest to rows of the cube. Idempotent."""
        return self._layout.snap(checked_rows(u, self.d))

    def feasible(self, u: Floats) -> Bools:
        """Return which rows satisfy the constraints, bool[n]."""
        return Target(self._layout, self._constraints).accepts(checked_rows(u, self.d))

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Return `n` random rows f64[n,d], snapped and feasible, repeats possible.

        Uniform on the cube given the constraints where rejection works; close to it where only a
        search finds feasible rows.

        Raises
        ------
        InfeasibleSpaceError
            If no feasible row was found; the message says what was tried.
        """
        return sample(Target(self._layout, self._constraints), checked_draw(n, rng), rng)

    def complete(self, partial: Mapping[str, Any], rng: np.random.Generator) -> Floats:
        """Return a random feasible row f64[1,d] that holds the given values.

        Raises
        ------
        InvalidConfigError
            If a name or a value does not belong, or one makes another inactive.
        InfeasibleSpaceError
            If no feasible row was found.
        """
        labels = self._labels(partial, True)
        self._layout.check_compatible(labels)
        fixed = {
            self._layout.columns[name]: float(self._layout.parameters[name].units([label])[0][0])
            for name, label in labels.items()
            if name in self._layout.columns
        }
        return sample(Target(self._layout, self._constraints, fixed), 1, rng)

    def grid(self, resolution: Resolution = None) -> Grid:
        """Return a grid whose cells are distinct configurations, constraints ignored.

        Parameters
        ----------
        resolution : int, or mapping of name to int or list of values, optional
            How many values of a parameter to take, evenly spread on its scale, ends included; or
            which ones. A single int is for all numbers (all values are taken where there are
            fewer; choices are always all taken). Parameters not named take all their values.

        Raises
        ------
        SpaceError
            If a parameter with infinitely many values has no resolution, or a value is outside
            its range.
        """
        return build_grid(self._layout, resolution)

    # ---- identity

    @cached_property
    def _json(self) -> str:
        return space_to_json(self._layout.parameters, self._groups, self._given)

    def to_json(self) -> str:
        """Return the space as JSON text, the same for equal spaces."""
        return self._json

    @classmethod
    def from_json(cls, text: str, like: Space | None = None) -> Space:
        """Return the space that `to_json` wrote.

        Parameters
        ----------
        text : str
        like : Space, optional
            Supplies what JSON cannot hold: objects by parameter and label, and functions by name.
            An object that it does not supply is represented by its label. Without a constraint's
            function, all works that needs no check (`encode`, `decode`, `active`, `validate`, ...);
            `feasible`, `sample` and `complete` raise SpaceError when they come to it.

        Raises
        ------
        SpaceError
            If the text is no space.
        """
        data = parse_space(text)
        known = {} if like is None else like._layout.parameters
        return cls._of(
            parameters_from(data, known),
            data.get("groups", {}),
            constraints_from(data, () if like is None else like._given),
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Space):
            return NotImplemented
        return self is other or self._json == other._json

    def __hash__(self) -> int:
        return hash(self._json)

    def __reduce__(self) -> tuple[Any, ...]:
        parts = (dict(self._layout.parameters), self._groups, _sources(self._given))
        return Space._of, parts

    def __repr__(self) -> str:
        lines = [f"    {name!r}: {p!r}," for name, p in self._layout.parameters.items()]
        tail = f", constraints={list(self.constraints)!r}" if self._constraints else ""
        return "Space({\n" + "\n".join(lines) + "\n}" + tail + ")"

    # ---- versions

    def changed_to(self, new: Space) -> SpaceChange:
        """Return what changes from this space to `new`.

        Raises
        ------
        SpaceChangedError
            If a name changes its kind: old values would mean something else.
        """
        return compare(
            self._layout.parameters,
            new._layout.parameters,
            constraints=_texts(self._constraints) != _texts(new._constraints),
        )

    def with_parameter(self, name: str, parameter: Parameter) -> Space:
        """Return the space that also holds the values of `parameter`; `self` if it does already.

        The parameter is added; if there is one of that name, its bounds widen and its choices grow.

        Raises
        ------
        SpaceChangedError
            If that one has another kind, scale, step, condition or constant.
        """
        return self._with(merged_parameters(self._layout.parameters, {name: parameter}))

    def with_conditions(self, conditions: Mapping[str, Mapping[str, object]]) -> Space:
        """Return the space under these conditions alone, by name; `self` if it is. SpaceError."""
        return self._with(conditioned(self._layout.parameters, conditions))

    # ---- helpers

    def _with(self, made: Mapping[str, Parameter] | None) -> Space:
        return self if made is None else self._of(made, self._groups, _sources(self._given))

    def _labels(self, config: Mapping[str, Any], strict: bool) -> dict[str, Label]:
        labels: dict[str, Label] = {}
        for name, value in config.items():
            p = self._layout.parameters.get(name)
            try:
                labels[name] = value if p is None else p.to_label(value)
            except InvalidConfigError as error:
                if strict:
                    raise InvalidConfigError(
                        f"parameter {name!r}", expected=error.expected, got=error.got
                    ) from None
                labels[name] = value
        return labels

    def _value(self, name: str, label: Label) -> Any:
        p = self._layout.parameters.get(name)
        try:
            return label if p is None else p.from_label(label)
        except InvalidConfigError:
            return label


def _sources(constraints: tuple[Constraint, ...]) -> tuple[str | Predicate, ...]:
    return tuple(constraint.source for constraint in constraints)


def _texts(constraints: tuple[Constraint, ...]) -> list[object]:
    return [constraint.to_json() for constraint in constraints]
