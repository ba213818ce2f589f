"""versions.py NAME... -- prints what runs here, in one line: Python packages, or else Debian ones."""

import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version


def version_of(name):
    try:
        return version(name)
    except PackageNotFoundError:
        asked = ["dpkg-query", "-W", "-f", "${Version}", name]
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout


def main():
    known = [f"{name} {version_of(name)}" for name in sys.argv[1:]]
    print(", ".join(known + [f"{platform.python_implementation()} {platform.python_version()}"]))


main()
