"""D33: what notices say, built in and in the site's own words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from building.notices import SENDER, notice
from building.spoiled_files import NO_FILES

from nexusops.errors import UsageError
from nexusops.model.notices import NoticeKind
from nexusops.notify.message import Message, composed
from nexusops.notify.templates import Templates, check_templates


def rendered(kind: NoticeKind, folder: Path | None = None) -> Message:
    return Templates(folder).render(notice(kind), SENDER)


def test_a_winddown_says_which_addresses_until_when_and_what_takes_their_place() -> None:
    """R47: one message that lists all."""
    assert rendered(NoticeKind.WINDDOWN).text == (
        "Some of your e-mail addresses are being wound down, because your name, your affiliation or your department's "
        "mail domain changed:\n"
        "\n"
        "  mary.smith@balliol.ox.ac.uk (its place is taken by mary.brown@balliol.ox.ac.uk)\n"
        "  mary.smith@chem.ox.ac.uk\n"
        "\n"
        "Until 16 March 2025 they still receive mail. You can no longer send from them. From that day on mail to them "
        "is returned to its sender.\n"
        "\n"
        "Please tell the people and services who write to you there. Your mailbox and its content stay as they are.\n"
        "\n"
        "If this is a mistake, ask where you work or study to have your record corrected, or write to "
        "postmaster@nexus.ox.ac.uk.\n"
    )


LATE = {
    (NoticeKind.CANCELLED, "disabled"): "was disabled on 16 March 2025, and mail to its addresses has been refused",
    (NoticeKind.STATUS_CHANGE, "deleted"): "all its addresses were deleted on 16 March 2025:",
    (NoticeKind.STATUS_CHANGE, "disabled"): "It is disabled, and takes no mail any more.",
    (NoticeKind.WINDDOWN, "disabled"): "mail to it is refused. On 16 March 2025 these addresses end for good.",
}


@pytest.mark.parametrize(("kind", "closed"), LATE, ids=str)
def test_what_comes_after_the_mailbox_has_ended_does_not_say_that_it_goes_on(kind: NoticeKind, closed: str) -> None:
    """D33: a notice to the alternative address."""
    change = notice(kind)
    said = Templates(None).render(replace(change, text={**change.text, "closed": closed}), SENDER)
    for part in (said.text, said.html or ""):
        assert LATE[kind, closed] in part
        assert [words for words in ("still receive", "send and receive", "stay as they are") if words in part] == []
    assert "  \n" not in said.text


SUBJECTS = {
    NoticeKind.WINDDOWN: "Some of your University e-mail addresses end on 16 March 2025",
    NoticeKind.WINDDOWN_CANCELLED: "Your University e-mail addresses stay",
    NoticeKind.CANCELLED: "Your University mailbox ends on 16 March 2025",
    NoticeKind.STATUS_CHANGE: "Your University mailbox is deleted on 16 March 2025",
    NoticeKind.EXPIRY_WARNING: "Your University card ends soon, and your mailbox with it",
    NoticeKind.ORPHANED: "The mailbox ball1234 needs a new owner by 16 March 2025",
}


@pytest.mark.parametrize("kind", NoticeKind)
def test_every_kind_names_the_addresses_and_whom_to_ask(kind: NoticeKind) -> None:
    message = rendered(kind)
    assert message.subject == SUBJECTS[kind]
    for part in (message.text, message.html or ""):
        assert [a for a in (*notice(kind).addresses, SENDER) if a not in part] == []
        assert ("16 March 2025" in part) is (kind is not NoticeKind.WINDDOWN_CANCELLED)


@pytest.mark.parametrize("kind", NoticeKind)
def test_what_stands_in_a_notice_cannot_become_html(kind: NoticeKind) -> None:
    spoilt = replace(notice(kind), addresses=("<b>x</b>@ox.ac.uk",), text={"mailbox": "<script>"})
    message = Templates(None).render(spoilt, SENDER)
    assert ("<b>x" in (message.html or ""), "<script>" in (message.html or "")) == (False, False)
    assert "<b>x</b>@ox.ac.uk" in message.text


ONE = {
    NoticeKind.WINDDOWN: """One of your University e-mail addresses ends on 16 March 2025
One of your e-mail addresses is being wound down, because your name, your affiliation or your department's mail domain \
changed:

  mary.smith@chem.ox.ac.uk

Until 16 March 2025 it still receives mail. You can no longer send from it.""",
    NoticeKind.WINDDOWN_CANCELLED: """Your University e-mail address stays
We told you that this address would end. It stays after all, because your affiliation""",
    NoticeKind.ORPHANED: """The mailbox ball1234 needs a new owner by 16 March 2025
The owner of the mailbox ball1234 has left or may no longer own it. If nobody takes it over, it is deleted""",
}


@pytest.mark.parametrize("kind", ONE)
def test_one_address_is_not_spoken_of_as_many(kind: NoticeKind) -> None:
    one = Templates(None).render(replace(notice(kind), addresses=("mary.smith@chem.ox.ac.uk",)), SENDER)
    assert f"{one.subject}\n{one.text}".startswith(ONE[kind])
    assert ONE[kind].splitlines()[1] in (one.html or "")


NONE = {
    NoticeKind.CANCELLED: "is disabled on 16 March 2025, and mail to it is refused from then on.\n\nUntil then",
    NoticeKind.EXPIRY_WARNING: "is disabled on 16 March 2025, and mail to it is refused from then on.\n\nIf you stay",
    NoticeKind.STATUS_CHANGE: "Your mailbox ball1234 is deleted on 16 March 2025.\n\nUntil then",
}


@pytest.mark.parametrize("kind", NONE)
def test_of_no_address_no_list_is_announced(kind: NoticeKind) -> None:
    """R34: somebody without a unit's domain has the fallback address alone, which is in no notice (D21)."""
    none = Templates(None).render(replace(notice(kind), addresses=()), SENDER)
    assert NONE[kind] in none.text
    assert "<ul>" not in (none.html or "")


def test_the_mailboxes_of_one_message_are_not_taken_for_one() -> None:
    """D33: one message for a unit and a day, with all the addresses of however many mailboxes."""
    both = replace(notice(NoticeKind.ORPHANED), text={"mailbox": "lab", "mailboxes": "lab office"})
    message = Templates(None).render(both, SENDER)
    assert message.subject == "2 mailboxes need a new owner by 16 March 2025"
    assert message.text.startswith(
        "The owner of these mailboxes has left or may no longer own them. Those that nobody takes over are deleted, "
        "with their addresses, from 16 March 2025 on:\n\n  mary.smith@balliol.ox.ac.uk\n"
    )
    assert "deleted on 16 March 2025, with its addresses:\n\n" in rendered(NoticeKind.ORPHANED).text


UNFIT = {
    "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}": "steps, or has no end",
    "{% for i in range(10000000000) %}{% endfor %}": "steps, or has no end",
    "{% macro a(n) %}{{ a(n - 1) ~ a(n - 1) if n }}{% endmacro %}{{ a(40) }}": "steps, or has no end",
    "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}": "without an end",
    "{% include 'winddown.en.text.j2' %}": "without an end",
    "{{ 'x' * 1000000000 }}": "small whole numbers",
    "{{ 10 ** 100000000 }}": "small whole numbers",
    "{{ ''.__class__ }}": "is unsafe",
    "{{ cycler() }}": "at least one item",
    "{% include 'nowhere.j2' %}": "there is no template 'nowhere.j2' to include",
    "a\0b": "it holds a NUL character",
    " {# nothing #} ": "it says nothing",
}


@pytest.mark.parametrize("text", UNFIT)
def test_a_template_without_an_end_or_a_word_is_found_before_anything_is_done(text: str, tmp_path: Path) -> None:
    """Nothing of the program is in a template's reach, and none holds the hour up."""
    (tmp_path / "winddown.en.text.j2").write_text(text, "utf-8")
    with pytest.raises(UsageError) as caught:
        check_templates(tmp_path)
    assert str(tmp_path / "winddown.en.text.j2") in caught.value.message
    assert UNFIT[text] in caught.value.message


@pytest.mark.parametrize("content", [b"\xe9", "a".encode("utf-16")])
def test_a_template_in_another_encoding_is_told_as_that(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "winddown.en.text.j2").write_bytes(content)
    with pytest.raises(UsageError, match=r"winddown.en.text.j2: it is not UTF-8 at byte 0"):
        check_templates(tmp_path)


@pytest.mark.parametrize("other", NO_FILES)
def test_what_is_no_template_is_not_waited_for_nor_left_out(other: str, tmp_path: Path) -> None:
    """A link that leads nowhere would have had the built-in text sent in its place."""
    NO_FILES[other](tmp_path / "winddown.en.text.j2")
    if other == "nothing":
        check_templates(tmp_path)
        return
    with pytest.raises(UsageError, match="is not a file"):
        check_templates(tmp_path)


def test_days_are_written_without_a_leading_nought() -> None:
    early = replace(notice(NoticeKind.CANCELLED), delete_on=date(2025, 3, 1))
    assert Templates(None).render(early, SENDER).subject == "Your University mailbox ends on 1 March 2025"


def test_a_site_says_it_in_its_own_words(tmp_path: Path) -> None:
    (tmp_path / "winddown.en.subject.j2").write_text("Old addresses:\n {{ addresses|length }}", "utf-8")
    built_in, own = rendered(NoticeKind.WINDDOWN), rendered(NoticeKind.WINDDOWN, tmp_path)
    assert own == replace(built_in, subject="Old addresses: 2")
    assert rendered(NoticeKind.CANCELLED, tmp_path) == rendered(NoticeKind.CANCELLED)


def test_the_sites_text_is_not_sent_beside_our_html(tmp_path: Path) -> None:
    """The two would tell different things."""
    (tmp_path / "winddown.en.text.j2").write_text("Ask {{ contact }}.", "utf-8")
    own = rendered(NoticeKind.WINDDOWN, tmp_path)
    assert (own.text, own.html) == ("Ask postmaster@nexus.ox.ac.uk.\n", None)
    (tmp_path / "winddown.en.html.j2").write_text("<p>Ask {{ contact }}.</p>", "utf-8")
    assert rendered(NoticeKind.WINDDOWN, tmp_path).html == "<p>Ask postmaster@nexus.ox.ac.uk.</p>"


BROKEN = {
    "syntax": ("winddown.en.text.j2", "one\n{% if %}\n", "winddown.en.text.j2, line 2: "),
    "unknown name": ("winddown.en.html.j2", "one\ntwo\n{{ adresses }}", "winddown.en.html.j2, line 3: 'adresses' is"),
    "unknown filter": ("cancelled.en.subject.j2", "{{ delete_on|date }}", "cancelled.en.subject.j2, line 1: "),
    "wrong use": ("cancelled.en.text.j2", "\n{{ delete_on + 1 }}", "cancelled.en.text.j2, line 2: "),
    "unknown file": ("windown.en.text.j2", "hello", "windown.en.text.j2: no notice has this name"),
    "no ending": ("winddown.en.text", "hello", "winddown.en.text: is not used: the names of templates end in .j2"),
}


@pytest.mark.parametrize(("name", "content", "told"), BROKEN.values(), ids=BROKEN)
def test_a_broken_template_is_told_with_its_line_before_anything_is_done(
    name: str, content: str, told: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(content, "utf-8")
    with pytest.raises(UsageError) as raised:
        check_templates(tmp_path)
    assert f"{tmp_path}/{told}" in raised.value.message
    assert raised.value.next_step


def test_what_is_built_in_is_whole() -> None:
    check_templates(None)


@pytest.mark.parametrize("kind", NoticeKind)
@pytest.mark.parametrize("mailbox", ["ball1234", "b" * 12, "c" * 17])
def test_the_text_of_a_mail_has_short_lines_and_says_the_same(kind: NoticeKind, mailbox: str) -> None:
    """RFC 5322, 2.1.1: as sent it is read without decoding, too; a date stands on one line."""
    message = Templates(None).render(replace(notice(kind), text={"mailbox": mailbox}), SENDER)
    part = composed(message, datetime(2025, 1, 16, 8, tzinfo=UTC)).get_body(("plain",))
    assert part is not None
    assert part["Content-Transfer-Encoding"] == "7bit"
    text = part.get_content()
    assert [line for line in text.splitlines() if len(line) > 78] == []
    assert text.split() == message.text.split()
    assert text.count("16 March 2025") == message.text.count("16 March 2025")


@pytest.mark.parametrize(("days", "says"), [("14", "for 14 days only"), ("1", "for one day only"), ("0", "is lost")])
def test_a_change_of_status_says_how_long_the_content_is_kept(days: str, says: str) -> None:
    """D08: as the site's policy has it."""
    change = notice(NoticeKind.STATUS_CHANGE)
    said = Templates(None).render(replace(change, text={**change.text, "kept_days": days}), SENDER)
    assert says in said.text
    assert says in (said.html or "")
