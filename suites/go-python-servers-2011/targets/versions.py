"""versions.py NAME... -- prints the versions of Python packages, in one line."""

import platform
import sys
from importlib.metadata import version

packages = [f"{name} {version(name)}" for name in sys.argv[1:]]
print(", ".join(packages + [f"Python {platform.python_version()}"]))
