"""How the documentation becomes a site: ``make docs``. Nothing of it is loaded from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import bayesopt

project = "bayesopt"
author = "the bayesopt authors"
copyright = "the bayesopt authors, Apache-2.0"  # noqa: A001  (Sphinx's name)
release = version = bayesopt.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["examples/**"]

# Pages are Markdown that reads as well in a repository browser.
myst_heading_anchors = 4
myst_enable_extensions = ["dollarmath"]

# Docstrings are numpydoc.
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_class_signature = "mixed"
python_use_unqualified_type_names = True
add_module_names = False

html_theme = "furo"
html_title = "bayesopt"
html_copy_source = False
html_show_sphinx = False
html_static_path = ["static"]
html_css_files = ["site.css"]


LOADS = re.compile(r"<(?:script|img|iframe|link)\b[^>]*(?:src|href)=[\"'](?:https?:)?//[^>]*>")


def check_pages(app: Any, error: Exception | None) -> None:
    """Fail the build if a page would load anything from elsewhere when it is looked at."""
    for page in Path(app.outdir).rglob("*.html") if error is None else ():
        found = LOADS.search(page.read_text(encoding="utf-8"))
        if found:
            raise RuntimeError(f"{page}: loads {found[0]}")


def setup(app: Any) -> None:
    """Connect the check."""
    app.connect("build-finished", check_pages)
