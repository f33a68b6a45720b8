"""workingHours of mailboxSettings, with the refusals that Microsoft documents (user-update-mailboxsettings.md)."""

from __future__ import annotations

import re
from typing import Any

from nexusops.emulator.book import Object
from nexusops.emulator.wire import refused

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TIME = re.compile(r"\d\d:\d\d:\d\d(\.\d{1,7})?")
USUAL: Object = {
    "daysOfWeek": list(_DAYS[:5]),
    "startTime": "08:00:00.0000000",
    "endTime": "17:00:00.0000000",
    "timeZone": {"name": "GMT Standard Time"},
}


def changed(before: Object, given: Any) -> Object:
    """What was given over what there was. Raises 400 for a day, a time or an order that is none."""
    if not isinstance(given, dict) or not {n for n in given if not n.startswith("@")} <= set(USUAL):
        raise refused(400, "RequestBodyRead", "The property does not exist on type 'microsoft.graph.workingHours'.")
    for name in ("startTime", "endTime"):
        if name in given and not _TIME.fullmatch(str(given[name])):
            text = f"Cannot convert the literal '{given[name]}' to the expected type 'Edm.TimeOfDay'."
            raise refused(400, "RequestBodyRead", text)
    days = [str(day).lower() for day in given.get("daysOfWeek") or before["daysOfWeek"]]
    for day in days:
        if day not in _DAYS:
            raise refused(400, "InvalidArguments", f"Requested value '{day}' was not found.")
    after = {**before, **{n: v for n, v in given.items() if not n.startswith("@")}, "daysOfWeek": days}
    if after["startTime"] > after["endTime"]:
        raise refused(400, "ErrorInvalidTimeSettings", "Start Time should occur before End Time.")
    return after
