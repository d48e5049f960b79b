"""Random spaces of networks, and what the tests of this folder share."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from bayesopt.architectures import (
    Cell,
    Choice,
    Graph,
    Layer,
    Network,
    Repeat,
    Residual,
    Sequential,
    Stage,
    Use,
)
from bayesopt.space import Categorical, Float, Int, Ordinal, Space

KERNELS = st.sampled_from([1, 3, Ordinal([1, 3, 5]), Categorical([3, 2]), Int(1, 4)])
WIDTHS = st.sampled_from([None, 4, Ordinal([2, 4, 6]), Int(2, 5)])
NORMS = st.sampled_from(["none", "batch", Categorical(["none", "layer", "group"])])


@st.composite
def convs(draw):
    op = draw(st.sampled_from(["conv", "sep_conv"]))
    stride = draw(st.sampled_from([1, 1, 2, Ordinal([1, 2])]))
    settings = {"kernel": draw(KERNELS), "stride": stride, "norm": draw(NORMS)}
    width = draw(WIDTHS)
    return Layer(op, **settings, **({} if width is None else {"width": width}))


def layers():
    plain = st.sampled_from(
        [
            Layer("skip"),
            Layer("max_pool"),
            Layer("avg_pool", kernel=3, stride=1),
            Layer("activation", how=Categorical(["relu", "gelu"])),
            Layer("dropout", rate=Float(0.0, 0.5)),
            Layer("norm", how="layer"),
        ]
    )
    return st.one_of(convs(), plain)


KEEPING = {
    "zero": Layer("zero"),
    "skip": Layer("skip"),
    "conv": Layer("conv", kernel=3, activation="relu"),
    "sep": Layer("sep_conv", kernel=Ordinal([3, 5])),
}


def graphs():
    cells = st.builds(
        Cell,
        n_nodes=st.integers(2, 4),
        operations=st.sampled_from([KEEPING, ["conv", "skip"]]),
        n_inputs=st.sampled_from([None, 1, 2]),
        output=st.sampled_from(["last", "sum", "concat"]),
    )
    return cells | st.just(Graph(3, {(0, 1): "conv", (1, 2): Choice(["skip", "conv"])}))


def parts():
    return st.recursive(
        layers() | graphs() | st.just(Use("block")),
        lambda inner: st.one_of(
            st.builds(Sequential, st.lists(inner, max_size=2)),
            st.builds(lambda a, b: Choice({"a": a, "b": b}), inner, inner),
            st.builds(
                Repeat, inner, st.sampled_from([1, Int(0, 2), Ordinal([1, 3])]), st.booleans()
            ),
            st.builds(Residual, inner),
            st.builds(Stage, inner, st.sampled_from([2, 0.5, Ordinal([1, 1.5])])),
        ),
        max_leaves=4,
    )


@st.composite
def networks(draw, fitting=True):
    """Draw a network for 3 × 8 × 8 maps, with something open in it."""
    body = {"stem": Layer("conv", width=Ordinal([2, 3])), "rest": draw(parts())}
    shared = {"block": draw(st.sampled_from([Choice(["conv", "skip"]), Layer("skip")]))}
    outputs = draw(st.sampled_from([None, 5]))
    return Network(body, (3, 8, 8), outputs, shared, fitting=fitting)


def sampled(network, n, seed, name="net"):
    """Return a space with a network, and n of its configurations."""
    space = Space({name: network, "lr": Float(1e-4, 1.0, log=True)})
    return space, space.decode(space.sample(n, np.random.default_rng(seed)))
