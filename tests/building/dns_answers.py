"""Answers for rules that ask: written in the test, without a network or a file."""

from __future__ import annotations

from nexusops.model.dns import Answer, AnswerStatus, Ask, Question, found

FAILED = Answer(status=AnswerStatus.FAILED, message="SERVFAIL")


def answers(*lines: str, failing: tuple[str, ...] = ()) -> Ask:
    """``name KIND value`` a line; several lines of a name and kind add up. ``failing``: names that nobody answers."""
    known: dict[Question, list[str]] = {}
    for line in lines:
        name, kind, value = line.split(" ", 2)
        known.setdefault(Question(name, kind), []).append(value)
    names = {question.name for question in known}

    def ask(question: Question) -> Answer:
        if question.name in failing:
            return FAILED
        if question in known:
            return found(*known[question])
        exists = any(name == question.name or name.endswith(f".{question.name}") for name in names)
        return Answer(status=AnswerStatus.NO_DATA if exists else AnswerStatus.NO_NAME)

    return ask
