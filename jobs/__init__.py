"""The jobs: declarations of what may be changed with which permissions, found as entry points "nexusops.jobs"."""
