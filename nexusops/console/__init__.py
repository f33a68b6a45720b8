"""The web console: the same line and the same state as the command line, as pages for the people who answer for them.

routes.py     the table: method, path, the right that it takes, the page
app.py        one request from its arrival to its answer: host, session, form, right, page
roles.py      who may what
session.py    the signed cookie
security.py   headers, hosts, and whose process it is that asks
settings.py   what the configuration says about the console
oidc.py       sign-in through OpenID Connect
rendering.py  pages from templates
serving.py    on 127.0.0.1, with uvicorn

planning.py, people.py, units.py, requests.py, running.py, forecast.py: the pages; timeline.py: a drawing, as values.
"""
