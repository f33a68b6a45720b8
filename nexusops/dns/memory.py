"""What providers' SPF records were when they were last found good: one JSON file beside the zone lines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from nexusops.errors import UsageError
from nexusops.model.frozen import frozen
from nexusops.whole import whole

FORMAT = 1


@frozen
class ProviderMemory:
    """Provider -> name -> record."""

    path: Path

    def read(self) -> Mapping[str, Mapping[str, str]]:
        """Empty before the first time. Raises UsageError where the file is there and cannot be read."""
        if not self.path.exists():
            return {}
        try:
            document = json.loads(self.path.read_text("utf-8"))
            if document["format"] != FORMAT:
                raise ValueError(f"format {document['format']}")
            return {str(name): {str(k): str(v) for k, v in found.items()} for name, found in document["spf"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(
                f"{self.path} cannot be read: {error}.",
                next_step="Move it away, and let `nexusops domain check --all --remember` write it anew.",
            ) from error

    def write(self, seen: Mapping[str, Mapping[str, str]]) -> None:
        """Whole or not at all. Raises UsageError where it cannot be written."""
        document = {"format": FORMAT, "spf": {name: dict(sorted(seen[name].items())) for name in sorted(seen)}}
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with whole(self.path) as part:
                part.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
        except OSError as error:
            raise UsageError(
                f"{self.path} cannot be written: {error.strerror}.",
                next_step="Correct dns.path in nexusops.toml; `nexusops config show` says where it leads.",
            ) from error
