"""Builders that the tests share: they write what registration would export, and nothing else.

A university    world.py: run by the pure line alone; town.py: on a site of its own; oxford.py: the usual units
What comes in   snapshot_folder.py, saas.py; spoiled_files.py, spoiled_rows.py: as they should not be
Plans           plans.py: of any kind; stories.py: as people read them; outcomes.py, notices.py, state_rows.py
A tenant        embedded.py; killed.py: one whose runs are killed; scripted.py: clients on a script; old_tenant.py: one
                that was in use before; by_hand.py: what staff do to it; spoiled.py, spoils.py: whose answers are
                spoiled; published.py, published_directory.py: what Microsoft says that it answers
DNS             dns_answers.py, mail_records.py, signing_keys.py, name_server.py
Random hours    histories.py, hours.py; happenings.py, mischief.py, meddling.py: what happens in them; witness.py: who
                looks; fuzzed.py, guided.py: broken inputs
Beside us       cluster.py: PostgreSQL; proxy.py, collector.py, certificates.py; patience.py: how long they may take
What is said    typed.py: to a command; golden.py: as a whole; documented.py: on the pages; fault_table.py: faults.md
"""
