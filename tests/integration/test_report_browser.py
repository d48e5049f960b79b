"""The report page in a real browser, where one is installed: drawn, self-contained, inert."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess

import pytest

import bayesopt as bo

pytest.importorskip("plotly")

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
BROWSER = BROWSER or shutil.which("google-chrome")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
FLAGS += ["--virtual-time-budget=30000", "--dump-dom", "--enable-logging=stderr"]
BROWSERS_OWN = (".google.com", ".googleapis.com", ".gstatic.com", ".gvt1.com")
OWN = "document.documentElement.dataset.owned='yes'"
NAMES = [
    f"<script>{OWN}</script>",
    f'"><img src="http://example.invalid/x" onerror="{OWN}">',
    f"</script><svg onload={OWN}> <b>bold</b> $x^2$",
    f'<a href="javascript:{OWN}">link</a>',
]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed"),
]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Return a report full of names that would like to be markup."""
    a, b, c, d = NAMES
    space = {
        a: bo.Float(1e-4, 1.0, log=True),
        b: bo.Categorical(NAMES),
        c: bo.Int(1, 9),
        d: bo.Float(0, 1, when={b: NAMES[0]}),
    }
    study = bo.create_study(space, sampler="random", seed=0, name=NAMES[0])
    for i in range(40):
        trial = study.ask()
        trial.report(float(i), 0)
        trial.set_user_attr(NAMES[1], NAMES[2])
        limits = {NAMES[1]: trial.params[c] - 8.0}
        study.tell(trial, trial.params[a] + trial.params[c], constraints=limits)
    return study.report(tmp_path_factory.mktemp("report") / "out.html")


def browse(page, profile, *flags):
    """Return the page's elements after its scripts ran, the console, and the network's log."""
    log = profile / "net.json"
    command = [BROWSER, *FLAGS, *flags, f"--user-data-dir={profile}", f"--log-net-log={log}"]
    done = subprocess.run(
        [*command, page.as_uri()], capture_output=True, text=True, timeout=100, check=True
    )
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return done.stdout, console, log.read_text(encoding="utf-8")


@pytest.mark.parametrize(("scheme", "ground"), [(1, "255, 255, 255"), (0, "21, 23, 27")])
def test_the_page_is_drawn_and_nothing_foreign_runs_or_loads(page, tmp_path, scheme, ground):
    dom, console, network = browse(
        page, tmp_path, f"--blink-settings=preferredColorScheme={scheme}"
    )
    assert 'data-drawn="yes"' in dom
    assert "data-owned" not in dom
    assert console == []  # no error, no violation of the page's policy
    figures = json.loads(html.unescape(re.search(r'id="figures">(.*?)</script>', dom, re.S)[1]))
    assert dom.count('class="main-svg"') >= len(figures["figures"])
    assert f"rgb({ground})" in dom
    hosts = set(re.findall(r'"url":"(?:https?|wss?|ftp)://([^/"]*)', network))
    assert {host for host in hosts if not host.endswith(BROWSERS_OWN)} == set()
    shown = dom.split('id="figures"')[0]
    assert not re.search(r"<(img|a|svg onload)\b[^>]*(onerror|onload|javascript)", shown)
    text = html.unescape(re.sub(r"<[^>]*>", "", shown))
    assert all(name in text for name in NAMES[:2])
