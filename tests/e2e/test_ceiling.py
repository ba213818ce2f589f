"""The ceiling: what the generator reaches against our own empty server, kept in a file of the cache folder.

All other tests do without (conftest.environment), for each shape of load takes two seconds.
"""

import json

import pytest

from conftest import own_server

ONE_SECOND = ("-c", "2", "-d", "1s", "--warmup", "0", "-j", "--no-save")
FAR_ABOVE = 1e9  # what no machine reaches, and nobody would measure


@pytest.fixture
def ceiling(assay, server, tmp_path):
    """ceiling(*flags) -> the ceiling in the record of one second of load on our own server."""

    def run(*flags):
        done = assay(server.url, *ONE_SECOND, *flags, ASSAY_NO_CEILING=None)
        assert done.code == 0, done.err
        return done.json["ceiling_per_sec"]

    run.file = tmp_path / "cache/assay/ceilings.json"
    return run


def keep(file, per_sec=None, machine=None):
    """Has other figures stand in the file, or those of another machine."""
    kept = json.loads(file.read_text())
    if per_sec is not None:
        kept["per_sec"] = {shape: per_sec for shape in kept["per_sec"]}
    file.write_text(json.dumps(kept | {"machine": machine or kept["machine"]}))


def test_it_is_measured_once_for_a_shape_and_kept(ceiling):
    ceiling()
    assert [per_sec > 0 for per_sec in json.loads(ceiling.file.read_text())["per_sec"].values()] == [True]
    keep(ceiling.file, per_sec=FAR_ABOVE)
    assert ceiling() == FAR_ABOVE
    assert ceiling("--no-ceiling") == FAR_ABOVE  # one that is known costs nothing
    ceiling("-c", "3")
    assert len(json.loads(ceiling.file.read_text())["per_sec"]) == 2


def test_it_asks_and_answers_as_many_bytes_as_the_target(assay, serve, ceiling):
    """Some 140,000 B: an eighth of an octave more at most, not the next power of two."""
    done = assay(serve("--size", "140000").url, *ONE_SECOND, "--body", "x" * 1000, ASSAY_NO_CEILING=None)
    assert done.code == 0, done.err
    (shape, per_sec), = json.loads(ceiling.file.read_text())["per_sec"].items()
    assert "147456 B for 1000 B" in shape
    assert per_sec > 0


def test_it_is_measured_anew_when_a_target_has_shown_more(ceiling):
    ceiling()
    keep(ceiling.file, per_sec=1.0)
    ceiling()
    assert json.loads(ceiling.file.read_text())["per_sec"].popitem()[1] > 1


def test_what_a_target_has_passed_is_no_ceiling(ceiling):
    ceiling()
    keep(ceiling.file, per_sec=1.0)
    assert ceiling("--no-ceiling") is None  # nor is it measured anew


def test_one_of_another_machine_does_not_count(ceiling):
    ceiling()
    keep(ceiling.file, per_sec=FAR_ABOVE, machine="another")
    assert ceiling() != FAR_ABOVE
    assert json.loads(ceiling.file.read_text())["machine"] != "another"


def test_a_file_that_is_no_json_is_measured_anew(ceiling):
    ceiling.file.parent.mkdir(parents=True)
    ceiling.file.write_text("{")
    ceiling()
    assert json.loads(ceiling.file.read_text())["per_sec"].popitem()[1] > 0
    assert json.loads(ceiling.file.read_text())["per_sec"]


def test_without_one_it_is_unknown_and_not_zero(ceiling):
    assert ceiling("--no-ceiling") is None
    assert ceiling("-d", "500ms") is None  # not worth the time
    assert not ceiling.file.exists()


def test_a_target_that_is_the_ceiling_has_none(assay, suite):
    theirs = own_server("theirs", start=f"{own_server()['start']} --oracle delay:20ms")  # far below it
    folder = suite([own_server("ours", ceiling=True), theirs],
                   loads=[{"name": "l", "connections": 2, "duration": "1s", "warmup": "0s"}])
    done = assay("run", folder, "-j", ASSAY_NO_CEILING=None)
    assert done.code == 0, done.err
    found = {trial["target"]["name"]: trial["ceiling_per_sec"] for trial in done.json["trials"]}
    assert found["ours"] is None
    assert found["theirs"] > 0
