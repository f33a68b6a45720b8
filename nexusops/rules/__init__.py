"""The rules of rules.md, one family a file: pure functions from values to values, with ``today`` as an argument."""
