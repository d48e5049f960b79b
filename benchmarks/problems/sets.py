"""The fixed selections of problems that results are reported on."""

from __future__ import annotations

SETS: dict[str, tuple[str, ...]] = {
    "quick": (
        "classic/branin",
        "classic/hartmann6",
        "classic/levy-d5-noise20",
        "bbob/f10-i1-d5",
        "bbob/f15-i3-d5",
        "mixint/f3-i1-d5",
        "mixint/f15-i2-d10",
    ),
}
