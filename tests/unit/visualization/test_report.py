"""The report page and the views of a notebook: whole, self-contained, no foreign markup."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

import bayesopt as bo
from bayesopt.errors import MissingDependencyError
from bayesopt.storage.base import Proposal, Result
from bayesopt.visualization.rendering import as_json
from bayesopt.visualization.report import tables
from bayesopt.visualization.snapshot import take

pytest.importorskip("plotly")

ALLOWED = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "div", "b", "span"}
ALLOWED |= {"table", "tr", "th", "td", "footer", "script", "ul", "li"}
LOADS = {"src", "href", "srcset", "data", "action", "poster", "background"}


class Page(HTMLParser):
    """Collects elements, attributes, scripts and text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.scripts, self.text = [], [], [], []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        self._inside = tag
        if tag == "script":
            self.scripts.append([dict(attrs), ""])

    def handle_endtag(self, tag):
        self._inside = ""

    def handle_data(self, data):
        if self._inside == "script":
            self.scripts[-1][1] += data
        elif self._inside != "style":
            self.text.append(data)


def page_of(study, path, **settings):
    written = study.report(path, **settings)
    return written.read_text(encoding="utf-8")


def figures_of(page):
    (data,) = (text for attrs, text in page.scripts if attrs.get("id") == "figures")
    return json.loads(data)["figures"]


def test_a_page_has_all_figures_and_every_trial(study, tmp_path):
    page = Page(page_of(study, tmp_path / "out.html"))
    figures = figures_of(page)
    assert set(figures) == {
        "history-0",
        "curves",
        "importance",
        "slices",
        "parallel",
        "rank",
        "posterior",
        "contour",
        "edf",
        "timeline",
    }
    assert all(figure["data"] for figure in figures.values())
    shown = " ".join(page.text)
    assert f"best value (trial {study.best_trial.number})" in shown
    assert page.tags.count("tr") >= len(study.trials)
    assert "2 infeasible" not in shown


def test_a_trial_that_owes_a_constraint_is_infeasible_in_the_table(tmp_path):
    study = bo.create_study({"x": bo.Float(0, 1)}, sampler="random", seed=0)
    study.tell(study.ask(), 1.0)
    study.tell(study.ask(), 2.0, constraints={"memory": -1.0})
    shown = Page(page_of(study, tmp_path / "out.html", model=False)).text
    assert shown.count("complete, infeasible") == 1


def test_a_page_loads_nothing(study, tmp_path):
    text = page_of(study, tmp_path / "out.html", model=False)
    page = Page(text)
    assert set(page.tags) <= ALLOWED
    assert not LOADS & set(page.attributes)
    assert not [name for name in page.attributes if name.startswith("on")]
    assert "@import" not in text.split("</style>")[0]


def test_only_its_own_scripts_may_run(study, tmp_path):
    page = Page(page_of(study, tmp_path / "out.html", model=False))
    policy = re.search(r'Policy" content="([^"]*)"', (tmp_path / "out.html").read_text("utf-8"))[1]
    assert policy.startswith("default-src 'none'")
    allowed = re.findall(r"'sha256-([^']*)'", policy)
    run = [text for attrs, text in page.scripts if "type" not in attrs]
    assert [base64.b64encode(hashlib.sha256(t.encode()).digest()).decode() for t in run] == allowed
    assert "unsafe-inline" not in policy.split("style-src")[0]


def test_hostile_names_stay_text(hostile, tmp_path):
    page = Page(page_of(hostile, tmp_path / "out.html"))
    assert set(page.tags) <= ALLOWED
    assert len(page.scripts) == 3
    shown = " ".join(page.text)
    assert "<script>alert('study')</script>" in shown
    assert "<script>alert(1)</script>" in shown
    assert "<i>adamw</i>" in shown
    assert "\u202e" not in shown
    assert "\x07" not in shown


def test_hints_are_on_the_page(empty, tmp_path):
    shown = Page(page_of(empty, tmp_path / "out.html", model=False)).text
    (hint,) = empty.hints()
    assert hint.text in shown


def test_an_empty_study_has_a_page(empty, tmp_path):
    page = Page(page_of(empty, tmp_path / "out.html"))
    assert "No complete and feasible trial yet." in " ".join(page.text)
    assert not any(figure["data"] for figure in figures_of(page).values())


def test_several_objectives_have_a_front(several, tmp_path):
    page = Page(page_of(several, tmp_path / "out.html"))
    figures = figures_of(page)
    assert {"history-0", "history-1", "history-2", "front", "volume"} <= set(figures)
    assert "posterior" not in figures
    assert all(figure["data"] for figure in figures.values())


def test_a_page_of_many_trials_stays_small(tmp_path):
    study = bo.create_study({"x": bo.Float(0, 1)}, sampler="random", seed=0)
    drawn = np.random.default_rng(0).random(3000).tolist()
    results = [Result(bo.TrialState.COMPLETE, (x,)) for x in drawn]
    study.storage.add_finished(1, [Proposal({"x": x}) for x in drawn], results)
    text = page_of(study, tmp_path / "out.html", model=False)
    assert len(text) < 4_900_000 + 2_000_000
    rows = tables.shown_rows(take(study))
    assert len(rows) <= tables.MOST_ROWS
    assert {study.best_trial.number, 2999} <= set(rows.tolist())


def test_a_define_by_run_study_has_a_page(tmp_path):
    def objective(trial):
        if trial.suggest_categorical("kind", ["ridge", "forest"]) == "ridge":
            return trial.suggest_float("alpha", 1e-4, 1e2, log=True)
        return float(trial.suggest_int("trees", 10, 500, log=True))

    study = bo.create_study(sampler="random", seed=0)
    study.optimize(objective, n_trials=15)
    page = Page(page_of(study, tmp_path / "out.html"))
    assert {"alpha", "trees"} <= set(page.text)


def test_the_page_needs_plotly(study, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "plotly.offline", None)
    with pytest.raises(MissingDependencyError):
        study.report(tmp_path / "out.html")


def test_json_holds_no_markup_and_no_nan():
    text = as_json({"a": ["</script>", "<!--", "&", "\u2028"], "b": float("nan")})
    assert json.loads(text) == {"a": ["</script>", "<!--", "&", "\u2028"], "b": None}
    assert not set("<>&\u2028") & set(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.25, "0.25 s"), (90.0, "90 s"), (600.0, "10 min"), (36_000.0, "10.0 h"), (1e6, "11.6 d")],
)
def test_durations_read_well(seconds, text):
    assert tables.duration(seconds) == text


# -------------------------------------------------------------------------------------- notebooks


def test_notebook_views_are_tables_without_plotly(hostile, several, empty):
    html = hostile._repr_html_()
    assert set(Page(html).tags) <= {"b", "table", "tr", "td"}
    assert "<script>alert(1)</script>" in Page(html).text
    assert "on the Pareto front" in several._repr_html_()
    assert "Study empty" in empty._repr_html_()
    record = hostile.best_trial._repr_html_()
    assert set(Page(record).tags) <= {"b", "table", "tr", "td"}
    assert "complete" in record
    assert "lr" in empty.ask()._repr_html_()
