"""The two checks that want a window of half a minute, live. They wait for it beside the other tests: neither of
them computes much, and no busy machine changes what they find."""

import json

import pytest
from conftest import LIMIT_S
from test_checks import checks

LONG = ("-c", "64", "-d", "31s", "--warmup", "1s", "--no-save", "-j")  # both checks want 30 s


def test_half_a_minute_tells_a_leak_and_a_server_that_never_settles(serve, start):
    """Beside each other, for these 32 s are waited for. The oracle's one worker is computed: its rate is exact as long
    as somebody waits for it, and 64 do. It takes 2 ms in both, in one of them 3 ms every other four seconds."""
    sound = serve("--oracle", "md1:2ms")
    leaking = serve("--oracle", "square:2ms,1.5x/8s", "--oracle", "leak:512")
    runs = [start("load", server.url, *LONG) for server in (sound, leaking)]
    good, bad = (checks(json.loads(run.communicate(timeout=LIMIT_S)[0])) for run in runs)
    assert good["steady"]["state"] == "ok", good["steady"]
    assert good["memory"]["state"] == "ok"
    assert "memory is flat" in good["memory"]["text"]
    assert bad["steady"]["state"] == "fail"
    assert "no steady state" in bad["steady"]["text"]
    assert bad["memory"]["state"] == "warn"
    assert bad["memory"]["value"] == pytest.approx(512, rel=0.1)
    assert good["samples"]["state"] in ("ok", "warn")  # shorter windows do not tell
