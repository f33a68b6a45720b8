"""Start-up: a text or JSON answer loads neither the HTML nor the terminal libraries."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
from nexusops import codec, report
loaded = {name.partition('.')[0] for name in sys.modules}
print(sorted(loaded & {'jinja2', 'rich', 'markupsafe', 'sqlalchemy', 'httpx'}))
"""


def test_the_report_loads_rich_and_jinja_only_when_they_are_needed() -> None:
    """architecture.md, Start-up."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
