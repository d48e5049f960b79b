"""A study with learning curves and its report page; with Chromium installed, a picture of its top.

Run it with `python docs/examples/report_page.py report.html [report.png]`; it needs plotly. The
picture of the guide is `docs/images/report.png`.
"""

from __future__ import annotations

import math
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import bayesopt as bo

SPACE = {
    "lr": bo.Float(1e-5, 1e-1, log=True),
    "optimizer": bo.Categorical(["sgd", "adamw", "lion"]),
    "momentum": bo.Float(0.0, 0.99, when={"optimizer": "sgd"}),
    "width": bo.Int(16, 512, log=True),
    "dropout": bo.Float(0.0, 0.6),
}
N_TRIALS, N_EPOCHS = 60, 12
PENALTY = {"sgd": 0.05, "adamw": 0.0, "lion": 0.03}


def train(trial: bo.Trial) -> float:
    """Stand for a training that is the faster the better its learning rate is."""
    p = trial.params
    distance = abs(math.log10(p["lr"]) + 2.6)
    floor = 0.08 + 0.1 * distance**2 + (p["dropout"] - 0.2) ** 2 + PENALTY[p["optimizer"]]
    floor += 0.05 * abs(p.get("momentum", 0.9) - 0.9) + 0.6 / p["width"] ** 0.5
    loss = math.inf
    for epoch in range(N_EPOCHS):
        loss = floor + 1.5 * math.exp(-epoch / (1.5 + distance))
        trial.report(loss, epoch)
        if trial.should_prune():
            raise bo.TrialPruned
    return loss


def photograph(page: Path, picture: Path) -> None:
    """Write a PNG of the top of a page."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("a picture needs chromium")
    with tempfile.TemporaryDirectory() as profile:
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        flags += [f"--user-data-dir={profile}", "--window-size=1000,1010"]
        flags += ["--virtual-time-budget=20000", f"--screenshot={picture.resolve()}"]
        subprocess.run([browser, *flags, page.resolve().as_uri()], check=True, capture_output=True)


if __name__ == "__main__":
    study = bo.create_study(
        SPACE, sampler="tpe", scheduler="median", seed=1, name="image classifier"
    )
    study.optimize(train, n_trials=N_TRIALS)
    written = study.report(sys.argv[1] if len(sys.argv) > 1 else "report.html")
    if len(sys.argv) > 2:
        photograph(written, Path(sys.argv[2]))
