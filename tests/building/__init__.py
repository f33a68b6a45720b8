"""Builders that the tests share: they write what registration would export, and nothing else."""
