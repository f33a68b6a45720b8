"""``python -m nexusops``."""

from nexusops.cli import main

main()
