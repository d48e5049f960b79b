"""Learning-rate schedules: as parameters, and against torch's own."""

from __future__ import annotations

import builtins
import math

import numpy as np
import pytest

from bayesopt.errors import InvalidConfigError, MissingDependencyError, SpaceError
from bayesopt.space import (
    Categorical,
    Constant,
    Float,
    Int,
    LearningRateSchedule,
    Ordinal,
    Schedule,
    ScheduleGroup,
    Space,
)

STEPS = 84  # 4 equal parts, or 1 + 2 + 4: torch's own schedulers know whole steps only
PARTS = {
    "constant": {},
    "step": {"gamma": 0.3, "drops": 3},
    "exponential": {"decay": 0.01},
    "cosine": {"floor": 0.1},
    "restarts": {"floor": 0.1, "cycles": 3, "stretch": 2},
}


def build(kind: str, warmup: float = 0.0, total: int = STEPS, **parts: object) -> Schedule:
    params = {"kind": kind, "lr": 0.2, "warmup": warmup, **PARTS[kind], **parts}
    return ScheduleGroup("s").build({f"s.{k}": v for k, v in params.items()}, total)


def torch_rates(schedule: Schedule, make: object) -> list[float]:
    """Return the rates of a scheduler over a run; `make` builds it around an optimiser."""
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=schedule.base_lr)
    scheduler = make(torch.optim.lr_scheduler, optimizer)  # type: ignore[operator]
    rates = []
    for _ in range(schedule.total_steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


TORCH = {
    "constant": lambda s: lambda lib, o: lib.ConstantLR(o, factor=1.0),
    "step": lambda s: lambda lib, o: lib.StepLR(o, STEPS // 4, s.gamma),
    "exponential": lambda s: lambda lib, o: lib.ExponentialLR(o, s.gamma),
    "cosine": lambda s: lambda lib, o: lib.CosineAnnealingLR(o, s.t_max, s.eta_min),
    "restarts": lambda s: (
        lambda lib, o: lib.CosineAnnealingWarmRestarts(o, STEPS // 7, 2, s.eta_min)
    ),
}


@pytest.mark.parametrize("kind", PARTS)
def test_rates_are_those_of_torchs_own_schedulers(kind: str) -> None:
    schedule = build(kind)
    rates = [schedule.lr(step) for step in range(STEPS)]
    assert rates == pytest.approx(torch_rates(schedule, TORCH[kind](schedule)), rel=1e-12)


def test_uneven_drops_are_those_of_torch_at_milestones() -> None:
    schedule = build("step", total=97)
    assert schedule.milestones == (24, 49, 73)
    rates = torch_rates(schedule, lambda lib, o: lib.MultiStepLR(o, schedule.milestones, 0.3))
    assert [schedule.lr(step) for step in range(97)] == pytest.approx(rates, rel=1e-12)


@pytest.mark.parametrize("warmup", [0.0, 0.2])
@pytest.mark.parametrize("kind", PARTS)
def test_the_torch_scheduler_gives_exactly_lr_of_step(kind: str, warmup: float) -> None:
    schedule = build(kind, warmup)
    rates = torch_rates(schedule, lambda lib, optimizer: schedule.torch(optimizer))
    assert rates == [schedule.lr(step) for step in range(STEPS)]


def test_the_torch_scheduler_sets_all_groups_whatever_they_had() -> None:
    torch = pytest.importorskip("torch")
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr} for lr in (1.0, 1e-5)]
    optimizer = torch.optim.AdamW(groups)
    schedule = build("cosine")
    scheduler = schedule.torch(optimizer)
    optimizer.step()
    scheduler.step()
    assert [group["lr"] for group in optimizer.param_groups] == [schedule.lr(1)] * 2
    state = scheduler.state_dict()
    other = schedule.torch(optimizer)
    other.load_state_dict(state)
    assert other.last_epoch == 1


def test_without_torch_there_is_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *args: object, **kwargs: object) -> object:
        if name.startswith("torch"):
            raise ImportError(name)
        return real(name, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingDependencyError, match="pip install"):
        build("cosine").torch(None)


def test_warmup_rises_in_a_line_and_then_the_schedule_starts() -> None:
    schedule = build("cosine", warmup=0.1, total=100)
    assert schedule.warmup_steps == 10
    rises = [schedule.lr(t) for t in range(11)]
    assert np.diff(rises) == pytest.approx(0.2 / 11)
    assert rises[-1] == 0.2
    assert schedule.lr(10 + 45) == pytest.approx(0.11)
    assert schedule.lr(100) == pytest.approx(0.02)
    assert schedule.lr(10_000) == pytest.approx(0.02)


def test_shapes() -> None:
    assert build("exponential").lr(STEPS) == pytest.approx(0.2 * 0.01)
    drops = [build("step", total=100).lr(t) for t in (0, 24, 25, 50, 75, 99)]
    assert drops == pytest.approx([0.2, 0.2, 0.06, 0.018, 0.0054, 0.0054])
    restarts = build("restarts", total=70)
    assert (restarts.milestones, restarts.t_max) == ((10, 30), 70)
    assert [restarts.lr(t) for t in (0, 10, 30)] == [0.2, 0.2, 0.2]
    assert restarts.lr(29) < 0.03
    assert restarts.lr(70) == restarts.lr(1000) == pytest.approx(0.02)
    assert build("restarts", stretch=1, total=90).lr(30) == 0.2


@pytest.mark.parametrize("warmup", [0.0, 0.3])
@pytest.mark.parametrize("total", [1, 2, 3, 5, 6, 7, 10, 11, 50, 99])
@pytest.mark.parametrize("n", [1, 2, 4, 5, 9])
def test_every_drop_and_every_cycle_that_fits_takes_place(
    n: int, total: int, warmup: float
) -> None:
    step = build("step", warmup, total, drops=n)
    after = range(step.warmup_steps, total)
    n_drops = sum(step.lr(t + 1) < step.lr(t) for t in after[:-1])
    assert n_drops == min(n, len(after) - 1)
    assert step.lr(total + 100) == step.lr(total - 1)  # and none after the run
    lengths = np.diff([0, *step.milestones, len(after)])
    assert lengths.max() - lengths.min() <= 1
    for stretch in (1, 2, 3):
        restarts = build("restarts", warmup, total, cycles=n, stretch=stretch)
        assert sum(restarts.lr(t) == 0.2 for t in after) == min(n, len(after))
        assert sorted(set(restarts.milestones)) == list(restarts.milestones)
        if len(after) >= sum(stretch**i for i in range(n)):
            ideal = [len(after) * stretch**i / sum(stretch**j for j in range(n)) for i in range(n)]
            lengths = np.diff([0, *restarts.milestones, len(after)])
            assert np.abs(lengths - ideal).max() <= 1


@pytest.mark.parametrize("kind", PARTS)
@pytest.mark.parametrize("total", [1, 2, 3, 7])
@pytest.mark.parametrize("warmup", [0.0, 0.5, 1.0])
def test_short_runs_have_finite_positive_rates(kind: str, total: int, warmup: float) -> None:
    schedule = build(kind, warmup, total)
    rates = [schedule.lr(step) for step in range(total + 3)]
    assert all(math.isfinite(rate) and 0 < rate <= 0.2 for rate in rates)


def test_the_bundle_becomes_conditional_parameters() -> None:
    space = Space({"schedule": LearningRateSchedule(warmup=Float(0, 0.2)), "x": Float(0, 1)})
    assert list(space.parameters) == [
        "schedule.kind",
        "schedule.lr",
        "schedule.warmup",
        "schedule.gamma",
        "schedule.drops",
        "schedule.decay",
        "schedule.floor",
        "schedule.cycles",
        "schedule.stretch",
        "x",
    ]
    needs = {
        "constant": set(),
        "step": {"gamma", "drops"},
        "exponential": {"decay"},
        "cosine": {"floor"},
        "restarts": {"floor", "cycles", "stretch"},
    }
    u = space.sample(200, np.random.default_rng(0))
    for config in space.decode(u):
        kind = config["schedule.kind"]
        parts = {name.removeprefix("schedule.") for name in config if name != "x"}
        assert parts == {"kind", "lr", "warmup"} | needs[kind]
        schedule = space["schedule"].build(config, 50)
        assert schedule.kind == kind
        assert schedule.base_lr == config["schedule.lr"]
        assert all(0 <= schedule.lr(t) <= schedule.base_lr * (1 + 1e-12) for t in range(50))
    assert "schedule" in space


def test_subsets_ranges_and_conditions() -> None:
    bundle = LearningRateSchedule(
        kinds=["step", "cosine"],
        lr=Float(1e-3, 1e-1, log=True),
        gamma=Ordinal([0.1, 0.5]),
        drops=2,
        floor=Float(0, 0.1, when={"x": 1}),
        when={"opt": "sgd"},
    )
    space = Space({"opt": Categorical(["sgd", "adam"]), "x": Int(0, 1), "s": bundle})
    assert space["s.lr"] == Float(1e-3, 1e-1, log=True, when={"opt": ["sgd"]})
    assert dict(space["s.floor"].when) == {"x": (1,), "opt": ("sgd",), "s.kind": ("cosine",)}
    assert isinstance(space["s.drops"], Constant)
    assert "s.decay" not in space
    configs = space.decode(space.sample(100, np.random.default_rng(0)))
    assert all(("s.lr" in c) == (c["opt"] == "sgd") for c in configs)
    single = Space({"s": LearningRateSchedule("cosine", lr=0.1, floor=Float(0, 0.5))})
    assert single.names == ("s.floor",)
    config = single.decode(np.array([[0.5]]))[0]
    assert single["s"].build(config, 10).lr(10) == pytest.approx(0.025)


def test_constraints_may_use_dotted_names() -> None:
    space = Space({"schedule": LearningRateSchedule()}, ["schedule.lr < 0.01"])
    configs = space.decode(space.sample(50, np.random.default_rng(0)))
    assert all(config["schedule.lr"] < 0.01 for config in configs)


@pytest.mark.parametrize(
    "settings",
    [{"kinds": []}, {"kinds": 0.1}, {"kinds": {}}, {"kinds": ["linear"]},
     {"kinds": ["step", "step"]}, {"lr": "0.1"}, {"lr": None}, {"gamma": True}],
)  # fmt: skip
def test_bad_bundles_are_typed_errors(settings: dict) -> None:
    with pytest.raises(SpaceError, match="LearningRateSchedule"):
        LearningRateSchedule(**settings)


def test_bad_builds_are_typed_errors() -> None:
    bundle = LearningRateSchedule()
    with pytest.raises(InvalidConfigError, match=r"schedule\.kind"):
        bundle.build({}, 10)
    with pytest.raises(InvalidConfigError, match=r"schedule\.gamma"):
        bundle.build({"schedule.kind": "step", "schedule.lr": 0.1, "schedule.drops": 1}, 10)
    with pytest.raises(InvalidConfigError, match="one of constant"):
        bundle.build({"schedule.kind": "linear", "schedule.lr": 0.1}, 10)
    for total in (0, -1, 2.5, True, None):
        with pytest.raises(InvalidConfigError, match="total_steps"):
            bundle.build({"schedule.kind": "constant", "schedule.lr": 0.1}, total)  # type: ignore[arg-type]
    assert bundle.build({"schedule.kind": "constant", "schedule.lr": 1}, np.int64(3)).lr(2) == 1.0
