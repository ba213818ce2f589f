"""The database: what a run leaves behind, and what can be had from it later."""

import contextlib
import csv
import http.server
import json
import re
import shlex
import sqlite3
import threading

import jsonschema
import pytest

from conftest import LIMIT_S, ROOT, own_server, until


def rows(path, query):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        return database.execute(query).fetchall()


def test_a_load_is_kept_in_the_current_folder(assay, server, tmp_path):
    done = assay(server.url, "-n", "10")
    assert done.code == 0, done.err
    assert rows(tmp_path / "assay.db", "select count(*) from trial") == [(1,)]
    assert rows(tmp_path / "assay.db", "select count(*) from run") == [(1,)]


def test_the_record_goes_where_the_flag_or_the_environment_says(assay, server, tmp_path):
    assay(server.url, "-n", "1", "--db", "flag.db", ASSAY_DB="environment.db")
    assay(server.url, "-n", "1", ASSAY_DB="environment.db")
    assert (tmp_path / "flag.db").exists()
    assert (tmp_path / "environment.db").exists()
    assert not (tmp_path / "assay.db").exists()


def test_the_commands_that_are_told_find_the_database(assay, server, tmp_path):
    def told(*flags, **variables):
        done = assay(server.url, "-n", "1", *flags, **variables)
        return re.search(r"next:\s+assay (show \w+.*?)\s+assay (list.*)$", done.out, re.MULTILINE).groups()

    assert [words.split()[1:] for words in told()][1] == []
    assert "--db" not in " ".join(told(ASSAY_DB="environment.db"))
    assert "--db" not in " ".join(told("--db", "environment.db", ASSAY_DB="environment.db"))
    for words in told("--db", "my own.db"):
        assert assay(*shlex.split(words)).code == 0, words
    assert (tmp_path / "my own.db").exists()


def test_list_shows_the_newest_first_and_show_takes_the_beginning_of_an_id(assay, server, tmp_path):
    for _ in range(2):
        assert assay(server.url, "-n", "5").code == 0
    listed = assay("list")
    assert listed.code == 0, listed.err
    ids = [line.split()[0] for line in listed.out.splitlines()[1:]]
    assert [(i,) for i in ids] == rows(tmp_path / "assay.db", "select id from run order by rowid desc")
    shown = assay("show", ids[0][:5])
    assert shown.code == 0, shown.err
    assert "RESULT" in shown.out
    assert assay("show", ids[0], "-j").json == assay("show", "last", "-j").json


def test_show_says_which_runs_there_are_when_it_finds_none(assay, server):
    assay(server.url, "-n", "1")
    done = assay("show", "zzzz")
    assert done.code == 2
    assert "zzzz" in done.err


def test_what_show_writes_is_what_the_run_wrote(assay, server, tmp_path):
    assert assay(server.url, "-n", "20", "-o", "json=first.json").code == 0
    assert assay("show", "last", "-o", "json=again.json", "-o", "csv=again.csv").code == 0
    first = json.loads((tmp_path / "first.json").read_text())
    again = json.loads((tmp_path / "again.json").read_text())
    assert again == first
    table = list(csv.DictReader((tmp_path / "again.csv").open()))
    assert len(table) == 1


def test_a_run_validates_and_holds_its_trials_and_its_ranking(assay, suite):
    folder = suite([own_server("a"), own_server("b")], blocks=2)
    done = assay("run", folder, "-o", "json=run.json", "-j")
    assert done.code == 0, done.err
    run = done.json
    jsonschema.Draft202012Validator(json.loads((ROOT / "docs/schema/assay-run-1.json").read_text())).validate(run)
    assert len(run["trials"]) == 4
    assert {(t["target"]["name"], t["block"]) for t in run["trials"]} == {
        ("a", 0), ("a", 1), ("b", 0), ("b", 1)}


def test_a_database_of_a_newer_version_is_left_alone(assay, server, tmp_path):
    path = tmp_path / "assay.db"
    assay(server.url, "-n", "1")
    with sqlite3.connect(path) as database:
        database.execute("pragma user_version = 99")
    database.close()
    before = path.read_bytes()
    for command in (["list"], [server.url, "-n", "1"]):
        done = assay(*command)
        assert done.code == 2
        assert "newer" in done.err and "assay.db" in done.err
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_left_alone(assay, server, tmp_path):
    (tmp_path / "assay.db").write_text("my diary\n" * 200)
    done = assay(server.url, "-n", "1")
    assert done.code == 2
    assert "assay.db" in done.err and "not a database" in done.err
    assert (tmp_path / "assay.db").read_text() == "my diary\n" * 200


def test_a_folder_that_does_not_exist_is_named(assay, server):
    done = assay(server.url, "-n", "1", "--db", "no/such/folder/assay.db")
    assert done.code == 2
    assert "no/such/folder" in done.err


def test_two_at_once_on_one_database_lose_nothing(start, serve, tmp_path):
    children = [start(serve("--body", "hello").url, "-d", "300ms", "-q", "--db", "both.db") for _ in range(2)]
    for child in children:
        _, err = child.communicate(timeout=LIMIT_S)
        assert child.returncode == 0, err
    assert rows(tmp_path / "both.db", "select count(*) from trial") == [(2,)]


def test_nothing_is_kept_when_nothing_is_to_be_kept(assay, server, tmp_path):
    assert assay(server.url, "-n", "1", "--no-save").code == 0
    assert not (tmp_path / "assay.db").exists()


def test_each_trial_is_there_as_soon_as_it_has_ended(start, suite, tmp_path):
    folder = suite([own_server()], blocks=500)
    start("run", folder, "--db", "run.db")

    def trials():
        try:
            return rows(tmp_path / "run.db", "select count(*) from trial")[0][0] >= 2
        except sqlite3.OperationalError:
            return False

    until(trials, "the second trial while the run goes on")


def test_a_file_that_cannot_be_written_is_said_and_the_record_is_kept(assay, server, tmp_path):
    done = assay(server.url, "-n", "5", "-o", "json=no/such/folder/x.json")
    assert done.code in (1, 2)
    assert "no/such/folder/x.json" in done.err
    if done.code == 1:  # found at the end
        assert rows(tmp_path / "assay.db", "select count(*) from trial") == [(1,)]


class Encoded(http.server.BaseHTTPRequestHandler):
    """Says that it compresses; /varied is a byte longer each time."""

    protocol_version = "HTTP/1.1"
    asked = 0

    def do_GET(self):
        Encoded.asked += 1
        body = b"hello" + (b"!" * Encoded.asked if self.path == "/varied" else b"")
        self.send_response(203)
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def encoded_server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Encoded)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def probed(done):
    """What stands in a record about the answers to the probes."""
    assert done.code == 0, done.err
    record = done.json["trials"][0] if "trials" in done.json else done.json
    return tuple(record[key] for key in ("probe_status", "probe_body_bytes", "probe_encoding"))


def test_what_the_probes_were_answered_is_kept(assay, server):
    with encoded_server() as url:
        assert probed(assay(url, "-n", "1", "-j")) == (203, 5, "gzip")
        assert probed(assay(url + "varied", "-n", "1", "-j")) == (203, None, "gzip")
    own = assay(server.url, "-n", "1", "-j")
    assert probed(own) == (200, int(own.json["check"].split(", ")[1].split()[0]), None)
