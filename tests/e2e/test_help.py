"""Help texts are golden. To change them: ASSAY_UPDATE_GOLDEN=1, then read the diff."""

import os
import pathlib

import pytest

GOLDEN = pathlib.Path(__file__).parent / "golden"
COMMANDS = [[], ["load"], ["run"], ["list"], ["show"], ["compare"], ["ci"], ["inproc"], ["audit"], ["doctor"],
            ["schema"], ["server"]]


@pytest.mark.parametrize("command", COMMANDS, ids=[" ".join(c) or "assay" for c in COMMANDS])
def test_the_help_text_is_the_golden_one(assay, command):
    done = assay(*command, "--help")
    assert done.code == 0, done.err
    assert done.err == ""
    path = GOLDEN / f"{'-'.join(['help', *command])}.txt"
    if os.environ.get("ASSAY_UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(done.out)
    assert done.out == path.read_text()
    assert "assay" in done.out.splitlines()[0]
    assert max(map(len, done.out.splitlines())) <= 80


def test_the_help_names_the_exit_codes_and_the_database(assay):
    out = assay("--help").out
    for text in ("130", "assay run", "assay server"):
        assert text in out
    assert "$ASSAY_DB" in assay("load", "--help").out


def test_the_version_says_what_was_built_in(assay):
    out = assay("--version").out
    for text in ("assay 0.1.0", "SQLite", "jansson", "io_uring"):
        assert text in out


@pytest.mark.parametrize("command", COMMANDS, ids=[" ".join(c) or "assay" for c in COMMANDS])
def test_the_short_flag_helps_too(assay, command):
    assert assay(*command, "-h").out == assay(*command, "--help").out
