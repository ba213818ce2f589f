"""Prints what runs here, in one line."""

import platform
from importlib.metadata import version

print(", ".join(f"{name} {version(name)}" for name in ("pyramid", "waitress"))
      + f", Python {platform.python_version()}")
