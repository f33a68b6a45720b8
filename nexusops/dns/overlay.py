"""A domain's own names from one place, everything else from another: a zone file, with the world around it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from nexusops.model.dns import Answer, Question
from nexusops.model.frozen import frozen
from nexusops.model.ids import within
from nexusops.ports import Resolver


@frozen
class Overlay:
    """The Resolver of ports.py: ``own`` answers for the domains and all beneath them, ``other`` for the rest."""

    own: Resolver
    other: Resolver
    domains: tuple[str, ...]

    def ask(self, questions: Collection[Question]) -> Mapping[Question, Answer]:
        mine = {question for question in questions if self._own(question.name)}
        rest = [question for question in questions if question not in mine]
        return {**self.own.ask(mine), **(self.other.ask(rest) if rest else {})}

    def _own(self, name: str) -> bool:
        return any(within(name, domain) for domain in self.domains)

    def close(self) -> None:
        self.own.close()
        self.other.close()
