"""``tag=value; …``: what DKIM keys and DMARC policies are made of (RFC 6376 section 3.2)."""

from __future__ import annotations

import re

_TAG = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*)\s*=\s*(.*?)\s*", re.DOTALL)


class BadTags(Exception):
    """Not a list of tags; why stands in the text."""


def tags_of(text: str) -> dict[str, str]:
    """The tags in their order. Raises BadTags for what is no tag, and for one that stands there twice."""
    found: dict[str, str] = {}
    for part in text.rstrip().removesuffix(";").split(";"):
        match = _TAG.fullmatch(part)
        if match is None:
            raise BadTags(f"{part.strip()[:40]!r} is no tag=value")
        name = match[1]
        if name in found:
            raise BadTags(f"{name}= stands there twice")
        found[name] = match[2]
    return found
