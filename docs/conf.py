"""How the pages become a site: `make docs`. Nothing is fetched, neither while building nor by a browser."""

import re

from sphinx.application import Sphinx

project = "nexusops"
author = "nexusops"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
myst_heading_anchors = 3

html_theme = "alabaster"
html_theme_options = {
    "description": "A university's mail on Microsoft 365",
    "fixed_sidebar": True,
    "page_width": "64rem",
}
html_sidebars = {"**": ["about.html", "searchfield.html", "navigation.html"]}
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False


def with_contents(_app: Sphinx, page: str, source: list[str]) -> None:
    """The index's links are the site's contents; a page that it lacks is a warning, and so fails the build."""
    if page == "index":
        linked = "\n".join(re.findall(r"\]\(([\w/-]+)\.md\)", source[0]))
        source[0] += f"\n```{{toctree}}\n:hidden:\n\n{linked}\n```\n"


def setup(app: Sphinx) -> None:
    app.connect("source-read", with_contents)
