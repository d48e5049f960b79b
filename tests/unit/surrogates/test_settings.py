"""Settings of the model: checked, hashable, and the same from JSON."""

from __future__ import annotations

import dataclasses
import json

import pytest

from bayesopt.errors import SettingsError
from bayesopt.surrogates.settings import GPSettings


def test_they_survive_json() -> None:
    settings = GPSettings(kernel="rbf", gap=(0.5, 2.0))
    again = GPSettings(**json.loads(json.dumps(dataclasses.asdict(settings))))
    assert again == settings
    assert hash(again) == hash(settings)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kernel": "cosine"},
        {"transform": "log"},
        {"failures": "ignore"},
        {"n_modes": 0},
        {"noise_floor": 0.0},
        {"offset": -1.0},
        {"signal": (0.0, 1.0)},
        {"noise": (1.0,)},
        {"gap": (0.0, 0.0)},
        {"lengthscale": ()},
        {"lengthscale": ((0.5, 0.0, 0.0),)},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(wrong: dict) -> None:
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        GPSettings(**wrong)
