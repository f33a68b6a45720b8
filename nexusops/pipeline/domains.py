"""Mail domains: questions asked in rounds, until what is judged from the answers is final."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from nexusops.model.dns import Answer, Ask, Question
from nexusops.ports import Resolver

Result = TypeVar("Result")


def settled(resolver: Resolver, judge: Callable[[Ask], Result]) -> Result:
    """Judges, asks all that was missing at once, and judges again, until nothing is missing."""
    known: dict[Question, Answer] = {}
    while True:
        missing: set[Question] = set()

        def ask(question: Question, missing: set[Question] = missing) -> Answer | None:
            answer = known.get(question)
            if answer is None:
                missing.add(question)
            return answer

        result = judge(ask)
        if not missing:
            return result
        answers = resolver.ask(missing)
        known.update({question: answers[question] for question in missing})
