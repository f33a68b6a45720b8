"""The configuration folder (interface.md 2): nexusops.toml, policy.toml, guard.toml, services/*.toml, templates/."""

from nexusops.config.folder import Configuration, load, of_profile
from nexusops.config.strict import Setting

__all__ = ["Configuration", "Setting", "load", "of_profile"]
