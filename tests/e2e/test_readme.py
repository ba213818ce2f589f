"""README.md shows what this program prints: the same lines in the same order."""

import re

from conftest import ROOT, own_server

LOAD = ["RESULT", "Checked", "Latency", "Server", "Client", "Wire", "VERDICT", "saved"]
SUITE = ["rank", "verdicts:", "saved", "again:"]


def shown(name):
    """What stands in README.md between the marks of this name."""
    text = (ROOT / "README.md").read_text()
    return re.search(f"<!-- {name} output: begin -->\n(.*?)<!-- {name} output: end -->", text, re.DOTALL).group(1)


def labels(text, among):
    """The first words of lines, as far as they are among these; each where it stands first."""
    words = [line.split()[0] for line in text.splitlines() if line.strip()]
    return list(dict.fromkeys(word for word in words if word in among))


def test_a_load_looks_as_in_the_readme(assay, server):
    done = assay(server.url, "-c", "8", "-d", "300ms")
    assert done.code == 0, done.err
    assert labels(done.out, LOAD) == labels(shown("load"), LOAD) == LOAD


def test_a_suite_looks_as_in_the_readme(assay, suite):
    folder = suite([own_server("a"), own_server("b")], blocks=6,
                   loads=[{"name": "few", "connections": 1, "requests": 20}])
    done = assay("run", folder)
    assert done.code == 0, done.err
    assert labels(done.out, SUITE) == labels(shown("demo"), SUITE) == SUITE
