"""The configuration folder (interface.md 2): nexusops.toml, policy.toml, guard.toml, services/*.toml, templates/.

folder.py    the folder as one value, complete and checked
schema.py    the tables of nexusops.toml; forms.py: what their values must look like
policy.py, guard.py, services.py   the other files
strict.py    TOML laid over dataclasses, layer by layer
secrets.py   where a secret stands
starter/     the files that `nexusops init` writes
"""

from nexusops.config.folder import Configuration, load, of_profile
from nexusops.config.strict import Setting

__all__ = ["Configuration", "Setting", "load", "of_profile"]
