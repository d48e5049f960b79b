"""What a network may be worth before it is trained: scores of a module at its initial weights.

None is a measurement. They rank architectures, the better the larger they are, at the cost of one
batch, so they serve as the first report of a trial or as a filter; how well is another matter for
every space. `parameter_count` is the one to beat.
"""

from __future__ import annotations

import math
from typing import Any

from bayesopt.architectures.architecture import Architecture
from bayesopt.architectures.building import ACTIVATIONS  # says what to do where torch is missing

import torch  # isort: skip
from torch import Tensor, nn  # isort: skip

_ACTIVATIONS: Any = tuple({kind for kind in ACTIVATIONS.values() if kind is not nn.Identity})


def parameter_count(network: nn.Module | Architecture, **build: Any) -> int:
    """Return the number of weights.

    Parameters
    ----------
    network : nn.Module or Architecture
        An architecture is built without its weights being stored.
    **build
        What ``Architecture.build`` takes.

    Raises
    ------
    ShapeError
        If the architecture cannot be built.
    """
    if isinstance(network, Architecture):
        with torch.device("meta"):
            network = network.build(**build)
    return sum(weights.numel() for weights in network.parameters())


def naswot(model: nn.Module, batch: Tensor) -> float:
    """Return how differently the inputs of a batch switch the network's units on and off.

    The logarithm of the determinant of the matrix that counts, for each two inputs, the units that
    are in one state for both; -inf where two inputs cannot be told apart. 0 without activations.

    Parameters
    ----------
    model : nn.Module
        As initialised; it is looked at in training mode and left as it was.
    batch : Tensor [n, ...]
        Some dozens of inputs.

    Notes
    -----
    One forward pass and O(n² units). Source: Mellor et al., "Neural architecture search without
    training", ICML 2021. Units of smooth activations count as on where their input is positive.
    """
    states: list[Tensor] = []

    def note(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        states.append((inputs[0] > 0).flatten(1).to(torch.float64))

    kinds = [module for module in model.modules() if isinstance(module, _ACTIVATIONS)]
    hooks = [module.register_forward_pre_hook(note) for module in kinds]
    try:
        with torch.no_grad(), _Untouched(model):
            model.train()
            model(batch)
    finally:
        for hook in hooks:
            hook.remove()
    if not states:
        return 0.0
    on = torch.cat(states, dim=1)
    agreement = on @ on.T + (1.0 - on) @ (1.0 - on).T
    sign, value = torch.linalg.slogdet(agreement)
    return float(value) if sign > 0 else -math.inf


def synflow(model: nn.Module, input_shape: tuple[int, ...]) -> float:
    """Return the logarithm of how much the weights carry from the input to the output.

    The sum over weights of |weight · d output / d weight|, all weights made positive, for an input
    of ones; -inf where nothing gets through. No data are needed.

    Parameters
    ----------
    model : nn.Module
        As initialised; it is left as it was.
    input_shape : tuple of int
        Without the batch.

    Notes
    -----
    One pass forward and back, in double precision and with norms switched off. Source: Tanaka et
    al., "Pruning neural networks without any data", NeurIPS 2020; as a score of architectures:
    Abdelfattah et al., ICLR 2021.
    """
    with _Untouched(model), torch.enable_grad():
        model.double().eval()
        for module in model.modules():
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d | nn.GroupNorm):
                module.forward = _as_it_is
        try:
            with torch.no_grad():
                for weights in model.parameters():
                    weights.abs_()
            return _flow(model, torch.ones(1, *input_shape, dtype=torch.float64))
        finally:
            for module in model.modules():
                vars(module).pop("forward", None)


def _flow(model: nn.Module, ones: Tensor) -> float:
    weights = [each for each in model.parameters() if each.requires_grad]
    gradients = torch.autograd.grad(model(ones).sum(), weights, allow_unused=True)
    pairs = zip(weights, gradients, strict=True)
    total = sum(float((w * g).abs().sum().detach()) for w, g in pairs if g is not None)
    return math.log(total) if total > 0.0 else -math.inf


def _as_it_is(x: Tensor) -> Tensor:
    return x


class _Untouched:
    """Puts a model's weights, buffers, gradients and mode back at the end."""

    def __init__(self, model: nn.Module) -> None:
        self._model = model

    def __enter__(self) -> None:
        self._modes = {module: module.training for module in self._model.modules()}
        self._state = {name: each.clone() for name, each in self._model.state_dict().items()}

    def __exit__(self, *failure: object) -> None:
        for module, mode in self._modes.items():
            module.training = mode
        for name, each in self._model.state_dict(keep_vars=True).items():
            each.data = self._state[name]
