"""The cast: forty-eight invented people whose names, cards and places try every rule about names and entitlement."""

from __future__ import annotations

from datetime import date

from nexusops.demo.snapshots import Member

_SINCE = date(2024, 10, 1)
_UNTIL = date(2028, 9, 30)

_ROWS: tuple[tuple[str, str, str, str], ...] = (
    ("Mary Anne", "Brown", "UG", "ALDG"),
    ("Xiao Ming", "Li", "GR", "BRAY CHEM"),
    ("José María", "García López", "US", "HIST"),
    ("Jean-Pierre", "Lefèvre", "MC", "PHYS"),
    ("Łukasz", "Żółć", "GT", "CORV LAW"),
    ("Suharto", "", "AV", "LAW"),
    ("Dorothy", "Baker", "US", "FOOD"),
    ("Siobhán", "O'Brien", "UG", "ALDG"),
    ("Siobhan", "O\u2019Brien", "UG", "ALDG"),
    ("Siobhan", "O\u02bcBrien", "GR", "ALDG CHEM"),
    ("John", "Smith", "US", "CHEM"),
    ("John", "Smith", "GR", "CHEM BRAY"),
    ("John", "Smith", "MC", "CHEM"),
    ("Анна", "Морозова", "GR", "CORV"),
    ("小明", "王", "UG", "BRAY"),
    ("محمد", "الفارسي", "VR", "WYTH"),
    ("Björk", "Guðmundsdóttir", "FR", "LIBR"),
    ("Nguyễn Thị", "Minh Khai", "UG", "WYTH"),
    ("Günther", "Weiß", "DS", "PHYS"),
    ("Søren", "Kjærgård", "AV", "LIBR"),
    ("Ann-Marie", "van der Berg", "GR", "BRAY LAW"),
    ("Maximilian", "Hohenfels-Waldburg von und zu Donnersmarck-Fürstenfeldbruck-Neuenkirchen", "VD", "CORV"),
    ("Rhys", "ap Llewelyn-Jones", "PT", "CORV"),
    ("Þóra", "Æsisdóttir", "GT", "ALDG HIST"),
    ("Ólafur", "Ragnar Grímsson", "MC", "HMED"),
    ("Priya", "Subramaniam", "GR", "BRAY STAT"),
    ("Ana Sofía", "Martínez de la Cruz", "UG", "WYTH"),
    ("Dmitri", "Petrov", "VV", "PHYS"),
    ("Fatima", "Al-Zahra", "VC", "FOOD"),
    ("İbrahim", "Yılmaz", "AV", "LAW"),
    ("Đorđe", "Đukić", "CS", "BRAY"),
    ("Hye-jin", "Park", "UG", "CORV"),
    ("Kwame", "Nkrumah-Mensah", "US", "ADMN"),
    ("Aoife", "Ní Dhomhnaill", "US", "HIST HMED"),
    ("Giovanni", "D`Angelo", "FS", "CHEM"),
    ("Zoë", "Quincey", "VX", "LIBR"),
    ("Harold", "Finch", "CL", "ADMN"),
    ("Ruth", "Okafor", "US", "STAT"),
    ("Thomas", "Ashdown", "GR", "BRAY CHEM"),
    ("Helen", "Carter", "US", "ADMN"),
    ("Peter", "Lindqvist", "US", "PHYS"),
    ("Grace", "Adeyemi", "MC", "FOOD"),
    ("Charlotte", "Dubois", "GR", "WYTH HIST"),
    ("Oliver", "Marsh", "UG", "ALDG"),
    ("Mei", "Tanaka", "GR", "BRAY"),
    ("Edward", "Nolan", "UG", "CORV"),
    ("Isabelle", "Fontaine", "UG", "WYTH"),
    ("Robert James", "St. John-Stevas", "FR", "LAW"),
)
"""Personal names, family names, status code, units; the person_id is 1000000 and the place in this list."""


def _member(number: int, personal: str, family: str, code: str, places: str) -> Member:
    units = places.split()
    return Member(
        person_id=str(1_000_000 + number),
        username=None if number == PENDING else f"{units[0].lower()}{number:04}",
        personal_names=personal,
        family_names=family,
        status_code=code,
        affiliations=tuple((unit_id, _SINCE, None) for unit_id in units),
        start_date=date(2026, 1, 10) if number == LATER else _SINCE,
        end_date=_UNTIL,
    )


XIAO_MING, DOROTHY, PRIYA, THOMAS, HELEN, PETER, GRACE, CHARLOTTE, OLIVER = 2, 7, 26, 39, 40, 41, 42, 43, 44
PENDING, LATER = 45, 46
"""Mei has no username yet; Edward's card starts in January."""

CAST: tuple[Member, ...] = tuple(_member(number, *row) for number, row in enumerate(_ROWS, 1))
