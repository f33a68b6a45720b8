"""The jobs: declarations of what may be changed by which permission . Found through the entry points "nexusops.jobs"."""
