"""One request from its arrival to its line in the log: faults, throttling, the surface, one commit."""

from __future__ import annotations

import re
import sqlite3
import threading
from dataclasses import dataclass, field
from typing import Any

import msgspec

from nexusops.emulator import batch, control, faults, late, mailboxes, openid, tokens
from nexusops.emulator.book import Book
from nexusops.emulator.exchange import invoke
from nexusops.emulator.graph import routes
from nexusops.emulator.roles import EXCHANGE_APP, GRAPH_APP
from nexusops.emulator.throttle import Throttle
from nexusops.emulator.wire import Answer, Call, Refusal, inner_error, name_request, query_of

_ADMIN = re.compile(r"/adminapi/(beta|v1\.0)/([^/]+)/(InvokeCommand|\$batch)")
_MODULE = re.compile(r"/adminapi/(?:beta|v1\.0)/([^/]+)/EXOModuleFile")
_TOKEN = re.compile(r"/([^/]+)/oauth2/v2\.0/token")
_AUTHORIZE = re.compile(r"/([^/]+)/oauth2/v2\.0/authorize")
_KEYS = re.compile(r"/([^/]+)/discovery/v2\.0/keys")
_DISCOVERY = re.compile(r"/([^/]+)(?:/v2\.0)?/\.well-known/openid-configuration")
_CMDLET = re.compile(rb'"CmdletName"\s*:\s*"([^"]*)"')
_SECRETS = {
    "password",
    "secrettext",
    "client_secret",
    "client_assertion",
    "access_token",
    "code",
    "code_verifier",
    "roommailboxpassword",
}


@dataclass(slots=True)
class Outcome:
    """An answer, and how its connection ends: "whole", "dropped" or "truncated"."""

    answer: Answer
    ending: str = "whole"


@dataclass(slots=True)
class Service:
    """Requests one after another, whichever thread they come from: the file is the only truth."""

    book: Book
    throttle: Throttle = field(default_factory=Throttle)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def outcome(self, call: Call) -> Outcome:
        """One request, committed. What is refused leaves its line in the log and nothing else."""
        call.path = re.sub(r"/{2,}", "/", call.path)
        with self.lock:
            self.book.begin()
            try:
                if call.path.startswith("/_emulator/"):
                    found = Outcome(control.answer(call, self.throttle))
                else:
                    found = self._noted(call)
                self.book.commit()
            except sqlite3.OperationalError as error:  # its disk is full, its file gone: the server's fault
                found = Outcome(Answer(507, {"error": {"code": "InsufficientStorage", "message": f"{error}"}}))
            finally:
                self.book.rollback()
        return found

    def _noted(self, call: Call) -> Outcome:
        mailboxes.purge_due(self.book)
        self.book.db.execute("SAVEPOINT request")
        found = self._faulty(call)
        line = {
            "method": call.method,
            "path": call.path,
            "query": call.query,
            "body": _scrubbed(call),
            "status": None if found.ending == "dropped" and found.answer.status == 0 else found.answer.status,
            "app_id": call.app_id,
            "cmdlet": call.cmdlet,
        }
        if call.items:
            line["items"] = call.items
        self.book.note("asked", line)
        return found

    def _faulty(self, call: Call) -> Outcome:
        """The request under the first fault that fits it."""
        if match := _CMDLET.search(call.content) if "InvokeCommand" in call.path else None:
            call.cmdlet = match[1].decode()
        fault = faults.take(call, faults.BEFORE | faults.AFTER)
        kind = fault["kind"] if fault else ""
        if kind == "drop_before":
            return Outcome(Answer(0), "dropped")
        if fault is not None and kind in faults.BEFORE:
            if fault.get("carried_out"):
                self._carried_out(call)
            return Outcome(faults.early(call, fault))
        answer = self._carried_out(call)
        if kind == "wrong_type":
            answer = faults.mistyped(answer)
        return Outcome(answer, {"drop_after": "dropped", "truncate": "truncated"}.get(kind, "whole"))

    def _carried_out(self, call: Call) -> Answer:
        """The request, or its refusal with everything undone; what was looked for too early counts as looked for."""
        late.catch_up(self.book, call, self._routed)
        faults.arm(call)
        self.book.db.execute("SAVEPOINT work")
        try:
            answer = self._throttled(call)
        except Refusal as refusal:
            self.book.db.execute("ROLLBACK TO work")
            answer = refusal.answer
        if call.late and answer.status < 300:
            self.book.db.execute("ROLLBACK TO work")
            late.put_off(self.book, call)
        self.book.db.execute("RELEASE work")
        for kind, object_id in call.unseen:
            self.book.read_in_vain(kind, object_id)
        faults.settle(call)
        return answer

    def _throttled(self, call: Call) -> Answer:
        if not call.path.startswith("/v1.0"):
            return self._routed(call)
        tokens.authorise(call, GRAPH_APP)
        app_id = call.app_id
        if call.crowded:
            message = "Application is over its MailboxConcurrency limit."
            error = {"code": "ApplicationThrottled", "message": message, "innerError": inner_error()}
            return Answer(429, {"error": error}, {"Retry-After": "1"})
        if not call.path.endswith("/$batch"):
            refusal = self.throttle.refusal(call, app_id)
            if refusal is not None:
                return refusal
        answer = self._routed(call)
        answer.headers = {**self.throttle.headers(call, app_id), **answer.headers}
        return answer

    def _routed(self, call: Call) -> Answer:
        path = call.path
        if path.startswith("/v1.0/"):
            if path == "/v1.0/$batch" and call.method == "POST":
                return self._graph_batch(call)
            return routes.answer(call, path.removeprefix("/v1.0"))
        if call.method == "GET" and _MODULE.fullmatch(path):
            return invoke.module_file(call)
        if match := _ADMIN.fullmatch(path):
            return self._exchange(call, match[2], match[3])
        if call.method == "POST" and (match := _TOKEN.fullmatch(path)):
            return openid.token_endpoint(call, match[1])
        if match := _AUTHORIZE.fullmatch(path):
            return openid.authorize(call, match[1])
        if call.method == "GET" and (match := _KEYS.fullmatch(path)):
            return openid.keys(call, match[1])
        if call.method == "GET" and path == "/common/discovery/instance":
            return tokens.instance_discovery(call)
        if call.method == "GET" and (match := _DISCOVERY.fullmatch(path)):
            return tokens.openid_configuration(call, match[1])
        return Answer(404, {"error": {"code": "NotFound", "message": f"There is nothing at {path}."}})

    def _graph_batch(self, call: Call) -> Answer:
        problem = tokens.authorise(call, GRAPH_APP)
        if problem is not None:
            raise tokens.unauthorised(problem)
        return batch.graph_batch(call, lambda item: self._item(call, item))

    def _exchange(self, call: Call, tenant: str, endpoint: str) -> Answer:
        if call.method != "POST":
            return Answer(405, {"error": {"code": "MethodNotAllowed", "message": "POST only."}}, {"Allow": "POST"})
        if tenant.lower() != self.book.setting("tenant_id") and not self._is_verified(tenant.lower()):
            return Answer(404, {"error": {"code": "NotFound", "message": f"Tenant '{tenant}' not found."}})
        if endpoint == "InvokeCommand":
            return invoke.invoke(call)
        if tokens.authorise(call, EXCHANGE_APP) is not None:
            raise invoke.unauthorised()
        return batch.exchange_batch(call, lambda item: self._item(call, item))

    def _is_verified(self, domain: str) -> bool:
        found = self.book.get("domain", domain)
        return found is not None and found["isVerified"]

    def _item(self, call: Call, item: Call) -> Answer:
        """An item of a batch. A connection belongs to the whole, so faults that end it do not apply to items."""
        item.path = re.sub(r"/{2,}", "/", item.path)
        if match := _CMDLET.search(item.content):
            item.cmdlet = match[1].decode()
        fault = faults.take(item, {"status", "html", "nul", "expired_token", "wrong_type"})
        if fault is not None and fault["kind"] != "wrong_type" and not fault.get("carried_out"):
            answer = faults.early(item, fault)
        else:
            answer = self._carried_out(item)
            if fault is not None:
                answer = faults.mistyped(answer) if fault["kind"] == "wrong_type" else faults.early(item, fault)
        ids = name_request(item, answer)
        if answer.status >= 400:
            answer.headers = {"request-id": ids["request-id"], **answer.headers}
        call.items.append({"method": item.method, "path": item.path, "cmdlet": item.cmdlet, "status": answer.status})
        return answer


def call_of(book: Book, scope: Any, content: bytes) -> Call:
    """An ASGI scope as a call."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    return Call(
        book=book,
        method=scope["method"].upper(),
        path=scope["path"],
        query=query_of(scope.get("query_string", b"")),
        headers=headers,
        content=content,
        origin=f"{scope.get('scheme', 'http')}://{headers.get('host', 'localhost')}",
    )


def _scrubbed(call: Call) -> Any:
    """The body as the log keeps it: no secret, no token."""
    if not call.content:
        return None
    if call.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return _without_secrets(query_of(call.content))
    try:
        return _without_secrets(msgspec.json.decode(call.content))
    except msgspec.DecodeError:
        return "(no JSON)"


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            k: "(secret)" if k.lower() in _SECRETS and isinstance(v, str) else _without_secrets(v)
            for k, v in value.items()
        }
    return [_without_secrets(item) for item in value] if isinstance(value, list) else value
