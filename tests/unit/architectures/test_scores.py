"""Scores without training, against their formulas; the model stays as it was."""

from __future__ import annotations

import math

import pytest

from bayesopt.architectures import Layer, Network, Residual

torch = pytest.importorskip("torch")
from bayesopt.architectures import scores  # noqa: E402

CNN = Network(
    [
        Layer("conv", width=4, norm="batch", activation="relu"),
        Residual(Layer("conv", activation="gelu")),
        Layer("dropout"),
    ],
    (2, 6, 6),
    3,
)


def test_weights_are_counted_without_being_stored():
    linear = Network([Layer("linear", width=7, activation="relu")], (5,), 3).read({})
    assert scores.parameter_count(linear) == 5 * 7 + 7 + 7 * 3 + 3
    assert scores.parameter_count(CNN.read({})) == scores.parameter_count(CNN.read({}).build())


def test_naswot_is_the_determinant_of_agreements():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 12), torch.nn.ReLU(), torch.nn.Linear(12, 1))
    x = torch.randn(6, 3)
    on = (model[0](x) > 0).int()
    agree = [[float((a == b).sum()) for b in on] for a in on]
    expected = math.log(float(torch.linalg.det(torch.tensor(agree, dtype=torch.float64))))
    assert scores.naswot(model, x) == pytest.approx(expected)
    assert scores.naswot(model, torch.cat([x, x[:1]])) == -math.inf
    assert scores.naswot(torch.nn.Linear(3, 1), x) == 0.0


def test_synflow_counts_the_flow_once_per_layer():
    torch.manual_seed(0)
    model = torch.nn.Sequential(*(torch.nn.Linear(4, 4, bias=False) for _ in range(3)))
    flow = torch.ones(4, dtype=torch.float64)
    for layer in model:
        flow = layer.weight.detach().double().abs() @ flow
    assert scores.synflow(model, (4,)) == pytest.approx(math.log(3 * float(flow.sum())))
    torch.nn.init.zeros_(model[1].weight)
    assert scores.synflow(model, (4,)) == -math.inf


def test_the_model_is_left_as_it_was():
    torch.manual_seed(0)
    model = CNN.read({}).build()
    model[0].eval()
    x = torch.randn(8, 2, 6, 6)
    before = {name: each.clone() for name, each in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    assert math.isfinite(scores.naswot(model, x))
    assert math.isfinite(scores.synflow(model, (2, 6, 6)))
    after = model.state_dict()
    assert all(
        torch.equal(after[n], before[n]) and after[n].dtype == before[n].dtype for n in before
    )
    assert [module.training for module in model.modules()] == modes
    assert all(weights.grad is None for weights in model.parameters())
    model.train()(x).sum().backward()


def test_wider_networks_flow_more():
    values = []
    for width in (2, 8, 32):
        torch.manual_seed(0)
        values.append(
            scores.synflow(
                Network([Layer("conv", width=width)], (1, 4, 4), 2).read({}).build(), (1, 4, 4)
            )
        )
    assert values == sorted(values)
