"""A person asks for another name in their addresses (R14; D24, D25)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations

from nexusops.model.frozen import frozen
from nexusops.model.ledger import NameOverride, NamePart, RequestOutcome
from nexusops.model.people import Card, NameRequest
from nexusops.rules.naming import PERSONAL_LOCAL, words

DIMINUTIVES: Mapping[str, tuple[str, ...]] = {
    "alexander": ("alex", "sandy", "sasha", "xander"),
    "alexandra": ("alex", "sandra", "sasha", "lexi"),
    "andrew": ("andy", "drew"),
    "anthony": ("tony", "ant"),
    "barbara": ("barb", "babs"),
    "benjamin": ("ben", "benny"),
    "catherine": ("cath", "cathy", "kate", "katie"),
    "charles": ("charlie", "chas", "chuck"),
    "charlotte": ("charlie", "lottie"),
    "christina": ("chris", "tina"),
    "christine": ("chris", "tina"),
    "christopher": ("chris", "kit"),
    "daniel": ("dan", "danny"),
    "david": ("dave", "davy"),
    "deborah": ("deb", "debbie"),
    "dorothy": ("dot", "dolly"),
    "edward": ("ed", "eddie", "ned", "ted", "teddy"),
    "eleanor": ("ellie", "nell", "nora"),
    "elizabeth": ("beth", "betty", "eliza", "libby", "lisa", "liz", "lizzie"),
    "frances": ("fran", "frankie"),
    "francis": ("frank", "frankie"),
    "frederick": ("fred", "freddie", "freddy"),
    "gabriel": ("gabe",),
    "geoffrey": ("geoff",),
    "gregory": ("greg",),
    "harold": ("harry", "hal"),
    "henry": ("harry", "hal", "hank"),
    "isabella": ("bella", "izzy"),
    "jacob": ("jake",),
    "james": ("jamie", "jim", "jimmy"),
    "jennifer": ("jen", "jenny"),
    "jessica": ("jess", "jessie"),
    "john": ("jack", "johnny", "jon"),
    "jonathan": ("jon", "jonny"),
    "joseph": ("joe", "joey"),
    "joshua": ("josh",),
    "judith": ("judy",),
    "katherine": ("kate", "kath", "kathy", "katie", "kit"),
    "kenneth": ("ken", "kenny"),
    "lawrence": ("larry", "laurie"),
    "leonard": ("len", "lenny", "leo"),
    "margaret": ("greta", "maggie", "meg", "peggy"),
    "matthew": ("matt",),
    "michael": ("mick", "mike", "mikey"),
    "nicholas": ("nick", "nicky"),
    "oliver": ("ollie",),
    "pamela": ("pam",),
    "patricia": ("pat", "patsy", "tricia", "trish"),
    "patrick": ("paddy", "pat"),
    "peter": ("pete",),
    "philip": ("phil", "pip"),
    "rebecca": ("becca", "becky"),
    "richard": ("dick", "rich", "rick", "ricky"),
    "robert": ("bob", "bobby", "rob", "robbie"),
    "ronald": ("ron", "ronnie"),
    "samantha": ("sam", "sammy"),
    "samuel": ("sam", "sammy"),
    "stephen": ("steve",),
    "steven": ("steve",),
    "susan": ("sue", "susie"),
    "theodore": ("ted", "teddy", "theo"),
    "thomas": ("tom", "tommy"),
    "timothy": ("tim",),
    "victoria": ("tori", "vicky"),
    "vincent": ("vince",),
    "william": ("bill", "billy", "liam", "will", "willie"),
    "zachary": ("zach", "zack"),
}


@frozen
class Decision:
    outcome: RequestOutcome
    code: str | None
    because: str


def decide(
    wanted_local: str,
    card: Card,
    known_as: str | None,
    *,
    max_local: int = 64,
    diminutives: Mapping[str, Iterable[str]] = DIMINUTIVES,
) -> Decision:
    """D24: accept what is plainly the card's own name, reject what needs a new card, refer everything else: also what
    cures a card without a family name in Latin letters (D14).
    """
    wanted = wanted_local.strip().lower()
    if not PERSONAL_LOCAL.match(wanted) or len(wanted) > max_local:
        return _rejected(
            "NAME_FORM", f"the wanted name is not of the form first.last of at most {max_local} characters"
        )
    first, last = wanted.split(".")
    if min(len(first), len(last)) == 1:
        return _rejected("NAME_INITIAL", "a part of the wanted name is a single letter")
    family = _pieces(words(card.family_names))
    if family and not _shares_token(last, family):  # no Latin name to share: what cures it is for people (D14)
        return _rejected(
            "NAME_NEEDS_CARD", "the wanted last name shares no part with the card's: change the card first"
        )
    if last in _joined(family, 1) and first in _first_names(card, known_as, diminutives):
        return Decision(
            outcome=RequestOutcome.ACCEPTED, code=None, because="the wanted name is made of the names on the card"
        )
    return Decision(
        outcome=RequestOutcome.REFERRED, code="NAME_REFERRED", because="the Service Desk must decide on the wanted name"
    )


def overrides_for(request: NameRequest, card: Card) -> tuple[NameOverride, ...]:
    """Both parts of an accepted name, each good until the matching part of the card changes (D25)."""
    first, last = request.wanted_local.strip().lower().split(".")
    pairs = ((NamePart.FIRST, first, card.personal_names), (NamePart.LAST, last, card.family_names))
    return tuple(
        NameOverride(person_id=request.person_id, part=part, value=value, based_on=based_on)
        for part, value, based_on in pairs
    )


def still_good(override: NameOverride, card: Card) -> bool:
    """D25: an override part is void once the corresponding card part changed."""
    return override.based_on == (card.personal_names if override.part is NamePart.FIRST else card.family_names)


def _rejected(code: str, because: str) -> Decision:
    return Decision(outcome=RequestOutcome.REJECTED, code=code, because=because)


def _pieces(found: Iterable[str]) -> list[str]:
    """Hyphen pieces count as tokens (D24)."""
    return [piece for token in found for piece in token.split("-") if piece]


def _joined(parts: list[str], least: int) -> set[str]:
    """Every ordered choice of at least ``least`` whole tokens, joined by nothing or by hyphens."""
    chosen: set[str] = set()
    for count in range(least, min(len(parts), 8) + 1):
        for some in combinations(parts[:8], count):
            joins = {some[0]}
            for part in some[1:]:
                joins = {f"{joined}{glue}{part}" for joined in joins for glue in ("", "-")}
            chosen |= joins
    return chosen


def _shares_token(last: str, family: list[str]) -> bool:
    """Whether a card token stands whole in the wanted last name, or at an end of one of its hyphen pieces."""
    pieces = last.split("-")
    return any(
        piece == token or (len(token) >= 3 and (piece.startswith(token) or piece.endswith(token)))
        for piece in pieces
        for token in family
    ) or last in _joined(family, 1)


def _first_names(card: Card, known_as: str | None, diminutives: Mapping[str, Iterable[str]]) -> set[str]:
    personal = words(card.personal_names)
    names = set(personal) | _joined(_pieces(personal), 1)
    known = "".join(words(known_as or ""))
    names |= {known, "-".join(words(known_as or ""))} - {""}
    for full, shorts in diminutives.items():
        family_of_names = {full, *shorts}
        if full in names:
            names |= family_of_names
        elif names & set(shorts):
            names.add(full)
    return names
