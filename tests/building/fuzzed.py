"""Broken inputs of every sort, typed at the real command line: what the short form and the long form share."""

from __future__ import annotations

import contextlib
import io

from hypothesis import HealthCheck, settings

from nexusops.cli import call

FUZZ = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
CONTRACT = (0, 2, 3, 4, 5, 6, 7, 8, 9)


def answers(*words: str) -> tuple[int, str]:
    """The exit code, one of the contract, and the answer; what is wrong is said in a sentence, without a traceback."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = call(list(words))
    assert code in CONTRACT, (code, err.getvalue())
    assert "Traceback" not in err.getvalue()
    assert out.getvalue().strip() or err.getvalue().strip(), "it ended without a word"
    return code, out.getvalue()


def ends(*words: str) -> int:
    return answers(*words)[0]
