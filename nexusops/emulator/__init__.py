"""The embedded tenant: Entra ID, Microsoft Graph v1.0 and Exchange Online in one file, for trying out and for tests.

It answers as the real services do (status codes, headers, error bodies, and refusals), keeps itself in one SQLite file,
and imports nothing else of nexusops, so that it cannot share a misunderstanding with it.

    book.py         the file: objects, addresses, changes, what was asked; schema.py: its tables
    wire.py         a request, an answer, a refusal; batch.py: several in one
    birth.py        what a new tenant holds; roles.py: the application permissions it knows
    tokens.py       the token endpoint; assertions.py: signed client assertions; openid.py: people sign in
    accounts.py     users, and mailboxes.py: mailboxes, as both services bring them about
    graph/          Microsoft Graph: one file a surface, odata.py and filters.py below them, routes.py above
    exchange/       InvokeCommand: one file a family of cmdlets, table.py their parameters, invoke.py above
    submission.py   SMTP
    service.py      one request: faults, throttling, the surface, the log, one commit
    faults.py       scripted faults; throttle.py: the documented limits; late.py: what shows only later; control.py:
                    /_emulator
    app.py          the ASGI application; tenant.py: in process; server.py: on loopback

Dropped connections. A fault ``drop_before`` or ``drop_after`` ends the request without an answer. On loopback the
connection is reset. In process, through ``httpx.ASGITransport``, the client sees ``httpx.ReadError``, as it would over
a network (a plain ``ConnectionResetError`` where httpx is not loaded). ``truncate`` sends half of the body under the
Content-Length of the whole: on loopback ``httpx.RemoteProtocolError``, in process a body that is no JSON.
"""
