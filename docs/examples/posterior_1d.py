"""What the Gaussian process believes after seven trials of one parameter: a figure of the guide.

Run it with `python docs/examples/posterior_1d.py posterior.png`; it needs matplotlib. The picture
of the guide is `docs/images/posterior-1d.png`.
"""

from __future__ import annotations

import math
import sys

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import bayesopt as bo
from bayesopt.samplers.inspect import Slice, look_inside

N_TRIALS = 7
TOP = (0.2, 0.68)  # of the vertical axis; the band goes on
BLUE, BAND, ORANGE, INK, GRAY = "#1f6fb4", "#d6e6f3", "#d9661f", "#222222", "#777777"
STYLE = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GRAY,
    "axes.labelcolor": INK,
    "xtick.color": GRAY,
    "ytick.color": GRAY,
}


def loss(lr: float) -> float:
    """Stand for a training: two learning rates do well, one of them better."""
    z = math.log10(lr)
    return 0.3 + 0.07 * (z + 1.8) ** 2 + 0.09 * math.sin(3.2 * z)


def search() -> bo.Study:
    """Tune the learning rate."""
    study = bo.create_study({"lr": bo.Float(1e-4, 1.0, log=True)}, seed=8)
    for _ in range(N_TRIALS):
        trial = study.ask()
        study.tell(trial, loss(trial.params["lr"]))
    return study


def draw(study: bo.Study) -> Figure:
    """Draw the belief, below it what one more trial is expected to gain, and the next trial."""
    along = look_inside(bo.GPSampler(), study.space, study.history).slice("lr", n=401)
    following = study.ask().params["lr"]
    fig, (top, bottom) = plt.subplots(
        2, 1, sharex=True, figsize=(6.9, 4.4), height_ratios=(3, 1), layout="constrained"
    )
    draw_belief(top, study, along)
    draw_gain(bottom, along)
    for axes in (top, bottom):
        axes.axvline(following, color=ORANGE, lw=1.2, ls=(0, (4, 3)), zorder=1)
    name(top, "next trial", following, TOP[1] - 0.02, ORANGE)
    return fig


def draw_belief(axes: Axes, study: bo.Study, along: Slice) -> None:
    """Draw median, band, what was told, and the function that nobody knows."""
    lr, band = np.array(along.values), along.band
    axes.fill_between(lr, band.low, band.high, color=BAND, lw=0)
    axes.plot(lr, [loss(x) for x in lr], color=GRAY, lw=1.1, ls=(0, (1, 2)))
    axes.plot(lr, band.median, color=BLUE, lw=2)
    told = [trial for trial in study.trials if trial.values]
    axes.plot(
        [trial.params["lr"] for trial in told],
        [trial.values[0] for trial in told],
        "o",
        color=INK,
        ms=5.5,
        mec="white",
        mew=0.8,
        clip_on=False,
        zorder=3,
    )
    axes.set(xscale="log", xlim=(lr[0], lr[-1]), ylim=TOP, ylabel="validation loss")
    name(axes, "what is believed", 0.028, 0.47, BLUE, ha="right")
    name(axes, "the truth", 0.145, 0.285, GRAY)
    name(axes, "95% band", 0.118, 0.57, "#5d93c2")


def draw_gain(axes: Axes, along: Slice) -> None:
    """Draw the expected improvement, as a part of its maximum."""
    gain = np.exp(along.log_gain - along.log_gain.max())
    axes.fill_between(along.values, gain, color=ORANGE, alpha=0.25, lw=0)
    axes.plot(along.values, gain, color=ORANGE, lw=1.6)
    axes.set(xlabel="learning rate", ylabel="expected\nimprovement", ylim=(0, 1.08), yticks=[])


def name(axes: Axes, text: str, x: float, y: float, color: str, ha: str = "left") -> None:
    """Write a name beside what it names."""
    offset = (6 if ha == "left" else -6, 0)
    axes.annotate(text, (x, y), offset, textcoords="offset points", color=color, ha=ha, va="center")


if __name__ == "__main__":
    written = sys.argv[1] if len(sys.argv) > 1 else "posterior.png"
    with mpl.rc_context(STYLE):
        draw(search()).savefig(written, dpi=112, pil_kwargs={"optimize": True})
