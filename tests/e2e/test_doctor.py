"""assay doctor: is this machine fit to measure on."""

import json

import jsonschema


def test_every_line_has_a_state_and_what_is_not_well_a_remedy(assay):
    done = assay("doctor", "--json")
    assert done.code in (0, 1), done.err
    found = json.loads(done.out)
    assert found["schema"] == "assay/doctor/1"
    assert [f["id"] for f in found["findings"]] == [
        "cores", "governor", "turbo", "steal", "pressure", "load", "memory", "clock", "wake-up", "files",
        "ports", "backlog", "conntrack", "io_uring"]
    for finding in found["findings"]:
        assert finding["state"] in ("ok", "warn", "fail", "unknown")
        assert finding["text"]
        assert finding["remedy"] or finding["state"] in ("ok", "unknown"), finding
    assert (done.code == 1) == any(f["state"] == "fail" for f in found["findings"])


def test_it_measures_how_late_a_sleeper_is_woken_and_fits_80_columns(assay):
    done = assay("doctor", COLUMNS="80", LC_ALL="C")
    assert "woken" in done.out
    assert max(map(len, done.out.splitlines())) <= 80
    assert done.out.isascii()


def test_it_takes_no_argument(assay):
    done = assay("doctor", "now")
    assert done.code == 2
    assert "this machine" in done.err


def test_its_json_keeps_its_schema(assay):
    schema = json.loads(assay("schema", "doctor").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(json.loads(assay("doctor", "-j").out))
