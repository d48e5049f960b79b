"""The documentation: every Python block runs, pages can be found, links lead somewhere."""

from __future__ import annotations

import fnmatch
import importlib
import re
from pathlib import Path

import pytest

import bayesopt

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(
    page for page in DOCS.rglob("*.md") if "examples" not in page.relative_to(DOCS).parts
)
BLOCK = re.compile(r"^(<!-- not run: .+ -->\n)?```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
TOCTREE = re.compile(r"^```\{toctree\}\n(.*?)^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(?<!`)\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,4} (.+)$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def name_of(page: Path) -> str:
    return str(page.relative_to(DOCS))


@pytest.mark.timeout(900)  # the guide begins processes and compiles what it shows
@pytest.mark.parametrize("page", [p for p in PAGES if "```python" in text_of(p)], ids=name_of)
def test_python_blocks_run(page, tmp_path, monkeypatch, capsys):
    """In order, as a reader would type them; what cannot run says why right above itself."""
    blocks = BLOCK.findall(text_of(page))
    assert len(blocks) == text_of(page).count("```python")
    monkeypatch.chdir(tmp_path)
    names: dict = {"__name__": "__main__"}
    for number, (reason, block) in enumerate(blocks, start=1):
        code = compile(block, f"{name_of(page)}, block {number}", "exec")
        if not reason:
            exec(code, names)  # noqa: S102


def listed(page: Path) -> list[Path]:
    """Return the pages that the contents of a page name, in order."""
    entries = [
        re.sub(r".*<(.+)>$", r"\1", line)
        for tree in TOCTREE.findall(text_of(page))
        for line in tree.splitlines()
        if line and not line.startswith(":")
    ]
    known = {
        str(p.relative_to(page.parent).with_suffix("")): p
        for p in PAGES
        if p.is_relative_to(page.parent)
    }
    return [
        found
        for entry in entries
        for name, found in known.items()
        if fnmatch.fnmatchcase(name, entry) and name.count("/") == entry.count("/")
    ]


def test_the_contents_name_every_page():
    found = set(listed(DOCS / "index.md")) | set(listed(DOCS / "reference" / "index.md"))
    assert {name_of(p) for p in PAGES} - {name_of(p) for p in found} == {"index.md"}


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and MyST make them."""
    plain = (
        re.sub(r"[`*]|\[|\]\([^)]*\)", "", heading).strip().lower()
        for heading in HEADING.findall(FENCED.sub("", text_of(page)))
    )
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda p: p.name)
def test_links_lead_to_files_and_headings(page):
    broken = []
    for link in LINK.findall(FENCED.sub("", text_of(page))):
        target, _, anchor = link.partition("#")
        if "://" in link or link.startswith("mailto:"):
            continue
        goal = (page.parent / target).resolve() if target else page
        # a site has no folders
        is_there = goal.is_file() or (goal.is_dir() and page.parent == ROOT)
        if not is_there or (anchor and anchor not in anchors(goal)):
            broken.append(link)
    assert broken == []


def test_every_public_name_is_in_the_reference():
    text = "\n".join(text_of(page) for page in (DOCS / "reference").glob("*.md"))
    shown = set(re.findall(r"auto(?:class|function):: [\w.]+\.(\w+)", text))
    for module in re.findall(r"automodule:: ([\w.]+)", text):
        loaded = importlib.import_module(module)
        shown |= set(getattr(loaded, "__all__", vars(loaded)))
    assert set(bayesopt.__all__) - shown == {"__version__"}
