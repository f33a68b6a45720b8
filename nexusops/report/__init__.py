"""Show: one plan, run, explanation or error as text, JSON, HTML, CSV or Markdown. Pure functions.

A plan: text.py, jsontext.py, page.py, csvtable.py, markdown.py; forms.py chooses. Everything else that is shown has a
file of its name:

adopted.py, applied.py (a run), audit.py, doctor.py, domains.py, drift.py, due.py, errors.py, explain.py, health.py,
jobs.py, journal.py, preview.py, reorg.py, replay.py, routing.py, services.py, simulate.py with simulate_page.py and
simulate_policy.py, snapshot.py, spf.py, unit.py.

What they are made of:

    blocks.py     lines and tables; terminal.py: folded to a width, with colour
    sentences.py  every kind of change in words
    view.py       a plan arranged for reading, and numbers and names as they are said
    cures.py      what to do about a finding
    templates/    pages
"""
