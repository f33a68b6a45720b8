"""Ada, whose mailbox the contracts of a tenant are about."""

from __future__ import annotations

import pytest
from building.embedded import Room, creation, person

from nexusops.model.tenant import ActualMailbox


@pytest.fixture
def ada(room: Room) -> ActualMailbox:
    assert room.results(creation(person())) == ["done"] * 3
    return room.ada()
