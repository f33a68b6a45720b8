"""policy.toml over the profile over the decisions (rules.md 1c): every number and choice of the rules."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from nexusops.config.strict import DEFAULT, Layer, Setting, layered, wrong
from nexusops.model.policy import LEFT_UNIT, REQUEST, Policy

CHOICES: dict[str, tuple[str, ...]] = {
    "time.month_overflow": ("clamp", "roll"),
    "winddown.anchor": ("run_date",),
    "notice.policy": ("extend", "strict", "same_day"),
    "notice.to": ("sender",),
    "disabled.inbound": ("reject", "accept_autoreply"),
    "reuse.left_means": ("no_current_card",),
    "reuse.owner_still_member": ("never", LEFT_UNIT),
    "dup.scope": ("common", "per_domain"),
    "names.no_result": ("fallback",),
    "missing_card.policy": ("cancel", "manual"),
    "forward.routed_elsewhere": ("report",),
    "overlap.shorten": ("by_request",),
    "spf.catch_all": ("-all", "~all", "?all"),
    "dns.apply": ("zone_lines", REQUEST),
}
"""Words that a decision may have; a decision with one word here has no alternative yet."""


MOST = {"months": 1200, "days": 36_500, "minutes": 525_600}
"""The largest number of a key with this word in it: a century, and a year."""


def load_policy(layers: Sequence[Layer]) -> tuple[Policy, list[Setting]]:
    """The effective policy and where each value came from. Raises UsageError for a value that makes no sense."""
    policy, settings = layered(Policy, layers, "policy.toml")
    paths = {layer.origin: layer.path for layer in layers}
    for setting in settings:
        if setting.origin != DEFAULT:
            _check(setting, paths[setting.origin])
    written = {one.key for one in settings if one.origin in {layer.origin for layer in layers[1:]}}
    _check_pairs(policy, written, layers[-1].path)
    _check_statuses(policy, written, layers[-1].path)
    return policy, settings


def _check_pairs(policy: Policy, written: Collection[str], path: Path) -> None:
    """Numbers that contradict each other. ``written``: the keys that the site's own file has."""
    least, most = policy.reorg.min_months, policy.reorg.max_months
    if least > most:
        raise wrong(path, "reorg.min_months", f"at most max_months ({most})", least)
    near, limit = policy.spf.near_lookups, policy.spf.max_lookups
    if near > limit and "spf.near_lookups" in written:
        raise wrong(path, "spf.near_lookups", f"at most max_lookups ({limit})", near)


def _check_statuses(policy: Policy, written: Collection[str], path: Path) -> None:
    """D46: what the site itself says of status codes fits together. A site with codes of its own has no use for what
    the decisions say of others, so that is not looked at.
    """
    gives, gives_none = policy.status_map.qualifying, policy.status_map.non_qualifying
    if not gives:
        raise wrong(path, "status_map.qualifying", "the status codes that come with a mailbox", [])
    if not policy.secondary.owner_codes and "secondary.owner_codes" not in written:
        raise wrong(path, "secondary.owner_codes", "the status codes of those who may own a unit's mailbox", [])
    both = sorted({*gives} & {*gives_none})
    if both and "status_map.non_qualifying" in written:
        raise wrong(path, "status_map.non_qualifying", "codes that status_map.qualifying does not have", both[0])
    known = {*gives, *gives_none}
    for key in sorted({*written} & _CODES.keys()):
        strange = next((one for one in _CODES[key](policy) if one not in known), None)
        if strange is not None:
            raise wrong(path, key, f"status codes of status_map, which has {', '.join(sorted(known))}", strange)


_CODES: Mapping[str, Callable[[Policy], Iterable[str]]] = {
    "sender.college_preferring": lambda policy: policy.sender.college_preferring,
    "secondary.owner_codes": lambda policy: policy.secondary.owner_codes,
    "expiry.grace_months_by_status": lambda policy: policy.expiry.grace_months_by_status,
}
"""The keys that name status codes, beside status_map itself."""


def _check(setting: Setting, path: Path) -> None:
    value, key = setting.value, setting.key
    if key in CHOICES and value not in CHOICES[key]:
        raise wrong(path, key, " | ".join(CHOICES[key]), value)
    numbers = value.values() if isinstance(value, dict) else [value]
    if any(isinstance(one, int | float) and not 0 <= one <= _most(key) for one in numbers):
        raise wrong(path, key, f"a number that is not negative, and no more than {_most(key)}", value)
    if key.endswith("percent") and isinstance(value, float) and value > 100:
        raise wrong(path, key, "a percentage from 0 to 100", value)
    if key == "names.max_local" and isinstance(value, int) and not 8 <= value <= 64:
        raise wrong(path, key, "a whole number from 8 to 64 (RFC 5321)", value)
    if key == "sender.choice_survives" and value is not True:
        raise wrong(path, key, "true (the decision has no alternative yet)", value)
    if key == "time.zone" and value not in zoneinfo.available_timezones():
        raise wrong(path, key, 'the name of a time zone, such as "Europe/London"', value)
    if key == "names.username_pattern":
        _check_pattern(str(value), path)


def _most(key: str) -> int:
    """No date, and no number of the databases, holds more."""
    return next((most for word, most in MOST.items() if word in key), 10**9)


def _check_pattern(pattern: str, path: Path) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise wrong(path, "names.username_pattern", f"a regular expression ({error})", pattern) from error
