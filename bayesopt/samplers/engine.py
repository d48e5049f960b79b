"""Which engine computes: the one place where that is decided."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bayesopt.errors import MissingDependencyError, SettingsError, short_repr

if TYPE_CHECKING:
    from bayesopt.acquisition.engine import Searcher
    from bayesopt.surrogates.base import Engine

_DEVICES = re.compile(r"cpu|cuda(:\d+)?")


@dataclass(frozen=True)
class Machinery:
    """An engine, and how its posteriors are searched.

    Attributes
    ----------
    model : Engine
    search : Searcher
    """

    model: Engine
    search: Searcher


def check_device(device: object) -> None:
    """Raise SettingsError unless a device is None, "cpu", "cuda" or "cuda:N"."""
    if device is not None and not (isinstance(device, str) and _DEVICES.fullmatch(device)):
        raise SettingsError(
            "device",
            expected="None, 'cpu', 'cuda' or 'cuda:N'",
            got=short_repr(device),
            remedy="None is the compiled engine; the others are GPyTorch's.",
        )


def require(device: str | None) -> None:
    """Raise MissingDependencyError if a device needs what is not there."""
    if device is not None:
        machinery(device)


@lru_cache(maxsize=8)
def machinery(device: str | None) -> Machinery:
    """Return what computes: the compiled engine for None, else GPyTorch on a device.

    Raises
    ------
    MissingDependencyError
        If torch, GPyTorch or BoTorch is not installed, or torch sees no such GPU.
    """
    if device is None:
        from bayesopt.acquisition.engine import COMPILED_SEARCH
        from bayesopt.surrogates.compiled import COMPILED

        return Machinery(COMPILED, COMPILED_SEARCH)
    try:
        with warnings.catch_warnings():  # torch's own, of what these packages still use
            warnings.simplefilter("ignore", DeprecationWarning)
            import botorch  # noqa: F401
            import gpytorch  # noqa: F401
            import torch
    except ImportError as error:
        raise MissingDependencyError(
            f"device={device!r}",
            expected="torch, GPyTorch and BoTorch",
            got=f"no {error.name}",
            remedy="pip install 'bayesopt[gpu]', or device=None for the compiled engine.",
        ) from error
    from bayesopt.acquisition.torch_search import TorchSearch
    from bayesopt.surrogates.torch_gp import TorchEngine

    found = torch.device(device)
    _check_gpu(found)
    return Machinery(TorchEngine(found), TorchSearch(found))


def _check_gpu(device: Any) -> None:
    import torch

    if device.type == "cpu":
        return
    n_seen = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if (device.index or 0) >= n_seen:
        raise MissingDependencyError(
            f"device={str(device)!r}",
            expected="a GPU that torch can use",
            got=f"{n_seen} GPUs with torch {torch.__version__}",
            remedy="Install a build of torch for CUDA where there is a GPU, or take device='cpu'.",
        )
