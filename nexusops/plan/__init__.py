"""Decide: observe, advance, project, compare, check. Pure functions from values to values."""
