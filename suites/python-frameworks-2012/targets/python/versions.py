"""versions.py STACK DISTRIBUTION... -- what runs here, in one line."""

import subprocess
import sys
from importlib.metadata import version


def said_by(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


stack, *distributions = sys.argv[1:]
server, _, runtime = stack.partition("-")
parts = [f"{name} {version(name)}" for name in distributions]
if server == "uwsgi":
    parts.append("uWSGI " + said_by("/usr/bin/uwsgi-core", "--version"))
elif server in ("gunicorn", "uvicorn"):
    parts.append(f"{server} {version(server)}")
if runtime == "pypy" or stack == "pypy":
    parts.append(said_by("/usr/bin/pypy3", "-c",
                         "import sys; print('PyPy %d.%d.%d' % sys.pypy_version_info[:3])"))
else:
    parts.append("CPython " + said_by("/usr/bin/python3", "-c", "import platform; print(platform.python_version())"))
print(", ".join(parts))
