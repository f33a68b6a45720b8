"""Is everything in place for a run? Looks, and changes nothing: what `nexusops doctor` answers.

checks.py        all that a run needs, in its order
registration.py  the snapshot, and whether the site is that of its data; site.py: what says that it is not
permissions.py   what the jobs need of the tenant, what the application has, and how the rest is granted
"""
