"""The jobs: declarations of what may be changed by which permission (architecture.md). Found through "nexusops.jobs"."""
