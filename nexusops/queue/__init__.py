"""The distributed form: the hourly runs of many sites, spread over workers by a queue on PostgreSQL (Procrastinate).

sites.py     which sites there are, and the queue that they name
app.py       the queue itself, its one task
tables.py    its tables, made and brought forward
schedule.py  a job for each site and hour; a missed hour is caught up once
work.py      a worker: runs, retries, and takes up what a lost worker left

One job a site: never two at a time (the queue's lock), never two waiting (its queueing lock). Within a run the order is
the line's own. Whatever the queue does, the state's lock keeps two runs of one site apart.
"""

from nexusops.queue.schedule import schedule
from nexusops.queue.sites import Sites, sites_of
from nexusops.queue.work import Pace, work

__all__ = ["Pace", "Sites", "schedule", "sites_of", "work"]
