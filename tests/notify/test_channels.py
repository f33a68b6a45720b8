"""D33, interface.md 9: folder, SMTP and sendMail accept a notice or leave it owed; a repeat bears the same identity."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from building.embedded import Room
from building.notices import MARY, SENDER, notice, sending
from building.outcomes import outcomes_of

from nexusops.model.changes import SendNotice
from nexusops.model.ids import Address
from nexusops.model.journal import StepOutcome, StepResult
from nexusops.notify.channels import DOWN_AFTER, Channel, FolderChannel, NotSent, Outbox, SmtpChannel, TenantChannel
from nexusops.notify.templates import Templates
from nexusops.tenant.faults import TenantFault, meets_everybody

AT = datetime(2025, 1, 16, 8, tzinfo=UTC)
MARK = hashlib.sha256(b"winddown:1000001:2025-01-16").hexdigest()[:40]
DONE = StepOutcome(change_id="c1", step="send", result=StepResult.DONE)


def send(channel: Channel, change: SendNotice | None = None, sender: str = SENDER) -> StepOutcome:
    (outcome,) = outcomes_of(Outbox(channel, Templates(None), sender), [sending(change or notice())])
    return outcome


def parsed(content: bytes) -> EmailMessage:
    found = message_from_bytes(content, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def headers(mail: EmailMessage) -> dict[str, str]:
    wanted = ("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "x-nexusops-notice")
    return {name: str(mail[name]) for name in wanted}


HEADERS = {
    "From": SENDER,
    "To": MARY,
    "Subject": "Some of your University e-mail addresses end on 16 March 2025",
    "Date": "Thu, 16 Jan 2025 08:00:00 +0000",
    "Message-ID": f"<{MARK}@nexusops.invalid>",
    "Auto-Submitted": "auto-generated",
    "x-nexusops-notice": MARK,
}


def test_a_folder_holds_one_file_for_each_notice(tmp_path: Path) -> None:
    folder = FolderChannel(tmp_path / "notices", at=AT)
    assert [send(folder), send(folder), send(folder, notice(key="cancelled:1000001:2025-01-16"))] == [DONE] * 3
    names = sorted(path.name for path in (tmp_path / "notices").iterdir())
    assert (len(names), f"{MARK}.eml" in names) == (2, True)
    mail = parsed((tmp_path / "notices" / f"{MARK}.eml").read_bytes())
    message = Templates(None).render(notice(), SENDER)
    assert headers(mail) == HEADERS
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert [part.get_content().split() for part in mail.iter_parts() if isinstance(part, EmailMessage)] == [
        message.text.split(),
        (message.html or "").split(),
    ]


def test_a_repeat_is_recognised_whatever_else_has_changed(tmp_path: Path) -> None:
    """interface.md 9: made from the identity alone."""
    folder = FolderChannel(tmp_path, at=AT)
    send(folder)
    send(folder, replace(notice(), to=("mary@mail.example",), delete_on=None), sender="help@ox.ac.uk")
    (path,) = tmp_path.iterdir()
    assert parsed(path.read_bytes())["Message-ID"] == HEADERS["Message-ID"]


def test_a_folder_that_cannot_be_written_leaves_the_notice_owed(tmp_path: Path) -> None:
    (tmp_path / "notices").write_text("a file", "utf-8")
    outcome = send(FolderChannel(tmp_path / "notices", at=AT))
    assert (outcome.result, outcome.message) == (
        StepResult.FAILED,
        f"the folder {tmp_path}/notices does not take it: File exists",
    )


def test_nobody_to_write_to_needs_a_human(tmp_path: Path) -> None:
    outcome = send(FolderChannel(tmp_path / "notices", at=AT), replace(notice(), to=()))
    assert (outcome.result, outcome.message) == (
        StepResult.SET_ASIDE,
        "needs a human: there is no address to which it could be sent",
    )
    assert not (tmp_path / "notices").exists()


def test_a_template_that_fails_on_one_notice_does_not_keep_the_others(tmp_path: Path) -> None:
    (tmp_path / "winddown.en.text.j2").write_text("{{ addresses[1] }}", "utf-8")
    outbox = Outbox(FolderChannel(tmp_path / "out", at=AT), Templates(tmp_path), SENDER)
    one = replace(notice(), addresses=("mary.smith@chem.ox.ac.uk",))
    first, second = outcomes_of(outbox, [sending(one), sending(notice(key="another"), 2)])
    assert (first.result, second.result) == (StepResult.FAILED, StepResult.DONE)
    assert first.message.startswith(f"{tmp_path}/winddown.en.text.j2, line 1: ")


class Postbox:
    """A real SMTP server in this process, and what it took."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []
        self.secure: list[bool] = []
        self.refused: dict[str, str] = {}
        self.answer = "250 taken"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, to: str, options: Any) -> str:
        if to in self.refused:
            return self.refused[to]
        envelope.rcpt_tos.append(to)
        return "250 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.answer.startswith("250"):
            self.taken.append(envelope)
            self.secure.append(session.ssl is not None)
        return self.answer


class FreePort(Controller):
    """The library's own start connects to the port that was asked for, which is none in particular here."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


def password(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any) -> AuthResult:
    return AuthResult(success=given == LoginPassword(b"nexusops", b"right"), handled=False)


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def postbox(authority: trustme.CA) -> Iterator[tuple[Postbox, Controller]]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    box = Postbox()
    controller = FreePort(
        box,
        hostname="127.0.0.1",
        port=0,
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=password,
        enable_SMTPUTF8=False,
    )
    controller.start()
    yield box, controller
    controller.stop()


def channel(controller: Controller, authority: trustme.CA | None, *, word: str = "right") -> SmtpChannel:
    context = ssl.create_default_context()
    if authority is not None:
        authority.configure_trust(context)
    return SmtpChannel("127.0.0.1", controller.port, username="nexusops", password=word, context=context, at=AT)


def test_a_submission_server_takes_it_over_tls(postbox: tuple[Postbox, Controller], authority: trustme.CA) -> None:
    box, controller = postbox
    smtp = channel(controller, authority)
    assert [send(smtp), send(smtp)] == [DONE, DONE]
    smtp.close()
    assert box.secure == [True, True]
    assert [(e.mail_from, e.rcpt_tos) for e in box.taken] == [(SENDER, [MARY])] * 2
    assert [headers(parsed(bytes(e.content or b""))) for e in box.taken] == [HEADERS] * 2


def test_a_server_that_hung_up_meanwhile_is_called_again(
    postbox: tuple[Postbox, Controller], authority: trustme.CA
) -> None:
    box, controller = postbox
    smtp = channel(controller, authority)
    assert send(smtp) == DONE
    assert smtp._open is not None
    smtp._open.docmd("QUIT")  # what a time-out of the server looks like from here
    assert send(smtp) == DONE
    smtp.close()
    assert len(box.taken) == 2


def test_a_wrong_password_leaves_the_notice_owed(postbox: tuple[Postbox, Controller], authority: trustme.CA) -> None:
    box, controller = postbox
    outcome = send(channel(controller, authority, word="wrong-horse"))
    assert (outcome.result, box.taken) == (StepResult.FAILED, [])
    assert outcome.message.startswith(f"127.0.0.1:{controller.port}: (535, ")
    assert "wrong-horse" not in outcome.message


def test_a_server_that_nobody_vouches_for_is_not_trusted(postbox: tuple[Postbox, Controller]) -> None:
    box, controller = postbox
    outcome = send(channel(controller, None))
    assert (outcome.result, box.taken) == (StepResult.FAILED, [])
    assert "certificate verify failed" in outcome.message


def test_a_refusal_leaves_the_notice_owed_and_the_next_one_goes_out(
    postbox: tuple[Postbox, Controller], authority: trustme.CA
) -> None:
    box, controller = postbox
    smtp = channel(controller, authority)
    box.answer = "451 try again later"
    refused = send(smtp)
    box.answer, box.refused = "250 taken", {MARY: "550 no such mailbox"}
    unknown = send(smtp)
    box.refused = {}
    accepted = send(smtp)
    smtp.close()
    place = f"127.0.0.1:{controller.port}"
    assert [(o.result.value, o.message) for o in (refused, unknown, accepted)] == [
        ("failed", f"{place}: (451, b'try again later')"),
        ("failed", f"{place} refuses {MARY}: 550 no such mailbox"),
        ("done", ""),
    ]


@pytest.mark.parametrize(
    ("answer", "to", "said"),
    [
        ("554 looks like junk", MARY, "(554, b'looks like junk')"),
        (
            "250 taken",
            "jürgen@mail.example",
            "One or more source or delivery addresses require internationalized email",
        ),
    ],
)
def test_what_is_refused_of_one_message_keeps_no_other_from_going_out(
    postbox: tuple[Postbox, Controller], authority: trustme.CA, answer: str, to: str, said: str
) -> None:
    """The same messages come first in every run: nobody behind them would ever be told."""
    box, controller = postbox
    outbox = Outbox(channel(controller, authority), Templates(None), SENDER)
    box.answer = answer
    refused = replace(notice(), to=(Address(to),))
    outcomes = outcomes_of(outbox, [sending(refused, n) for n in range(DOWN_AFTER)])
    box.answer = "250 taken"
    (last,) = outcomes_of(outbox, [sending(notice())])
    outbox.close()
    assert [one.result.value for one in (*outcomes, last)] == ["failed"] * DOWN_AFTER + ["done"]
    assert all(one.message.startswith(f"127.0.0.1:{controller.port}: {said}") for one in outcomes)


@pytest.mark.parametrize(
    "to", ["mary@mail.example\n", "mary@mail.example\r\nBcc: all@mail.example", "mary@", "a:b;@c.d"]
)
def test_an_address_that_says_more_than_one_is_not_written_to(
    postbox: tuple[Postbox, Controller], authority: trustme.CA, tmp_path: Path, to: str
) -> None:
    """RFC 5322: the end of a line would end the headers, or begin another one."""
    box, controller = postbox
    wrong = replace(notice(), to=(Address(to),))
    smtp = channel(controller, authority)
    for one in (smtp, FolderChannel(tmp_path, at=AT)):
        outcome = send(one, wrong)
        assert outcome.result is StepResult.FAILED
        assert outcome.message.startswith("it cannot be put into a message: ")
    smtp.close()
    assert (box.taken, list(tmp_path.iterdir())) == ([], [])


def test_a_notice_in_a_folder_is_not_for_everybody_on_the_machine(tmp_path: Path) -> None:
    """SECURITY.md; whoever puts a link in its way does not have it written elsewhere."""
    kept = tmp_path / "kept"
    kept.write_text("as it was", "utf-8")
    folder = tmp_path / "notices"
    folder.mkdir()
    (folder / f".{MARK}.eml.part").symlink_to(kept)
    assert send(FolderChannel(folder, at=AT)) == DONE
    (path,) = folder.iterdir()
    assert (path.stat().st_mode & 0o007, path.is_symlink(), kept.read_text("utf-8")) == (0, False, "as it was")


def test_that_some_of_a_units_staff_were_refused_is_said(
    postbox: tuple[Postbox, Controller], authority: trustme.CA
) -> None:
    box, controller = postbox
    box.refused = {"gone0001@nexus.ox.ac.uk": "550 no such mailbox"}
    smtp = channel(controller, authority)
    outcome = send(smtp, replace(notice(), to=("it000001@nexus.ox.ac.uk", "gone0001@nexus.ox.ac.uk")))
    smtp.close()
    assert [e.rcpt_tos for e in box.taken] == [["it000001@nexus.ox.ac.uk"]]
    assert (outcome.result.value, outcome.message) == (
        "done",
        f"127.0.0.1:{controller.port} refuses gone0001@nexus.ox.ac.uk: 550 no such mailbox",
    )


def test_no_server_leaves_the_notice_owed() -> None:
    outcome = send(SmtpChannel("127.0.0.1", 1, at=AT, starttls=False))
    assert (outcome.result, outcome.message) == (
        StepResult.FAILED,
        "127.0.0.1:1: [Errno 111] Connection refused",
    )


def test_a_channel_says_whether_it_can_be_reached_and_sends_nothing(
    postbox: tuple[Postbox, Controller], authority: trustme.CA, tmp_path: Path
) -> None:
    """interface.md 3: what ``doctor`` looks at."""
    box, controller = postbox
    server = f"127.0.0.1:{controller.port}"
    with closing(channel(controller, authority)) as right:
        assert right.reached() == f"go to {server}, which answers and accepts our sign-in"
    with pytest.raises(NotSent, match=f"{server}: .*535"):
        channel(controller, authority, word="wrong").reached()
    with pytest.raises(NotSent, match="CERTIFICATE_VERIFY_FAILED"):
        channel(controller, None).reached()
    assert box.taken == []
    assert FolderChannel(tmp_path / "new" / "notices", at=AT).reached().startswith("are written to ")
    (tmp_path / "file").write_text("")
    with pytest.raises(NotSent, match="cannot be written to"):
        FolderChannel(tmp_path / "file" / "notices", at=AT).reached()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_server_that_does_not_answer_is_not_waited_for_by_every_notice() -> None:
    """The run comes to an end; what was not sent stays owed, and the next run tries again."""
    outbox = Outbox(SmtpChannel("127.0.0.1", 1, at=AT, starttls=False), Templates(None), SENDER)
    *tried, untried = outcomes_of(outbox, [sending(notice())] * (DOWN_AFTER + 1))
    assert {one.result.value for one in (*tried, untried)} == {"failed"}
    assert [one.unreachable for one in (*tried, untried)] == [False] * DOWN_AFTER + [True]
    assert untried.message == "not tried, since the channel of notices took none of the 3 messages before it"


@pytest.fixture
def room(room: Room) -> Room:
    room.service.ensure_mailbox(SENDER, "Postmaster")
    return room


def test_the_tenant_sends_it_with_its_identity_in_a_header(room: Room) -> None:
    """interface.md 9; tenant-api.md 4.14: one body, nothing kept in Sent Items."""
    asked: list[tuple[str, dict[str, Any]]] = []

    def send_mail(sender: str, message: dict[str, Any]) -> None:
        asked.append((sender, message))
        room.tenant.send_mail(sender, message)

    assert send(TenantChannel(send_mail, (TenantFault,))) == DONE
    message = Templates(None).render(notice(), SENDER)
    assert asked == [
        (
            SENDER,
            {
                "subject": HEADERS["Subject"],
                "body": {"contentType": "html", "content": message.html},
                "toRecipients": [{"emailAddress": {"address": MARY}}],
                "internetMessageHeaders": [{"name": "x-nexusops-notice", "value": MARK}],
            },
        )
    ]
    assert [r["status"] for r in room.service.requests() if r["path"].endswith("/sendMail")] == [202]


def test_a_page_of_something_in_between_is_no_acceptance(room: Room) -> None:
    """R47, tenant-api.md 4.14: 202 and an empty body; who was never told keeps what would end."""
    room.faults({"match": {"path": "/sendMail"}, "kind": "html", "status": 200})
    tenant = TenantChannel(room.tenant.send_mail, (TenantFault,))
    first = send(tenant)
    assert (first.result, first.message) == (
        StepResult.FAILED,
        "the answer is none of Graph's: it accepts without a word",
    )
    assert send(tenant).result is StepResult.DONE


@pytest.mark.parametrize(
    ("status", "code", "asked"),
    [
        (403, "ErrorAccessDenied", DOWN_AFTER),
        (403, "ErrorSendAsDenied", DOWN_AFTER),
        (404, "MailboxNotEnabledForRESTAPI", DOWN_AFTER),
        (400, "ErrorInvalidRecipients", 5),
    ],
)
def test_a_sender_who_may_not_send_is_not_tried_for_everybody(room: Room, status: int, code: str, asked: int) -> None:
    """tenant-api.md 9.9-9.12: thousands of refusals, thirty a minute, would hold the run up for nothing."""
    refusal = {"error": {"code": code, "message": "no"}}
    room.faults({"match": {"path": "/sendMail"}, "status": status, "body": refusal, "times": 5})
    tenant = TenantChannel(room.tenant.send_mail, (TenantFault,), of_all=meets_everybody)
    outcomes = outcomes_of(Outbox(tenant, Templates(None), SENDER), [sending(notice())] * 5)
    assert [outcome.result.value for outcome in outcomes] == ["failed"] * 5
    assert len([r for r in room.service.requests() if r["path"].endswith("/sendMail")]) == asked


def test_a_tenant_that_does_not_take_it_leaves_it_owed(room: Room) -> None:
    lost = {"match": {"path": "/sendMail"}, "kind": "status", "status": 503}
    room.faults(lost)
    tenant = TenantChannel(room.tenant.send_mail, (TenantFault,))
    assert [send(tenant).result, send(tenant).result] == [StepResult.FAILED, StepResult.DONE]
    unknown = send(tenant, sender="nobody@nexus.ox.ac.uk")
    assert unknown.result is StepResult.FAILED
    assert unknown.message
