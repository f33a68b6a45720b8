"""The command line: parse, call the pipeline, choose the exit code, nothing else (interface.md 1, 3).

entry.py     the way in: global options, and how an error ends a command; lazy.py: a command is loaded when it is called
options.py   options that several commands take; dns.py: what those about the DNS share; examples.py: one for each help
printing.py  how an answer reaches stdout; progress.py: long work on a terminal; logs.py: the log

Every command, or group of commands, has a file of its name:

act.py (apply, run, resume), adopt.py, audit.py, cassette.py, completion.py, config.py, console.py, demo.py, desk.py,
doctor.py, domain.py, drift.py, emulator.py, explain.py (with preview), health.py, history.py, init.py, jobs.py,
notices.py, overdue.py, plan.py (with show), queue.py (worker, schedule), reorg.py, replay.py, routing.py, saas.py with
saas_request.py and saas_proof.py, simulate.py, snapshot.py, spf.py, state.py, undo.py, unit.py.
"""

from nexusops.cli.entry import call, main

__all__ = ["call", "main"]
