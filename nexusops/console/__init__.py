"""The web console: the same line and the same state as the command line, as pages for the people who answer for them.

routes.py     the table: method, path, the right that it takes, the page
app.py        one request from its arrival to its answer: host, session, form, right, page
answers.py    what a page is asked and answers; refusals.py: what could not be done, as a page
roles.py      who may what; belonging.py: which units people belong to; private.py: what not everybody may see
session.py    the signed cookie; signing_in.py: the addresses around it; oidc.py: through OpenID Connect
security.py   headers, hosts, and whose process it is that asks
settings.py   what the configuration says about the console
rendering.py  pages from templates
acting.py     what is carried out, one at a time; shelf.py: the plan that the pages show
serving.py    on 127.0.0.1, with uvicorn

planning.py, people.py, units.py, requests.py with request_form.py, running.py, forecast.py: the pages; timeline.py: a
drawing, as values.
"""
