"""What a page is asked, and what it answers: values, so that a page knows nothing of HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import date, datetime
from typing import TYPE_CHECKING

from nexusops.console.roles import Viewer
from nexusops.errors import Refused
from nexusops.model.dates import local_date
from nexusops.model.frozen import frozen

if TYPE_CHECKING:
    from nexusops.console.acting import Works
    from nexusops.console.shelf import Shelf
    from nexusops.wiring import Wired
DIGITS = 10
"""Of a number in an address: with so many it is none that we gave."""


@frozen
class Asked:
    """One request of somebody who may make it. ``path`` are the variable parts of the address."""

    viewer: Viewer
    at: datetime
    site: Wired
    shelf: Shelf
    works: Works
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def today(self) -> date:
        return local_date(self.at, self.site.ports.policy.time.zone)

    def start(self) -> int:
        """Where in a long list the page begins; what is no place in it is its beginning."""
        place = self.query.get("from", "")
        return int(place) if place.isdecimal() and len(place) < DIGITS else 0

    def reason(self) -> str:
        """Why, as the journal keeps it. Raises Refused where none is given."""
        given = " ".join(self.form.get("reason", "").split())
        if not given:
            raise Refused("A reason is missing.", next_step="Go back and say why: the journal keeps it.")
        return given


@frozen
class Page:
    """A template and what stands in it. ``here`` is the part of the console that it belongs to."""

    template: str
    title: str
    here: str = ""
    values: Mapping[str, object] = field(default_factory=dict)
    status: int = 200
    again: int = 0
    """After so many seconds the browser asks once more; 0: it does not."""


@frozen
class Redirect:
    """Where to go on, after something was done."""

    to: str


class NotFound(Exception):
    """There is no such thing, or it is not for this viewer to see: the same answer, so that nothing is learnt."""

    def __init__(self, what: str, next_step: str = "Check the spelling, or search for it under People.") -> None:
        super().__init__(what)
        self.what = what
        self.next_step = next_step


class Forbidden(Exception):
    """What is asked is beyond the viewer's roles or units; or the form was not given to this browser."""

    def __init__(self, message: str, next_step: str = "Ask the postmaster, if your work needs it.") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step


class TakesForms(Exception):
    """The address is one that forms are sent to: somebody went to it by hand."""


def not_of_this_session() -> Forbidden:
    """A form from another session, or from before the console was started again."""
    message = "The form is not of your session, or the session has ended. Nothing was done."
    return Forbidden(message, "Open the page with the form once more, and send it from there.")


Answer = Page | Redirect
View = Callable[[Asked], Answer]
